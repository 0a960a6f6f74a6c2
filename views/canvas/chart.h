/* SPDX-License-Identifier: MIT */
/* Chart: series over two axes, in braille with Unicode and in ASCII marks without.
 *
 * NaN and infinity leave gaps; on a log axis, so do values that are not positive. The grid is drawn first,
 * then levels, the cursor's line, and the series. In a cell that two lines share, both have their dots, in
 * the style of the later series. Series differ by mark as well as by style. No two ticks share a row and no
 * two labels touch. Where there is no room, the names of levels are left out first, then the legend, then the
 * axes. Pure functions; any thread may call.
 */
#ifndef VIEWS_CHART_H
#define VIEWS_CHART_H

#include "views/canvas/axis.h"
#include "views/canvas/canvas.h"

typedef enum SeriesKind {
    SERIES_LINE,
    SERIES_POINTS,
    SERIES_BARS
} SeriesKind; /* bars: from the lower edge, those of several series side by side */

typedef struct Series {
    const char *name; /* in the legend; NULL: not there */
    SeriesKind kind;
    Style style;
    Glyph mark;            /* of points, of a line's last point, and of lines where there is no Unicode */
    const double *x, *y;   /* [count]; x NULL: 1, 2, ... */
    const bool *highlight; /* [count] points drawn strong, or NULL */
    size_t count;
} Series;

typedef struct Level {  /* a horizontal line with its name at the right, and its figure behind that */
    const char *name;   /* cut where there is no room; NULL: neither is there */
    const char *figure; /* whole, or NULL */
    double y;
    Style style;
} Level;

typedef struct Chart {
    Axis x, y;
    const Series *series;
    size_t series_count;
    const Level *levels;
    size_t level_count;
    size_t cursor_series, cursor; /* a point to be read off: a vertical line, and its values in the upper
                                     edge; SIZE_MAX: none */
} Chart;

/* Draws the chart in an area of any size. */
void chart_draw(Canvas *canvas, Area area, const Chart *chart);

/* The point that is drawn nearest to a cell of the canvas, if one is within 3 cells. Of a bar, all cells
 * count. */
bool chart_nearest(size_t *series, size_t *point, const Chart *chart, Area area, int row, int column);

#endif
