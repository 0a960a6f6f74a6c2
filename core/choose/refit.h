/* SPDX-License-Identifier: MIT */
/* Re-fit: float weights of a layer that bring its output on changed inputs back to the float network's.
 *
 * It stands in for what solving layer after layer does about errors upstream: with X the inputs that upstream
 * quantization has changed, Y the float layer's outputs, both centred, per output channel
 *
 *     dW = argmin |(W + dW) X - Y|^2 + lambda |dW|^2 = (G - W H) (H + lambda I)^-1,   H = X'X, G = Y'X,
 *
 * lambda = ridge times the mean diagonal of H. The bias takes the means: shift = mean y - (W + dW) mean x.
 *
 * Example (const Problem *problems, size_t groups, float *weights, float *shift, Pool *pool, Message
 * *message):
 *     refit_weights(weights, shift, problems, groups, refit_ridge(problems->rows, problems->n), pool, message);
 */
#ifndef CHOOSE_REFIT_H
#define CHOOSE_REFIT_H

#include "quantize/problem.h"

/* 0.1, and 0.3 where there are fewer rows than 8 times the inputs. */
double refit_ridge(size_t rows, size_t n);

/* Sets weights [groups*m][n] and shift [groups*m], to be added to the layer's bias. STATUS_MEMORY. */
Status refit_weights(float *weights, float *shift, const Problem *problems, size_t groups, double ridge,
                     Pool *pool, Message *message);

/* Sets *error to |W X - Y|^2, X and Y centred, relative to the uncentred sum of Y^2; weights [groups*m][n]. 0
 * where Y is 0. STATUS_MEMORY. */
Status refit_error(double *error, const float *weights, const Problem *problems, size_t groups, Pool *pool,
                   Message *message);

/* Bytes that either function takes at most. */
size_t refit_bytes(size_t groups, size_t m, size_t n);

#endif
