/* SPDX-License-Identifier: MIT */
/* Ledger bars: which layers moved an image's margin, and which way, as signed bars. Private to views/.
 *
 * Example (Canvas *canvas, Area area, const Scene *scene, size_t index):
 *     const int rows = ledger_draw(canvas, area, scene, index);
 */
#ifndef VIEWS_LEDGER_BARS_H
#define VIEWS_LEDGER_BARS_H

#include "views/canvas/canvas.h"
#include "views/scene.h"

#define LEDGER_LEAST_ROWS 5 /* below, nothing is drawn */

/* Draws the ledger of snapshot->changes->images[index]: the float margin, the largest pulls in the order of
 * the layers, the sum of the rest, and the quantized margin, to which they add up. Returns the rows drawn; 0
 * where there is no ledger or no room. */
int ledger_draw(Canvas *canvas, Area area, const Scene *scene, size_t index);

#endif
