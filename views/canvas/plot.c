/* SPDX-License-Identifier: MIT */
#include "views/canvas/plot.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plot_start(Plot *plot, Axis x, Axis y)
{
    plot->chart = (Chart){.x = x,
                          .y = y,
                          .series = plot->series,
                          .levels = plot->levels,
                          .cursor_series = SIZE_MAX,
                          .cursor = SIZE_MAX};
}

void plot_free(Plot *plot)
{
    for (size_t i = 0; i < plot->array_count; i++) free(plot->arrays[i]);
    plot->array_count = 0;
}

static void *keep(Plot *plot, size_t count, size_t size)
{
    if (plot->array_count == PLOT_ARRAYS) return NULL;
    void *array = calloc(count ? count : 1, size);
    if (array) plot->arrays[plot->array_count++] = array;
    return array;
}

double *plot_array(Plot *plot, size_t count)
{
    double *array = keep(plot, count, sizeof *array);
    for (size_t i = 0; array && i < count; i++) array[i] = NAN;
    return array;
}

bool *plot_highlight(Plot *plot, size_t count, size_t at)
{
    bool *array = keep(plot, count, sizeof *array);
    if (array && at < count) array[at] = true;
    return array;
}

const char *plot_text(Plot *plot, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = keep(plot, size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

static bool has_value(const Series *series, size_t point)
{
    return point < series->count && isfinite(series->y[point]) && (!series->x || isfinite(series->x[point]));
}

void plot_series(Plot *plot, Series series)
{
    if (!series.y || plot->chart.series_count == PLOT_SERIES) return;
    for (size_t i = 0; i < series.count; i++) {
        if (!has_value(&series, i)) continue;
        plot->series[plot->chart.series_count++] = series;
        return;
    }
}

void plot_level(Plot *plot, double y, Style style, const char *name, const char *figure)
{
    size_t i = plot->chart.level_count;
    if (!isfinite(y) || i == PLOT_LEVELS) return;
    snprintf(plot->figures[i], sizeof plot->figures[i], "%s", figure);
    plot->levels[i] = (Level){.name = name, .figure = plot->figures[i], .y = y, .style = style};
    plot->chart.level_count = i + 1;
}

void plot_cursor(Plot *plot, size_t point)
{
    for (size_t s = 0; s < plot->chart.series_count; s++) {
        if (!has_value(&plot->series[s], point)) continue;
        plot->chart.cursor_series = s;
        plot->chart.cursor = point;
        return;
    }
}

static double x_of(const Series *series, size_t point)
{
    return series->x ? series->x[point] : (double)(point + 1);
}

/* Whether (x, point) comes before (other, other_point); points of one x by their number. */
static bool is_before(double x, size_t point, double other, size_t other_point)
{
    return x < other || (x <= other && point < other_point);
}

static bool find_x(double *x, const Plot *plot, size_t point)
{
    for (size_t s = 0; s < plot->chart.series_count; s++) {
        if (!has_value(&plot->series[s], point)) continue;
        *x = x_of(&plot->series[s], point);
        return true;
    }
    return false;
}

size_t plot_next(const Plot *plot, size_t point, int direction)
{
    double from = 0, best_x = 0;
    size_t best = SIZE_MAX;
    bool bounded = find_x(&from, plot, point);
    for (size_t s = 0; s < plot->chart.series_count; s++) {
        const Series *series = &plot->series[s];
        for (size_t i = 0; i < series->count; i++) {
            if (!has_value(series, i)) continue;
            double x = x_of(series, i);
            bool beyond = direction > 0 ? is_before(from, point, x, i) : is_before(x, i, from, point);
            if (bounded && !beyond) continue;
            bool nearer = direction > 0 ? is_before(x, i, best_x, best) : is_before(best_x, best, x, i);
            if (best != SIZE_MAX && !nearer) continue;
            best = i;
            best_x = x;
        }
    }
    return best;
}
