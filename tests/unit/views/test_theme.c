/* SPDX-License-Identifier: MIT */
/* Theme: styles that must differ, contrast on light and dark backgrounds. */
#include "views/canvas/theme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Red, green, blue of a colour of xterm's 256: a cube of six steps from 16 on, greys from 232 on. */
static void rgb_of(int rgb[3], int color)
{
    for (int i = 2, rest = color - 16; i >= 0; i--, rest /= 6) rgb[i] = rest % 6 ? 55 + 40 * (rest % 6) : 0;
    if (color >= 232) rgb[0] = rgb[1] = rgb[2] = 8 + 10 * (color - 232);
}

/* Relative luminance by WCAG 2. */
static double luminance(int color)
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    int rgb[3];
    rgb_of(rgb, color);
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double c = rgb[i] / 255.0;
        sum += weights[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static void colors_read_on_light_and_dark(void **state)
{
    assert_true(fabs(luminance(231) - 1) < 1e-9 && luminance(16) < 1e-9);
    for (int style = 0; style < STYLE_COUNT; style++) {
        int color = theme_look((Style)style, COLOR_256).color;
        assert_in_range(color + 1, 0, 256);
        if (color < 0) continue;
        assert_true((luminance(color) + 0.05) / 0.05 >= 3);
        assert_true(1.05 / (luminance(color) + 0.05) >= 3);
    }
}

static void few_colors_are_of_the_first_eight(void **state)
{
    for (int style = 0; style < STYLE_COUNT; style++) {
        assert_in_range(theme_look((Style)style, COLOR_16).color + 1, 0, 8);
        assert_int_equal(theme_look((Style)style, COLOR_NONE).color, -1);
    }
}

static bool differ(Style a, Style b, ColorMode mode)
{
    Look x = theme_look(a, mode), y = theme_look(b, mode);
    return x.color != y.color || x.bold != y.bold || x.dim != y.dim || x.underline != y.underline ||
           x.reverse != y.reverse;
}

static void styles_differ_in_every_mode(void **state)
{
    static const Style pairs[][2] = {
        {STYLE_TEXT, STYLE_DIM},    {STYLE_TEXT, STYLE_STRONG}, {STYLE_BORDER, STYLE_FOCUS},
        {STYLE_TEXT, STYLE_CURSOR}, {STYLE_TEXT, STYLE_MARKED}, {STYLE_CURSOR, STYLE_MARKED},
        {STYLE_TEXT, STYLE_HEADER}, {STYLE_TEXT, STYLE_BAD},    {STYLE_TEXT, STYLE_WARNING},
        {STYLE_WARNING, STYLE_BAD}, {STYLE_CURSOR, STYLE_BAD},  {STYLE_TEXT, STYLE_KEY},
    };
    for (int mode = COLOR_NONE; mode <= COLOR_256; mode++)
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            assert_true(differ(pairs[i][0], pairs[i][1], (ColorMode)mode));
}

static void series_differ_in_color(void **state)
{
    for (int mode = COLOR_16; mode <= COLOR_256; mode++)
        for (int a = STYLE_SERIES_1; a <= STYLE_PINNED; a++)
            for (int b = STYLE_SERIES_1; b < a; b++) assert_true(differ((Style)a, (Style)b, (ColorMode)mode));
}

static void modes_follow_the_terminal(void **state)
{
    assert_int_equal(theme_mode(256, NULL), COLOR_256);
    assert_int_equal(theme_mode(256, ""), COLOR_256);
    assert_int_equal(theme_mode(256, "1"), COLOR_NONE);
    assert_int_equal(theme_mode(88, NULL), COLOR_16);
    assert_int_equal(theme_mode(8, NULL), COLOR_16);
    assert_int_equal(theme_mode(2, NULL), COLOR_NONE);
    assert_int_equal(theme_mode(-1, NULL), COLOR_NONE);
}

static void consoles_have_plain_characters(void **state)
{
    assert_true(theme_unicode("UTF-8", "xterm-256color"));
    assert_true(theme_unicode("UTF-8", "linuxish"));
    assert_false(theme_unicode("UTF-8", "linux"));
    assert_false(theme_unicode("UTF-8", "linux-16color"));
    assert_false(theme_unicode("ANSI_X3.4-1968", "xterm-256color"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors_read_on_light_and_dark), cmocka_unit_test(few_colors_are_of_the_first_eight),
        cmocka_unit_test(styles_differ_in_every_mode),   cmocka_unit_test(series_differ_in_color),
        cmocka_unit_test(modes_follow_the_terminal),     cmocka_unit_test(consoles_have_plain_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
