/* SPDX-License-Identifier: MIT */
/* Characters as cells show them: the next character of a text with its combining marks, its width, and its
 * replacement if it cannot be shown.
 *
 * Control characters, invisible format characters (which could reorder a line) and bytes that are not UTF-8
 * are spelled \xNN, one cell per character. In ASCII a character becomes its glyph's twin or '?', and marks
 * are dropped. Pure functions; any thread may call.
 */
#ifndef VIEWS_CHARACTER_H
#define VIEWS_CHARACTER_H

#include "views/canvas/canvas.h"

typedef struct Character {
    char text[CELL_BYTES]; /* terminated; marks beyond its capacity are dropped */
    int columns;           /* at least 1 */
    bool spelled;          /* every byte of the text takes a cell of its own */
} Character;

/* The first character of `text`; returns the text after it. At the end of the text, columns is 0 and the end
 * is returned. */
const char *character_next(Character *character, const char *text, bool unicode);

/* The text of a glyph: one column, but GLYPH_PLUS_MINUS takes two in ASCII. */
const char *character_glyph(Glyph glyph, bool unicode);

#define SHORT_NAME_COLUMNS 40
typedef struct ShortName {
    char text[SHORT_NAME_COLUMNS * CELL_BYTES];
} ShortName;
/* A name for running text: safe to wrap. A longer name becomes an ellipsis and its end, by which layers
 * differ. */
ShortName character_short_name(const char *name);

#endif
