/* Layer order: which layers the table shows, and in what order, by the scene's sort key and filter. */
#ifndef VIEWS_LAYER_ORDER_H
#define VIEWS_LAYER_ORDER_H

#include "views/scene.h"

/* Fills order and order_count, and keeps the cursor on the layer that it was on, where it is still shown.
 * Unknown errors sort last; equal ones by index. */
void layer_order_update(Scene *scene);

/* What the table, the sort key and the charts mean by the error of a layer: the final reconstruction error of
 * the layer as solved, NAN where it is not known. */
double layer_error(const LayerSnapshot *layer);

/* Moves the cursor to a layer, where it is shown. */
void layer_order_go(Scene *scene, size_t layer);

#endif
