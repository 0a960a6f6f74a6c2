/* SPDX-License-Identifier: MIT */
/* Cost: what a layer's bit widths cost: bytes of its weights, bit operations, microseconds.
 *
 * The costs of a network are the sums over its layers. 0 bits stand for float, 32 bits.
 *
 * Example (const Layer *layer):
 *     size_t bytes = layer_cost_bytes(layer, 4, 0);
 *     double bitops = layer_cost_bitops(layer, 4, 8);
 */
#ifndef CHOOSE_COST_H
#define CHOOSE_COST_H

#include "network/types.h"

typedef enum CostKind { COST_BYTES, COST_BITOPS, COST_LATENCY, COST_COUNT } CostKind;

/* "bytes", "bitops", "latency". */
const char *cost_name(CostKind kind);

/* False where no cost has this name; *kind is then unchanged. */
bool cost_parse(CostKind *kind, const char *name);

/* Scales of a layer's quantized input: one, or one per input channel (error-compensated); none in float. */
size_t layer_input_scales(const Layer *layer, unsigned activation_bits, bool error_compensated);

/* Bytes of a layer: its weights packed at their bits and rounded up to whole bytes, + 4 per output channel of
 * quantized weights for its scale, + 4 per scale of a quantized input, + 4 per bias where the network has
 * one. */
size_t layer_cost_bytes(const Layer *layer, unsigned weight_bits, size_t input_scales);

/* Multiply-accumulates per image * weight bits * activation bits. */
double layer_cost_bitops(const Layer *layer, unsigned weight_bits, unsigned activation_bits);

#endif
