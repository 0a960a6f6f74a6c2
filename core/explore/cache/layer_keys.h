/* Layer keys: SHA-256 over all that a layer's results depend on, from the plan alone, before anything runs.
 * Private to core/explore.
 *
 * Three results, three keys. The sums depend on the images, the seed and the rows, on how the layer's input
 * is quantized, and in sequential mode on what the plan says of the layers upstream
 * (explore/cache/upstream.h). The solution depends on the sums, and on what the plan says of the layer's
 * weights. The accumulated error depends on the solution and, in either mode, on the layers upstream. Layers
 * upstream that stay float do not count, and the mode counts only where one does not. Keys are of one
 * network.
 *
 *     LayerKeys *keys = calloc(network->layer_count, sizeof *keys);
 *     layer_keys(keys, network, upstream, &plan, images, &normalization);
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

/* keys[layer_count] */
void layer_keys(LayerKeys *keys, const Network *network, const Upstream *upstream, const Plan *plan,
                const Dataset *images, const Normalization *normalization);

/* The key of one layer's sums if the plan said `choice` of it. */
MemoKey layer_sums_key(const Upstream *upstream, const Plan *plan, size_t layer, const LayerPlan *choice,
                       const Dataset *images, const Normalization *normalization);

/* The key of a solution from sums known by theirs, at another choice of weights. */
MemoKey layer_solved_key(const MemoKey *sums, const PlanOptions *options, const LayerPlan *choice);

/* The key of sensitivity_measure()'s figures from those sums. */
MemoKey layer_estimate_key(const MemoKey *sums, const PlanOptions *options);

#endif
