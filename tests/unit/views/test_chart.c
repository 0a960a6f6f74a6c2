/* SPDX-License-Identifier: MIT */
/* Chart and axis: charts as text, ticks, labels, and what holds at every size. */
#include "views/canvas/chart.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Axis open_axis = {.low = NAN, .high = NAN};

static Axis axis_of(const char *name, bool log, bool whole, bool percent)
{
    return (Axis){.name = name, .log = log, .low = NAN, .high = NAN, .whole = whole, .percent = percent};
}

static Chart chart_of(Axis x, Axis y, const Series *series, size_t count)
{
    return (Chart){.x = x, .y = y, .series = series, .series_count = count, .cursor_series = SIZE_MAX};
}

static void expect(const Chart *chart, int rows, int columns, bool unicode, const char *lines)
{
    Canvas canvas = {.unicode = unicode};
    assert_int_equal(canvas_resize(&canvas, rows, columns, NULL), STATUS_OK);
    chart_draw(&canvas, canvas_area(&canvas), chart);
    Text text = {0};
    canvas_dump(&text, &canvas, false);
    assert_string_equal(text.data, lines);
    text_free(&text);
    canvas_free(&canvas);
}

/* --- pictures --------------------------------------------------------------------------------------- */

static const double falling[] = {4e-3, 2.5e-3, 2.0e-3, 1.8e-3, 1.7e-3, 1.65e-3, 1.62e-3, 1.6e-3};
static const double late[] = {NAN, NAN, 3e-3, 1.5e-3, 1.3e-3, 1.2e-3, INFINITY, 1.1e-3};
static const Series lines[] = {
    {.name = "bit-split",
     .kind = SERIES_LINE,
     .style = STYLE_SERIES_1,
     .mark = GLYPH_CIRCLE,
     .y = falling,
     .count = 8},
    {.name = "gptq",
     .kind = SERIES_LINE,
     .style = STYLE_SERIES_2,
     .mark = GLYPH_CROSS,
     .y = late,
     .count = 8},
};
static const Level levels[] = {{"polish", NULL, 1.55e-3, STYLE_SERIES_3},
                               {"rounding", NULL, 4.9e-3, STYLE_DIM},
                               {"final", NULL, 1.6e-3, STYLE_SERIES_4}};

static Chart error_chart(void)
{
    Chart chart =
        chart_of(axis_of("epoch", false, true, false), axis_of("error", true, false, false), lines, 2);
    chart.levels = levels;
    chart.level_count = 3;
    return chart;
}

static void lines_and_levels(void **state)
{
    Chart chart = error_chart();
    expect(&chart, 12, 50, true,
           "error                          ● bit-split  × gptq\n"
           "5e-3 ┤· · · · · · · · · · · · · · · · · · rounding\n"
           "     │⢄\n"
           "     │ ⠉⢆\n"
           "     │   ⠑⢄     ⠣⡀\n"
           "     │     ⠉⠒⠤⣀  ⠱⣀\n"
           "2e-3 ┤·   ·   ·⠉⠒⠒⠬⢦⣀⣀⣀   ·   ·   ·   ·\n"
           "     │· · · · · · · ⠣⣀·⠉⠉⠉⠉⠑⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠢● final\n"
           "     │                ⠉⠑⠒⠤⠤⣀⣀⣀            polish\n"
           "     │                        ⠉         ×\n"
           "     └┬────┬────┬────┬───┬────┬──── epoch\n"
           "      1    2    3    4   5    6    7    8\n");
}

static void levels_keep_their_figures(void **state)
{
    static const Level named[] = {{"rounding", "4.90e-3", 4.9e-3, STYLE_DIM},
                                  {"GPTQ+polish", "1.60e-3", 1.6e-3, STYLE_SERIES_4}};
    Chart chart = error_chart();
    chart.levels = named;
    chart.level_count = 2;
    chart.series_count = 0;
    chart.y.name = NULL;
    expect(&chart, 4, 60, true,
           "4e-3 ┤· · · · · · · · · · · · · · · · · ·  rounding 4.90e-3\n"
           "     │\n"
           "     │\n"
           "2e-3 ┤· · · · · · · · · · · · · · · · · ·  GPTQ+pol… 1.60e-3\n");
    expect(&chart, 4, 42, true,
           "4e-3 ┤· · · · · · · · · · · ·  ro… 4.90e-3\n"
           "     │\n"
           "     │\n"
           "2e-3 ┤· · · · · · · · · · · ·  GP… 1.60e-3\n");
    expect(&chart, 4, 34, true,
           "4e-3 ┤· · · · · · · · · · · · · ·\n"
           "     │\n"
           "     │\n"
           "2e-3 ┤· · · · · · · · · · · · · ·\n");
    expect(&chart, 4, 28, true,
           "4e-3 ┤· · · · · · · · · · ·\n"
           "     │\n"
           "     │\n"
           "2e-3 ┤· · · · · · · · · · ·\n");
}

