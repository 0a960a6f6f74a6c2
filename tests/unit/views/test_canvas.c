/* SPDX-License-Identifier: MIT */
/* Canvas: text, widths, escapes, edges, frames, pictures, dumps. */
#include "views/canvas/canvas.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Canvas make(int rows, int columns, bool unicode)
{
    Canvas canvas = {.unicode = unicode};
    assert_int_equal(canvas_resize(&canvas, rows, columns, NULL), STATUS_OK);
    return canvas;
}

/* Compares and frees. */
static void expect(Canvas *canvas, bool styles, const char *lines)
{
    Text text = {0};
    canvas_dump(&text, canvas, styles);
    assert_string_equal(text.data, lines);
    text_free(&text);
    canvas_free(canvas);
}

static void text_is_drawn_and_cut(void **state)
{
    Canvas canvas = make(3, 10, true);
    Area all = canvas_area(&canvas);
    assert_int_equal(canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "%s %d", "bits", 4), 6);
    assert_int_equal(canvas_text(&canvas, all, 1, 4, STYLE_TEXT, "blocks.0.a"), 6);
    assert_int_equal(canvas_text_right(&canvas, all, 2, 9, STYLE_TEXT, "12"), 2);
    assert_int_equal(canvas_text(&canvas, all, 3, 0, STYLE_TEXT, "below"), 5);
    assert_int_equal(canvas_text(&canvas, all, 0, 10, STYLE_TEXT, "beside"), 0);
    expect(&canvas, false, "bits 4\n    block…\n       12\n");
}

static void text_on_the_right_is_cut_on_the_right(void **state)
{
    Canvas canvas = make(2, 10, true);
    assert_int_equal(canvas_text_right(&canvas, canvas_area(&canvas), 0, 5, STYLE_TEXT, "1234567"), 5);
    assert_int_equal(canvas_text_right(&canvas, canvas_area(&canvas), 1, 5, STYLE_TEXT, "12345"), 5);
    expect(&canvas, false, "1234…\n12345\n");
}

static void columns_left_of_the_area_are_cut(void **state)
{
    Canvas canvas = make(1, 6, true);
    Area part = area_part(canvas_area(&canvas), 0, 2, 1, 3);
    assert_int_equal(canvas_text(&canvas, part, 0, -2, STYLE_TEXT, "abcde"), 5);
    expect(&canvas, false, "  cde\n");
}

static void wide_characters_keep_columns(void **state)
{
    Canvas canvas = make(3, 6, true);
    Area all = canvas_area(&canvas);
    assert_int_equal(canvas_width(&canvas, "漢字x"), 5);
    assert_int_equal(canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "漢字x"), 5);
    assert_string_equal(canvas.cells[1].text, "");
    assert_int_equal(canvas_text(&canvas, all, 1, 0, STYLE_TEXT, "a漢字漢字"), 6);
    canvas_put(&canvas, all, 2, 5, STYLE_TEXT, "漢");
    canvas_put(&canvas, all, 2, -1, STYLE_TEXT, "漢");
    expect(&canvas, false, "漢字x\na漢字…\n\n");
}

/* Either half of a wide character drawn over leaves a blank for the other. */
static void half_a_wide_character_is_a_blank(void **state)
{
    Canvas canvas = make(2, 6, true);
    Area all = canvas_area(&canvas);
    canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "漢字漢");
    canvas_put(&canvas, all, 0, 1, STYLE_TEXT, "x");
    canvas_put(&canvas, all, 0, 4, STYLE_TEXT, "y");
    canvas_text(&canvas, all, 1, 0, STYLE_TEXT, "漢字漢");
    canvas_put(&canvas, all, 1, 1, STYLE_TEXT, "本");
    expect(&canvas, false, " x字y\n 本 漢\n");
}

static void marks_stay_with_their_base(void **state)
{
    Canvas canvas = make(1, 6, true);
    assert_int_equal(canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "e\xcc\x81x"), 2);
    assert_string_equal(canvas.cells[0].text, "e\xcc\x81");
    assert_string_equal(canvas.cells[1].text, "x");
    canvas_free(&canvas);
}

