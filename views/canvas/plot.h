/* Plot: a chart with the arrays that it is made of. Private to views/.
 *
 * Where memory runs out, what could not be made is left out.
 *
 *     Plot plot;
 *     plot_start(&plot, (Axis){.name = "layer"}, (Axis){.name = "error", .log = true});
 *     double *errors = plot_array(&plot, count);
 *     ...
 *     plot_series(&plot, (Series){.name = "solved", .y = errors, .count = count});
 *     chart_draw(canvas, area, &plot.chart);
 *     plot_free(&plot);
 */
#ifndef VIEWS_PLOT_H
#define VIEWS_PLOT_H

#include "views/canvas/chart.h"

#define PLOT_SERIES 6
#define PLOT_LEVELS 8
#define PLOT_ARRAYS 12

typedef struct Plot {
    Chart chart;
    Series series[PLOT_SERIES];
    Level levels[PLOT_LEVELS];
    char figures[PLOT_LEVELS][48];
    void *arrays[PLOT_ARRAYS];
    size_t array_count;
} Plot;

/* Until then a Plot is all zeros, which draws nothing and may be freed. It is not to be copied. */
void plot_start(Plot *plot, Axis x, Axis y);
void plot_free(Plot *plot);

double *plot_array(Plot *plot, size_t count);              /* of NAN; NULL where memory runs out */
bool *plot_highlight(Plot *plot, size_t count, size_t at); /* true at one alone */

/* Left out where it has no finite value. */
void plot_series(Plot *plot, Series series);
/* Keeps a copy of the figure, and of the name its address. */
void plot_level(Plot *plot, double y, Style style, const char *name, const char *figure);

/* Puts the cursor on a point of the first series that has a value there; SIZE_MAX: on none. */
void plot_cursor(Plot *plot, size_t point);

/* The next point with a value, along x; from SIZE_MAX the outermost. SIZE_MAX where there is none. */
size_t plot_next(const Plot *plot, size_t point, int direction);

#endif
