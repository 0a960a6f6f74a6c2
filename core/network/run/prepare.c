/* SPDX-License-Identifier: MIT */
#include "network/run/prepare.h"

#include "base/sizes.h"
#include "network/operators/kernel.h"
#include "network/run/weights.h"
#include "network/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TRIES 64                  /* linear time for a layer with as many formats as there are nodes */
#define KERNEL_BYTES ((size_t)5 << 10) /* of oneDNN 2.6 per convolution, beside the weights: measured */

/* --- fusing and plans ------------------------------------------------------------------------------- */

/* consumers[value]: the only node that reads it; NO_INDEX if there are several or none, or if it is the
 * output. */
static size_t *find_consumers(const Network *network)
{
    size_t *consumers = malloc(network->value_count * sizeof *consumers);
    char *seen = calloc(network->value_count, 1);
    for (size_t i = 0; consumers && i < network->value_count; i++) consumers[i] = NO_INDEX;
    if (seen) seen[network->output] = 1;
    for (size_t i = 0; consumers && seen && i < network->node_count; i++)
        for (size_t k = 0; k < network->nodes[i].input_count; k++) {
            size_t value = network->nodes[i].inputs[k];
            consumers[value] = seen[value] ? NO_INDEX : i;
            seen[value] = 1;
        }
    if (!seen) {
        free(consumers);
        consumers = NULL;
    }
    free(seen);
    return consumers;
}

/* Plans one use of a layer. consumer: the only node that reads its output, or NO_INDEX. An activation is
 * fused if the back end can. */
static Status plan_use(Network *network, size_t number, size_t consumer, Message *message)
{
    const NetworkStorage *storage = network->storage;
    const Node *node = &network->nodes[number];
    LayerUse *use = &storage->uses[number];
    use->has_clamp = consumer != NO_INDEX && network->nodes[consumer].kernel->clamps;
    if (use->has_clamp) use->clamp = *(const Clamp *)network->nodes[consumer].parameters;
    if (!node->kernel->is_convolution) return STATUS_OK;
    const ConvGeometry *shape = node->parameters;
    const ConvBackend *backend = storage->direct && conv_avx2_suits(shape) ? &conv_avx2 : storage->backend;
    Status status = backend->plan(&use->plan, shape, use->has_clamp ? &use->clamp : NULL, message);
    if (status) return status_context(message, status, "node '%s' (%s)", node->name, node->operator_name);
    use->has_clamp = use->plan->has_clamp;
    ((Node *)node)->scratch = use->plan->scratch;
    return STATUS_OK;
}

/* Uses of one layer with the same format share its number, unless more than MOST_TRIES uses lie between. */
static void number_formats(const Network *network, const Layer *layer)
{
    LayerUse *uses = network->storage->uses;
    size_t count = 0;
    for (size_t i = 0; i < layer->use_count; i++) {
        LayerUse *use = &uses[layer->uses[i]];
        use->format = count;
        for (size_t k = i > MOST_TRIES ? i - MOST_TRIES : 0; use->plan && k < i; k++) {
            const LayerUse *other = &uses[layer->uses[k]];
            const ConvBackend *backend = use->plan->backend;
            if (other->plan->backend != backend || !backend->same_format(use->plan, other->plan)) continue;
            use->format = other->format;
            break;
        }
        if (use->plan && use->format == count) count++;
    }
}

static Status plan_uses(Network *network, const size_t *consumers, Message *message)
{
    NetworkStorage *storage = network->storage;
    size_t uses = 0, bytes;
    for (size_t i = 0; i < network->layer_count; i++) uses += network->layers[i].use_count;
    if (!size_multiply(&bytes, uses + network->layer_count, KERNEL_BYTES) ||
        bytes > arena_left(&storage->arena))
        return arena_refuse(&storage->arena, message);
    storage->uses = arena_new(&storage->arena, LayerUse, network->node_count);
    if (!storage->uses) return arena_fail(&storage->arena, message);
    Status status = STATUS_OK;
    bool direct = false;
    for (size_t i = 0; !status && i < network->node_count; i++) {
        if (network->nodes[i].layer == NO_INDEX) continue;
        status = plan_use(network, i, consumers[network->nodes[i].output], message);
        direct |= storage->uses[i].plan && storage->uses[i].plan->backend == &conv_avx2;
    }
    if (status) return status;
    for (size_t i = 0; i < network->layer_count; i++) number_formats(network, &network->layers[i]);
    char text[100];
    const int length = snprintf(text, sizeof text, "%s%s%s", storage->backend->name, direct ? " and " : "",
                                direct ? conv_avx2.name : "");
    storage->kernels = arena_copy_text(&storage->arena, text, (size_t)length);
    return storage->kernels ? STATUS_OK : arena_fail(&storage->arena, message);
}

