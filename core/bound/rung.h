/* SPDX-License-Identifier: MIT */
/* Rung: one bound of the ladder by its name, and what each layer adds to it.
 *
 * A layer's contribution to a rung is its term of the rung's sum (bound/ladder.h), in units of the output;
 * its share is the contribution divided by the sum. The shares of all layers add up to 1. Pure functions.
 *
 * Example (const Ladder *ladder, size_t layer):
 *     double share = rung_share(ladder, RUNG_HYBRID, layer);
 *     printf("%.1f %% of the %s bound\n", 100 * share, rung_name(RUNG_HYBRID));
 */
#ifndef BOUND_RUNG_H
#define BOUND_RUNG_H

#include "bound/ladder.h"

/* The rungs that are sums over layers, tightest first. */
typedef enum Rung { RUNG_HYBRID, RUNG_SPECTRAL, RUNG_FROBENIUS, RUNG_COUNT } Rung;

/* "hybrid", "spectral", "Frobenius". */
const char *rung_name(Rung rung);

/* The rung's value: the sum of the contributions; INFINITY where a node has no finite Lipschitz constant. */
double rung_bound(const Ladder *ladder, Rung rung);

/* The layer's term of the sum; 0 for a layer that is not quantized. */
double rung_contribution(const Ladder *ladder, Rung rung, size_t layer);

/* contribution / bound, 0..1; 0 where the bound is 0, NAN where it is infinite. */
double rung_share(const Ladder *ladder, Rung rung, size_t layer);

/* |F_l - F_(l-1)|^2 / sum over layers of the same: the layer's share where changes of different layers point
 * in unrelated directions, so that their squares add up. 0 where the sum is 0. */
double rung_squared_share(const Ladder *ladder, size_t layer);

/* The layer of the largest contribution; NO_INDEX where the bound is 0 or not finite. */
size_t rung_costliest(const Ladder *ladder, Rung rung);

#endif
