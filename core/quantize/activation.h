/* Activations: the scales by which a layer's input is quantized, from rows of it.
 *
 * At b bits codes are 0..2^b-1 where the input cannot be negative, else -(2^(b-1)-1)..2^(b-1)-1. A scale s is
 * to minimize the sum of (x - s q)^2 over x, q = clip(round half to even(x/s)): from the best few of many
 * starts (the scale of the largest value, and shares of it) rounding and least squares, s = <x,q>/<q,q>,
 * alternate to a fixed point; the best is kept. One scale for the tensor; or one an input channel, where a
 * channel that shows fewer than ACTIVATION_LEAST_VALUES values other than zero takes the tensor's.
 *
 * The scale b_c of a channel is made up for by the weights, whose codes stand for W diag(b). Scales that suit
 * each channel best make that product hard to quantize on a uniform grid: with inputs of 8 bits, whose own
 * error is next to nothing, a layer's error is up to three times that with one scale. So they are balanced:
 * over the channels c of a group, they minimize the error of the output
 *     P(b) = sum_c A_c d_c b_c^2 / 12 + k/n (sum_c A_c b_c^2) (sum_c S_c / b_c^2)
 * that independent errors of the codes on both sides would make, with b_c no less than the best scale. A_c is
 * the sum of squares of the weights on channel c, S_c the sum of the mean squares of its inputs, d_c the
 * share of them that is not zero; n the inputs of an output; k = 0.8/4^bits of the weights, about the
 * relative error that bit-split leaves. P is a posynomial, convex in log b. A depthwise layer keeps the best
 * scales.
 *
 * The result depends on the rows and weights alone, not on the number of threads.
 *
 *     activation_choose(&choice, rows, count, width, channels, 4, true, pool, message);
 *     activation_balance(&choice, rows, count, layer, 4, message);      // where there is one a channel
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
    double clipped; /* share of the rows' elements that lie beyond the largest code's rounding interval */
} ActivationChoice;

/* rows [count][width], channel by channel; channels: 1 for one scale, else a divisor of width. Where all rows
 * are zero the scale is 1. STATUS_INVALID where a value is not finite. */
Status activation_choose(ActivationChoice *choice, const float *rows, size_t count, size_t width,
                         size_t channels, unsigned bits, bool nonnegative, Pool *pool, Message *message);
void activation_free(ActivationChoice *choice);

/* Balances a layer's scales, one an input channel, for weights of weight_bits (0: float, which leaves them as
 * they are). rows [count][groups*n], those that they were chosen from. */
Status activation_balance(ActivationChoice *choice, const float *rows, size_t count, const Layer *layer,
                          unsigned weight_bits, Message *message);

/* The quantizer's limits at a width. */
void activation_limits(float *low, float *high, unsigned bits, bool nonnegative);

/* Rows to choose from that are enough at a width of rows, and few enough to be searched at once. */
size_t activation_rows(size_t width, size_t channels);

#endif