/* --- float weights ---------------------------------------------------------------------------------- */

/* Packed weights have nearly the size of the weights, which the arena must have room for. */
static Status pack_float_weights(Network *network, Message *message)
{
    NetworkStorage *storage = network->storage;
    size_t bytes = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const Layer *layer = &network->layers[i];
        bytes += layer->groups * layer->m * (layer->n + 1) * sizeof(float);
    }
    if (bytes > arena_left(&storage->arena)) return arena_refuse(&storage->arena, message);
    storage->float_weights = arena_new(&storage->arena, Weights *, network->layer_count);
    Status status = storage->float_weights ? STATUS_OK : arena_fail(&storage->arena, message);
    for (size_t i = 0; !status && i < network->layer_count; i++)
        status = weights_create(&storage->float_weights[i], network, i, network->layers[i].weights,
                                network->layers[i].bias, message);
    return status;
}

/* --- steps ------------------------------------------------------------------------------------------ */

/* True for a copy that shares its input's memory and is not run. The network's output has its own memory. */
static bool is_alias(const Network *network, const Node *node)
{
    return node->kernel->copies && node->output != network->output &&
           !network->values[node->inputs[0]].constant;
}

/* Lists the nodes to run, in order: all but aliases and activations fused to the layer before them. */
static Status make_steps(Network *network, const size_t *consumers, Message *message)
{
    NetworkStorage *storage = network->storage;
    char *skipped = calloc(network->node_count + 1, 1);
    storage->steps = arena_new(&storage->arena, Step, network->node_count);
    Status status = skipped && storage->steps ? STATUS_OK : arena_fail(&storage->arena, message);
    for (size_t i = 0; !status && i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        if (skipped[i] || is_alias(network, node)) continue;
        Step step = {i, node->output, node->layer != NO_INDEX && storage->uses[i].has_clamp};
        if (step.fused) {
            size_t activation = consumers[node->output];
            step.result = network->nodes[activation].output;
            skipped[activation] = 1;
        }
        storage->steps[storage->step_count++] = step;
    }
    free(skipped);
    return status;
}

/* --- places ----------------------------------------------------------------------------------------- */

static size_t place_bytes(const Value *value)
{
    return storage_align(value_bytes(value));
}

static void find_roots(Network *network)
{
    Place *places = network->storage->places;
    for (size_t i = 0; i < network->value_count; i++) places[i].root = i;
    for (size_t i = 0; i < network->node_count; i++)
        if (is_alias(network, &network->nodes[i]))
            places[network->nodes[i].output].root = places[network->nodes[i].inputs[0]].root;
}

/* last[root]: the step after which it is no longer needed; 0 if no step reads it. */
static size_t *find_last_uses(const Network *network)
{
    const NetworkStorage *storage = network->storage;
    size_t *last = calloc(network->value_count, sizeof *last);
    for (size_t i = 0; last && i < storage->step_count; i++) {
        const Node *node = &network->nodes[storage->steps[i].node];
        for (size_t k = 0; k < node->input_count; k++) last[storage->places[node->inputs[k]].root] = i;
    }
    return last;
}

/* Free memory between places that are taken. */
typedef struct Hole {
    size_t offset, size;
} Hole;

#define MOST_HOLES 256 /* further ones are forgotten, so that placing takes linear time */

typedef struct Holes {
    Hole holes[MOST_HOLES];
    size_t count, end;
} Holes;

static void drop_hole(Holes *holes, size_t i)
{
    memmove(&holes->holes[i], &holes->holes[i + 1], (holes->count - i - 1) * sizeof *holes->holes);
    holes->count--;
}

