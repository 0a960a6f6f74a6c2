/* SPDX-License-Identifier: MIT */
/* Screen: all panels, overlays, the lesson and the prompt of a scene on a canvas.
 *
 * Example (const Scene *scene, size_t rows, size_t columns, Message *message):
 *     Canvas canvas = {.unicode = true};
 *     canvas_resize(&canvas, rows, columns, message);
 *     screen_draw(&canvas, scene);
 *     canvas_free(&canvas);
 */
#ifndef VIEWS_SCREEN_H
#define VIEWS_SCREEN_H

#include "views/scene.h"

/* Clears the canvas and draws; without a network and a plan the canvas stays blank. */
void screen_draw(Canvas *canvas, const Scene *scene);

/* What the mouse can point at. */
typedef enum TargetKind {
    TARGET_NONE,
    TARGET_PANEL,  /* `panel` */
    TARGET_LAYER,  /* `index` in scene->order, of PANEL_LAYERS */
    TARGET_COLUMN, /* header of a column: `index` is a SortKey, or in the list of visited plans a
                      VisitedColumn */
    TARGET_POINT,  /* point `index` of the chart of `panel` */
    TARGET_ITEM,   /* line `index` of an overlay's list */
    TARGET_HINT    /* hint in the last line: `index` in scene->help */
} TargetKind;

typedef struct Target {
    TargetKind kind;
    Panel panel;
    size_t index;
} Target;

/* What is at a cell of the canvas that screen_draw() drew. */
Target screen_target(const Canvas *canvas, const Scene *scene, int row, int column);

/* The next point along x on the page of a panel's chart, left (-1) or right (1) of the panel's chart_cursor;
 * without a cursor, the outermost point on the other side. SIZE_MAX if there is none. Points are numbered as
 * in TARGET_POINT: layers on pages by layer, indices of snapshot->visited on the page of plans. */
size_t screen_next_point(const Canvas *canvas, const Scene *scene, Panel panel, int direction);

/* The largest scene->overlay_first with a full screen of lines: of the overlay in front, without one of the
 * lesson. */
size_t screen_scroll_limit(const Canvas *canvas, const Scene *scene);

/* Rows that the table of layers shows, for keys that move by a page; 0 if it is not on the screen. */
size_t screen_layer_rows(const Canvas *canvas, const Scene *scene);

#endif
