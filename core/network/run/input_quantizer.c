/* SPDX-License-Identifier: MIT */
#include "network/run/input_quantizer.h"

/* x + 1.5 * 2^23 has no fraction bits: the sum is rounded half to even, for |x| < 2^22. Clipping before
 * rounding gives the same code, as the limits are whole numbers. */
#define ROUNDER 12582912.0f

static inline float code_of(float code, float low, float high)
{
    code = code < low ? low : code;
    code = code > high ? high : code;
    return code + ROUNDER - ROUNDER;
}

static void apply_one(float *codes, const float *values, size_t count, float scale, float low, float high)
{
    for (size_t i = 0; i < count; i++) codes[i] = code_of(values[i] / scale, low, high);
}

static void apply_each(float *codes, const float *values, const InputQuantizer *quantizer)
{
    const float *scales = quantizer->scales, low = quantizer->low, high = quantizer->high;
    for (size_t c = 0; c < quantizer->count; c++) codes[c] = code_of(values[c] * (1 / scales[c]), low, high);
}

void input_quantizer_apply(float *codes, const float *values, size_t count, const InputQuantizer *quantizer)
{
    if (quantizer->count == 1)
        apply_one(codes, values, count, quantizer->scales[0], quantizer->low, quantizer->high);
    else
        for (size_t i = 0; i + quantizer->count <= count; i += quantizer->count)
            apply_each(codes + i, values + i, quantizer);
}

void input_quantizer_apply_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer)
{
    size_t taps = width / quantizer->count, runs = count * quantizer->count;
    if (quantizer->count == 1) {
        input_quantizer_apply(rows, rows, count * width, quantizer);
        return;
    }
    for (size_t i = 0; i < runs; i++) {
        const float factor = 1 / quantizer->scales[i % quantizer->count];
        for (size_t t = 0; t < taps; t++)
            rows[i * taps + t] = code_of(rows[i * taps + t] * factor, quantizer->low, quantizer->high);
    }
}

void input_quantizer_restore_rows(float *rows, size_t count, size_t width, const InputQuantizer *quantizer)
{
    size_t taps = width / quantizer->count, runs = count * quantizer->count;
    for (size_t i = 0; i < runs; i++) {
        float scale = quantizer->scales[i % quantizer->count];
        for (size_t t = 0; t < taps; t++) rows[i * taps + t] *= scale;
    }
}
