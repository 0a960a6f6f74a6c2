/* SPDX-License-Identifier: MIT */
#include "explore/cache/upstream.h"

#include "base/sizes.h"

#include <stdlib.h>

/* Sets of layers, `words` words of bits each. */
struct Upstream {
    size_t layer_count, words;
    uint64_t sets[];
};

static uint64_t *set_of(Upstream *upstream, size_t layer)
{
    return upstream->sets + layer * upstream->words;
}

/* True where the set grew. */
static bool join(uint64_t *set, const uint64_t *other, size_t words)
{
    bool grew = false;
    for (size_t i = 0; i < words; i++) {
        grew |= (other[i] & ~set[i]) != 0;
        set[i] |= other[i];
    }
    return grew;
}

/* Forwards over the nodes. values: [value_count] sets of the layers that a value depends on. */
static void follow_nodes(Upstream *upstream, uint64_t *values, const Network *network)
{
    const size_t words = upstream->words;
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        uint64_t *output = values + node->output * words;
        for (size_t k = 0; k < node->input_count; k++) join(output, values + node->inputs[k] * words, words);
        if (node->layer == NO_INDEX) continue;
        join(set_of(upstream, node->layer), output, words);
        output[node->layer / 64] |= (uint64_t)1 << node->layer % 64;
    }
}

static void close_over_layers(Upstream *upstream)
{
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t l = 0; l < upstream->layer_count; l++)
            for (size_t k = 0; k < upstream->layer_count; k++)
                if (upstream_of(upstream, l, k))
                    grew |= join(set_of(upstream, l), set_of(upstream, k), upstream->words);
    }
}

Status upstream_create(Upstream **result, const Network *network, Message *message)
{
    const size_t words = size_ceil_div(network->layer_count, 64) + 1;
    size_t bytes;
    Upstream *upstream = NULL;
    uint64_t *values = NULL;
    *result = NULL;
    if (size_multiply(&bytes, network->layer_count, words * sizeof(uint64_t)) &&
        size_add(&bytes, bytes, sizeof *upstream))
        upstream = calloc(1, bytes);
    if (size_multiply(&bytes, network->value_count, words * sizeof(uint64_t))) values = calloc(1, bytes);
    if (!upstream || !values) {
        free(upstream);
        free(values);
        return status_no_memory(message, "the order of layers");
    }
    upstream->layer_count = network->layer_count;
    upstream->words = words;
    follow_nodes(upstream, values, network);
    close_over_layers(upstream);
    free(values);
    *result = upstream;
    return STATUS_OK;
}

void upstream_free(Upstream *upstream)
{
    free(upstream);
}

bool upstream_of(const Upstream *upstream, size_t layer, size_t other)
{
    if (layer == other) return false;
    return upstream->sets[layer * upstream->words + other / 64] >> other % 64 & 1;
}
