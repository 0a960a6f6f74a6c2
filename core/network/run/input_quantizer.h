/* SPDX-License-Identifier: MIT */
/* Input quantizer: a layer's input as integer codes.
 *
 *     code = clip(round half to even(x / scale), low, high)
 *
 * with one scale per tensor. With one scale per input channel, x / scale is computed as x * (1 / scale), both
 * rounded to float: what ONNX's QuantizeLinear makes of x, and of x times a constant. low is 0 if the input
 * cannot be negative, else -high. Zero, and with it the padding of a convolution, is always code 0. Any
 * thread may call.
 */
#ifndef NETWORK_INPUT_QUANTIZER_H
#define NETWORK_INPUT_QUANTIZER_H

#include <stddef.h>

typedef struct InputQuantizer {
    size_t count;        /* 1, or the input channels of all groups */
    const float *scales; /* [count], normal numbers above 0 */
    float low, high;     /* whole numbers, low <= 0 < high < 2^16 */
} InputQuantizer;

/* codes[count] of values[count]; both may be the same array. Channels are the last axis; `count` is a
 * multiple of quantizer->count. NaN stays NaN. */
void input_quantizer_apply(float *codes, const float *values, size_t count, const InputQuantizer *quantizer);

/* The same in place for rows[count][width] as network_gather() fills them: the kernel positions of each
 * channel side by side. */
void input_quantizer_apply_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer);

/* Dequantizes in place: rows[count][width] times the scale of each channel. */
void input_quantizer_restore_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer);

#endif
