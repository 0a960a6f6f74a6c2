/* SPDX-License-Identifier: MIT */
#include "base/blas.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define LARGEST 67 /* beyond two blocks of the widest kernel, and odd */

const char *blas_kernel(void)
{
    return openblas_get_corename();
}

/* Repeatable values in [-1, 1]. */
static double probe(size_t i)
{
    return (double)(i * 2654435761u % 2001) / 1000 - 1;
}

/* C = A B + 1 for A [m][k] and B [k][n], against the same in double. */
static bool product_agrees(int m, int n, int k)
{
    float a[LARGEST * LARGEST], b[LARGEST * LARGEST], c[LARGEST * LARGEST];
    for (int i = 0; i < m * k; i++) a[i] = (float)probe((size_t)i);
    for (int i = 0; i < k * n; i++) b[i] = (float)probe((size_t)i + 7777);
    for (int i = 0; i < m * n; i++) c[i] = 1;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 1, c, n);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 1;
            for (int l = 0; l < k; l++) sum += (double)a[i * k + l] * b[l * n + j];
            /* k + 1 roundings of terms of at most 1 */
            if (!(fabs(sum - c[i * n + j]) <= 1.2e-7 * (k + 1) * (k + 1))) return false;
        }
    return true;
}

Status blas_start(Message *message)
{
    static const int edges[] = {1, 2, 3, 7, 8, 15, 17, 32, 33, LARGEST};
    const size_t count = sizeof edges / sizeof *edges;
    bool agree = true;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            agree = agree && product_agrees(edges[i], edges[j], edges[(i + j) % count]);
    if (agree) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "OpenBLAS's kernel '%s' computes wrong products on this processor: set "
                       "OPENBLAS_CORETYPE to another, or install another OpenBLAS",
                       blas_kernel());
}
