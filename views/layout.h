/* Layout: which panel stands where. A pure function of the terminal's size and of what is in front.
 *
 * 40 x 10 and above: a header, the panels that fit, a footer. All four panels: from 100 x 24 on, layers and
 * loss on the left, error and accuracy on the right; in narrower terminals of 46 rows or more, one below the
 * other. Smaller ones show layers and the panel in front (error, where that is layers): side by side from 100
 * columns on, below each other from 20 rows on; the smallest show the panel in front alone. Zoomed, it
 * has all the room. Smaller than 40 x 10: too_small, and nothing else.
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

Layout layout_compute(int rows, int columns, Panel front, bool zoomed);

#endif