static void marks_beyond_a_cell_are_dropped(void **state)
{
    Canvas canvas = make(1, 4, true);
    char text[203] = "e";
    for (size_t i = 0; i < 100; i++) memcpy(text + 1 + 2 * i, "\xcc\x81", 3);
    memcpy(text + 201, "x", 2);
    assert_int_equal(canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "%s", text), 2);
    assert_int_equal(strlen(canvas.cells[0].text), 15);
    assert_string_equal(canvas.cells[1].text, "x");
    canvas_free(&canvas);
}

static void unsafe_text_is_spelled(void **state)
{
    Canvas canvas = make(6, 24, true);
    Area all = canvas_area(&canvas);
    canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "a\033[2Jb\n\x7f");
    canvas_text(&canvas, all, 1, 0, STYLE_TEXT, "\xff\xc3(\xed\xa0\x80");
    canvas_text(&canvas, all, 2, 0, STYLE_TEXT, "\xc2\x9b|");
    canvas_text(&canvas, all, 3, 0, STYLE_TEXT, "\xe2\x80\xae|"); /* right-to-left override */
    canvas_text(&canvas, all, 4, 0, STYLE_TEXT, "\xe2");
    canvas_text(&canvas, all, 5, 0, STYLE_TEXT, "\xcc\x81x"); /* a mark without a base */
    expect(&canvas, false,
           "a\\x1b[2Jb\\x0a\\x7f\n\\xff\\xc3(\\xed\\xa0\\x80\n\\xc2\\x9b|\n\\xe2\\x80\\xae|\n\\xe2\n "
           "\xcc\x81x\n");
}

static void ascii_has_twins(void **state)
{
    Canvas canvas = make(4, 12, false);
    Area all = canvas_area(&canvas), inner = canvas_frame(&canvas, all, STYLE_BORDER, "é · 漢");
    canvas_text(&canvas, inner, 0, 0, STYLE_TEXT, "93 ± 0.5 e\xcc\x81");
    canvas_text(&canvas, inner, 1, 0, STYLE_TEXT, "a long text");
    expect(&canvas, false, "+ ? . ? ---+\n|93 +- 0.5~|\n|a long te~|\n+----------+\n");
}

static void ascii_alone_is_drawn_in_ascii(void **state)
{
    Canvas canvas = make(1, 100, false);
    for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
        const char *twin = canvas_glyph(&canvas, (Glyph)glyph);
        assert_int_equal(canvas_width(&canvas, twin), strlen(twin));
        assert_int_equal(strlen(twin), glyph == GLYPH_PLUS_MINUS ? 2 : 1);
        canvas.unicode = true;
        const char *text = canvas_glyph(&canvas, (Glyph)glyph);
        assert_int_equal(canvas_width(&canvas, text), 1);
        canvas.unicode = false;
        canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "%s", text);
        for (size_t i = 0; i < strlen(twin); i++) assert_int_equal(canvas.cells[i].text[0], twin[i]);
    }
    for (int column = 0; column < 100; column++)
        assert_true((unsigned char)canvas.cells[column].text[0] < 0x80);
    canvas_free(&canvas);
}

static void frames_hold_their_titles(void **state)
{
    Canvas canvas = make(3, 14, true);
    Area inner = canvas_frame(&canvas, canvas_area(&canvas), STYLE_BORDER, "%s", "Layers");
    assert_int_equal(inner.row, 1);
    assert_int_equal(inner.column, 1);
    assert_int_equal(inner.rows, 1);
    assert_int_equal(inner.columns, 12);
    expect(&canvas, true,
           "|┌ Layers ────┐\n:bbTTTTTTbbbbbb\n|│            │\n:b            "
           "b\n|└────────────┘\n:bbbbbbbbbbbbbb\n");
}

static void frames_of_any_size_stay_inside(void **state)
{
    for (int rows = 0; rows < 5; rows++) {
        for (int columns = 0; columns < 12; columns++) {
            Canvas canvas = make(7, 14, true);
            canvas_fill(&canvas, canvas_area(&canvas), STYLE_BAD);
            Area area = {1, 1, rows, columns};
            Area inner = canvas_frame(&canvas, area, STYLE_BORDER, "A longer title");
            assert_true(inner.rows <= 0 || inner.columns <= 0 ||
                        (inner.rows == rows - 2 && inner.columns == columns - 2));
            for (int r = 0; r < 7; r++)
                for (int c = 0; c < 14; c++)
                    if (r < 1 || r > rows || c < 1 || c > columns)
                        assert_int_equal(canvas.cells[r * 14 + c].style, STYLE_BAD);
            canvas_free(&canvas);
        }
    }
}

