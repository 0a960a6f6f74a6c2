/* Characters as cells show them: the next one of a text with its combining marks, its width, and what stands
 * for it where it cannot be shown.
 *
 * Control characters, invisible format characters (which could reorder a line) and bytes that are not UTF-8
 * are spelled \xNN, a cell a byte. In ASCII a character has its glyph's twin or '?', and marks are dropped.
 * Pure; any thread may call.
 */
#ifndef VIEWS_CHARACTER_H
#define VIEWS_CHARACTER_H

#include "views/canvas/canvas.h"

typedef struct Character {
    char text[CELL_BYTES]; /* terminated; marks beyond its capacity are dropped */
    int columns;           /* at least 1 */
    bool spelled;          /* every byte of the text takes a cell of its own */
} Character;

/* The first character of `text`; returns what follows it. At the end of the text, returns it, and columns is
 * 0. */
const char *character_next(Character *character, const char *text, bool unicode);

/* One column each; in ASCII, GLYPH_PLUS_MINUS alone takes two. */
const char *character_glyph(Glyph glyph, bool unicode);

/* A name as running text has it: safe to wrap, and of one that is longer an ellipsis and its end, by which
 * layers differ. */
#define SHORT_NAME_COLUMNS 40
typedef struct ShortName {
    char text[SHORT_NAME_COLUMNS * CELL_BYTES];
} ShortName;
ShortName character_short_name(const char *name);

#endif
