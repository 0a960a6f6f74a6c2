/* SPDX-License-Identifier: MIT */
/* View: one page of a panel, and the table of all views.
 *
 * To add a view: write views/panels/view_NAME.c with a function that fills a Page (views/page.h), list the
 * file in views/meson.build, and add a row to VIEW_TABLE. The row gives the view's id (VIEW_NAME), the panel
 * whose page it is, and the function. Pages of a panel follow each other in the order of the table.
 */
#ifndef VIEWS_VIEW_H
#define VIEWS_VIEW_H

#include "views/layout.h"

struct Page;
struct Scene;

// clang-format off
#define VIEW_TABLE(VIEW) \
    VIEW(LAYERS,            PANEL_LAYERS,   view_layers)            \
    VIEW(LAYERS_NETWORK,    PANEL_LAYERS,   view_layers_network)    \
    VIEW(ERROR_EPOCHS,      PANEL_ERROR,    view_error_epochs)      \
    VIEW(ERROR_LAYERS,      PANEL_ERROR,    view_error_layers)      \
    VIEW(ERROR_WIDTHS,      PANEL_ERROR,    view_error_widths)      \
    VIEW(ERROR_CLIPPING,    PANEL_ERROR,    view_error_clipping)    \
    VIEW(ERROR_STAIRCASE,   PANEL_ERROR,    view_error_staircase)   \
    VIEW(ERROR_LATTICE,     PANEL_ERROR,    view_error_lattice)     \
    VIEW(ERROR_HEAT,        PANEL_ERROR,    view_error_heat)        \
    VIEW(LOSS_LADDER,       PANEL_LOSS,     view_loss_ladder)       \
    VIEW(LOSS_LAYERS,       PANEL_LOSS,     view_loss_layers)       \
    VIEW(ACCURACY_LAYERS,   PANEL_ACCURACY, view_accuracy_layers)   \
    VIEW(ACCURACY_IMAGES,   PANEL_ACCURACY, view_accuracy_images)   \
    VIEW(ACCURACY_PLANS,    PANEL_ACCURACY, view_accuracy_plans)    \
    VIEW(ACCURACY_CHANGED,  PANEL_ACCURACY, view_accuracy_changed)  \
    VIEW(ACCURACY_BUDGET,   PANEL_ACCURACY, view_accuracy_budget)
// clang-format on

#define VIEW_ID(id, panel, fill) VIEW_##id,
typedef enum ViewId { VIEW_TABLE(VIEW_ID) VIEW_COUNT } ViewId;
#undef VIEW_ID

/* Fills a page that is all zeros from a scene. Draws nothing. */
typedef void ViewFill(struct Page *page, const struct Scene *scene);

#define VIEW_FUNCTION(id, panel, fill) ViewFill fill;
VIEW_TABLE(VIEW_FUNCTION)
#undef VIEW_FUNCTION

typedef struct View {
    Panel panel;
    ViewFill *fill;
} View;

extern const View view_table[VIEW_COUNT];

/* The view that is the panel's page after `view`; after the last, the first. A view of another panel: the
 * panel's first. */
ViewId view_next(Panel panel, ViewId view);

/* The number of pages of a panel; *position is that of `view` among them, from 0. */
size_t view_pages(size_t *position, Panel panel, ViewId view);

#endif
