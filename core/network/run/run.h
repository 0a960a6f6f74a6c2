/* SPDX-License-Identifier: MIT */
/* Run a network on a tile of images, or one node of it, with float or quantized weights.
 *
 * A Workspace is one thread's memory for it. The results do not depend on the workspace. */
#ifndef NETWORK_RUN_H
#define NETWORK_RUN_H

#include "base/status.h"
#include "network/run/weights.h"
#include "network/types.h"

/* Intermediate values, whose memory is reused once they are no longer needed, and scratch memory. */
typedef struct Workspace Workspace;

/* Memory to run the network on one thread. workspace_free() takes NULL. */
Status workspace_create(Workspace **workspace, const Network *network, Message *message);
void workspace_free(Workspace *workspace);
size_t workspace_bytes(const Network *network); /* memory of one workspace */

/* Runs one tile through the network. output [batch][output_elements], input [batch][height][width][channels].
 * weights [layer_count]: an entry is NULL for the layer's float weights; NULL: float weights for all. */
Status network_run(const Network *network, float *output, const float *input, const Weights *const *weights,
                   Workspace *workspace, Message *message);

/* Runs one node on one tile. inputs [input_count]: arrays of the shapes of its input values; NULL is allowed
 * for a constant. weights: its layer's, or NULL for float. The result is the node's alone, without the
 * activation that network_run() may fuse to it. Bit for bit what network_run() computes. */
Status network_run_node(const Network *network, size_t node, void *output, const void *const *inputs,
                        const Weights *weights, Workspace *workspace, Message *message);

/* Number of rows that a layer's use takes from one image: patches, or vectors along the last axis. */
size_t network_rows(const Network *network, size_t node);

/* Copies rows[count][groups*n], in the order of Layer's inputs, from image number `image` of the tile
 * `input`. positions [count]: 0..network_rows()-1, output pixels row by row. Padding is zero. */
void network_gather(const Network *network, size_t node, float *rows, const float *input, size_t image,
                    const size_t *positions, size_t count);

#endif