/* Levels that share a row are named in their order, from the top. */
static void close_levels_keep_their_order(void **state)
{
    static const Level close[] = {{"third", NULL, 1.00e-3, STYLE_DIM},
                                  {"first", NULL, 4.90e-3, STYLE_DIM},
                                  {"fourth", NULL, 0.99e-3, STYLE_DIM},
                                  {"second", NULL, 1.01e-3, STYLE_DIM}};
    Chart chart = error_chart();
    chart.levels = close;
    chart.level_count = 4;
    chart.series_count = 0;
    chart.y.name = NULL;
    expect(&chart, 6, 40, true,
           "5e-3 ┤· · · · · · · · · · · · · · first\n"
           "     │                            second\n"
           "2e-3 ┤·   ·   ·   ·   ·   ·   ·   third\n"
           "1e-3 ┤· · · · · · · · · · · · · · fourth\n"
           "     └───────────────────── epoch\n"
           "\n");
}

static void lines_and_levels_in_ascii(void **state)
{
    Chart chart = error_chart();
    expect(&chart, 12, 50, false,
           "error                          o bit-split  x gptq\n"
           "5e-3 +. . . . . . . . . . . . . . . . . . rounding\n"
           "     |o\n"
           "     | oo\n"
           "     |   oo     xx\n"
           "     |     oooo  xx\n"
           "2e-3 +.   .   .oooxxooo   .   .   .   .\n"
           "     |. . . . . . . xx.oooooooooooooooooo final\n"
           "     |                xxxxxxxx            polish\n"
           "     |                        x         x\n"
           "     ++----+----+----+---+----+---- epoch\n"
           "      1    2    3    4   5    6    7    8\n");
}

static void cursor_reads_all_series(void **state)
{
    Chart chart = error_chart();
    chart.cursor_series = 0;
    chart.cursor = 3;
    expect(&chart, 12, 50, true,
           "epoch 4  ● bit-split 1.80e-3  × gptq 1.50e-3\n"
           "5e-3 ┤· · · · · · · ·│· · · · · · · · · · rounding\n"
           "     │⢄              │\n"
           "     │ ⠉⢆            │\n"
           "     │   ⠑⢄     ⠣⡀   │\n"
           "     │     ⠉⠒⠤⣀  ⠱⣀  │\n"
           "2e-3 ┤·   ·   ·⠉⠒⠒⠬⢦⣀●⣀   ·   ·   ·   ·\n"
           "     │· · · · · · · ⠣⣀·⠉⠉⠉⠉⠑⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠢● final\n"
           "     │               │⠉⠑⠒⠤⠤⣀⣀⣀            polish\n"
           "     │               │        ⠉         ×\n"
           "     └┬────┬────┬────┬───┬────┬──── epoch\n"
           "      1    2    3    4   5    6    7    8\n");
}

static void bars_stand_side_by_side(void **state)
{
    static const double before[] = {1, 3, NAN, 2}, after[] = {0.5, 1.5, 1, 1};
    const Series bars[] = {
        {.name = "before", .kind = SERIES_BARS, .mark = GLYPH_CIRCLE, .y = before, .count = 4},
        {.name = "after", .kind = SERIES_BARS, .mark = GLYPH_SQUARE, .y = after, .count = 4},
    };
    Chart chart = chart_of(axis_of("layer", false, true, false), axis_of(NULL, false, false, false), bars, 2);
    expect(&chart, 9, 30, true,
           "             ● before  ■ after\n"
           "  │         ▆▆\n"
           "  │         ██\n"
           "2 ┤·   ·   ·██ ·   ·   · ▇▇·\n"
           "  │         ██■■         ██\n"
           "  │  ▇▇     ██■■    ■■   ██■■\n"
           "0 ┤· ██■■  ·██■■   ·■■ · ██■■\n"
           "  └───┬──────┬─────┬──── layer\n"
           "      1      2     3      4\n");
    expect(&chart, 9, 30, false,
           "             o before  # after\n"
           "  |         oo\n"
           "  |         oo\n"
           "2 +.   .   .oo .   .   . oo.\n"
           "  |         oo##         oo\n"
           "  |  oo     oo##    ##   oo##\n"
           "0 +. oo##  .oo##   .## . oo##\n"
           "  +---+------+-----+---- layer\n"
           "      1      2     3      4\n");
}