static void paragraphs_wrap_at_words(void **state)
{
    static const char text[] = "the quick brown\n  fox\n\nincomprehensible ends";
    Canvas canvas = make(8, 10, true);
    assert_int_equal(canvas_paragraph(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, text), 7);
    expect(&canvas, false, "the quick\nbrown\n  fox\n\nincomprehe\nnsible\nends\n\n");
}

static void paragraphs_scroll(void **state)
{
    static const char text[] = "the quick brown\n  fox\n\nincomprehensible ends";
    Canvas canvas = make(3, 10, true);
    Area all = canvas_area(&canvas);
    assert_int_equal(canvas_paragraph(&canvas, all, 1, 4, STYLE_TEXT, text), 7);
    assert_int_equal(canvas_paragraph(&canvas, (Area){0, 0, 0, 10}, 0, 0, STYLE_TEXT, text), 7);
    assert_int_equal(canvas_paragraph(&canvas, (Area){0, 0, 3, 0}, 0, 0, STYLE_TEXT, text), 0);
    expect(&canvas, false, "\nincomprehe\nnsible\n");
}

static void bars_and_sparks(void **state)
{
    Canvas canvas = make(5, 8, true);
    Area all = canvas_area(&canvas);
    canvas_bar(&canvas, all, 0, 0, 4, 0.5, STYLE_TEXT);
    canvas_bar(&canvas, all, 1, 0, 4, 0.0001, STYLE_TEXT);
    canvas_bar(&canvas, all, 2, 0, 4, 7, STYLE_TEXT);
    canvas_bar(&canvas, all, 3, 0, 4, 11.0 / 32, STYLE_TEXT);
    canvas_bar(&canvas, all, 4, 0, 4, -1, STYLE_TEXT);
    canvas_bar(&canvas, all, 4, 0, 4, NAN, STYLE_TEXT);
    for (int i = 0; i < 4; i++) canvas_spark(&canvas, all, 3, 4 + i, i / 3.0, STYLE_TEXT);
    expect(&canvas, false, "██\n▏\n████\n█▍   ▃▅█\n\n");

    canvas = make(1, 8, false);
    canvas_bar(&canvas, canvas_area(&canvas), 0, 0, 4, 0.5, STYLE_TEXT);
    canvas_spark(&canvas, canvas_area(&canvas), 0, 7, 1, STYLE_TEXT);
    expect(&canvas, false, "##     #\n");
}

static void dots_add_up(void **state)
{
    Canvas canvas = make(1, 4, true);
    Area all = canvas_area(&canvas);
    canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "ab");
    canvas_dots(&canvas, all, 0, 0, STYLE_SERIES_1, 0x01);
    canvas_dots(&canvas, all, 0, 0, STYLE_SERIES_2, 0x80);
    canvas_dots(&canvas, all, 0, 4, STYLE_SERIES_2, 0x80);
    expect(&canvas, true, "|⢁b\n:2\n");
}

/* In colours, in shades without them, and as digits in ASCII. */
static void pixels_are_drawn_as_the_canvas_can(void **state)
{
    static const unsigned char black[3] = {0}, white[3] = {255, 255, 255}, red[3] = {255, 0, 0};
    Canvas canvas = make(1, 3, true);
    Area all = canvas_area(&canvas);
    canvas.colors = true;
    canvas_pixels(&canvas, all, 0, 0, black, red);
    assert_string_equal(canvas.cells[0].text, "▀");
    assert_int_equal(canvas.cells[0].ink, 16);
    assert_int_equal(canvas.cells[0].paper, 196);
    canvas_text(&canvas, all, 0, 0, STYLE_TEXT, "a");
    assert_int_equal(canvas.cells[0].paper, 0);
    canvas.colors = false;
    canvas_pixels(&canvas, all, 0, 0, white, white);
    canvas_pixels(&canvas, all, 0, 1, white, black);
    canvas_pixels(&canvas, all, 0, 2, black, black);
    canvas_pixels(&canvas, all, 0, 3, white, white);
    expect(&canvas, false, "█▒\n");

    canvas = make(1, 3, false);
    canvas_pixels(&canvas, canvas_area(&canvas), 0, 0, white, white);
    canvas_pixels(&canvas, canvas_area(&canvas), 0, 1, white, black);
    canvas_pixels(&canvas, canvas_area(&canvas), 0, 2, black, black);
    expect(&canvas, false, "940\n");
}

