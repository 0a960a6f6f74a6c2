/* SPDX-License-Identifier: MIT */
#include "views/canvas/chart.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dots of braille in a cell. */
enum { DOT_COLUMNS = 2, DOT_ROWS = 4 };
enum { NEAR = 3 }; /* cells */
enum { LEAST_PLOT_COLUMNS = 20 /* beside names of levels */ };

/* Where things stand. It does not depend on the character set, so that a click finds what was drawn. */
typedef struct Plan {
    Area plot;            /* of the canvas */
    Area heading, margin; /* legend, and names of levels; empty where there is no room */
    int left;             /* columns of the y axis and its labels */
    bool x_axis, y_axis;  /* drawn */
    AxisScale x, y;
    AxisTicks x_ticks, y_ticks;
    bool x_known, y_known; /* otherwise there is nothing to put on the axis, and it has no ticks */
    double spacing;        /* of bars, in units of x; 0: no bars */
    size_t bar_series;
} Plan;

typedef struct Place { /* in dots from the plot's upper left corner */
    double x, y;
} Place;

/* --- data ------------------------------------------------------------------------------------------- */

static double x_of(const Series *series, size_t i)
{
    return series->x ? series->x[i] : (double)(i + 1);
}

static void widen(double range[2], const Axis *axis, double value)
{
    if (!axis_shows(axis, value)) return;
    if (!(range[0] <= value)) range[0] = value;
    if (!(range[1] >= value)) range[1] = value;
}

static bool has_point(const Chart *chart, const Series *series, size_t i)
{
    return axis_shows(&chart->x, x_of(series, i)) && axis_shows(&chart->y, series->y[i]);
}

/* The least distance between neighbours; 1 where there is none. */
static double spacing_of(const Chart *chart)
{
    double least = INFINITY;
    for (size_t s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        if (series->kind != SERIES_BARS) continue;
        for (size_t i = 1; i < series->count; i++) {
            double distance = fabs(x_of(series, i) - x_of(series, i - 1));
            if (distance > 0 && distance < least) least = distance;
        }
    }
    return isfinite(least) ? least : 1;
}

static bool has_ends(const Axis *axis)
{
    return axis_shows(axis, axis->low) && axis_shows(axis, axis->high);
}

/* Bars stand on 0 and are given their full width at both ends. */
static void make_scales(Plan *plan, const Chart *chart)
{
    double x[2] = {NAN, NAN}, y[2] = {NAN, NAN};
    for (size_t s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        if (series->kind == SERIES_BARS) plan->bar_series++;
        for (size_t i = 0; i < series->count; i++) {
            widen(x, &chart->x, x_of(series, i));
            widen(y, &chart->y, series->y[i]);
        }
    }
    for (size_t l = 0; l < chart->level_count; l++) widen(y, &chart->y, chart->levels[l].y);

    Axis y_axis = chart->y;
    if (plan->bar_series) plan->spacing = spacing_of(chart);
    if (plan->bar_series && !chart->y.log && isnan(y_axis.low) && y[0] >= 0) y_axis.low = 0;
    if (plan->bar_series && !chart->x.log) {
        widen(x, &chart->x, x[0] - plan->spacing / 2);
        widen(x, &chart->x, x[1] + plan->spacing / 2);
    }
    plan->x_known = !isnan(x[0]) || has_ends(&chart->x);
    plan->y_known = !isnan(y[0]) || has_ends(&chart->y);
    plan->x = axis_scale(&chart->x, x[0], x[1], 0);
    plan->y = axis_scale(&y_axis, y[0], y[1], 0.04);
}

static Place place_of(const Plan *plan, double x, double y)
{
    return (Place){axis_position(&plan->x, x) * (DOT_COLUMNS * plan->plot.columns - 1),
                   (1 - axis_position(&plan->y, y)) * (DOT_ROWS * plan->plot.rows - 1)};
}

