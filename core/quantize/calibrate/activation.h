/* SPDX-License-Identifier: MIT */
/* Activations: the scales by which a layer's input is quantized, chosen from rows of it.
 *
 * At b bits codes are 0..2^b-1 where the input cannot be negative, else -(2^(b-1)-1)..2^(b-1)-1. A scale s
 * minimizes the sum of (x - s q)^2 over x, q = clip(round half to even(x/s)): rounding and least squares, s =
 * <x,q>/<q,q>, alternate to a fixed point from the best few of many starts (shares of the scale of the
 * largest value), and the best result is kept. There is one scale per tensor, or one per input channel
 * (error-compensated), where a channel with fewer than ACTIVATION_LEAST_VALUES values other than zero takes
 * the tensor's.
 *
 * With one scale b_c per channel the weights compensate it: their codes stand for W diag(b). The best scale
 * of each channel alone makes that product hard to quantize on a uniform grid: with 8-bit inputs, whose own
 * error is next to nothing, a layer's error is up to three times that with one scale. So the scales are
 * balanced. Over the channels c of a group they minimize the error of the output that independent code errors
 * on both sides would make,
 *
 *     P(b) = sum_c A_c d_c b_c^2 / 12 + k/n (sum_c A_c b_c^2) (sum_c S_c / b_c^2),    b_c no less than the
 * best scale:
 *
 * A_c is the sum of squares of the weights on channel c, S_c the sum of the mean squares of its inputs, d_c
 * the share of its inputs that is not zero, n the inputs of an output, and k = 0.8/4^(weight bits), about the
 * relative error that bit-split leaves. P is a posynomial, convex in log b. A depthwise layer keeps the best
 * scales.
 *
 * The result depends on the rows and weights alone, not on the number of threads.
 *
 * Example (float *rows, size_t count, size_t width, size_t channels, const Layer *layer, Pool *pool, Message
 * *message):
 *     ActivationChoice choice;
 *     activation_choose(&choice, rows, count, width, channels, 4, true, pool, message);
 *     activation_balance(&choice, rows, count, layer, 4, message);      // per-channel scales only
 *     input_quantizer_apply_rows(rows, count, width, &choice.quantizer);
 *     activation_free(&choice);
 */
#ifndef QUANTIZE_ACTIVATION_H
#define QUANTIZE_ACTIVATION_H

#include "base/pool.h"
#include "base/status.h"
#include "network/run/input_quantizer.h"
#include "network/types.h"

#include <stdbool.h>

#define ACTIVATION_LEAST_VALUES 16

typedef struct ActivationChoice {
    InputQuantizer quantizer;
    float *scales;  /* quantizer.scales */
    double clipped; /* share of the rows' elements beyond the rounding interval of the largest code */
} ActivationChoice;

/* Chooses scales from rows [count][width], whose elements are ordered by channel. channels: 1 for one scale
 * per tensor, else a divisor of width. Where all rows are zero the scale is 1. STATUS_INVALID where a value
 * is not finite, STATUS_MEMORY; *choice is then empty. */
Status activation_choose(ActivationChoice *choice, const float *rows, size_t count, size_t width,
                         size_t channels, unsigned bits, bool nonnegative, Pool *pool, Message *message);
void activation_free(ActivationChoice *choice);

/* Balances a layer's scales, one per input channel, for weights of weight_bits (0: float, which leaves the
 * scales as they are). rows [count][groups*n]: those that they were chosen from. STATUS_MEMORY. */
Status activation_balance(ActivationChoice *choice, const float *rows, size_t count, const Layer *layer,
                          unsigned weight_bits, Message *message);

/* The lowest and highest code at a bit width. */
void activation_limits(float *low, float *high, unsigned bits, bool nonnegative);

/* How many rows of `width` elements to choose scales from: enough, and few enough to search at once. */
size_t activation_rows(size_t width, size_t channels);

#endif