static void areas_are_cut(void **state)
{
    Area area = {2, 3, 10, 20}, part = area_part(area, 1, 2, 3, 4);
    assert_true(part.row == 3 && part.column == 5 && part.rows == 3 && part.columns == 4);
    part = area_part(area, -1, 15, 4, INT32_MAX);
    assert_true(part.row == 2 && part.column == 18 && part.rows == 3 && part.columns == 5);
    part = area_part(area, 11, 0, 3, -4);
    assert_true(part.rows == 0 && part.columns == 0);
}

static void sizes_are_checked(void **state)
{
    Canvas canvas = make(2, 2, true);
    Message message;
    assert_int_equal(canvas_resize(&canvas, 0, 2, &message), STATUS_INVALID);
    assert_int_equal(canvas_resize(&canvas, 2, CANVAS_MOST + 1, &message), STATUS_INVALID);
    assert_int_equal(canvas.columns, 2);
    canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "ab");
    assert_int_equal(canvas_resize(&canvas, 3, 3, NULL), STATUS_OK);
    expect(&canvas, false, "\n\n\n");
}

/* Random bytes at random places: no cell outside the area changes, and each cell holds one character. */
static void random_text_stays_inside(void **state)
{
    static const char *const pieces[] = {"a", "漢", "\xcc\x81",     "\xff", "\033",
                                         "é", " ",  "\xe2\x80\xae", "👍"};
    srand(1);
    for (int round = 0; round < 3000; round++) {
        Canvas canvas = make(4, 12, round % 2);
        Area area = {1, 2, 2, 1 + rand() % 9};
        char text[100] = "";
        for (int i = rand() % 12; i > 0; i--) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s", pieces[rand() % 9]);
        }
        int column = rand() % 16 - 4;
        canvas_text(&canvas, area, rand() % 4 - 1, column, STYLE_BAD, "%s", text);
        canvas_text_right(&canvas, area, rand() % 4 - 1, column, STYLE_BAD, "%s", text);
        canvas_paragraph(&canvas, area, rand() % 3 - 1, rand() % 2, STYLE_BAD, text);
        for (int i = 0; i < 48; i++) {
            int row = i / 12, c = i % 12;
            bool inside = row >= 1 && row < 3 && c >= 2 && c < 2 + area.columns;
            if (!inside) assert_string_equal(canvas.cells[i].text, " ");
            if (!inside) assert_int_equal(canvas.cells[i].style, STYLE_TEXT);
            if (!canvas.cells[i].text[0])
                assert_true(c > 2 && canvas_width(&canvas, canvas.cells[i - 1].text) == 2);
        }
        canvas_free(&canvas);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_drawn_and_cut),
        cmocka_unit_test(text_on_the_right_is_cut_on_the_right),
        cmocka_unit_test(columns_left_of_the_area_are_cut),
        cmocka_unit_test(wide_characters_keep_columns),
        cmocka_unit_test(half_a_wide_character_is_a_blank),
        cmocka_unit_test(marks_stay_with_their_base),
        cmocka_unit_test(marks_beyond_a_cell_are_dropped),
        cmocka_unit_test(unsafe_text_is_spelled),
        cmocka_unit_test(ascii_has_twins),
        cmocka_unit_test(ascii_alone_is_drawn_in_ascii),
        cmocka_unit_test(frames_hold_their_titles),
        cmocka_unit_test(frames_of_any_size_stay_inside),
        cmocka_unit_test(paragraphs_wrap_at_words),
        cmocka_unit_test(paragraphs_scroll),
        cmocka_unit_test(bars_and_sparks),
        cmocka_unit_test(dots_add_up),
        cmocka_unit_test(pixels_are_drawn_as_the_canvas_can),
        cmocka_unit_test(areas_are_cut),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(random_text_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
