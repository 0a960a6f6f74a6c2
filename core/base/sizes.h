/* SPDX-License-Identifier: MIT */
/* Arithmetic on sizes. Sizes that come from files are multiplied and added with a check for overflow. */
#ifndef BASE_SIZES_H
#define BASE_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_INDEX SIZE_MAX /* in place of an index where there is none */

/* *result = a * b. False, and *result unchanged, on overflow. */
static inline bool size_multiply(size_t *result, size_t a, size_t b)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *result = product;
    return true;
}

/* *result = a + b. False, and *result unchanged, on overflow. */
static inline bool size_add(size_t *result, size_t a, size_t b)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *result = sum;
    return true;
}

/* The smaller of two sizes, the larger one, and a / b rounded up. */
static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}
static inline size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* a / b, rounded up. */
static inline size_t size_ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* Bytes in MiB, rounded up, as messages name them. */
static inline size_t size_mib(size_t bytes)
{
    return size_ceil_div(bytes, (size_t)1 << 20);
}

#endif