static Place place_point(const Plan *plan, const Series *series, size_t i)
{
    return place_of(plan, x_of(series, i), series->y[i]);
}

static bool is_inside(const Plan *plan, Place place)
{
    return place.x > -0.5 && place.x < DOT_COLUMNS * plan->plot.columns - 0.5 && place.y > -0.5 &&
           place.y < DOT_ROWS * plan->plot.rows - 0.5;
}

static int cell_column(double x)
{
    return (int)lround(x) / DOT_COLUMNS;
}
static int cell_row(double y)
{
    return (int)lround(y) / DOT_ROWS;
}

static int tick_row(const Plan *plan, double value)
{
    return cell_row((1 - axis_position(&plan->y, value)) * (DOT_ROWS * plan->plot.rows - 1));
}

static int tick_column(const Plan *plan, double value)
{
    return cell_column(axis_position(&plan->x, value) * (DOT_COLUMNS * plan->plot.columns - 1));
}

/* --- plan ------------------------------------------------------------------------------------------- */

static int text_columns(const char *text)
{
    return text ? canvas_width(&(Canvas){.unicode = true}, text) : 0;
}

static bool y_ticks_fit(const Plan *plan, int apart)
{
    const AxisTicks *ticks = &plan->y_ticks;
    if (ticks->count > AXIS_TICKS) return false;
    for (size_t i = 1; i < ticks->count; i++)
        if (tick_row(plan, ticks->values[i - 1]) - tick_row(plan, ticks->values[i]) < apart) return false;
    return true;
}

/* The label's first column in the plot: centred, and within the area. */
static int label_column(const Plan *plan, double value, int columns)
{
    int column = tick_column(plan, value) - (columns - 1) / 2, last = plan->plot.columns - columns;
    if (column > last) column = last;
    return column > -plan->left ? column : -plan->left;
}

static bool x_ticks_fit(const Plan *plan, const Axis *axis)
{
    const AxisTicks *ticks = &plan->x_ticks;
    if (ticks->count > AXIS_TICKS) return false;
    int end = -plan->left - 2;
    for (size_t i = 0; i < ticks->count; i++) {
        int columns = (int)strlen(axis_label(axis, ticks, ticks->values[i]).text);
        int start = label_column(plan, ticks->values[i], columns);
        if (start < end + 2 || start + columns > plan->plot.columns) return false;
        end = start + columns;
    }
    return true;
}

/* Two rows apart; next to each other where there would be but one tick. */
static void choose_y_ticks(Plan *plan, const Axis *axis)
{
    for (int apart = 2; apart > 0 && plan->y_known; apart--) {
        unsigned coarse = 0;
        while (axis_ticks(&plan->y_ticks, axis, &plan->y, coarse) && !y_ticks_fit(plan, apart)) coarse++;
        if (plan->y_ticks.count >= 2) return;
    }
}

static void choose_x_ticks(Plan *plan, const Axis *axis)
{
    unsigned coarse = 0;
    if (!plan->x_known) return;
    while (axis_ticks(&plan->x_ticks, axis, &plan->x, coarse) && !x_ticks_fit(plan, axis)) coarse++;
}

static int widest_label(const Axis *axis, const AxisTicks *ticks)
{
    int widest = 0;
    for (size_t i = 0; i < ticks->count; i++) {
        int columns = (int)strlen(axis_label(axis, ticks, ticks->values[i]).text);
        if (columns > widest) widest = columns;
    }
    return widest;
}

static const Series *cursor_series(const Chart *chart)
{
    if (chart->cursor_series >= chart->series_count) return NULL;
    const Series *series = &chart->series[chart->cursor_series];
    return chart->cursor < series->count && has_point(chart, series, chart->cursor) ? series : NULL;
}

static bool wants_heading(const Chart *chart)
{
    bool named = chart->y.name || cursor_series(chart);
    for (size_t s = 0; s < chart->series_count; s++) named |= chart->series[s].name != NULL;
    return named;
}

