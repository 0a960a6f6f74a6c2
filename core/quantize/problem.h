/* SPDX-License-Identifier: MIT */
/* Problem: all that the optimizer sees of a layer: the sums over sampled rows of its input and output.
 *
 * A layer of one group computes y = W x. Over N rows X [N][n], Y [N][m] (float outputs without bias), the
 * Hessian is H = X'X, the cross term G = Y'X, and y2 = diag(Y'Y). Per output channel the squared error of
 * scale a and codes q is |y - a X q|^2 = y2 - 2 a g.q + a^2 q'Hq. A grouped convolution has one Problem per
 * group. There is no network and no image in it: an optimizer can be tested and timed on a Problem alone. The
 * owner frees it; solving only reads it.
 *
 * Rows are summed in float over PROBLEM_ROWS rows and in double beyond, in an order that depends on the sizes
 * alone: adding a multiple of PROBLEM_ROWS rows and then the rest gives the same bits as adding all at once.
 *
 * Example (size_t groups, size_t m, size_t n, const float *weights, const float *x, const float *y, size_t
 * rows, Pool *pool, Message *message):
 *     Problem *problems;
 *     problems_create(&problems, groups, m, n, weights, message);
 *     problems_add(problems, groups, x, y, rows, pool, message);        // as often as there are rows
 *     problems_finish(problems, groups, false, pool);
 *     problems_free(problems);
 */
#ifndef QUANTIZE_PROBLEM_H
#define QUANTIZE_PROBLEM_H

#include "base/pool.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define PROBLEM_ROWS 1024

typedef struct Problem {
    size_t m, n;
    const float *weights; /* [m][n], borrowed */

    size_t rows;
    double *h;     /* [n][n], H, symmetric */
    double *g;     /* [m][n], G */
    double *y2;    /* [m] */
    double *x_sum; /* [n], sum of the rows of X */
    double *y_sum; /* [m], sum of the rows of Y */

    /* Held-out rows, which are never solved on. */
    size_t heldout_rows;
    const float *heldout_x; /* [heldout_rows][n], rows heldout_stride apart, borrowed; NULL: none */
    const float *heldout_y; /* [heldout_rows][m], rows heldout_y_stride apart, borrowed */
    size_t heldout_stride, heldout_y_stride;
} Problem;

/* `groups` problems, all sums zero. weights [groups*m][n] must outlive them. STATUS_MEMORY; *problems is then
 * NULL. */
Status problems_create(Problem **problems, size_t groups, size_t m, size_t n, const float *weights,
                       Message *message);
void problems_free(Problem *problems);

/* Bytes that problems_create() allocates; SIZE_MAX where that overflows. */
size_t problems_bytes(size_t groups, size_t m, size_t n);

/* Adds rows x [rows][groups*n] and y [rows][groups*m]. y is NULL, in all calls, where Y = X W' for the same
 * X: problems_finish() then derives G and y2 from H exactly. STATUS_MEMORY. */
Status problems_add(Problem *problems, size_t groups, const float *x, const float *y, size_t rows, Pool *pool,
                    Message *message);

/* Completes the sums after the last row. `own_outputs`: y was NULL in problems_add(). */
void problems_finish(Problem *problems, size_t groups, bool own_outputs, Pool *pool);

/* y [rows][groups*m] = x W' per group, for x [rows][groups*n]. */
void problems_outputs(const Problem *problems, size_t groups, float *y, const float *x, size_t rows,
                      Pool *pool);

#endif
