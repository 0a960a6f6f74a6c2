/* SPDX-License-Identifier: MIT */
/* Activation memory: the bytes of activations that exist at once while the quantized network runs one image.
 *
 * A value of the graph is stored at the widest activation bits at which a layer reads it, directly or through
 * nodes without weights (an activation function, an addition, pooling): these run on what is stored, and
 * their results are rounded to the codes of the layers behind them. What no quantized input reads, the
 * network's outputs for one, is float, 32 bits. Nodes run in the network's order; a value exists from the
 * node that computes it, or from the start for the network's input, to the last node that reads it. While a
 * node runs, its inputs and its output all exist.
 *
 *     peak = maximum over nodes of sum over live values v of ceil(elements(v) * bits(v) / 8)
 *
 * Weights, scales and scratch memory are not counted. Pure; any thread may call.
 *
 * Example (const Plan *plan, const Network *network, Message *message):
 *     size_t bytes;
 *     activation_peak_bytes(&bytes, plan, network, message);
 */
#ifndef EXPLORE_ACTIVATION_MEMORY_H
#define EXPLORE_ACTIVATION_MEMORY_H

#include "explore/plan.h"

/* The peak in bytes per image. STATUS_MEMORY; *bytes is then 0. */
Status activation_peak_bytes(size_t *bytes, const Plan *plan, const Network *network, Message *message);

#endif
