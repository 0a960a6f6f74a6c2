/* SPDX-License-Identifier: MIT */
/* BLAS kernel: the choice that the program makes for its process.
 *
 * Debian 12's OpenBLAS does not know the newest processors and falls back to its slowest kernel. Here the
 * processor is asked, and a better kernel is set in the environment where there is one.
 */
#ifndef APP_BLAS_KERNEL_H
#define APP_BLAS_KERNEL_H

#include "base/status.h"

/* Chooses the kernel (an OPENBLAS_CORETYPE in the environment wins), and starts BLAS (base/blas.h) with it,
 * or with a safe one where its products are wrong. Call once, at start, before any thread. `arguments` is
 * main's argv: where OpenBLAS cannot choose again in this process, the program is executed again once with
 * the kernel in its environment. NULL: it is not. */
Status blas_kernel_choose(char **arguments, Message *message);

#endif
