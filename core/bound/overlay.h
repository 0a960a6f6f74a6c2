/* Overlay: the values of one tile while its nodes run one by one: a set of its own, over those of another.
 * Private to core/bound.
 *
 * A value is looked up in the overlay first, then in the one below: a quantized chain lies over the float
 * chain and holds only what differs, a tail lies over the chain that it starts from. A value is kept until
 * the last node that reads it has run, and the network's output for as long as the overlay. One thread.
 *
 * Overlays of one tile share a meter of their bytes. A dry one has neither memory nor kernels behind it: the
 * same calls in the same order count what a tile takes, before it is run.
 *
 *     overlay_start(&tail, &chain);
 *     for (size_t node = first; node < network->node_count; node++)
 *         overlay_run(&tail, node, NULL, workspace, message), overlay_release(&tail, node);
 *     overlay_value(&tail, network->output)
 */
#ifndef BOUND_OVERLAY_H
#define BOUND_OVERLAY_H

#include "network/run/run.h"
#include "network/run/weights.h"

typedef struct OverlayMeter {
    size_t bytes, most; /* of values held: now, and the most so far */
    bool dry;
} OverlayMeter;

typedef struct Overlay {
    const Network *network;
    OverlayMeter *meter;
    const struct Overlay *below;
    void **data;  /* [value_count], NULL for what it does not hold */
    size_t *left; /* [value_count], reads to come */
    const void **inputs;
} Overlay;

/* Borrows the meter. */
Status overlay_create(Overlay *overlay, const Network *network, OverlayMeter *meter, Message *message);
void overlay_free(Overlay *overlay);
size_t overlay_bytes(const Network *network); /* what one takes beside its values */

/* Drops all that it holds. below: NULL for a chain of its own. */
void overlay_start(Overlay *overlay, const Overlay *below);

/* Memory for a value that is not computed: the network's input. Not to be touched where dry. */
Status overlay_hold(void **data, Overlay *overlay, size_t value, Message *message);

/* A value, constants included; NULL where it was released or has not been computed. */
const void *overlay_value(const Overlay *overlay, size_t value);

/* Whether the overlay itself holds a value. */
bool overlay_holds(const Overlay *overlay, size_t value);

/* Drops a value, if the overlay itself holds it. */
void overlay_drop(Overlay *overlay, size_t value);

/* Moves a value that `from` holds, in place of the overlay's own. */
void overlay_take(Overlay *overlay, Overlay *from, size_t value);

/* Whether the overlay itself holds something that the node reads. */
bool overlay_reaches(const Overlay *overlay, size_t node);

/* Runs a node on the overlay's values; weights as network_run_node()'s. */
Status overlay_run(Overlay *overlay, size_t node, const Weights *weights, Workspace *workspace,
                   Message *message);

/* After a node has run in this overlay and in all above it. */
void overlay_release(Overlay *overlay, size_t node);

#endif
