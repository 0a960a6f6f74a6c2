/* Page: what a panel shows: a line of figures, a chart, and what it means in words. Private to views/.
 *
 * The words are there where the chart keeps rows enough beside them. A filler writes a page from a scene and
 * draws nothing, so that what the mouse points at is found from the same page.
 */
#ifndef VIEWS_PAGE_H
#define VIEWS_PAGE_H

#include "views/canvas/plot.h"
#include "views/panels/parts.h"

typedef struct Page {
    char title[192];
    Words head; /* figures; where there is no chart, why */
    Words words;
    Plot plot;
} Page;

typedef void PageFill(Page *page, const Scene *scene);

/* `page` is all zeros before, and freed after. */
void page_free(Page *page);

/* inner: of the panel's frame. */
void page_draw(Canvas *canvas, Area inner, const Page *page);
Area page_chart_area(const Canvas *canvas, Area inner, const Page *page);

/* The fillers: views/view_*.c */
PageFill error_page_epochs, error_page_layers, error_page_widths;
PageFill loss_page_depth;
PageFill accuracy_page_depth, accuracy_page_stream, accuracy_page_plans;

/* Drawn by itself: rungs as bars. Returns nothing to point at. */
void loss_draw_ladder(Canvas *canvas, Area inner, const Scene *scene);

#endif
