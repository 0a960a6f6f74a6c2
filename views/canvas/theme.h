/* SPDX-License-Identifier: MIT */
/* Theme: what a style looks like in a terminal of 256, 16 or no colours. Pure data.
 *
 * Only foregrounds are coloured, so that light and dark backgrounds both stay readable; the cursor's row is
 * reversed. Without colours, styles differ by bold, dim, underline and reverse.
 */
#ifndef VIEWS_THEME_H
#define VIEWS_THEME_H

#include "views/canvas/canvas.h"

typedef enum ColorMode { COLOR_NONE, COLOR_16, COLOR_256 } ColorMode;

typedef struct Look {
    short color; /* foreground: an index of the mode's palette, -1 for the terminal's own */
    bool bold, dim, underline, reverse;
} Look;

/* What a style looks like. */
Look theme_look(Style style, ColorMode mode);

/* The mode for a terminal of `colors` colours. no_color: the variable NO_COLOR, or NULL; if it is not empty,
 * there are no colours. */
ColorMode theme_mode(int colors, const char *no_color);

/* Whether more than ASCII can be drawn: in UTF-8, except on the Linux console (TERM=linux), whose fonts lack
 * most characters. */
bool theme_unicode(const char *codeset, const char *term);

#endif
