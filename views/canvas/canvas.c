/* SPDX-License-Identifier: MIT */
#include "views/canvas/canvas.h"

#include "views/canvas/character.h"
#include "views/canvas/palette.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

/* More than the widest canvas can show. */
#define TEXT_BYTES (4 * CANVAS_MOST + 1)

/* --- cells ------------------------------------------------------------------------------------------ */

Status canvas_resize(Canvas *canvas, int rows, int columns, Message *message)
{
    if (rows < 1 || columns < 1 || rows > CANVAS_MOST || columns > CANVAS_MOST)
        return status_fail(message, STATUS_INVALID, "a screen of %d x %d: 1 x 1 to %d x %d can be drawn",
                           columns, rows, CANVAS_MOST, CANVAS_MOST);
    CanvasCell *cells = calloc((size_t)rows * (size_t)columns, sizeof *cells);
    if (!cells) return status_no_memory(message, "the screen");
    free(canvas->cells);
    canvas->cells = cells;
    canvas->rows = rows;
    canvas->columns = columns;
    canvas_clear(canvas);
    return STATUS_OK;
}

void canvas_free(Canvas *canvas)
{
    if (!canvas) return;
    free(canvas->cells);
    *canvas = (Canvas){0};
}

void canvas_clear(Canvas *canvas)
{
    canvas_fill(canvas, canvas_area(canvas), STYLE_TEXT);
}

Area canvas_area(const Canvas *canvas)
{
    return (Area){0, 0, canvas->rows, canvas->columns};
}

/* [*first, *first + return value) is what [0, outer) and [start, start + count) share. */
static int cut(int *first, int outer, int start, int count)
{
    long low = start > 0 ? start : 0, high = (long)start + count;
    if (high > outer) high = outer;
    *first = low < high ? (int)low : 0;
    return low < high ? (int)(high - low) : 0;
}

Area area_part(Area area, int row, int column, int rows, int columns)
{
    Area part;
    part.rows = cut(&part.row, area.rows, row, rows);
    part.columns = cut(&part.column, area.columns, column, columns);
    part.row += area.row;
    part.column += area.column;
    return part;
}

