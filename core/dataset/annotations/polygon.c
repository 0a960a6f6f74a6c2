/* SPDX-License-Identifier: MIT */
#include "dataset/annotations/polygon.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>

#define FINER 5 /* grid lines per pixel */
#define MOST_STEPS ((size_t)1 << 24)

/* The positions at which a column changes between inside and outside, while the outline is drawn. */
typedef struct Outline {
    size_t height, width;
    uint32_t *changes; /* [count] */
    size_t count, capacity;
    bool started, no_memory;
    int x, y; /* the point before */
} Outline;

static void add_change(Outline *outline, uint32_t position)
{
    if (outline->count == outline->capacity) {
        const size_t capacity = size_max(2 * outline->capacity, 64);
        uint32_t *changes = realloc(outline->changes, capacity * sizeof *changes);
        outline->no_memory |= !changes;
        if (!changes) return;
        outline->changes = changes;
        outline->capacity = capacity;
    }
    outline->changes[outline->count++] = position;
}

/* Moves to a point of the fine grid. A step to another column of the grid counts where it passes the middle
 * of a column of pixels; pixels below the smaller y change. */
static void draw_point(Outline *outline, int x, int y)
{
    const bool moved = outline->started && x != outline->x;
    const int left = x < outline->x ? x : x - 1;
    const int upper = y < outline->y ? y : outline->y;
    outline->started = true;
    outline->x = x;
    outline->y = y;
    if (!moved) return;
    const double column = (left + 0.5) / FINER - 0.5;
    if (floor(column) != column || column < 0 || column > (double)outline->width - 1) return;
    const double row = ceil(fmin(fmax((upper + 0.5) / FINER - 0.5, 0), (double)outline->height));
    add_change(outline, (uint32_t)((size_t)column * outline->height + (size_t)row));
}

/* Draws from (x, y) to (to_x, to_y), both included, one step of the longer direction at a time; always in its
 * rising direction, so that an edge that two polygons share is drawn the same in both. */
static void draw_edge(Outline *outline, int x, int y, int to_x, int to_y)
{
    const int wide = abs(to_x - x), high = abs(to_y - y), steps = wide >= high ? wide : high;
    const bool turned = wide >= high ? x > to_x : y > to_y;
    const int low_x = turned ? to_x : x, low_y = turned ? to_y : y;
    const int end_x = turned ? x : to_x, end_y = turned ? y : to_y;
    const double slope = steps == 0     ? 0
                         : wide >= high ? (double)(end_y - low_y) / wide
                                        : (double)(end_x - low_x) / high;
    for (int d = 0; d <= steps; d++) {
        const int t = turned ? steps - d : d;
        if (wide >= high)
            draw_point(outline, low_x + t, (int)(low_y + slope * t + 0.5));
        else
            draw_point(outline, (int)(low_x + slope * t + 0.5), low_y + t);
    }
}

/* A coordinate on the fine grid. */
static int on_grid(double coordinate)
{
    return (int)(FINER * coordinate + 0.5);
}

double polygon_steps(const double *corners, size_t count)
{
    double steps = 0;
    for (size_t i = 0; i < count; i++) {
        const double *from = corners + 2 * i, *to = corners + 2 * ((i + 1) % count);
        steps += 1 + FINER * fmax(fabs(from[0] - to[0]), fabs(from[1] - to[1]));
    }
    return steps;
}

static Status check_corners(const double *corners, size_t count, Message *message)
{
    if (count < 3) return status_fail(message, STATUS_INVALID, "a polygon of %zu corners", count);
    for (size_t i = 0; i < 2 * count; i++)
        if (!(fabs(corners[i]) <= 2.0 * (double)MASK_MOST_SIDE))
            return status_fail(message, STATUS_INVALID, "corner %zu of a polygon has coordinate %g", i / 2,
                               corners[i]);
    const double steps = polygon_steps(corners, count);
    if (steps <= (double)MOST_STEPS) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "a polygon whose outline is %.0f pixels long", steps / FINER);
}

static int by_position(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The mask whose positions change between inside and outside at the sorted changes. */
static bool fill_between(Mask *mask, const Outline *outline)
{
    size_t position = 0;
    bool fits = true;
    for (size_t i = 0; fits && i < outline->count; position = outline->changes[i++])
        fits = mask_append(mask, i % 2 == 1, outline->changes[i] - position);
    return fits && mask_append(mask, outline->count % 2 == 1, mask->height * mask->width - position);
}

Status mask_from_polygon(Mask *mask, size_t height, size_t width, const double *corners, size_t count,
                         Message *message)
{
    *mask = (Mask){.height = height, .width = width};
    Outline outline = {.height = height, .width = width};
    Status status = mask_check_size(height, width, message);
    if (status == STATUS_OK) status = check_corners(corners, count, message);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        const double *from = corners + 2 * i, *to = corners + 2 * ((i + 1) % count);
        draw_edge(&outline, on_grid(from[0]), on_grid(from[1]), on_grid(to[0]), on_grid(to[1]));
    }
    if (outline.count) qsort(outline.changes, outline.count, sizeof *outline.changes, by_position);
    if (status == STATUS_OK && (outline.no_memory || !fill_between(mask, &outline)))
        status = status_no_memory(message, "a mask");
    free(outline.changes);
    if (status != STATUS_OK) mask_free(mask);
    return status;
}