/* Takes the smallest hole that fits, or new memory at the end. */
static size_t take_place(Holes *holes, size_t size)
{
    size_t best = SIZE_MAX, offset;
    for (size_t i = 0; i < holes->count; i++)
        if (holes->holes[i].size >= size &&
            (best == SIZE_MAX || holes->holes[i].size < holes->holes[best].size))
            best = i;
    if (best == SIZE_MAX) {
        offset = holes->end;
        holes->end += size;
        return offset;
    }
    offset = holes->holes[best].offset;
    holes->holes[best].offset += size;
    holes->holes[best].size -= size;
    if (holes->holes[best].size == 0) drop_hole(holes, best);
    return offset;
}

static void give_place(Holes *holes, size_t offset, size_t size)
{
    for (size_t i = holes->count; i-- > 0;) {
        Hole *hole = &holes->holes[i];
        if (hole->offset + hole->size == offset)
            offset = hole->offset;
        else if (offset + size != hole->offset)
            continue;
        size += hole->size;
        drop_hole(holes, i);
    }
    if (offset + size == holes->end)
        holes->end = offset;
    else if (holes->count < MOST_HOLES)
        holes->holes[holes->count++] = (Hole){offset, size};
}

/* True for values in the workspace: all but constants, the input and the output. */
static bool has_place(const Network *network, size_t root)
{
    return root != network->input && root != network->output && !network->values[root].constant;
}

/* Gives back the places of the inputs that step i is the last to read. */
static void release_inputs(const Network *network, Holes *holes, size_t i, const size_t *last, char *taken)
{
    const NetworkStorage *storage = network->storage;
    const Node *node = &network->nodes[storage->steps[i].node];
    for (size_t k = 0; k < node->input_count; k++) {
        size_t root = storage->places[node->inputs[k]].root;
        if (last[root] != i || !taken[root]) continue;
        taken[root] = 0;
        give_place(holes, storage->places[root].offset, place_bytes(&network->values[root]));
    }
}

static Status place_values(Network *network, size_t ceiling, Message *message)
{
    NetworkStorage *storage = network->storage;
    storage->places = arena_new(&storage->arena, Place, network->value_count);
    if (!storage->places) return arena_fail(&storage->arena, message);
    find_roots(network);
    size_t *last = find_last_uses(network);
    char *taken = calloc(network->value_count, 1);
    Status status = last && taken ? STATUS_OK : arena_fail(&storage->arena, message);
    Holes holes = {.count = 0};
    for (size_t i = 0; !status && i < storage->step_count; i++) {
        size_t result = storage->steps[i].result;
        if (has_place(network, result)) {
            storage->places[result].offset = take_place(&holes, place_bytes(&network->values[result]));
            storage->arena_bytes = size_max(storage->arena_bytes, holes.end);
            taken[result] = 1;
        }
        release_inputs(network, &holes, i, last, taken);
        if (storage->arena_bytes > ceiling)
            status = status_advise(status_fail(message, STATUS_MEMORY,
                                               "its values take more than the %zu MiB that are left",
                                               size_mib(ceiling)),
                                   message, REMEDY_MEMORY);
    }
    free(last);
    free(taken);
    return status;
}

/* --- all -------------------------------------------------------------------------------------------- */

/* Scratch memory of one run of a node: the kernel's, and for a layer the codes of its input after it. */
static size_t node_scratch(const Network *network, const Node *node)
{
    if (node->layer == NO_INDEX) return node->scratch;
    return storage_align(node->scratch) + network->values[node->inputs[0]].elements * sizeof(float);
}

Status network_prepare(Network *network, size_t ceiling, Message *message)
{
    NetworkStorage *storage = network->storage;
    size_t *consumers = find_consumers(network);
    Status status = consumers ? plan_uses(network, consumers, message) : arena_fail(&storage->arena, message);
    if (!status) status = pack_float_weights(network, message);
    if (!status) status = make_steps(network, consumers, message);
    if (!status) status = place_values(network, ceiling, message);
    free(consumers);
    for (size_t i = 0; i < network->node_count; i++) {
        storage->scratch_bytes = size_max(storage->scratch_bytes, node_scratch(network, &network->nodes[i]));
        storage->most_inputs = size_max(storage->most_inputs, network->nodes[i].input_count);
    }
    return status;
}

void network_release(Network *network)
{
    NetworkStorage *storage = network->storage;
    for (size_t i = 0; storage->float_weights && i < network->layer_count; i++)
        weights_free(storage->float_weights[i]);
    for (size_t i = 0; storage->uses && i < network->node_count; i++)
        if (storage->uses[i].plan) storage->uses[i].plan->backend->plan_free(storage->uses[i].plan);
}
