/* SPDX-License-Identifier: MIT */
/* Layer keys: SHA-256 over all that a layer's results depend on, from the plan alone, before anything runs.
 * Private to core/explore.
 *
 * There are three results, each with a key:
 * - sums, the statistics: depend on images, seed and rows, on how the layer's input is quantized, and in
 *   sequential mode on the plan's choices for the layers upstream (explore/cache/upstream.h);
 * - solved: depends on the sums and on the choices for the layer's weights;
 * - accumulated, the accumulated error: depends on the solution and, in both modes, on the layers upstream.
 * Layers upstream that stay float do not count, and the mode counts only where one does not. Keys hold for
 * one network.
 *
 * Example (const Network *network, const Upstream *upstream, const Plan *plan, const Dataset *images):
 *     LayerKeys *keys = calloc(network->layer_count, sizeof *keys);
 *     Normalization normalization = {0};
 *     layer_keys(keys, network, upstream, plan, images, &normalization);
 */
#ifndef EXPLORE_LAYER_KEYS_H
#define EXPLORE_LAYER_KEYS_H

#include "dataset/dataset.h"
#include "explore/cache/memo.h"
#include "explore/cache/upstream.h"
#include "explore/plan.h"

typedef struct LayerKeys {
    MemoKey sums, solved, accumulated;
} LayerKeys;

/* Fills keys[layer_count]. */
void layer_keys(LayerKeys *keys, const Network *network, const Upstream *upstream, const Plan *plan,
                const Dataset *images, const Normalization *normalization);

/* The key of a layer's sums, had the plan `choice` for it. */
MemoKey layer_sums_key(const Upstream *upstream, const Plan *plan, size_t layer, const LayerPlan *choice,
                       const Dataset *images, const Normalization *normalization);

/* The key of one layer's sums behind float layers, its activations float too. */
MemoKey layer_float_sums_key(const PlanOptions *options, size_t layer, const Dataset *images,
                             const Normalization *normalization);

/* The key of a solution from the sums of that key, had the plan `choice` for the layer. */
MemoKey layer_solved_key(const MemoKey *sums, const PlanOptions *options, const LayerPlan *choice);

/* The key of the estimates that sensitivity_measure() makes from those sums. */
MemoKey layer_estimate_key(const MemoKey *sums, const PlanOptions *options);

/* The key of the errors by clipping range from those sums, had the plan `choice` for the layer. */
MemoKey layer_clipping_key(const MemoKey *sums, const PlanOptions *options, const LayerPlan *choice);

#endif
