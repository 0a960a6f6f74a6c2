/* Theme: what a style looks like in a terminal of 256, 16 or no colours. Pure data.
 *
 * Foregrounds alone are coloured, so that light and dark backgrounds both stay readable; the cursor's row is
 * reversed. Without colour, bold, dim, underline and reverse tell styles apart.
 */
#ifndef VIEWS_THEME_H
#define VIEWS_THEME_H

#include "views/canvas/canvas.h"

typedef enum ColorMode { COLOR_NONE, COLOR_16, COLOR_256 } ColorMode;

typedef struct Look {
    short color; /* foreground: an index of the mode's palette, -1 for the terminal's own */
    bool bold, dim, underline, reverse;
} Look;

Look theme_look(Style style, ColorMode mode);

/* NO_COLOR (when not empty) wins; `colors` is what the terminal can do. */
ColorMode theme_mode(int colors, const char *no_color);

/* Whether more than ASCII can be drawn: in UTF-8, and not on Linux's console (TERM=linux), whose fonts lack
 * most of it. */
bool theme_unicode(const char *codeset, const char *term);

#endif
