/* SPDX-License-Identifier: MIT */
/* Pareto: what a visited plan costs, along a choice of axes, and the front of cost against accuracy.
 *
 * | axis                | cost                                                                           |
 * |---------------------|--------------------------------------------------------------------------------|
 * | weight bytes        | PlanTotals.bytes: packed weights, scales and biases                            |
 * | BitOps              | PlanTotals.bitops: sum of MACs * weight bits * activation bits, per image      |
 * | peak activation bytes | explore/activation_memory.h: the most that exist at once, per image          |
 * | average weight bits | PlanTotals.average_weight_bits: mean over all weights, 32 for float            |
 *
 * Weight bytes and weight bits do not count what activations cost: by them, plans are compared only with
 * plans that have the same activation bits in every layer, so that each set of activation bits has a front of
 * its own. BitOps and activation bytes count it, and have one front.
 *
 * Example (const Snapshot *snapshot, bool *front):
 *     pareto_front(front, snapshot, NULL, PARETO_BITOPS);
 *     if (front[0]) printf("%g\n", pareto_cost(snapshot->visited[0], PARETO_BITOPS));
 */
#ifndef EXPLORE_PARETO_H
#define EXPLORE_PARETO_H

#include "explore/snapshot.h"

typedef enum ParetoAxis {
    PARETO_WEIGHT_BYTES,
    PARETO_BITOPS,
    PARETO_ACTIVATION_BYTES,
    PARETO_WEIGHT_BITS,
    PARETO_AXES
} ParetoAxis;

/* "weight bytes", "BitOps", "peak activation bytes", "average weight bits". */
const char *pareto_axis_name(ParetoAxis axis);

/* Whether the cost grows with the activation bits; if not, see above. */
bool pareto_counts_activations(ParetoAxis axis);

/* The plan's cost, in the unit of the axis. */
double pareto_cost(const VisitedPlan *visited, ParetoAxis axis);

/* The front: front[i] is true for an evaluated plan that no other evaluated plan beats. A plan beats another
 * that it may be compared with if it costs at most as much, is at least as accurate (top-1, or without labels
 * the agreement with the float network), and is better in one of the two. front: [visited_count]. left_out:
 * [visited_count], plans that count as not visited; NULL: none. */
void pareto_front(bool *front, const Snapshot *snapshot, const bool *left_out, ParetoAxis axis);

#endif