static int margin_columns(const Chart *chart, int columns)
{
    int widest = 0, least = 0;
    for (size_t l = 0; l < chart->level_count; l++) {
        int figure = text_columns(chart->levels[l].figure) + 1;
        int name = text_columns(chart->levels[l].name) + 1 + (figure > 1 ? figure : 0);
        if (name > widest) widest = name;
        if (figure > least) least = figure;
    }
    if (widest > columns / 3) widest = columns / 3;
    if (widest < least) return 0;
    return columns - widest >= LEAST_PLOT_COLUMNS ? widest : 0;
}

static void plan_rows(Plan *plan, const Chart *chart, Area area)
{
    if (area.rows >= 6 && wants_heading(chart)) {
        plan->heading = area_part(area, 0, 0, 1, area.columns);
        plan->plot = area_part(area, 1, 0, area.rows - 1, area.columns);
    }
    plan->x_axis = area.rows >= 5 && area.columns >= 4;
    if (plan->x_axis) plan->plot.rows -= 2;
}

static void plan_columns(Plan *plan, const Chart *chart)
{
    int columns = plan->plot.columns;
    choose_y_ticks(plan, &chart->y);
    int labels = widest_label(&chart->y, &plan->y_ticks);
    plan->y_axis = columns >= labels + 2 + 6;
    plan->left = plan->y_axis ? labels + 2 : 0;
    int left = plan->left, right = margin_columns(chart, columns - left);
    plan->margin = area_part(plan->plot, 0, columns - right, plan->plot.rows, right);
    plan->plot = area_part(plan->plot, 0, left, plan->plot.rows, columns - left - right);
    choose_x_ticks(plan, &chart->x);
}

static Plan make_plan(const Chart *chart, Area area)
{
    if (area.rows > CANVAS_MOST) area.rows = CANVAS_MOST;
    if (area.columns > CANVAS_MOST) area.columns = CANVAS_MOST;
    Plan plan = {.plot = area};
    make_scales(&plan, chart);
    plan_rows(&plan, chart, area);
    plan_columns(&plan, chart);
    return plan;
}

/* --- below the series ------------------------------------------------------------------------------- */

static void draw_dotted(Canvas *canvas, const Plan *plan, int row, int apart, Style style)
{
    for (int c = 0; c < plan->plot.columns; c += apart)
        canvas_put(canvas, plan->plot, row, c, style, canvas_glyph(canvas, GLYPH_DOT));
}

static void draw_grid(Canvas *canvas, const Plan *plan)
{
    for (size_t i = 0; i < plan->y_ticks.count; i++)
        draw_dotted(canvas, plan, tick_row(plan, plan->y_ticks.values[i]), 4, STYLE_GRID);
}

/* The next level from the top down; NULL: the first, and after the last. Equal ones come in their order. */
static const Level *next_level(const Chart *chart, const Level *previous)
{
    const Level *next = NULL;
    for (const Level *level = chart->levels; level < chart->levels + chart->level_count; level++) {
        if (!axis_shows(&chart->y, level->y)) continue;
        if (previous && (level->y > previous->y || (level->y == previous->y && level <= previous))) continue;
        if (!next || level->y > next->y) next = level;
    }
    return next;
}

/* Of a name that would be an ellipsis alone, nothing is left. */
static void draw_level_name(Canvas *canvas, Area margin, int row, const Level *level)
{
    const char *figure = level->figure ? level->figure : "";
    int taken = *figure ? canvas_width(canvas, figure) + 1 : 0;
    Area words = area_part(margin, row, 1, 1, margin.columns - 1 - taken);
    int column = 1;
    if (words.columns >= 2) column += canvas_text(canvas, words, 0, 0, level->style, "%s", level->name) + 1;
    canvas_text(canvas, margin, row, column, level->style, "%s", figure);
}

/* Makes ascending rows differ: each stays where it can, and moves down, or up from the last of `rows`, where
 * it cannot. */
