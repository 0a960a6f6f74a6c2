/* SPDX-License-Identifier: MIT */
/* exp(x) for loops over many numbers: plain arithmetic that compilers turn into vector instructions. The same
 * bits on every processor, and within 2 units in the last place of exp(x). Pure. */
#ifndef NETWORK_EXPONENTIAL_H
#define NETWORK_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* The bits of a float. */
static inline uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* 2^n, -126 <= n <= 127 */
static inline float power_of_two(uint32_t n)
{
    const uint32_t bits = (n + 127u) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* exp(x) = 2^n exp(r), n = x / log 2 rounded, r = x - n log 2 in two parts; exp(r) by the polynomial of
 * Cephes' expf(). 2^n is applied in two halves, so that results below 2^-126 and above 2^127 are right. A NaN
 * stays. */
static inline float exponential(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number, in the lowest bits */
    const float above = x < -104.0f ? -104.0f : x, inside = above > 89.0f ? 89.0f : above;
    const float shifted = inside * 1.44269504f + shift, n = shifted - shift;
    const float r = (inside - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float y = p * (r * r) + r + 1;
    const int32_t whole = (int32_t)(float_bits(shifted) - float_bits(shift)), half = whole / 2;
    return y * power_of_two((uint32_t)half) * power_of_two((uint32_t)(whole - half));
}

/* 1 / (1 + exp(-x)) */
static inline float logistic(float x)
{
    return 1.0f / (1.0f + exponential(-x));
}

#endif
