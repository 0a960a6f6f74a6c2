/* Screen: all panels, overlays, the lesson and the prompt of a scene on a canvas.
 *
 *     canvas_resize(&canvas, rows, columns, message);
 *     screen_draw(&canvas, &scene);
 */
#ifndef VIEWS_SCREEN_H
#define VIEWS_SCREEN_H

#include "views/scene.h"

/* Clears the canvas and draws; nothing without a network and a plan. */
void screen_draw(Canvas *canvas, const Scene *scene);

/* What is at a cell, for the mouse. */
typedef enum TargetKind {
    TARGET_NONE,
    TARGET_PANEL,  /* `panel` */
    TARGET_LAYER,  /* `index` in scene->order, of PANEL_LAYERS */
    TARGET_COLUMN, /* header of a column: `index` is a SortKey */
    TARGET_POINT,  /* point `index` of the chart of `panel` */
    TARGET_ITEM    /* line `index` of an overlay's list */
} TargetKind;

typedef struct Target {
    TargetKind kind;
    Panel panel;
    size_t index;
} Target;

Target screen_target(const Canvas *canvas, const Scene *scene, int row, int column);

/* For the keys: the next point with a value along x on the page of a panel's chart, from the panel's
 * chart_cursor on; from none, the outermost on that side. SIZE_MAX where there is none. Points are what
 * TARGET_POINT counts: layers on pages by layer, indices of snapshot->visited on the page of plans. */
size_t screen_next_point(const Scene *scene, Panel panel, int direction);

/* The most that scene->overlay_first may be: of the overlay in front, or of the lesson where there is none.
 */
size_t screen_scroll_limit(const Canvas *canvas, const Scene *scene);

/* Rows that the table of layers shows, for keys that move by a page; 0 where it is not on the screen. */
size_t screen_layer_rows(const Canvas *canvas, const Scene *scene);

#endif
