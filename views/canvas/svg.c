/* SPDX-License-Identifier: MIT */
#include "views/canvas/svg.h"

#include "views/canvas/palette.h"
#include "views/canvas/theme.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <unistr.h>

#define WIDTH ((double)SVG_CELL_WIDTH)
#define HEIGHT ((double)SVG_CELL_HEIGHT)
#define FONT_SIZE 15 /* monospace fonts advance by 0.6 of it: a cell's width */
#define BASELINE 13.5

#define PAPER 0x12161bu /* background, and text in reverse */
#define INK 0xd4dae1u   /* text without a colour of its own */

/* What a cell looks like; cells of one run share it. */
typedef struct Paint {
    unsigned ink, paper; /* RGB */
    bool bold, underline;
} Paint;

static Paint paint_of(const CanvasCell *cell)
{
    const Look look = theme_look((Style)cell->style, COLOR_256);
    Paint paint = {INK, PAPER, look.bold, look.underline};
    if (look.color >= 0) paint.ink = palette_rgb(look.color);
    if (look.reverse) {
        paint.paper = paint.ink;
        paint.ink = PAPER;
    }
    if (cell->ink) paint.ink = palette_rgb(cell->ink);
    if (cell->paper) paint.paper = palette_rgb(cell->paper);
    return paint;
}

static bool same_paint(Paint a, Paint b)
{
    return a.ink == b.ink && a.paper == b.paper && a.bold == b.bold && a.underline == b.underline;
}

/* --- characters drawn as paths ---------------------------------------------------------------------- */

/* A path is filled, or stroked as lines. x, y: the upper left corner of the cell. */
typedef struct Shapes {
    Text fills, strokes;
    Text shades[3]; /* filled with a quarter, half and three quarters of the ink */
} Shapes;

enum { ARM_UP = 1, ARM_DOWN = 2, ARM_LEFT = 4, ARM_RIGHT = 8 };

