/* SPDX-License-Identifier: MIT */
/* Overlay: the values of one tile while its nodes run one by one, layered over another overlay. Private to
 * core/bound.
 *
 * A value is looked up in the overlay first, then in the one below: the quantized chain lies over the float
 * chain and holds only the values that differ; a tail lies over the chain that it starts from. A value is
 * kept until the last node that reads it has run, and the network's output for as long as the overlay. One
 * thread.
 *
 * The overlays of one tile share a meter that counts their bytes. Where the meter is dry, nothing is
 * allocated and no kernel runs: the same calls in the same order only count what a tile takes.
 *
 * Example (Overlay *tail, const Overlay *chain, const Network *network, size_t first, Workspace *workspace,
 * Message *message):
 *     overlay_start(tail, chain);
 *     for (size_t node = first; node < network->node_count; node++) {
 *         overlay_run(tail, node, NULL, workspace, message);
 *         overlay_release(tail, node);
 *     }
 *     const float *output = overlay_value(tail, network->output);
 */
#ifndef BOUND_OVERLAY_H
#define BOUND_OVERLAY_H

#include "network/run/run.h"
#include "network/run/weights.h"

typedef struct OverlayMeter {
    size_t bytes, most; /* of values held: now, and at most so far */
    bool dry;           /* count only */
} OverlayMeter;

typedef struct Overlay {
    const Network *network;
    OverlayMeter *meter;
    const struct Overlay *below; /* NULL: none */
    void **data;                 /* [value_count], NULL for values that it does not hold */
    size_t *left;                /* [value_count], input slots of nodes that have not run */
    const void **inputs;         /* [most inputs of a node] */
} Overlay;

/* An empty overlay. The meter is borrowed. STATUS_MEMORY. */
Status overlay_create(Overlay *overlay, const Network *network, OverlayMeter *meter, Message *message);
void overlay_free(Overlay *overlay);
/* Bytes that an overlay takes beside its values. */
size_t overlay_bytes(const Network *network);

/* Drops all values that it holds. below: the overlay that it lies over from now on, or NULL. */
void overlay_start(Overlay *overlay, const Overlay *below);

/* Allocates a value that no node computes: the network's input. *data must not be touched where the meter is
 * dry. STATUS_MEMORY. */
Status overlay_hold(void **data, Overlay *overlay, size_t value, Message *message);

/* A value from the overlay or those below, or a constant; NULL where it was released or has not been
 * computed. */
const void *overlay_value(const Overlay *overlay, size_t value);

/* Whether the overlay itself holds a value. */
bool overlay_holds(const Overlay *overlay, size_t value);

/* Drops a value, if the overlay itself holds it. */
void overlay_drop(Overlay *overlay, size_t value);

/* Moves a value that `from` holds into the overlay, in place of its own. */
void overlay_take(Overlay *overlay, Overlay *from, size_t value);

/* Whether the overlay itself holds a value that the node reads. */
bool overlay_reaches(const Overlay *overlay, size_t node);

/* Runs a node on the values seen from the overlay, which then holds the output; weights as
 * network_run_node()'s. */
Status overlay_run(Overlay *overlay, size_t node, const Weights *weights, Workspace *workspace,
                   Message *message);

/* Drops the values that no node still to come reads: after a node has run in this overlay and all above it.
 */
void overlay_release(Overlay *overlay, size_t node);

#endif
