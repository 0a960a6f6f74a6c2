/* The table of layers. Private to views/. */
#ifndef VIEWS_VIEW_LAYERS_H
#define VIEWS_VIEW_LAYERS_H

#include "views/scene.h"

#include <stdbool.h>

/* area: with the frame. */
void layers_draw(Canvas *canvas, Area area, const Scene *scene);

/* What is at a row and a column of the frame's inside: an index into scene->order, or a sortable column. */
bool layers_row_at(size_t *index, const Scene *scene, Area inner, int row);
bool layers_column_at(SortKey *sort, const Canvas *canvas, const Scene *scene, Area inner, int row,
                      int column);

#endif
