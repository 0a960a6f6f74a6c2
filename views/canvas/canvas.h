/* Canvas: the screen as cells, drawn on by views and copied to the terminal, a golden file or a dump.
 *
 * A cell holds one character as it is shown (a base character with its combining marks) and a style: a
 * meaning, not a colour; views/canvas/theme.h says what a style looks like. Wide characters take two cells;
 * one that an edge cuts in half is a blank. Text from files is safe to pass: control characters, invisible
 * ones that could reorder a line and bytes that are not UTF-8 are shown as \xNN.
 *
 * All drawing is clipped to an Area; rows and columns are counted from the area's upper left corner and may
 * lie outside. One thread. No function fails: canvas_resize() aside, nothing allocates.
 *
 *     Area inner = canvas_frame(canvas, area, "Layers", STYLE_BORDER);
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
} CanvasCell;

typedef struct Canvas {
    int rows, columns;
    bool unicode;      /* false: ASCII alone is drawn, by canvas_glyph() and by escaping */
    CanvasCell *cells; /* [rows][columns] */
} Canvas;

/* Free with canvas_free(). A canvas of all zeros may be resized; contents are blank afterwards. On failure
 * the canvas stands as it was. */
Status canvas_resize(Canvas *canvas, int rows, int columns, Message *message);
void canvas_free(Canvas *canvas);
void canvas_clear(Canvas *canvas);

Area canvas_area(const Canvas *canvas);
Area area_part(Area area, int row, int column, int rows, int columns); /* cut to the area */

/* Returns the columns that the text takes from `column` on, as drawn or cut. A text that does not fit ends in
 * an ellipsis. Mind that %-8s counts bytes: leave columns to areas, not to the format. */
int canvas_text(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Ends at `column`, exclusive; cut on the right where it is too wide. */
int canvas_text_right(Canvas *canvas, Area area, int row, int column, Style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Wrapped at words. A line feed starts a row. The paragraph's row `first` is drawn in `row`, those above it
 * are not. Returns the rows of the whole paragraph, drawn or not; an area without rows measures it. */
int canvas_paragraph(Canvas *canvas, Area area, int row, int first, Style style, const char *text);
/* The rows of a paragraph that is `columns` wide. */
int canvas_paragraph_rows(const Canvas *canvas, int columns, const char *text);
/* The longest end of the text that fits into `columns`. */
const char *canvas_tail(const Canvas *canvas, const char *text, int columns);
/* Columns that a text takes, as canvas_text() shows it; above CANVAS_MOST, any number above. */
int canvas_width(const Canvas *canvas, const char *text);

/* What has a plain twin. In ASCII GLYPH_PLUS_MINUS takes two columns; all else takes one. */
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
    GLYPH_COUNT
} Glyph;
/* Text that holds a glyph's character has its twin in ASCII as well; other characters become '?'. */
const char *canvas_glyph(const Canvas *canvas, Glyph glyph);
void canvas_put(Canvas *canvas, Area area, int row, int column, Style style, const char *character);

void canvas_fill(Canvas *canvas, Area area, Style style);    /* blanks */
void canvas_restyle(Canvas *canvas, Area area, Style style); /* leaves the text */

/* A frame with a title in its upper edge; returns what is inside. Titles are STYLE_TITLE in STYLE_BORDER, and
 * of the frame's style otherwise. Nothing is drawn in less than 2 x 2 cells. */
Area canvas_frame(Canvas *canvas, Area area, Style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A bar of `part` (0..1) of the `columns`, in eighths of a cell where Unicode is there. What is above 0 is
 * seen; NaN draws nothing. */
void canvas_bar(Canvas *canvas, Area area, int row, int column, int columns, double part, Style style);
/* Adds dots of braille to a cell, in Unicode alone: bit i is the dot of U+2800 + 2^i. What is there and is
 * not braille is replaced. */
void canvas_dots(Canvas *canvas, Area area, int row, int column, Style style, unsigned dots);
/* One cell whose height is `part`, for small pictures in tables. */
void canvas_spark(Canvas *canvas, Area area, int row, int column, double part, Style style);

/* The canvas as lines of text without trailing blanks. With styles, lines of text start with '|', and a line
 * in which a cell is not STYLE_TEXT is followed by one that starts with ':' and has a letter a cell. */
void canvas_dump(Text *text, const Canvas *canvas, bool styles);

#endif