/* The arms of a light box-drawing character from the middle of its cell; 0: not one. */
static unsigned box_arms(ucs4_t point)
{
    static const struct {
        ucs4_t point;
        unsigned arms;
    } boxes[] = {{0x2500, ARM_LEFT | ARM_RIGHT},
                 {0x2502, ARM_UP | ARM_DOWN},
                 {0x250c, ARM_DOWN | ARM_RIGHT},
                 {0x2510, ARM_DOWN | ARM_LEFT},
                 {0x2514, ARM_UP | ARM_RIGHT},
                 {0x2518, ARM_UP | ARM_LEFT},
                 {0x251c, ARM_UP | ARM_DOWN | ARM_RIGHT},
                 {0x2524, ARM_UP | ARM_DOWN | ARM_LEFT},
                 {0x252c, ARM_DOWN | ARM_LEFT | ARM_RIGHT},
                 {0x2534, ARM_UP | ARM_LEFT | ARM_RIGHT},
                 {0x253c, ARM_UP | ARM_DOWN | ARM_LEFT | ARM_RIGHT}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        if (boxes[i].point == point) return boxes[i].arms;
    return 0;
}

static bool draw_box(Shapes *shapes, ucs4_t point, double x, double y)
{
    const unsigned arms = box_arms(point);
    const double left = arms & ARM_LEFT ? 0 : WIDTH / 2, right = arms & ARM_RIGHT ? WIDTH : WIDTH / 2;
    const double top = arms & ARM_UP ? 0 : HEIGHT / 2, bottom = arms & ARM_DOWN ? HEIGHT : HEIGHT / 2;
    if (right > left) text_append(&shapes->strokes, "M%g %gh%g", x + left, y + HEIGHT / 2, right - left);
    if (bottom > top) text_append(&shapes->strokes, "M%g %gv%g", x + WIDTH / 2, y + top, bottom - top);
    return arms != 0;
}

static void add_rectangle(Text *path, double x, double y, double width, double height)
{
    text_append(path, "M%g %gh%gv%gh%gz", x, y, width, height, -width);
}

static void add_circle(Text *path, double x, double y, double radius)
{
    text_append(path, "M%g %ga%g %g 0 1 0 %g 0a%g %g 0 1 0 %g 0z", x - radius, y, radius, radius, 2 * radius,
                radius, radius, -2 * radius);
}

/* Block elements: halves, eighths from below and from the left, shades, quadrants. */
static bool draw_block(Shapes *shapes, ucs4_t point, double x, double y)
{
    /* Bits: upper left, upper right, lower left, lower right; U+2596 and on. */
    static const unsigned char quadrants[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    const double eighth = HEIGHT / 8;
    if (point == 0x2580) {
        add_rectangle(&shapes->fills, x, y, WIDTH, HEIGHT / 2);
    } else if (point >= 0x2581 && point <= 0x2588) {
        const double height = eighth * (double)(point - 0x2580);
        add_rectangle(&shapes->fills, x, y + HEIGHT - height, WIDTH, height);
    } else if (point >= 0x2589 && point <= 0x258f) {
        add_rectangle(&shapes->fills, x, y, WIDTH * (double)(0x2590 - point) / 8, HEIGHT);
    } else if (point == 0x2590) {
        add_rectangle(&shapes->fills, x + WIDTH / 2, y, WIDTH / 2, HEIGHT);
    } else if (point >= 0x2591 && point <= 0x2593) {
        add_rectangle(&shapes->shades[point - 0x2591], x, y, WIDTH, HEIGHT);
    } else if (point >= 0x2596 && point <= 0x259f) {
        for (int i = 0; i < 4; i++)
            if (quadrants[point - 0x2596] >> i & 1)
                add_rectangle(&shapes->fills, x + WIDTH / 2 * (i % 2), y + HEIGHT / 2 * (i / 2), WIDTH / 2,
                              HEIGHT / 2);
    } else {
        return false;
    }
    return true;
}

/* Bit i of the low byte is a dot: down the left column, down the right one, then the lowest row. */
static bool draw_braille(Shapes *shapes, ucs4_t point, double x, double y)
{
    static const unsigned char rows[8] = {0, 1, 2, 0, 1, 2, 3, 3}, columns[8] = {0, 0, 0, 1, 1, 1, 0, 1};
    if ((point & ~0xffu) != 0x2800) return false;
    for (int i = 0; i < 8; i++)
        if (point >> i & 1)
            add_circle(&shapes->fills, x + WIDTH / 4 * (1 + 2 * columns[i]),
                       y + HEIGHT / 8 * (1 + 2 * rows[i]), 1.25);
    return true;
}

/* The charts' marks, as large as a cell is wide. */
static bool draw_mark(Shapes *shapes, ucs4_t point, double x, double y)
{
    const double middle_x = x + WIDTH / 2, middle_y = y + HEIGHT / 2;
    Text *fills = &shapes->fills;
    switch (point) {
    case 0x25cf: /* circle */
        add_circle(fills, middle_x, middle_y, 3.5);
        return true;
    case 0x25cb: /* empty circle */
        add_circle(&shapes->strokes, middle_x, middle_y, 3.25);
        return true;
    case 0x25a0: /* square */
        add_rectangle(fills, middle_x - 3.5, middle_y - 3.5, 7, 7);
        return true;
    case 0x25c6: /* diamond */
        text_append(fills, "M%g %gl4.5 4.5l-4.5 4.5l-4.5 -4.5z", middle_x, middle_y - 4.5);
        return true;
    case 0x25b2: /* upward triangle */
        text_append(fills, "M%g %gl4 7h-8z", middle_x, middle_y - 3.5);
        return true;
    case 0x25bc: /* downward triangle */
        text_append(fills, "M%g %gl-4 -7h8z", middle_x, middle_y + 3.5);
        return true;
    case 0x25ba: /* triangle to the right */
        text_append(fills, "M%g %gl-8 4v-8z", middle_x + 4, middle_y);
        return true;
    case 0x2713: /* check mark */
        text_append(&shapes->strokes, "M%g %gl2.5 3.5l4 -7.5", middle_x - 3, middle_y + 1);
        return true;
    default:
        return false;
    }
}

static ucs4_t point_of(const CanvasCell *cell)
{
    ucs4_t point = ' ';
    return u8_strmbtouc(&point, (const uint8_t *)cell->text) > 0 ? point : ' ';
}

/* False for a character that is left to the font. */
static bool draw_shape(Shapes *shapes, const CanvasCell *cell, double x, double y)
{
    const ucs4_t point = point_of(cell);
    if (point < 0x2500) return false;
    return draw_box(shapes, point, x, y) || draw_block(shapes, point, x, y) ||
           draw_braille(shapes, point, x, y) || draw_mark(shapes, point, x, y);
}

/* --- runs ------------------------------------------------------------------------------------------- */

static void write_path(Text *text, Text *path, const char *attributes, unsigned ink)
{
    if (path->failed) text->failed = true;
    if (path->length) text_append(text, "<path %s=\"#%06x\" d=\"%s\"/>\n", attributes, ink, path->data);
    text_free(path);
}

static void write_shapes(Text *text, Shapes *shapes, unsigned ink)
{
    write_path(text, &shapes->fills, "fill", ink);
    write_path(text, &shapes->shades[0], "opacity=\".25\" fill", ink);
    write_path(text, &shapes->shades[1], "opacity=\".5\" fill", ink);
    write_path(text, &shapes->shades[2], "opacity=\".75\" fill", ink);
    write_path(text, &shapes->strokes, "fill=\"none\" stroke", ink);
}

static void write_escaped(Text *text, const char *bytes)
{
    for (; *bytes; bytes++) {
        switch (*bytes) {
        case '&':
            text_append(text, "&amp;");
            break;
        case '<':
            text_append(text, "&lt;");
            break;
        case '>':
            text_append(text, "&gt;");
            break;
        default:
            text_append(text, "%c", *bytes);
        }
    }
}

/* A word: cells without blanks. textLength makes it as wide as its cells in any font. */
static void write_word(Text *text, const CanvasCell *cells, int count, double x, double y, Paint paint)
{
    text_append(text, "<text x=\"%g\" y=\"%g\" textLength=\"%d\" fill=\"#%06x\"%s%s>", x, y + BASELINE,
                count * SVG_CELL_WIDTH, paint.ink, paint.bold ? " font-weight=\"bold\"" : "",
                paint.underline ? " text-decoration=\"underline\"" : "");
    for (int c = 0; c < count; c++) write_escaped(text, cells[c].text);
    text_append(text, "</text>\n");
}

/* Draws cells that share a paint. */
static void write_run(Text *text, const CanvasCell *cells, int count, double x, double y, Paint paint)
{
    Shapes shapes = {0};
    int word = 0; /* cells of the word that ends before c */
    if (paint.paper != PAPER)
        text_append(text, "<rect x=\"%g\" y=\"%g\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", x, y,
                    count * SVG_CELL_WIDTH, SVG_CELL_HEIGHT, paint.paper);
    for (int c = 0; c <= count; c++) {
        const bool ends =
            c == count || cells[c].text[0] == ' ' || draw_shape(&shapes, &cells[c], x + WIDTH * c, y);
        if (ends && word) write_word(text, cells + c - word, word, x + WIDTH * (c - word), y, paint);
        word = ends ? 0 : word + 1;
    }
    write_shapes(text, &shapes, paint.ink);
}

static void write_row(Text *text, const Canvas *canvas, int row)
{
    const CanvasCell *cells = canvas->cells + (size_t)row * (size_t)canvas->columns;
    for (int first = 0, end; first < canvas->columns; first = end) {
        const Paint paint = paint_of(&cells[first]);
        for (end = first + 1; end < canvas->columns && same_paint(paint, paint_of(&cells[end]));) end++;
        write_run(text, cells + first, end - first, SVG_MARGIN + WIDTH * first, SVG_MARGIN + HEIGHT * row,
                  paint);
    }
}

void svg_write(Text *text, const Canvas *canvas)
{
    const int width = 2 * SVG_MARGIN + canvas->columns * SVG_CELL_WIDTH,
              height = 2 * SVG_MARGIN + canvas->rows * SVG_CELL_HEIGHT;
    text_append(text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                "viewBox=\"0 0 %d %d\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" "
                "font-size=\"%d\">\n"
                "<rect width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"#%06x\"/>\n",
                width, height, width, height, FONT_SIZE, width, height, SVG_MARGIN, PAPER);
    for (int row = 0; row < canvas->rows; row++) write_row(text, canvas, row);
    text_append(text, "</svg>\n");
}
