/* SPDX-License-Identifier: MIT */
/* SVG: the picture is well-formed, and every cell of the canvas is found again where it belongs. */
#include "views/canvas/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_ROWS 8
#define MOST_COLUMNS 40

/* What a reader of the picture finds in a cell. */
typedef struct Found {
    char text[CELL_BYTES];
    int shapes;         /* subpaths that start in the cell */
    unsigned ink;       /* of the text or shape */
    unsigned paper;     /* of the rectangle behind it; 0: none */
    double low_y;       /* of the topmost subpath's start, from the cell's upper edge */
    bool filled, faint; /* of the last subpath */
    bool bold;
} Found;

typedef struct Picture {
    Found cells[MOST_ROWS][MOST_COLUMNS];
    int texts, elements;
} Picture;

/* The value of an attribute of the element [start, end); NULL without it. */
static const char *attribute(const char *start, const char *end, const char *name)
{
    char key[32];
    snprintf(key, sizeof key, " %s=\"", name);
    const char *found = strstr(start, key);
    return found && found < end ? found + strlen(key) : NULL;
}

static double number(const char *start, const char *end, const char *name)
{
    const char *value = attribute(start, end, name);
    assert_non_null(value);
    return strtod(value, NULL);
}

static unsigned color(const char *start, const char *end, const char *name)
{
    const char *value = attribute(start, end, name);
    assert_non_null(value);
    assert_int_equal(value[0], '#');
    return (unsigned)strtoul(value + 1, NULL, 16);
}

static Found *cell_at(Picture *picture, double x, double y)
{
    const int column = (int)((x - SVG_MARGIN) / SVG_CELL_WIDTH),
              row = (int)((y - SVG_MARGIN) / SVG_CELL_HEIGHT);
    assert_in_range(column, 0, MOST_COLUMNS - 1);
    assert_in_range(row, 0, MOST_ROWS - 1);
    return &picture->cells[row][column];
}

/* One character of the content, entities decoded. */
static const char *take_character(char out[CELL_BYTES], const char *at)
{
    static const struct {
        const char *entity, *text;
    } entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}};
    for (size_t i = 0; i < 3; i++) {
        if (strncmp(at, entities[i].entity, strlen(entities[i].entity)) != 0) continue;
        snprintf(out, CELL_BYTES, "%s", entities[i].text);
        return at + strlen(entities[i].entity);
    }
    assert_int_not_equal(*at, '&');
    size_t length = 1;
    while ((at[length] & 0xc0) == 0x80) length++;
    memcpy(out, at, length);
    out[length] = 0;
    return at + length;
}

static const char *read_text(Picture *picture, const char *start, const char *end)
{
    double x = number(start, end, "x");
    const double y = number(start, end, "y"), length = number(start, end, "textLength");
    const double first = x;
    const char *at = end + 1;
    while (*at != '<') {
        Found *cell = cell_at(picture, x, y);
        at = take_character(cell->text, at);
        cell->ink = color(start, end, "fill");
        cell->bold = attribute(start, end, "font-weight") != NULL;
        x += SVG_CELL_WIDTH;
    }
    assert_true(x - first <= length); /* wide characters take more */
    assert_int_equal(strncmp(at, "</text>", 7), 0);
    picture->texts++;
    return at + 7;
}

static void read_path(Picture *picture, const char *start, const char *end)
{
    const bool stroked = attribute(start, end, "stroke") != NULL;
    const char *data = attribute(start, end, "d");
    assert_non_null(data);
    for (const char *at = data; *at != '"'; at++) {
        double x, y;
        if (*at != 'M') continue;
        assert_int_equal(sscanf(at, "M%lf %lf", &x, &y), 2);
        Found *cell = cell_at(picture, x, y);
        const double low =
            y - SVG_MARGIN - SVG_CELL_HEIGHT * (double)((cell - picture->cells[0]) / MOST_COLUMNS);
        if (!cell->shapes || low < cell->low_y) cell->low_y = low;
        cell->shapes++;
        cell->ink = color(start, end, stroked ? "stroke" : "fill");
        cell->filled = !stroked;
        cell->faint = attribute(start, end, "opacity") != NULL;
    }
}

static void read_rectangle(Picture *picture, const char *start, const char *end)
{
    if (!attribute(start, end, "x")) return; /* the background */
    const double x = number(start, end, "x"), y = number(start, end, "y");
    for (double c = 0; c < number(start, end, "width"); c += SVG_CELL_WIDTH)
        cell_at(picture, x + c, y)->paper = color(start, end, "fill");
}

/* Reads the picture and frees it. Fails where it is not well-formed: an element that is not closed, a bare
 * < or &. */
static Picture read_picture(Canvas *canvas)
{
    Text text = {0};
    Picture picture = {0};
    svg_write(&text, canvas);
    assert_false(text.failed);
    const char *at = strstr(text.data, "<svg ");
    assert_non_null(at);
    at = strchr(at, '>') + 1;
    while (strncmp(at, "</svg>\n", 7) != 0) {
        if (*at == '\n') {
            at++;
            continue;
        }
        assert_int_equal(*at, '<');
        const char *end = strchr(at, '>');
        assert_non_null(end);
        picture.elements++;
        if (strncmp(at, "<text ", 6) == 0) {
            at = read_text(&picture, at, end);
            continue;
        }
        assert_int_equal(end[-1], '/');
        if (strncmp(at, "<path ", 6) == 0)
            read_path(&picture, at, end);
        else if (strncmp(at, "<rect ", 6) == 0)
            read_rectangle(&picture, at, end);
        else
            fail_msg("an unknown element: %.20s", at);
        at = end + 1;
    }
    assert_string_equal(at, "</svg>\n");
    text_free(&text);
    canvas_free(canvas);
    return picture;
}

