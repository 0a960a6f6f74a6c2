/* SPDX-License-Identifier: MIT */
/* Canvas: the screen as cells. Views draw on it; it is copied to the terminal or written as text.
 *
 * A cell holds one character with its combining marks, and a style. A style is a meaning, not a colour;
 * views/canvas/theme.h says what it looks like. Wide characters take two cells; one that is cut by an edge
 * becomes a blank. Text from files is safe to pass: control characters, invisible characters that could
 * reorder a line, and bytes that are not UTF-8 are shown as \xNN.
 *
 * All drawing is clipped to an Area; rows and columns count from the area's upper left corner and may lie
 * outside. One thread at a time. Only canvas_resize() allocates or fails.
 *
 * Example (Canvas *canvas, Area area, const char *name, unsigned bits):
 *     Area inner = canvas_frame(canvas, area, STYLE_BORDER, "Layers");
 *     canvas_text(canvas, inner, 0, 0, STYLE_TEXT, "%s %u bits", name, bits);
 */
#ifndef VIEWS_CANVAS_H
#define VIEWS_CANVAS_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum Style {
    STYLE_TEXT,
    STYLE_DIM,    /* of an older plan, not known, secondary */
    STYLE_STRONG, /* numbers that matter */
    STYLE_TITLE,
    STYLE_BORDER,
    STYLE_FOCUS,  /* the border and title of the panel that has the keys */
    STYLE_HEADER, /* line of column names; the program's first line */
    STYLE_KEY,    /* names of keys */
    STYLE_CURSOR, /* the row under the cursor */
    STYLE_MARKED, /* a marked row */
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_BAD,  /* violations and errors */
    STYLE_GRID, /* of charts */
    STYLE_SERIES_1,
    STYLE_SERIES_2,
    STYLE_SERIES_3,
    STYLE_SERIES_4,
    STYLE_PINNED, /* what belongs to the pinned plan */
    STYLE_COUNT
} Style;

typedef struct Area {
    int row, column, rows, columns; /* on the canvas; empty where rows or columns <= 0 */
} Area;

#define CELL_BYTES 16
#define CANVAS_MOST 1024 /* rows, and columns */

typedef struct CanvasCell {
    char text[CELL_BYTES]; /* UTF-8, terminated; "" in the second cell of a wide character */
    unsigned char style;
    unsigned char ink, paper; /* of a pixel: colours of the palette of 256; both 0: the style's */
} CanvasCell;

typedef struct Canvas {
    int rows, columns;
    bool unicode;      /* false: ASCII alone is drawn, by canvas_glyph() and by escaping */
    bool colors;       /* whether canvas_pixels() may use colours, 256 of them */
    CanvasCell *cells; /* [rows][columns] */
} Canvas;

/* A canvas of all zeros may be resized. The cells are blank afterwards. On failure (a size outside 1 to
 * CANVAS_MOST, or no memory) the canvas is unchanged. Free it with canvas_free(). */
Status canvas_resize(Canvas *canvas, int rows, int columns, Message *message);
/* NULL is allowed. The canvas is all zeros afterwards. */
void canvas_free(Canvas *canvas);
/* Blanks all cells. */
void canvas_clear(Canvas *canvas);

/* The whole canvas. */
Area canvas_area(const Canvas *canvas);
/* A part of an area, cut to it. */
Area area_part(Area area, int row, int column, int rows, int columns);

/* Draws text from `column` on and returns the columns that were drawn. A text that does not fit ends in an
 * ellipsis. %-8s counts bytes: use areas for columns, not the format. */
int canvas_text(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same, ending before `column`; a text that is too wide is cut on the right. */
int canvas_text_right(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Text wrapped at words; a line feed starts a row. The paragraph's row `first` is drawn in `row`, earlier
 * ones are left out. Returns the rows of the whole paragraph. */
int canvas_paragraph(Canvas *canvas, Area area, int row, int first, Style style, const char *text);
/* The rows of a paragraph that is `columns` wide. */
int canvas_paragraph_rows(const Canvas *canvas, int columns, const char *text);
/* The longest end of the text that fits into `columns`. */
const char *canvas_tail(const Canvas *canvas, const char *text, int columns);
/* The columns of a text as canvas_text() shows it; if there are more than CANVAS_MOST, any number above it.
 */
int canvas_width(const Canvas *canvas, const char *text);

/* Characters that have a twin in ASCII. In ASCII GLYPH_PLUS_MINUS takes two columns, all others one. */
typedef enum Glyph {
    GLYPH_HORIZONTAL,
    GLYPH_VERTICAL,
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_TICK_LEFT,
    GLYPH_TICK_DOWN,
    GLYPH_CORNER, /* of axes */
    GLYPH_CROSS,
    GLYPH_CIRCLE,
    GLYPH_SQUARE,
    GLYPH_DIAMOND, /* marks of series */
    GLYPH_UP,
    GLYPH_DOWN,
    GLYPH_RIGHT,
    GLYPH_DOT,
    GLYPH_TIMES,
    GLYPH_DIVIDE,
    GLYPH_PLUS_MINUS,
    GLYPH_ELLIPSIS,
    GLYPH_CHECK,
    GLYPH_TICK_RIGHT,
    GLYPH_TICK_UP,
    GLYPH_JUNCTION, /* four arms */
    GLYPH_COUNT
} Glyph;
/* The glyph as the canvas can show it. A glyph's character in a text is replaced by its twin too; other
 * characters that are not ASCII become '?'. */
const char *canvas_glyph(const Canvas *canvas, Glyph glyph);
/* Draws the first character of a text in one cell. */
void canvas_put(Canvas *canvas, Area area, int row, int column, Style style, const char *character);

void canvas_fill(Canvas *canvas, Area area, Style style);    /* blanks */
void canvas_restyle(Canvas *canvas, Area area, Style style); /* leaves the text */

/* A frame with a title in its upper edge; returns the area inside. The title has the frame's style, but
 * STYLE_TITLE in a frame of STYLE_BORDER. In less than 2 x 2 cells nothing is drawn. */
Area canvas_frame(Canvas *canvas, Area area, Style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A bar over `part` (0 to 1) of the columns, in eighths of a cell with Unicode. Any part above 0 is visible;
 * NaN draws nothing. */
void canvas_bar(Canvas *canvas, Area area, int row, int column, int columns, double part, Style style);
/* Adds braille dots to a cell, with Unicode only: bit i is the dot of U+2800 + 2^i. Other characters in the
 * cell are replaced. */
void canvas_dots(Canvas *canvas, Area area, int row, int column, Style style, unsigned dots);
/* A bar of one cell whose height is `part` (0 to 1), for tables. */
void canvas_spark(Canvas *canvas, Area area, int row, int column, double part, Style style);

/* A cell as two pixels, one above the other: RGB [3] each. In colours where the canvas has them; otherwise as
 * the shade of their mean, and in ASCII as a digit, 0 for black to 9 for white. */
void canvas_pixels(Canvas *canvas, Area area, int row, int column, const unsigned char upper[3],
                   const unsigned char lower[3]);

/* Appends the canvas as lines without trailing blanks. With styles, each line starts with '|'; if one of its
 * cells is not STYLE_TEXT, a line follows that starts with ':' and has one letter per cell. */
void canvas_dump(Text *text, const Canvas *canvas, bool styles);

#endif
