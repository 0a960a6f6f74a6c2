/* Chart: series over two axes, in braille where there is Unicode and in plain marks elsewhere.
 *
 * NaN and infinity leave gaps. On a log axis, what is not positive is a gap too. The grid is drawn first,
 * levels over it, the cursor's line over those, then the series: in a cell that two lines share, both have
 * their dots, in the style of the later. Series differ by mark as well as by style. No two ticks share a row
 * and no two labels touch. What has no room is left out, first the names of levels (columns), then the line
 * of names and legend (rows), then the axes. A pure function of its arguments.
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

void chart_draw(Canvas *canvas, Area area, const Chart *chart);

/* The point drawn nearest to a cell of the canvas, within 3 cells; a bar is as near all the way down. */
bool chart_nearest(size_t *series, size_t *point, const Chart *chart, Area area, int row, int column);

#endif
