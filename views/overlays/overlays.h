/* SPDX-License-Identifier: MIT */
/* Overlays: what stands in front of the panels, and the lesson beside them. Private to views/.
 *
 * inner: of the overlay's frame. The drawing functions start at their row `first` and return the rows of the
 * whole content; with an area without rows they only measure it.
 */
#ifndef VIEWS_OVERLAYS_H
#define VIEWS_OVERLAYS_H

#include "views/scene.h"

/* All that is known of the layer under the cursor. */
int details_draw(Canvas *canvas, Area inner, const Scene *scene, int first);
/* What the page in focus shows, and its terms. */
int guide_draw(Canvas *canvas, Area inner, const Scene *scene, int first);
/* The welcome in a box in the middle of an area. */
void welcome_draw(Canvas *canvas, Area area, const Scene *scene);
/* The keys, from scene->help. */
int help_draw(Canvas *canvas, Area inner, const Scene *scene, int first);
/* The text of the lesson's step. */
int lesson_draw(Canvas *canvas, Area inner, const Scene *scene, int first);

/* The difference between two visited plans: from the marked one, or without a mark the edited plan, to the
 * one under the list's cursor. */
int difference_draw(Canvas *canvas, Area inner, const Scene *scene, int first);

/* The list of visited plans; keeps scene->overlay_cursor in sight. */
void visited_draw(Canvas *canvas, Area inner, const Scene *scene);
/* A column in words: "change against float". */
const char *visited_column_name(VisitedColumn column);
/* The column whose title is at a row and a column of the list's frame; false if there is none. */
bool visited_column_at(VisitedColumn *column, const Canvas *canvas, const Scene *scene, Area inner, int row,
                       int at);
/* The plan in a row of the list, as an index into snapshot->visited; false if there is none. */
bool visited_item_at(size_t *index, const Scene *scene, Area inner, int row);

#endif
