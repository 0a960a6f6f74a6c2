/* SPDX-License-Identifier: MIT */
/* Grid: the levels that a code may take. A dequantized weight is its channel's scale times its code. The
 * uniform grid of b bits, the sign included, has the integers -(2^(b-1)-1) .. 2^(b-1)-1, whose magnitudes
 * have b-1 binary digits. This header is the one place in core/quantize that knows it.
 *
 * Example (float weight, float scale):
 *     const Grid grid = grid_uniform(3);                                 // -3 .. 3
 *     int8_t code = grid.levels[grid_nearest_level(&grid, weight / scale)];
 */
#ifndef QUANTIZE_GRID_H
#define QUANTIZE_GRID_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define GRID_MOST_LEVELS 255

typedef struct Grid {
    size_t count;
    int8_t levels[GRID_MOST_LEVELS]; /* ascending */
} Grid;

/* The largest code of the uniform grid. */
static inline int grid_limit(unsigned bits)
{
    return (1 << (bits - 1)) - 1;
}

/* Binary digits of a code's magnitude on the uniform grid. */
static inline unsigned grid_digits(unsigned bits)
{
    return bits - 1;
}

/* The code of the uniform grid that is nearest to x = weight / scale: clip(round half to even(x)). limit:
 * grid_limit(). */
static inline double grid_nearest(double x, double limit)
{
    return fmin(fmax(rint(x), -limit), limit);
}

/* The codes of a bit width: all integers from -grid_limit(bits) to grid_limit(bits). */
static inline Grid grid_uniform(unsigned bits)
{
    const int limit = grid_limit(bits);
    Grid grid = {.count = 2 * (size_t)limit + 1};
    for (size_t i = 0; i < grid.count; i++) grid.levels[i] = (int8_t)((int)i - limit);
    return grid;
}

/* The levels that digit p adds to a code: -2^p, 0, 2^p. */
static inline Grid grid_digit(unsigned p)
{
    return (Grid){.count = 3, .levels = {(int8_t) - (1 << p), 0, (int8_t)(1 << p)}};
}

/* Index of the level nearest to x, the lower one of two. */
static inline size_t grid_nearest_level(const Grid *grid, float x)
{
    size_t low = 0, high = grid->count - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (2 * x > (float)(grid->levels[middle] + grid->levels[middle + 1]))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
