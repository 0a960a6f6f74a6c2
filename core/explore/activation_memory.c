/* SPDX-License-Identifier: MIT */
#include "explore/activation_memory.h"

#include "base/sizes.h"

#include <stdlib.h>

#define FLOAT_BITS 32

typedef struct StoredValue {
    unsigned bits;    /* the widest that a reader asks for; 0: no reader yet */
    size_t last_read; /* node, or NO_INDEX */
} StoredValue;

static unsigned stored_bits(unsigned bits)
{
    return bits == 0 ? FLOAT_BITS : bits;
}

/* From the last node to the first, so that the bits of a node's output are known before its inputs'. */
static void find_readers(StoredValue *values, const Plan *plan, const Network *network)
{
    for (size_t v = 0; v < network->value_count; v++) values[v] = (StoredValue){0, NO_INDEX};
    values[network->output].bits = FLOAT_BITS;
    for (size_t i = network->node_count; i-- > 0;) {
        const Node *node = &network->nodes[i];
        const unsigned own =
            node->layer == NO_INDEX ? values[node->output].bits : plan->layers[node->layer].activation_bits;
        for (size_t k = 0; k < node->input_count; k++) {
            StoredValue *input = &values[node->inputs[k]];
            if (stored_bits(own) > input->bits) input->bits = stored_bits(own);
            if (input->last_read == NO_INDEX) input->last_read = i;
        }
    }
}

/* Of one image; constants are no activations. */
static size_t bytes_of(const StoredValue *values, const Network *network, size_t v)
{
    const Value *value = &network->values[v];
    if (value->constant) return 0;
    const size_t elements = value->elements / size_max(network->batch, 1), bits = stored_bits(values[v].bits);
    return elements / 8 * bits + size_ceil_div(elements % 8 * bits, 8);
}

/* Releases the node's inputs that it is the last to read, each once. */
static size_t released_bytes(StoredValue *values, const Network *network, size_t i)
{
    size_t bytes = 0;
    for (size_t k = 0; k < network->nodes[i].input_count; k++) {
        const size_t input = network->nodes[i].inputs[k];
        if (values[input].last_read != i || input == network->output) continue;
        values[input].last_read = NO_INDEX;
        bytes += bytes_of(values, network, input);
    }
    return bytes;
}

Status activation_peak_bytes(size_t *bytes, const Plan *plan, const Network *network, Message *message)
{
    *bytes = 0;
    if (network->value_count == 0) return STATUS_OK;
    StoredValue *values = calloc(network->value_count, sizeof *values);
    if (!values) return status_no_memory(message, "the bytes of the activations");
    find_readers(values, plan, network);
    size_t live = bytes_of(values, network, network->input), peak = live;
    for (size_t i = 0; i < network->node_count; i++) {
        const size_t output = network->nodes[i].output;
        live += bytes_of(values, network, output);
        peak = size_max(peak, live);
        live -= released_bytes(values, network, i);
        if (values[output].last_read == NO_INDEX && output != network->output)
            live -= bytes_of(values, network, output);
    }
    free(values);
    *bytes = peak;
    return STATUS_OK;
}
