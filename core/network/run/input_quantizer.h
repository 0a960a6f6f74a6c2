/* Input quantizer: a layer's input as integer codes.
 *
 *     code = clip(round half to even(x / scale), low, high)
 *
 * with one scale for the whole tensor; with one an input channel, x * (1 / scale), both rounded to float:
 * what ONNX's QuantizeLinear makes of x, and of x times a constant. low is 0 where the input cannot be
 * negative, else -high. Zero (and with it a convolution's padding) is always code 0. Any thread may call.
 */
#ifndef NETWORK_INPUT_QUANTIZER_H
#define NETWORK_INPUT_QUANTIZER_H

#include <stddef.h>

typedef struct InputQuantizer {
    size_t count;        /* 1, or the input channels of all groups */
    const float *scales; /* [count], normal numbers above 0 */
    float low, high;     /* whole numbers, low <= 0 < high < 2^16 */
} InputQuantizer;

/* codes[count] of values[count], which may be the same array. Channels are the last axis; `count` is a
 * multiple of quantizer->count. A NaN stays one. */
void input_quantizer_apply(float *codes, const float *values, size_t count, const InputQuantizer *quantizer);

/* As input_quantizer_apply(), in place, for rows[count][width] as network_gather() gives them: each channel's
 * kernel positions side by side. */
void input_quantizer_apply_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer);

/* The values that codes stand for: rows[count][width] times their channels' scales, in place. */
void input_quantizer_restore_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer);

#endif
