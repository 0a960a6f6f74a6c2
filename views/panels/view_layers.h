/* SPDX-License-Identifier: MIT */
/* What the mouse finds in the table of layers. Private to views/. */
#ifndef VIEWS_VIEW_LAYERS_H
#define VIEWS_VIEW_LAYERS_H

#include "views/scene.h"

/* inner: of the panel's frame; row, column: in it. False if there is nothing. */

/* The layer in a row, as an index into scene->order. */
bool layers_row_at(size_t *index, const Scene *scene, Area inner, int row);

/* The sortable column whose title is there. */
bool layers_column_at(SortKey *sort, const Canvas *canvas, const Scene *scene, Area inner, int row,
                      int column);

/* Rows of layers that fit below the titles. */
int layers_rows(Area inner);

/* The same on the page that shows the network's graph: the layer whose row is there. False for a layer that
 * the filter hides. */
bool network_row_at(size_t *index, const Scene *scene, Area inner, int row);

#endif
