/* SPDX-License-Identifier: MIT */
#include "views/canvas/theme.h"

#include <string.h>

typedef struct Colors {
    short of_256, of_16; /* the latter from the first eight, which every terminal with colours has */
} Colors;

/* The series follow Okabe and Ito's set (blue, vermillion, bluish green, reddish purple, orange), which
 * colour-blind readers tell apart, as near as 256 colours come at a contrast of 3 to black and to white.
 * Those that are not here have the terminal's own colour. */
static const Colors palette[STYLE_COUNT] = {
    [STYLE_DIM] = {244, -1},     [STYLE_BORDER] = {244, -1},  [STYLE_FOCUS] = {32, 6},
    [STYLE_KEY] = {32, 6},       [STYLE_MARKED] = {169, 5},   [STYLE_GOOD] = {29, 2},
    [STYLE_WARNING] = {166, 3},  [STYLE_BAD] = {160, 1},      [STYLE_GRID] = {244, -1},
    [STYLE_SERIES_1] = {32, 6},  [STYLE_SERIES_2] = {166, 1}, [STYLE_SERIES_3] = {29, 2},
    [STYLE_SERIES_4] = {169, 5}, [STYLE_PINNED] = {136, 3},
};

/* What a style has in every mode. */
static const Look attributes[STYLE_COUNT] = {
    [STYLE_STRONG] = {.bold = true}, [STYLE_TITLE] = {.bold = true}, [STYLE_FOCUS] = {.bold = true},
    [STYLE_HEADER] = {.bold = true}, [STYLE_KEY] = {.bold = true},   [STYLE_CURSOR] = {.reverse = true},
    [STYLE_MARKED] = {.bold = true}, [STYLE_BAD] = {.bold = true},
};

/* What stands for the colour where there is none, or too few for a grey. */
static const Look without_grey[STYLE_COUNT] = {
    [STYLE_DIM] = {.dim = true},
    [STYLE_BORDER] = {.dim = true},
    [STYLE_GRID] = {.dim = true},
};
static const Look without_color[STYLE_COUNT] = {
    [STYLE_HEADER] = {.underline = true},
    [STYLE_MARKED] = {.underline = true},
    [STYLE_WARNING] = {.underline = true},
    [STYLE_BAD] = {.reverse = true},
};

static void add(Look *look, Look more)
{
    look->bold |= more.bold;
    look->dim |= more.dim;
    look->underline |= more.underline;
    look->reverse |= more.reverse;
}

Look theme_look(Style style, ColorMode mode)
{
    Look look = attributes[style];
    Colors colors = palette[style];
    look.color = -1;
    if (mode == COLOR_256 && colors.of_256) look.color = colors.of_256;
    if (mode == COLOR_16 && colors.of_16) look.color = colors.of_16;
    if (mode != COLOR_256) add(&look, without_grey[style]);
    if (mode == COLOR_NONE) add(&look, without_color[style]);
    return look;
}

ColorMode theme_mode(int colors, const char *no_color)
{
    if ((no_color && no_color[0]) || colors < 8) return COLOR_NONE;
    return colors >= 256 ? COLOR_256 : COLOR_16;
}

bool theme_unicode(const char *codeset, const char *term)
{
    const bool console = strcmp(term, "linux") == 0 || strncmp(term, "linux-", 6) == 0;
    return strcmp(codeset, "UTF-8") == 0 && !console;
}
