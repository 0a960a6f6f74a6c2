/* SPDX-License-Identifier: MIT */
/* Schedule: the order in which calibration runs nodes and stops at layers. Private to core/quantize.
 *
 * Nodes run in topological order, except that the first node of a layer waits until the inputs of all nodes
 * that share the layer's weights are there, so that the layer is solved once on the rows of all its uses.
 * Where every node that is left waits (a use depends on the layer itself), the first one goes ahead. A layer
 * to be solved gets a stop before its first node. */
#ifndef QUANTIZE_SCHEDULE_H
#define QUANTIZE_SCHEDULE_H

#include "base/status.h"
#include "network/types.h"

/* A stop at a layer, or the run of a node: the other index is NO_INDEX. */
typedef struct Step {
    size_t layer, node;
} Step;

typedef struct Schedule {
    Step *steps; /* [count] */
    size_t count;
    size_t peak_tile_bytes; /* most bytes of one tile's activations alive at once, were the two chains kept
                               apart from the first layer on */
} Schedule;

/* wanted: [layer_count], the layers to stop at. STATUS_MEMORY; the schedule is then empty. */
Status schedule_create(Schedule *schedule, const Network *network, const bool *wanted, Message *message);
void schedule_free(Schedule *schedule);

#endif
