/* SPDX-License-Identifier: MIT */
#include "choose/cost.h"

#include <string.h>

#define FLOAT_BITS 32
#define FLOAT_BYTES 4

static const char *const names[COST_COUNT] = {"bytes", "bitops", "latency"};

const char *cost_name(CostKind kind)
{
    return names[kind];
}

bool cost_parse(CostKind *kind, const char *name)
{
    for (int k = 0; k < COST_COUNT; k++)
        if (strcmp(names[k], name) == 0) {
            *kind = (CostKind)k;
            return true;
        }
    return false;
}

static unsigned bits_stored(unsigned bits)
{
    return bits ? bits : FLOAT_BITS;
}

size_t layer_input_scales(const Layer *layer, unsigned activation_bits, bool error_compensated)
{
    if (!activation_bits) return 0;
    return error_compensated ? layer_input_channels(layer) : 1;
}

size_t layer_cost_bytes(const Layer *layer, unsigned weight_bits, size_t input_scales)
{
    const size_t outputs = layer->groups * layer->m, weights = outputs * layer->n;
    const unsigned bits = bits_stored(weight_bits);
    size_t bytes = weights / 8 * bits + size_ceil_div(weights % 8 * bits, 8);
    if (weight_bits) bytes += FLOAT_BYTES * outputs;
    if (layer->has_bias) bytes += FLOAT_BYTES * outputs;
    return bytes + FLOAT_BYTES * input_scales;
}

double layer_cost_bitops(const Layer *layer, unsigned weight_bits, unsigned activation_bits)
{
    return (double)layer->macs * bits_stored(weight_bits) * bits_stored(activation_bits);
}
