/* SPDX-License-Identifier: MIT */
/* Layout: where each panel stands: a pure function of the terminal's size and the panel in front.
 *
 * From 40 columns x 10 rows on: a header, the panels that fit, a footer. From 100 x 24 on, all four panels:
 * layers and loss on the left, error and accuracy on the right. Narrower terminals with 46 rows or more show
 * the four below each other. Smaller terminals show the layers and the panel in front (the error, if that is
 * the layers): side by side from 100 columns on, below each other from 20 rows on. The smallest show only the
 * panel in front, as does zoom. Below 40 x 10 too_small is set, and nothing else.
 */
#ifndef VIEWS_LAYOUT_H
#define VIEWS_LAYOUT_H

#include "views/canvas/canvas.h"

#define LAYOUT_LEAST_COLUMNS 40
#define LAYOUT_LEAST_ROWS 10
#define LAYOUT_WIDE_COLUMNS 100
#define LAYOUT_FULL_ROWS 24 /* four panels in pairs */
#define LAYOUT_TALL_ROWS 46 /* four panels in one column */
#define LAYOUT_TWO_ROWS 20  /* two panels in one column */

typedef enum Panel { PANEL_LAYERS, PANEL_ERROR, PANEL_LOSS, PANEL_ACCURACY, PANEL_COUNT } Panel;

typedef struct Layout {
    bool too_small;
    Area header, footer;
    Area panels[PANEL_COUNT]; /* rows 0: not shown */
    Area overlay;             /* for help, details, lesson, prompts' lists */
} Layout;

/* The layout for a terminal of rows x columns; `front` is always among the panels shown. */
Layout layout_compute(int rows, int columns, Panel front, bool zoomed);

#endif
