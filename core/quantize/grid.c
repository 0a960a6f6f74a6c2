/* SPDX-License-Identifier: MIT */
#include "quantize/grid.h"

#include <assert.h>
#include <string.h>

static const GridRow grids[GRID_COUNT] = {
    [GRID_UNIFORM] = {"uniform", "all whole numbers of the bit width, 2 to 8 bits", 2, 8, false},
    [GRID_POWER_OF_TWO] = {"power-of-two", "0 and powers of two (products are shifts), 2 to 4 bits", 2, 4,
                           false},
    [GRID_TERNARY] = {"ternary", "-1, 0 and 1 at a scale that is a power of two, 2 bits", 2, 2, true},
    [GRID_BINARY] = {"binary", "-1 and 1, 1 bit", 1, 1, false},
};

const GridRow *grid_row(GridKind kind)
{
    assert(kind < GRID_COUNT);
    return &grids[kind];
}

const char *grid_name(GridKind kind)
{
    return grid_row(kind)->name;
}

bool grid_parse(GridKind *kind, const char *name)
{
    for (size_t i = 0; i < GRID_COUNT; i++)
        if (strcmp(name, grids[i].name) == 0) {
            *kind = (GridKind)i;
            return true;
        }
    return false;
}

unsigned grid_nearest_bits(GridKind kind, unsigned bits)
{
    const GridRow *row = grid_row(kind);
    return bits < row->least_bits ? row->least_bits : bits > row->most_bits ? row->most_bits : bits;
}

bool grid_has_bits(GridKind kind, unsigned bits)
{
    return grid_nearest_bits(kind, bits) == bits;
}

/* The i-th positive level. */
static int magnitude(GridKind kind, size_t i)
{
    return kind == GRID_POWER_OF_TWO ? 1 << i : (int)i + 1;
}

Grid grid_make(GridKind kind, unsigned bits)
{
    assert(grid_has_bits(kind, bits));
    const size_t zero = kind != GRID_BINARY, positive = zero ? (size_t)grid_limit(bits) : 1;
    Grid grid = {
        .kind = kind, .power_of_two_scale = grid_row(kind)->power_of_two_scale, .count = 2 * positive + zero};
    for (size_t i = 0; i < positive; i++) {
        grid.levels[positive + zero + i] = (int8_t)magnitude(kind, i);
        grid.levels[positive - 1 - i] = (int8_t)-magnitude(kind, i);
    }
    grid.consecutive = grid.count == 2 * (size_t)grid_largest(&grid) + 1;
    return grid;
}