/* NULL where the cell is not in both the area and the canvas. */
static CanvasCell *cell_at(Canvas *canvas, Area area, int row, int column)
{
    if (row < 0 || row >= area.rows || column < 0 || column >= area.columns) return NULL;
    row += area.row;
    column += area.column;
    if (row < 0 || row >= canvas->rows || column < 0 || column >= canvas->columns) return NULL;
    return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

static void blank(CanvasCell *cell)
{
    memcpy(cell->text, " ", 2);
}

/* Blanks a cell, and the other half of a wide character that stood there. */
static void blank_whole(Canvas *canvas, CanvasCell *cell, Style style)
{
    size_t column = (size_t)(cell - canvas->cells) % (size_t)canvas->columns;
    if (cell->text[0] == 0 && column > 0) blank(cell - 1);
    if (column + 1 < (size_t)canvas->columns && cell[1].text[0] == 0) blank(cell + 1);
    blank(cell);
    cell->style = (unsigned char)style;
    cell->ink = cell->paper = 0;
}

static void draw_byte(Canvas *canvas, Area area, int row, int column, Style style, char byte)
{
    CanvasCell *cell = cell_at(canvas, area, row, column);
    if (!cell) return;
    blank_whole(canvas, cell, style);
    cell->text[0] = byte;
}

/* Of a wide character that an edge cuts in half, a blank is left. */
static void draw_character(Canvas *canvas, Area area, int row, int column, Style style,
                           const Character *character)
{
    if (character->spelled) {
        for (int i = 0; i < character->columns; i++)
            draw_byte(canvas, area, row, column + i, style, character->text[i]);
        return;
    }
    CanvasCell *left = cell_at(canvas, area, row, column), *right = NULL;
    if (left) blank_whole(canvas, left, style);
    if (character->columns == 2 && (right = cell_at(canvas, area, row, column + 1)))
        blank_whole(canvas, right, style);
    if (!left || (character->columns == 2 && !right)) return;
    memcpy(left->text, character->text, CELL_BYTES);
    if (right) right->text[0] = 0;
}

void canvas_put(Canvas *canvas, Area area, int row, int column, Style style, const char *character)
{
    Character first;
    character_next(&first, character, canvas->unicode);
    if (first.columns) draw_character(canvas, area, row, column, style, &first);
}

void canvas_fill(Canvas *canvas, Area area, Style style)
{
    for (int r = 0; r < area.rows; r++)
        for (int c = 0; c < area.columns; c++) draw_byte(canvas, area, r, c, style, ' ');
}

void canvas_restyle(Canvas *canvas, Area area, Style style)
{
    for (int r = 0; r < area.rows; r++) {
        for (int c = 0; c < area.columns; c++) {
            CanvasCell *cell = cell_at(canvas, area, r, c);
            if (cell) cell->style = (unsigned char)style;
        }
    }
}

/* --- text ------------------------------------------------------------------------------------------- */

/* Columns of [text, end), counted until they exceed `most`. */
static int columns_of(const char *text, const char *end, bool unicode, int most)
{
    int columns = 0;
    Character character;
    while (text < end && *text && columns <= most) {
        text = character_next(&character, text, unicode);
        columns += character.columns;
    }
    return columns;
}

int canvas_width(const Canvas *canvas, const char *text)
{
    return columns_of(text, text + strlen(text), canvas->unicode, CANVAS_MOST);
}

/* Draws [text, end) from `column` as far as `limit`; returns the columns taken. */
static int draw_span(Canvas *canvas, Area area, int row, int column, int limit, Style style, const char *text,
                     const char *end)
{
    int at = column;
    Character character;
    while (text < end && *text) {
        text = character_next(&character, text, canvas->unicode);
        if (at + character.columns > limit) break;
        draw_character(canvas, area, row, at, style, &character);
        at += character.columns;
    }
    return at - column;
}

/* draw_span() with an ellipsis where the text ends beyond the area. */
static int draw_text(Canvas *canvas, Area area, int row, int column, Style style, const char *text)
{
    const char *end = text + strlen(text);
    int room = column < area.columns ? area.columns - column : 0;
    if (columns_of(text, end, canvas->unicode, room) <= room)
        return draw_span(canvas, area, row, column, area.columns, style, text, end);
    if (room == 0) return 0;
    int taken = draw_span(canvas, area, row, column, area.columns - 1, style, text, end);
    canvas_put(canvas, area, row, column + taken, style, canvas_glyph(canvas, GLYPH_ELLIPSIS));
    return taken + 1;
}

int canvas_text(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return draw_text(canvas, area, row, column, style, text);
}

int canvas_text_right(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int start = column - canvas_width(canvas, text);
    Area left = {area.row, area.column, area.rows, column < area.columns ? column : area.columns};
    return draw_text(canvas, left, row, start > 0 ? start : 0, style, text);
}

/* The end of the row that starts at `text`; *next is where the following one starts. */
static const char *wrap(const char **next, const char *text, int columns, bool unicode)
{
    const char *space = NULL, *at = text; /* space: the last between words */
    bool word = false;
    int used = 0;
    for (Character character; *at && *at != '\n';) {
        const char *after = character_next(&character, at, unicode);
        used += character.columns;
        if (*at == ' ' && word) space = at;
        if (*at != ' ') word = true;
        if (used > columns && at > text) {
            const char *end = space ? space : at;
            *next = end + strspn(end, " ");
            if (**next == '\n') ++*next;
            return end;
        }
        at = after;
    }
    *next = *at ? at + 1 : at;
    return at;
}

int canvas_paragraph(Canvas *canvas, Area area, int row, int first, Style style, const char *text)
{
    if (area.columns <= 0) return 0;
    int rows = 0;
    for (const char *next; *text; text = next, rows++) {
        const char *end = wrap(&next, text, area.columns, canvas->unicode);
        if (rows >= first) draw_span(canvas, area, row + rows - first, 0, area.columns, style, text, end);
    }
    return rows;
}

int canvas_paragraph_rows(const Canvas *canvas, int columns, const char *text)
{
    int rows = 0;
    for (; *text && columns > 0; rows++) wrap(&text, text, columns, canvas->unicode);
    return rows;
}

const char *canvas_tail(const Canvas *canvas, const char *text, int columns)
{
    Character character;
    int rest = columns_of(text, text + strlen(text), canvas->unicode, INT_MAX);
    for (; rest > columns; rest -= character.columns)
        text = character_next(&character, text, canvas->unicode);
    return text;
}

const char *canvas_glyph(const Canvas *canvas, Glyph glyph)
{
    return character_glyph(glyph, canvas->unicode);
}

/* --- frames and pictures ---------------------------------------------------------------------------- */

static void draw_edges(Canvas *canvas, Area area, Style style)
{
    int bottom = area.rows - 1, right = area.columns - 1;
    for (int c = 1; c < right; c++) {
        canvas_put(canvas, area, 0, c, style, canvas_glyph(canvas, GLYPH_HORIZONTAL));
        canvas_put(canvas, area, bottom, c, style, canvas_glyph(canvas, GLYPH_HORIZONTAL));
    }
    for (int r = 1; r < bottom; r++) {
        canvas_put(canvas, area, r, 0, style, canvas_glyph(canvas, GLYPH_VERTICAL));
        canvas_put(canvas, area, r, right, style, canvas_glyph(canvas, GLYPH_VERTICAL));
    }
    canvas_put(canvas, area, 0, 0, style, canvas_glyph(canvas, GLYPH_TOP_LEFT));
    canvas_put(canvas, area, 0, right, style, canvas_glyph(canvas, GLYPH_TOP_RIGHT));
    canvas_put(canvas, area, bottom, 0, style, canvas_glyph(canvas, GLYPH_BOTTOM_LEFT));
    canvas_put(canvas, area, bottom, right, style, canvas_glyph(canvas, GLYPH_BOTTOM_RIGHT));
}

Area canvas_frame(Canvas *canvas, Area area, Style style, const char *format, ...)
{
    if (area.rows < 2 || area.columns < 2) return (Area){area.row, area.column, 0, 0};
    draw_edges(canvas, area, style);
    char title[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(title, sizeof title, format, arguments);
    va_end(arguments);
    Area edge = area_part(area, 0, 2, 1, area.columns - 4);
    if (title[0] && edge.columns > 0) {
        int taken = draw_text(canvas, edge, 0, 0, style == STYLE_BORDER ? STYLE_TITLE : style, title);
        canvas_put(canvas, area, 0, 1, style, " ");
        canvas_put(canvas, area, 0, 2 + taken, style, " ");
    }
    return area_part(area, 1, 1, area.rows - 2, area.columns - 2);
}

/* `part` of `whole` in steps; what is above nothing is at least one step. */
static int steps_of(double part, int whole)
{
    if (!(part > 0)) return 0;
    int steps = part < 1 ? (int)lround(part * whole) : whole;
    return steps > 0 ? steps : 1;
}

void canvas_bar(Canvas *canvas, Area area, int row, int column, int columns, double part, Style style)
{
    static const char *const eighths[] = {"█", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (columns <= 0) return;
    int steps = steps_of(part, canvas->unicode ? 8 * columns : columns);
    int full = canvas->unicode ? steps / 8 : steps, rest = canvas->unicode ? steps % 8 : 0;
    for (int c = 0; c < full; c++)
        canvas_put(canvas, area, row, column + c, style, canvas->unicode ? eighths[0] : "#");
    if (rest) canvas_put(canvas, area, row, column + full, style, eighths[rest]);
}

void canvas_spark(Canvas *canvas, Area area, int row, int column, double part, Style style)
{
    static const char *const heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const densities[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
    int step = steps_of(part, 8);
    canvas_put(canvas, area, row, column, style, canvas->unicode ? heights[step] : densities[step]);
}

void canvas_dots(Canvas *canvas, Area area, int row, int column, Style style, unsigned dots)
{
    enum { BRAILLE = 0x2800 }; /* 256 characters, a bit per dot */
    CanvasCell *cell = cell_at(canvas, area, row, column);
    if (!cell || !canvas->unicode) return;
    ucs4_t old = 0;
    if (u8_strmbtouc(&old, (const uint8_t *)cell->text) == 3 && (old & ~0xffU) == BRAILLE) dots |= old & 0xff;
    blank_whole(canvas, cell, style);
    int length = u8_uctomb((uint8_t *)cell->text, BRAILLE | (dots & 0xff), CELL_BYTES - 1);
    cell->text[length] = 0;
}

void canvas_pixels(Canvas *canvas, Area area, int row, int column, const unsigned char upper[3],
                   const unsigned char lower[3])
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    unsigned sum = 0; /* of brightness, by the weights of ITU-R BT.601 in thousandths */
    for (int i = 0; i < 2; i++) {
        const unsigned char *rgb = i ? lower : upper;
        sum += 299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2];
    }
    const unsigned mean = sum / 2000;
    const char digit[] = {(char)('0' + mean * 10 / 256), 0};
    CanvasCell *cell = cell_at(canvas, area, row, column);
    if (!cell) return;
    canvas_put(canvas, area, row, column, STYLE_TEXT,
               !canvas->unicode ? digit
               : canvas->colors ? "▀"
                                : shades[mean * 5 / 256]);
    if (!canvas->unicode || !canvas->colors) return;
    cell->ink = palette_nearest(upper);
    cell->paper = palette_nearest(lower);
}

/* --- dump ------------------------------------------------------------------------------------------- */

static void dump_text(Text *text, const CanvasCell *cells, int columns)
{
    while (columns > 0 && strcmp(cells[columns - 1].text, " ") == 0) columns--;
    for (int c = 0; c < columns; c++) text_append(text, "%s", cells[c].text);
    text_append(text, "\n");
}

static void dump_styles(Text *text, const CanvasCell *cells, int columns)
{
    static const char letters[STYLE_COUNT + 1] = " dsTbFHKCMgwxr1234p";
    while (columns > 0 && cells[columns - 1].style == STYLE_TEXT) columns--;
    if (columns == 0) return;
    text_append(text, ":");
    for (int c = 0; c < columns; c++) text_append(text, "%c", letters[cells[c].style]);
    text_append(text, "\n");
}

void canvas_dump(Text *text, const Canvas *canvas, bool styles)
{
    for (int r = 0; r < canvas->rows; r++) {
        const CanvasCell *cells = canvas->cells + (size_t)r * (size_t)canvas->columns;
        if (styles) text_append(text, "|");
        dump_text(text, cells, canvas->columns);
        if (styles) dump_styles(text, cells, canvas->columns);
    }
}