static void points_of_plans(void **state)
{
    static const double size[] = {90, 108, 139, 300, 1089}, top1[] = {0.91, 0.93, 0.9344, 0.9354, 0.9354};
    static const bool front[] = {true, true, false, false, true};
    const Series points[] = {{.name = "plans",
                              .kind = SERIES_POINTS,
                              .mark = GLYPH_DIAMOND,
                              .x = size,
                              .y = top1,
                              .highlight = front,
                              .count = 5}};
    Chart chart =
        chart_of(axis_of("KiB", true, false, false), axis_of("top-1", false, false, true), points, 1);
    expect(&chart, 9, 40, true,
           "top-1                            ◆ plans\n"
           "    │      ◆         ◆                 ◆\n"
           "93% ┤· ◆ ·   ·   ·   ·   ·   ·   ·   ·\n"
           "    │\n"
           "92% ┤·   ·   ·   ·   ·   ·   ·   ·   ·\n"
           "    │\n"
           "91% ┤◆   ·   ·   ·   ·   ·   ·   ·   ·\n"
           "    └─┬─────────┬───────────┬─────── KiB\n"
           "     100       200         500      1000\n");
}

/* --- small and empty -------------------------------------------------------------------------------- */

static void small_areas_show_the_line_alone(void **state)
{
    Chart chart = error_chart();
    expect(&chart, 2, 6, true,
           "⠢⡠⡀ ·\n"
           "·⠉⠓⠶⠖×\n");
    expect(&chart, 1, 1, true, "×\n");
}

static void nothing_to_show_is_an_empty_plot(void **state)
{
    Chart chart = chart_of(open_axis, open_axis, NULL, 0);
    expect(&chart, 5, 12, false,
           " |\n"
           " |\n"
           " |\n"
           " +----------\n"
           "\n");
}

/* --- ticks ---------------------------------------------------------------------------------------- */

/* The finest of at most `most`. */
static void expect_ticks(Axis axis, double low, double high, size_t most, const char *labels)
{
    AxisScale scale = axis_scale(&axis, low, high, 0);
    AxisTicks ticks;
    unsigned coarse = 0;
    while (axis_ticks(&ticks, &axis, &scale, coarse) && ticks.count > most) coarse++;
    char all[512] = "";
    for (size_t i = 0; i < ticks.count; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s ", axis_label(&axis, &ticks, ticks.values[i]).text);
    }
    assert_string_equal(all, labels);
}

static void ticks_are_round_numbers(void **state)
{
    Axis linear = open_axis, log = axis_of(NULL, true, false, false),
         percent = axis_of(NULL, false, false, true);
    Axis whole = axis_of(NULL, false, true, false);
    expect_ticks(linear, 0, 10, 6, "0 2 4 6 8 10 ");
    expect_ticks(linear, -0.3, 0.31, 10, "-0.3 -0.2 -0.1 0 0.1 0.2 0.3 ");
    expect_ticks(linear, 0, 3e-4, 5, "0 1e-4 2e-4 3e-4 ");
    expect_ticks(linear, 1e6, 1.0004e6, 5, "1.0000e6 1.0001e6 1.0002e6 1.0003e6 1.0004e6 ");
    expect_ticks(linear, 0, 10, 2, "0 10 ");
    expect_ticks(percent, 0.92, 0.94, 5, "92.0% 92.5% 93.0% 93.5% 94.0% ");
    expect_ticks(whole, 1, 4, 50, "1 2 3 4 ");
    expect_ticks(log, 1e-4, 2e-2, 8, "1e-4 2e-4 5e-4 1e-3 2e-3 5e-3 1e-2 2e-2 ");
    expect_ticks(log, 1e-4, 2e-2, 7, "1e-4 1e-3 1e-2 ");
    expect_ticks(log, 1, 9e5, 20, "1 1e1 1e2 1e3 1e4 1e5 ");
    expect_ticks(log, 1, 9e19, 5, "1 1e5 1e10 1e15 ");
    expect_ticks(log, 50, 2000, 9, "50 100 200 500 1000 2000 ");
    expect_ticks(log, 2e-3, 4e-3, 4, "2e-3 3e-3 4e-3 ");
}

