/* SPDX-License-Identifier: MIT */
/* Layer order: which layers the table shows, and in what order, by the scene's sort key and filter. */
#ifndef VIEWS_LAYER_ORDER_H
#define VIEWS_LAYER_ORDER_H

#include "views/scene.h"

/* Fills order and order_count. The cursor stays on its layer if that is still shown. Unknown errors sort
 * last, equal ones by index. */
void layer_order_update(Scene *scene);

/* Moves the cursor to a layer; nothing happens if the layer is not shown. */
void layer_order_go(Scene *scene, size_t layer);

#endif