static void separate_rows(int *row, size_t count, int rows)
{
    for (size_t i = 1; i < count; i++)
        if (row[i] <= row[i - 1]) row[i] = row[i - 1] + 1;
    int last = rows - 1;
    for (size_t i = count; i-- > 0; last--)
        if (row[i] > last) row[i] = last;
}

/* The lines of all levels, and their names in the order of the levels. Where there are more names than rows,
 * the lowest levels have none. */
static void draw_levels(Canvas *canvas, const Plan *plan, const Chart *chart)
{
    const Level *named[CANVAS_MOST];
    int row[CANVAS_MOST];
    size_t count = 0;
    for (const Level *level = next_level(chart, NULL); level; level = next_level(chart, level)) {
        const double position = axis_position(&plan->y, level->y);
        if (position < 0 || position > 1) continue;
        const int own = tick_row(plan, level->y);
        draw_dotted(canvas, plan, own, 2, level->style);
        if (!level->name || count == (size_t)plan->plot.rows) continue;
        named[count] = level;
        row[count++] = own;
    }
    separate_rows(row, count, plan->plot.rows);
    for (size_t i = 0; i < count; i++) draw_level_name(canvas, plan->margin, row[i], named[i]);
}

/* --- series ----------------------------------------------------------------------------------------- */

static void put_mark(Canvas *canvas, const Plan *plan, Place place, Style style, Glyph mark)
{
    if (is_inside(plan, place))
        canvas_put(canvas, plan->plot, cell_row(place.y), cell_column(place.x), style,
                   canvas_glyph(canvas, mark));
}

static void draw_dot(Canvas *canvas, const Plan *plan, int x, int y, const Series *series)
{
    static const unsigned char dots[DOT_ROWS][DOT_COLUMNS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (canvas->unicode)
        canvas_dots(canvas, plan->plot, y / DOT_ROWS, x / DOT_COLUMNS, series->style,
                    dots[y % DOT_ROWS][x % DOT_COLUMNS]);
    else
        canvas_put(canvas, plan->plot, y / DOT_ROWS, x / DOT_COLUMNS, series->style,
                   canvas_glyph(canvas, series->mark));
}

/* Cuts the segment to what has coordinate >= edge, where `sign` is 1, or <= edge, where it is -1; false where
 * nothing is left. */
static bool cut_segment(Place *a, Place *b, double edge, double sign, bool vertical)
{
    double from = sign * ((vertical ? a->y : a->x) - edge), to = sign * ((vertical ? b->y : b->x) - edge);
    if (from < 0 && to < 0) return false;
    if (from >= 0 && to >= 0) return true;
    double part = from / (from - to);
    Place cut = {a->x + part * (b->x - a->x), a->y + part * (b->y - a->y)};
    *(vertical ? &cut.y : &cut.x) = edge;
    *(from < 0 ? a : b) = cut;
    return true;
}

static void draw_segment(Canvas *canvas, const Plan *plan, Place a, Place b, const Series *series)
{
    double right = DOT_COLUMNS * plan->plot.columns - 1, bottom = DOT_ROWS * plan->plot.rows - 1;
    if (!cut_segment(&a, &b, 0, 1, false) || !cut_segment(&a, &b, right, -1, false) ||
        !cut_segment(&a, &b, 0, 1, true) || !cut_segment(&a, &b, bottom, -1, true))
        return;
    int steps = (int)ceil(fmax(fabs(b.x - a.x), fabs(b.y - a.y)));
    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;
        draw_dot(canvas, plan, (int)lround(a.x + part * (b.x - a.x)), (int)lround(a.y + part * (b.y - a.y)),
                 series);
    }
}

