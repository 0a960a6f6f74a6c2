/* SPDX-License-Identifier: MIT */
/* Plot: a chart with the arrays that it is made of. Private to views/.
 *
 * Without memory for an array, the series that needs it is left out.
 *
 * Example (Canvas *canvas, Area area, size_t count):
 *     Plot plot;
 *     plot_start(&plot, (Axis){.name = "layer"}, (Axis){.name = "error", .log = true});
 *     double *errors = plot_array(&plot, count);   // to be filled in
 *     plot_series(&plot, (Series){.name = "solved", .y = errors, .count = count});
 *     chart_draw(canvas, area, &plot.chart);
 *     plot_free(&plot);
 */
#ifndef VIEWS_PLOT_H
#define VIEWS_PLOT_H

#include "views/canvas/chart.h"

#define PLOT_SERIES 6
#define PLOT_LEVELS 16
#define PLOT_ARRAYS 16

typedef struct Plot {
    Chart chart;
    Series series[PLOT_SERIES];
    Level levels[PLOT_LEVELS];
    char figures[PLOT_LEVELS][48];
    void *arrays[PLOT_ARRAYS];
    size_t array_count;
} Plot;

/* Before, a Plot is all zeros, which draws nothing and may be freed. Do not copy a Plot: it points into
 * itself. */
void plot_start(Plot *plot, Axis x, Axis y);
/* Frees the arrays. */
void plot_free(Plot *plot);

/* An array [count] of NAN that the plot owns; NULL without memory. */
double *plot_array(Plot *plot, size_t count);
/* An array [count] that is true at index `at` only, nowhere if at >= count. */
bool *plot_highlight(Plot *plot, size_t count, size_t at);

/* A copy of a text that the plot owns, for the name of a series; NULL without memory. */
const char *plot_text(Plot *plot, const char *text);

/* Adds a series, unless it has no finite value. */
void plot_series(Plot *plot, Series series);
/* Adds a level, unless y is not finite. Copies the figure; the name must outlive the plot. */
void plot_level(Plot *plot, double y, Style style, const char *name, const char *figure);

/* Puts the cursor on a point of the first series that has a value there; SIZE_MAX: on no point. */
void plot_cursor(Plot *plot, size_t point);

/* The next point with a value along x, to the left (direction -1) or right (1); from SIZE_MAX, the outermost
 * point of the other side. SIZE_MAX if there is none. */
size_t plot_next(const Plot *plot, size_t point, int direction);

#endif
