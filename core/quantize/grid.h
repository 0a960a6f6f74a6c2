/* SPDX-License-Identifier: MIT */
/* Grid: the levels that a code may take. A dequantized weight is its channel's scale times its code. At b
 * bits, the sign included:
 *
 *     uniform        -(2^(b-1)-1) .. 2^(b-1)-1, 2 to 8 bits: magnitudes of b-1 binary digits
 *     power-of-two   0, +-1, +-2, +-4, ..., +-2^(2^(b-1)-2), 2 to 4 bits: a product is a shift (codes are
 *                    exported as int8, which holds no more levels)
 *     ternary        -1, 0, +1, 2 bits; the scale is a power of two
 *     binary         -1, +1, 1 bit
 *
 * One table in grid.c has their names and bit widths.
 *
 * The best scale of codes q is the least of y2 - 2 a g.q + a^2 q'Hq, a = g.q / q'Hq. Where scales are powers
 * of two it is the nearer one of the two beside that: the objective is a parabola of a.
 *
 * Example (float weight, float scale):
 *     const Grid grid = grid_make(GRID_UNIFORM, 3); // -3 .. 3
 *     int8_t code = grid.levels[grid_nearest_level(&grid, weight / scale)];
 */
#ifndef QUANTIZE_GRID_H
#define QUANTIZE_GRID_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRID_MOST_LEVELS 255

typedef enum GridKind { GRID_UNIFORM = 0, GRID_POWER_OF_TWO, GRID_TERNARY, GRID_BINARY, GRID_COUNT } GridKind;

typedef struct GridRow {
    const char *name;    /* "power-of-two": as in the CSV */
    const char *summary; /* one sentence, for --help and the screen */
    unsigned least_bits, most_bits;
    bool power_of_two_scale; /* scales are powers of two; elsewhere any positive number */
} GridRow;

/* The grid's row of the table, and its name. */
const GridRow *grid_row(GridKind kind);
const char *grid_name(GridKind kind);

/* Looks a name up. False, and *kind untouched, where no grid has it. */
bool grid_parse(GridKind *kind, const char *name);

/* Whether the grid has this bit width, and the nearest bit width that it has. */
bool grid_has_bits(GridKind kind, unsigned bits);
unsigned grid_nearest_bits(GridKind kind, unsigned bits);

typedef struct Grid {
    GridKind kind;
    bool consecutive;        /* all integers from -limit to limit: a code has a sign and binary digits */
    bool power_of_two_scale; /* as in the row */
    size_t count;
    int8_t levels[GRID_MOST_LEVELS]; /* ascending, symmetric about 0 */
} Grid;

/* The levels at a bit width that the grid has. */
Grid grid_make(GridKind kind, unsigned bits);

/* The uniform grid at a bit width. */
static inline Grid grid_uniform(unsigned bits)
{
    return grid_make(GRID_UNIFORM, bits);
}

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

/* The largest code. */
static inline int grid_largest(const Grid *grid)
{
    return grid->levels[grid->count - 1];
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

/* The code nearest to x = weight / scale. Halfway between two: the even one where levels are consecutive,
 * else the lower one. */
static inline double grid_round(const Grid *grid, double x)
{
    const double limit = grid_largest(grid);
    if (grid->consecutive) return fmin(fmax(rint(x), -limit), limit);
    return grid->levels[grid_nearest_level(grid, (float)x)];
}

/* The scale that a positive, finite one stands for: itself, or the nearest power of two. */
static inline double grid_scale(const Grid *grid, double scale)
{
    if (!grid->power_of_two_scale) return scale;
    int exponent;
    const double share = frexp(scale, &exponent); /* scale = share * 2^exponent, 0.5 <= share < 1 */
    return ldexp(1, share < 0.75 ? exponent - 1 : exponent);
}

/* What codes lower the objective by at their best scale a: max over a of 2 a g.q - a^2 q'Hq; gq and qp, g.q
 * and q'Hq, are positive. */
static inline double grid_score(const Grid *grid, double gq, double qp)
{
    if (!grid->power_of_two_scale) return gq * gq / qp;
    const double scale = grid_scale(grid, gq / qp);
    return scale * (2 * gq - scale * qp);
}

#endif