/* A point between gaps is a segment to itself. */
static void draw_line(Canvas *canvas, const Plan *plan, const Chart *chart, const Series *series)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < series->count; i++) {
        if (!has_point(chart, series, i)) continue;
        Place place = place_point(plan, series, i);
        bool joined = i > 0 && last == i - 1;
        draw_segment(canvas, plan, joined ? place_point(plan, series, last) : place, place, series);
        last = i;
    }
    for (size_t i = 0; series->highlight && i < series->count; i++)
        if (series->highlight[i] && has_point(chart, series, i))
            put_mark(canvas, plan, place_point(plan, series, i), STYLE_STRONG, series->mark);
    if (last != SIZE_MAX)
        put_mark(canvas, plan, place_point(plan, series, last), series->style, series->mark);
}

/* Highlighted points last, so that none is hidden by another. */
static void draw_points(Canvas *canvas, const Plan *plan, const Chart *chart, const Series *series)
{
    for (int strong = 0; strong <= (series->highlight != NULL); strong++)
        for (size_t i = 0; i < series->count; i++)
            if (has_point(chart, series, i) && (series->highlight && series->highlight[i]) == strong)
                put_mark(canvas, plan, place_point(plan, series, i), strong ? STYLE_STRONG : series->style,
                         series->mark);
}

/* Columns of the plot that a bar covers: [*first, *first + return value). */
static int bar_columns(int *first, const Plan *plan, double x, size_t index)
{
    double dots = DOT_COLUMNS * plan->plot.columns - 1;
    double from = axis_position(&plan->x, x) * dots;
    double room = plan->x.log ? DOT_COLUMNS : fmin(plan->spacing / (plan->x.high - plan->x.low), 1) * dots;
    int columns = (int)(0.8 * room / DOT_COLUMNS / (double)plan->bar_series);
    if (columns < 1) columns = 1;
    int all = columns * (int)plan->bar_series;
    *first = cell_column(from) - (all - 1) / 2 + (int)index * columns;
    return columns;
}

/* The first series has blocks, in eighths of a cell where there is Unicode, the others their marks. */
static void draw_bar(Canvas *canvas, const Plan *plan, int column, double height, const Series *series,
                     Style style, bool blocks)
{
    int rows = plan->plot.rows, full = (int)height;
    for (int r = 0; r < full; r++) {
        if (blocks && canvas->unicode)
            canvas_spark(canvas, plan->plot, rows - 1 - r, column, 1, style);
        else
            canvas_put(canvas, plan->plot, rows - 1 - r, column, style, canvas_glyph(canvas, series->mark));
    }
    double rest = height - full;
    if (blocks && canvas->unicode && full < rows)
        canvas_spark(canvas, plan->plot, rows - 1 - full, column, rest, style);
    else if (rest >= 0.5 || full == 0)
        canvas_put(canvas, plan->plot, rows - 1 - full, column, style, canvas_glyph(canvas, series->mark));
}

static void draw_bars(Canvas *canvas, const Plan *plan, const Chart *chart, const Series *series,
                      size_t index)
{
    for (size_t i = 0; i < series->count; i++) {
        if (!has_point(chart, series, i)) continue;
        double part = axis_position(&plan->y, series->y[i]),
               across = axis_position(&plan->x, x_of(series, i));
        if (!(part > 0) || across < 0 || across > 1) continue;
        double height = fmin(part, 1) * plan->plot.rows;
        Style style = series->highlight && series->highlight[i] ? STYLE_STRONG : series->style;
        int first, columns = bar_columns(&first, plan, x_of(series, i), index);
        for (int c = 0; c < columns; c++)
            draw_bar(canvas, plan, first + c, height, series, style, index == 0);
    }
}

static void draw_series(Canvas *canvas, const Plan *plan, const Chart *chart)
{
    size_t bars = 0;
    for (size_t s = 0; s < chart->series_count; s++) {
        const Series *series = &chart->series[s];
        switch (series->kind) {
        case SERIES_LINE:
            draw_line(canvas, plan, chart, series);
            break;
        case SERIES_POINTS:
            draw_points(canvas, plan, chart, series);
            break;
        case SERIES_BARS:
            draw_bars(canvas, plan, chart, series, bars++);
            break;
        }
    }
}

