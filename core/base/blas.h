/* SPDX-License-Identifier: MIT */
/* BLAS and LAPACK: OpenBLAS on one thread, checked once, before it is relied on.
 *
 * Which kernel OpenBLAS runs on is the process's choice (OPENBLAS_CORETYPE); the library only asks for it.
 */
#ifndef BASE_BLAS_H
#define BASE_BLAS_H

#include "base/status.h"

#include <cblas.h>

/* Turns OpenBLAS's own threads off, for the whole process (the pool's threads call it side by side), and
 * compares small products over edge shapes with a plain loop. STATUS_UNSUPPORTED where they differ: the
 * kernel is broken on this processor. Call before other threads use OpenBLAS. */
Status blas_start(Message *message);

/* The kernel in use: "Zen", "SkylakeX". */
const char *blas_kernel(void);

/* LAPACK's own interface: column-major; *info != 0 on failure. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void zpotrf_(const char *uplo, const int *n, void *a, const int *lda, int *info);
void zheev_(const char *jobz, const char *uplo, const int *n, void *a, const int *lda, double *w, void *work,
            const int *lwork, double *rwork, int *info);
void dstev_(const char *jobz, const int *n, double *d, double *e, double *z, const int *ldz, double *work,
            int *info);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dtrtri_(const char *uplo, const char *diag, const int *n, double *a, const int *lda, int *info);

#endif