static Canvas make(int rows, int columns)
{
    Canvas canvas = {.unicode = true};
    assert_int_equal(canvas_resize(&canvas, rows, columns, NULL), STATUS_OK);
    return canvas;
}

static void text_stands_in_its_cells(void **state)
{
    Canvas canvas = make(2, 20);
    canvas_text(&canvas, canvas_area(&canvas), 1, 3, STYLE_TEXT, "ab é");
    canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_STRONG, "W");
    Picture picture = read_picture(&canvas);
    assert_string_equal(picture.cells[1][3].text, "a");
    assert_string_equal(picture.cells[1][4].text, "b");
    assert_string_equal(picture.cells[1][5].text, "");
    assert_string_equal(picture.cells[1][6].text, "é");
    assert_false(picture.cells[1][3].bold);
    assert_true(picture.cells[0][0].bold);
    assert_int_equal(picture.texts, 3);
}

static void markup_is_escaped(void **state)
{
    Canvas canvas = make(1, 20);
    canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "<a&b>\"'&lt;");
    Picture picture = read_picture(&canvas);
    static const char expected[] = "<a&b>\"'&lt;";
    for (int c = 0; expected[c]; c++) {
        const char one[] = {expected[c], 0};
        assert_string_equal(picture.cells[0][c].text, one);
    }
}

static void a_wide_character_takes_two_cells(void **state)
{
    Canvas canvas = make(1, 8);
    Text text = {0};
    canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_TEXT, "漢x");
    svg_write(&text, &canvas);
    assert_non_null(strstr(text.data, "textLength=\"27\""));
    assert_non_null(strstr(text.data, ">漢x</text>"));
    text_free(&text);
    canvas_free(&canvas);
}

/* Boxes, blocks, braille and marks are shapes: no character is left to the font. */
static void shapes_are_drawn(void **state)
{
    static const char *const shapes[] = {"─", "│", "┌", "┘", "┼", "█", "▏", "▁", "▀", "░", "▓",
                                         "▚", "⠁", "⣿", "●", "■", "◆", "▲", "▼", "►", "✓"};
    enum { COUNT = sizeof shapes / sizeof *shapes };
    Canvas canvas = make(1, COUNT);
    for (int c = 0; c < COUNT; c++) canvas_put(&canvas, canvas_area(&canvas), 0, c, STYLE_TEXT, shapes[c]);
    Picture picture = read_picture(&canvas);
    assert_int_equal(picture.texts, 0);
    for (int c = 0; c < COUNT; c++) assert_true(picture.cells[0][c].shapes > 0);
    assert_int_equal(picture.cells[0][4].shapes, 2);  /* a cross: across, and down */
    assert_int_equal(picture.cells[0][13].shapes, 8); /* all dots of a cell of braille */
    assert_false(picture.cells[0][0].filled);
    assert_true(picture.cells[0][5].filled && !picture.cells[0][5].faint);
    assert_true(picture.cells[0][9].faint);
    assert_true(picture.cells[0][7].low_y > picture.cells[0][8].low_y); /* low eighth, upper half */
}

static void frames_meet_in_their_corners(void **state)
{
    Canvas canvas = make(3, 12);
    canvas_frame(&canvas, canvas_area(&canvas), STYLE_BORDER, "ok");
    Picture picture = read_picture(&canvas);
    for (int c = 0; c < 12; c++) assert_true(picture.cells[2][c].shapes > 0);
    assert_int_equal(picture.cells[0][0].shapes, 2);
    assert_string_equal(picture.cells[0][2].text, "o");
    assert_int_equal(picture.cells[1][5].shapes, 0);
}

static void styles_have_their_colors(void **state)
{
    Canvas canvas = make(2, 4);
    canvas_text(&canvas, canvas_area(&canvas), 0, 0, STYLE_SERIES_1, "a");
    canvas_text(&canvas, canvas_area(&canvas), 0, 1, STYLE_SERIES_2, "b");
    canvas_text(&canvas, canvas_area(&canvas), 0, 2, STYLE_TEXT, "c");
    canvas_text(&canvas, canvas_area(&canvas), 1, 0, STYLE_CURSOR, "d █");
    Picture picture = read_picture(&canvas);
    assert_int_equal(picture.cells[0][0].ink, 0x0087d7); /* colour 32 of the palette */
    assert_int_equal(picture.cells[0][1].ink, 0xd75f00); /* 166 */
    assert_int_equal(picture.cells[0][2].paper, 0);
    assert_int_equal(picture.cells[1][0].paper, picture.cells[0][2].ink); /* reversed */
    assert_int_equal(picture.cells[1][1].paper, picture.cells[1][0].paper);
    assert_int_equal(picture.cells[1][2].ink, picture.cells[1][0].ink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stands_in_its_cells),         cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(a_wide_character_takes_two_cells), cmocka_unit_test(shapes_are_drawn),
        cmocka_unit_test(frames_meet_in_their_corners),     cmocka_unit_test(styles_have_their_colors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
