/* SPDX-License-Identifier: MIT */
/* Layer cost: what a layer costs by the rung that the screen shows (Scene.rung), and what one bit changes.
 *
 * A layer's contribution to a rung grows with the root of its local error, so that a width whose error is r
 * times as large changes the contribution by a factor of sqrt(r). r comes from solves of the layer at both
 * widths where they are known, otherwise from the estimates of both (quantize/sensitivity.h). Where
 * activations are quantized, only the part of the local error that the weights make changes.
 *
 * Example (const Scene *scene, size_t layer):
 *     #include <math.h>
 *     BitChange more = layer_bit_change(scene, layer, 1);
 *     if (!isnan(more.points)) printf("%s%+.1f\n", more.estimated ? "~" : "", 100 * more.points);
 */
#ifndef VIEWS_LAYER_COST_H
#define VIEWS_LAYER_COST_H

#include "views/scene.h"

/* The layer's share of the rung shown, 0..1; NAN where it is not known, not finite, or the layer is not
 * quantized. */
double layer_share(const Scene *scene, size_t layer);

/* That share per KiB of the layer; not known (NAN) while the shares are of an earlier plan. */
double layer_share_per_kib(const Scene *scene, size_t layer);

typedef struct BitChange {
    double points;  /* change of the bound, as a fraction of it: negative is a gain; NAN: not known */
    bool estimated; /* from estimates, not from solves at both widths */
} BitChange;

/* What `step` weight bits more (1) or less (-1) would change. Not known while figures are of an earlier plan,
 * for float weights, for bits that the grid does not have, and unless solved on grids that are not uniform.
 */
BitChange layer_bit_change(const Scene *scene, size_t layer, int step);

/* The factor of a contribution whose weights' error goes from `before` to `after`; local: the layer's whole
 * local error, of which `before` is a part, or NAN where the weights alone are quantized. */
double contribution_factor(double before, double after, double local);

#endif
