/* SPDX-License-Identifier: MIT */
/* Page: what a view shows inside its panel: a line of figures, a chart, and an explanation. Private to
 * views/.
 *
 * The explanation is shown where enough rows are left beside the chart. A view fills a page and draws
 * nothing, so the point under the mouse is found from the same page that was drawn.
 */
#ifndef VIEWS_PAGE_H
#define VIEWS_PAGE_H

#include "views/canvas/plot.h"
#include "views/panels/words.h"

typedef struct Page {
    char title[256];
    Words head; /* figures; without a chart, the reason why there is none */
    Words words;
    Plot plot;
    /* For a view that is not a chart: draws inside the panel's frame; head, words and plot are then unused.
     */
    void (*draw)(Canvas *canvas, Area inner, const Scene *scene);
    /* For such a view that has a chart below: fills the chart's page and its area. False, and nothing to
     * free, where there is no room for it. NULL: there is none. */
    bool (*inset)(struct Page *page, Area *area, const Canvas *canvas, Area inner, const Scene *scene);
} Page;

/* Makes the page of a view, with the panel's chart cursor. Free it with page_free(). */
void page_fill(Page *page, const Scene *scene, ViewId view);
/* Frees the plot's arrays. */
void page_free(Page *page);

/* The style of a panel's frame: focused if the panel has the keys. */
Style panel_style(const Scene *scene, Panel panel);

/* inner: of the panel's frame. */
void page_draw(Canvas *canvas, Area inner, const Page *page, const Scene *scene);

/* Where page_draw() draws the chart; rows 0 if there is none. */
Area page_chart_area(const Canvas *canvas, Area inner, const Page *page);

#endif