/* --- axes ------------------------------------------------------------------------------------------- */

static void draw_y_axis(Canvas *canvas, const Plan *plan, const Axis *axis)
{
    Area left = {plan->plot.row, plan->plot.column - plan->left, plan->plot.rows + plan->x_axis, plan->left};
    for (int r = 0; r < plan->plot.rows; r++)
        canvas_put(canvas, left, r, left.columns - 1, STYLE_GRID, canvas_glyph(canvas, GLYPH_VERTICAL));
    for (size_t i = 0; i < plan->y_ticks.count; i++) {
        int row = tick_row(plan, plan->y_ticks.values[i]);
        canvas_text_right(canvas, left, row, plan->left - 2, STYLE_DIM, "%s",
                          axis_label(axis, &plan->y_ticks, plan->y_ticks.values[i]).text);
        canvas_put(canvas, left, row, left.columns - 1, STYLE_GRID, canvas_glyph(canvas, GLYPH_TICK_LEFT));
    }
    if (plan->x_axis)
        canvas_put(canvas, left, plan->plot.rows, left.columns - 1, STYLE_GRID,
                   canvas_glyph(canvas, GLYPH_CORNER));
}

/* The labels' line begins below the y axis, since the first label is centred on the plot's first column. */
static void draw_x_axis(Canvas *canvas, const Plan *plan, const Axis *axis)
{
    int left = plan->left;
    Area line = {plan->plot.row + plan->plot.rows, plan->plot.column, 1, plan->plot.columns};
    Area labels = {line.row + 1, line.column - left, 1, left + line.columns};
    for (int c = 0; c < line.columns; c++)
        canvas_put(canvas, line, 0, c, STYLE_GRID, canvas_glyph(canvas, GLYPH_HORIZONTAL));
    for (size_t i = 0; i < plan->x_ticks.count; i++) {
        double value = plan->x_ticks.values[i];
        Figure label = axis_label(axis, &plan->x_ticks, value);
        int columns = (int)strlen(label.text);
        canvas_put(canvas, line, 0, tick_column(plan, value), STYLE_GRID,
                   canvas_glyph(canvas, GLYPH_TICK_DOWN));
        canvas_text(canvas, labels, 0, left + label_column(plan, value, columns), STYLE_DIM, "%s",
                    label.text);
    }
    int name = text_columns(axis->name);
    if (name > 0 && 2 * name < line.columns)
        canvas_text_right(canvas, line, 0, line.columns, STYLE_DIM, " %s", axis->name);
}

/* --- heading and cursor ----------------------------------------------------------------------------- */

static Figure value_figure(const Axis *axis, double value)
{
    return axis->percent ? figure_percent_fixed(value, 2) : figure_number(value);
}

/* The series' point above `x`, or SIZE_MAX. */
static size_t point_at(const Chart *chart, const Series *series, double x)
{
    for (size_t i = 0; i < series->count; i++)
        if (x_of(series, i) == x && has_point(chart, series, i)) return i;
    return SIZE_MAX;
}

static int draw_value(Canvas *canvas, Area area, int column, const Chart *chart, const Series *series,
                      size_t i)
{
    column += canvas_text(canvas, area, 0, column, series->style, " %s ", canvas_glyph(canvas, series->mark));
    if (series->name) column += canvas_text(canvas, area, 0, column, STYLE_TEXT, "%s ", series->name);
    return column + canvas_text(canvas, area, 0, column, STYLE_STRONG, "%s ",
                                value_figure(&chart->y, series->y[i]).text);
}

