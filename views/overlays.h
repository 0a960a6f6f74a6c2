/* Overlays: what stands in front of the panels, and the lesson beside them. Private to views/.
 *
 * Contents are drawn inside `inner` from their row `first` on, and the rows of the whole are returned; an
 * area without rows measures.
 */
#ifndef VIEWS_OVERLAYS_H
#define VIEWS_OVERLAYS_H

#include "views/scene.h"

int details_draw(Canvas *canvas, Area inner, const Scene *scene, int first);
int help_draw(Canvas *canvas, Area inner, const Scene *scene, int first);
int lesson_draw(Canvas *canvas, Area inner, const Scene *scene, int first);

/* A list: keeps scene->overlay_cursor in sight. */
void visited_draw(Canvas *canvas, Area inner, const Scene *scene);
bool visited_item_at(size_t *index, const Scene *scene, Area inner, int row);

#endif
