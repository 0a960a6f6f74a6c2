/* SPDX-License-Identifier: MIT */
/* Lattice: the routes of all methods over the codes of two weights, one step after the other. Private to
 * views/ and app/explorer.
 *
 * Example (const Scene *scene, size_t layer):
 *     LatticeStep steps[LATTICE_STEPS];
 *     const size_t count = lattice_steps(steps, scene_pair(scene, layer));
 */
#ifndef VIEWS_LATTICE_H
#define VIEWS_LATTICE_H

#include "quantize/two_weights.h"
#include "views/scene.h"

#define LATTICE_STEPS (TWO_WEIGHTS_STEPS + 2)

typedef struct LatticeStep {
    TwoWeightsRoute route;
    TwoWeightsStep step;
} LatticeStep;

/* The layer's pair; NULL where it has none: it is not solved, or its weights stay float. */
const TwoWeights *scene_pair(const Scene *scene, size_t layer);

/* Round-to-nearest, each step of the digits, nearest plane, the optimum. Returns their number. */
size_t lattice_steps(LatticeStep steps[LATTICE_STEPS], const TwoWeights *pair);

/* Where a route ends. */
TwoWeightsStep lattice_end(const TwoWeights *pair, TwoWeightsRoute route);

#endif