/* The point's values, and those of the other series above the same x. */
static void draw_read_out(Canvas *canvas, Area area, const Chart *chart, const Series *series)
{
    double x = x_of(series, chart->cursor);
    int column = canvas_text(canvas, area, 0, 0, STYLE_STRONG, "%s%s%s ", chart->x.name ? chart->x.name : "",
                             chart->x.name ? " " : "", value_figure(&chart->x, x).text);
    column = draw_value(canvas, area, column, chart, series, chart->cursor);
    for (size_t s = 0; s < chart->series_count; s++) {
        size_t i = point_at(chart, &chart->series[s], x);
        if (i != SIZE_MAX && s != chart->cursor_series)
            column = draw_value(canvas, area, column, chart, &chart->series[s], i);
    }
}

/* Names that fit, from the right edge; the axis has its name on the left. */
static void draw_legend(Canvas *canvas, Area area, const Chart *chart)
{
    int left = 0, right = area.columns;
    if (chart->y.name) left = canvas_text(canvas, area, 0, 0, STYLE_DIM, "%s", chart->y.name) + 1;
    for (size_t s = chart->series_count; s-- > 0;) {
        const Series *series = &chart->series[s];
        if (!series->name) continue;
        int start = right - canvas_width(canvas, series->name) - 2;
        if (start <= left) continue;
        canvas_put(canvas, area, 0, start, series->style, canvas_glyph(canvas, series->mark));
        canvas_text(canvas, area, 0, start + 2, STYLE_TEXT, "%s", series->name);
        right = start - 2;
    }
}

static void draw_cursor_line(Canvas *canvas, const Plan *plan, Place place)
{
    for (int r = 0; r < plan->plot.rows; r++)
        canvas_put(canvas, plan->plot, r, cell_column(place.x), STYLE_GRID,
                   canvas_glyph(canvas, GLYPH_VERTICAL));
}

/* --- chart ------------------------------------------------------------------------------------------ */

void chart_draw(Canvas *canvas, Area area, const Chart *chart)
{
    if (area.rows <= 0 || area.columns <= 0) return;
    Plan plan = make_plan(chart, area);
    const Series *read = cursor_series(chart);
    Place place = read ? place_point(&plan, read, chart->cursor) : (Place){0};
    bool shown = read && is_inside(&plan, place);

    draw_grid(canvas, &plan);
    draw_levels(canvas, &plan, chart);
    if (shown) draw_cursor_line(canvas, &plan, place);
    draw_series(canvas, &plan, chart);
    if (shown) put_mark(canvas, &plan, place, STYLE_STRONG, read->mark);
    if (plan.y_axis) draw_y_axis(canvas, &plan, &chart->y);
    if (plan.x_axis) draw_x_axis(canvas, &plan, &chart->x);
    if (read)
        draw_read_out(canvas, plan.heading.rows ? plan.heading : area, chart, read);
    else if (plan.heading.rows)
        draw_legend(canvas, plan.heading, chart);
}

/* Square of the distance in cells, columns counted half: a cell is twice as high as wide; negative where the
 * point is too far away. */
static double distance_to(const Plan *plan, const Series *series, size_t i, int row, int column)
{
    Place place = place_point(plan, series, i);
    if (!is_inside(plan, place)) return -1;
    int rows = abs(cell_row(place.y) - row), columns = abs(cell_column(place.x) - column);
    if (series->kind == SERIES_BARS && row >= cell_row(place.y)) rows = 0;
    return rows <= NEAR && columns <= NEAR ? 4.0 * rows * rows + columns * columns : -1;
}

bool chart_nearest(size_t *series, size_t *point, const Chart *chart, Area area, int row, int column)
{
    if (area.rows <= 0 || area.columns <= 0) return false;
    Plan plan = make_plan(chart, area);
    double nearest = INFINITY;
    for (size_t s = 0; s < chart->series_count; s++) {
        for (size_t i = 0; i < chart->series[s].count; i++) {
            if (!has_point(chart, &chart->series[s], i)) continue;
            double distance =
                distance_to(&plan, &chart->series[s], i, row - plan.plot.row, column - plan.plot.column);
            if (distance < 0 || distance > nearest) continue;
            nearest = distance;
            *series = s;
            *point = i;
        }
    }
    return isfinite(nearest);
}