static void scales_make_room_for_one_value(void **state)
{
    AxisScale scale = axis_scale(&open_axis, 5, 5, 0.04);
    assert_true(scale.low < 5 && scale.high > 5);
    scale = axis_scale(&open_axis, NAN, NAN, 0.04);
    assert_true(scale.low < scale.high);
    Axis fixed = {.low = 0, .high = NAN};
    scale = axis_scale(&fixed, -3, -2, 0.04);
    assert_true(scale.low == 0 && scale.high > 0);
    fixed = (Axis){.low = 2, .high = 1};
    scale = axis_scale(&fixed, 0, 10, 0);
    assert_true(scale.low == 0 && scale.high == 10);
    Axis log = axis_of(NULL, true, false, false);
    scale = axis_scale(&log, 1e-3, 1e-3, 0);
    assert_true(scale.low < -3 && scale.high > -3);
    assert_false(axis_shows(&log, 0));
    assert_false(axis_shows(&open_axis, NAN));
}

/* --- what holds everywhere -------------------------------------------------------------------------- */

static double random_value(void)
{
    static const double odd[] = {NAN,     INFINITY, -INFINITY, 0,      DBL_MAX, -DBL_MAX,
                                 DBL_MIN, 5e-324,   1e299,     1e-299, -1,      1e15};
    if (rand() % 8 == 0) return odd[(size_t)rand() % (sizeof odd / sizeof *odd)];
    return pow(10, rand() % 7 - 3) * (rand() / (double)RAND_MAX - 0.2);
}

static Axis random_axis(void)
{
    return (Axis){.name = rand() % 2 ? "name" : NULL,
                  .log = rand() % 2,
                  .low = rand() % 3 ? NAN : random_value(),
                  .high = rand() % 3 ? NAN : random_value(),
                  .whole = rand() % 4 == 0,
                  .percent = rand() % 4 == 0};
}

enum { POINTS = 40, SERIES = 3, LEVELS = 4 };

typedef struct Sample {
    double x[SERIES][POINTS], y[SERIES][POINTS];
    bool highlight[POINTS];
    Series series[SERIES];
    Level levels[LEVELS];
    Chart chart;
} Sample;

static void fill_sample(Sample *sample)
{
    *sample = (Sample){0};
    for (size_t s = 0; s < SERIES; s++) {
        for (size_t i = 0; i < POINTS; i++) {
            sample->x[s][i] = random_value();
            sample->y[s][i] = random_value();
            sample->highlight[i] = rand() % 2;
        }
        sample->series[s] = (Series){.name = rand() % 2 ? "series" : NULL,
                                     .kind = (SeriesKind)(rand() % 3),
                                     .style = STYLE_SERIES_1,
                                     .mark = GLYPH_CIRCLE,
                                     .x = rand() % 2 ? sample->x[s] : NULL,
                                     .y = sample->y[s],
                                     .highlight = rand() % 2 ? sample->highlight : NULL,
                                     .count = (size_t)rand() % (POINTS + 1)};
    }
    for (size_t l = 0; l < LEVELS; l++)
        sample->levels[l] =
            (Level){rand() % 4 ? "level 漢" : NULL, rand() % 2 ? "1.2e-3" : NULL, random_value(), STYLE_DIM};
    sample->chart = (Chart){.x = random_axis(),
                            .y = random_axis(),
                            .series = sample->series,
                            .series_count = (size_t)rand() % (SERIES + 1),
                            .levels = sample->levels,
                            .level_count = (size_t)rand() % (LEVELS + 1),
                            .cursor_series = (size_t)rand() % 4,
                            .cursor = (size_t)rand() % POINTS};
}

/* Nothing is written outside of the area, wherever it lies. */
static void check_outside(const Canvas *canvas, Area area)
{
    for (int r = 0; r < canvas->rows; r++) {
        for (int c = 0; c < canvas->columns; c++) {
            if (r >= area.row && r < area.row + area.rows && c >= area.column &&
                c < area.column + area.columns)
                continue;
            const CanvasCell *cell = &canvas->cells[r * canvas->columns + c];
            assert_string_equal(cell->text, " ");
            assert_int_equal(cell->style, STYLE_TEXT);
        }
    }
}

static void nothing_is_drawn_outside(void **state)
{
    static Sample sample;
    srand(2);
    for (int round = 0; round < 4000; round++) {
        fill_sample(&sample);
        int rows = 1 + rand() % 40, columns = 1 + rand() % 120;
        Canvas canvas = {.unicode = rand() % 2};
        assert_int_equal(canvas_resize(&canvas, rows + 2, columns + 2, NULL), STATUS_OK);
        Area area = {rand() % 3, rand() % 3, rows, columns};
        chart_draw(&canvas, area, &sample.chart);
        check_outside(&canvas, area);
        canvas_free(&canvas);
    }
}

static char at(const Canvas *canvas, int row, int column)
{
    return column < 0 ? ' ' : canvas->cells[row * canvas->columns + column].text[0];
}

/* Every tick of the x axis has a label of its own; the corner of the axes has a blank before it. */
static void check_labels(const Canvas *canvas)
{
    int labels = 0, ticks = 0, last = canvas->rows - 1;
    for (int c = 0; c < canvas->columns; c++) {
        labels += at(canvas, last, c) != ' ' && at(canvas, last, c - 1) == ' ';
        ticks += at(canvas, last - 1, c) == '+' && (c == 0 || at(canvas, last - 1, c - 1) != ' ');
    }
    assert_int_equal(labels, ticks);
}

static void labels_do_not_touch(void **state)
{
    static const double spans[][2] = {{0, 1},      {0.92, 0.94}, {1e-5, 1e-3}, {1e-299, 1e299},
                                      {3, 3.0001}, {-5, 7},      {1, 22}};
    for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
        for (int i = 0; i < 2 * 56; i++) {
            const Series series = {.kind = SERIES_POINTS, .x = spans[s], .y = spans[s], .count = 2};
            Axis axis = axis_of(NULL, i % 2, false, false);
            Chart chart = chart_of(axis, axis, &series, 1);
            Canvas canvas = {.unicode = false};
            assert_int_equal(canvas_resize(&canvas, 5 + i / 2, 10 + i, NULL), STATUS_OK);
            chart_draw(&canvas, canvas_area(&canvas), &chart);
            check_labels(&canvas);
            canvas_free(&canvas);
        }
    }
}

static void clicks_find_points(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5}, y[] = {1, 5, NAN, 2, 4};
    const Series series = {
        .kind = SERIES_POINTS, .mark = GLYPH_CIRCLE, .style = STYLE_SERIES_1, .x = x, .y = y, .count = 5};
    Chart chart = chart_of(axis_of("x", false, false, false), axis_of("y", false, false, false), &series, 1);
    Canvas canvas = {.unicode = false};
    assert_int_equal(canvas_resize(&canvas, 20, 60, NULL), STATUS_OK);
    Area area = {2, 3, 15, 50};
    chart_draw(&canvas, area, &chart);
    size_t found = 0, s, point;
    for (int cell = 0; cell < 20 * 60; cell++) {
        if (canvas.cells[cell].style != STYLE_SERIES_1) continue;
        assert_true(chart_nearest(&s, &point, &chart, area, cell / 60, cell % 60));
        assert_true(s == 0 && isfinite(y[point]));
        assert_true(chart_nearest(&s, &point, &chart, area, cell / 60 + 3, cell % 60));
        found++;
    }
    assert_int_equal(found, 4);
    assert_false(chart_nearest(&s, &point, &chart, area, 0, 0));
    canvas_free(&canvas);
}

static void clicks_find_bars_all_the_way_down(void **state)
{
    static const double y[] = {5, 1};
    const Series series = {.kind = SERIES_BARS, .mark = GLYPH_CIRCLE, .y = y, .count = 2};
    Chart chart = chart_of(open_axis, open_axis, &series, 1);
    size_t s, point;
    assert_true(chart_nearest(&s, &point, &chart, (Area){0, 0, 20, 40}, 15, 12));
    assert_int_equal(point, 0);
    assert_false(chart_nearest(&s, &point, &chart, (Area){0, 0, 20, 40}, 5, 30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_levels),
        cmocka_unit_test(levels_keep_their_figures),
        cmocka_unit_test(close_levels_keep_their_order),
        cmocka_unit_test(lines_and_levels_in_ascii),
        cmocka_unit_test(cursor_reads_all_series),
        cmocka_unit_test(bars_stand_side_by_side),
        cmocka_unit_test(points_of_plans),
        cmocka_unit_test(small_areas_show_the_line_alone),
        cmocka_unit_test(nothing_to_show_is_an_empty_plot),
        cmocka_unit_test(ticks_are_round_numbers),
        cmocka_unit_test(scales_make_room_for_one_value),
        cmocka_unit_test(nothing_is_drawn_outside),
        cmocka_unit_test(labels_do_not_touch),
        cmocka_unit_test(clicks_find_points),
        cmocka_unit_test(clicks_find_bars_all_the_way_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
