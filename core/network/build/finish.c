/* SPDX-License-Identifier: MIT */
#include "network/build/finish.h"

#include "base/file.h"
#include "base/sizes.h"
#include "base/text.h"
#include "network/build/layer_names.h"
#include "network/build/layers.h"
#include "network/operators/move/slice_pad.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The network's arrays while they are filled, and the new numbers of the builder's values and layers. */
typedef struct Finish {
    const Builder *builder;
    Network *network;
    Arena *arena;
    Value *values;
    Node *nodes;
    Layer *layers;
    size_t value_count, node_count, layer_count;
    bool *live;            /* [builder's nodes] */
    size_t *stack;         /* [builder's nodes] */
    size_t *value_numbers; /* [builder's values] */
    size_t *layer_numbers; /* [builder's layers] */
    NameTable layer_names;
    size_t *suffixes; /* [builder's layers] */
} Finish;

static bool finish_allocate(Finish *finish)
{
    const Builder *builder = finish->builder;
    const size_t values = builder->values.count, nodes = builder->nodes.count, layers = builder->layers.count;
    finish->live = calloc(nodes + 1, sizeof *finish->live);
    finish->stack = calloc(nodes + 1, sizeof *finish->stack);
    finish->value_numbers = calloc(values + 1, sizeof *finish->value_numbers);
    finish->layer_numbers = calloc(layers + 1, sizeof *finish->layer_numbers);
    finish->suffixes = calloc(layers + 1, sizeof *finish->suffixes);
    if (!finish->live || !finish->stack || !finish->value_numbers || !finish->layer_numbers ||
        !finish->suffixes)
        return false;
    for (size_t i = 0; i < values; i++) finish->value_numbers[i] = NO_INDEX;
    for (size_t i = 0; i < layers; i++) finish->layer_numbers[i] = NO_INDEX;
    return true;
}

static void finish_free(Finish *finish)
{
    free(finish->live);
    free(finish->stack);
    free(finish->value_numbers);
    free(finish->layer_numbers);
    free(finish->suffixes);
    name_table_free(&finish->layer_names);
}

static void push_producer(Finish *finish, size_t value, size_t *depth)
{
    size_t producer = builder_value(finish->builder, value)->producer;
    if (producer == NO_INDEX || finish->live[producer]) return;
    finish->live[producer] = true;
    finish->stack[(*depth)++] = producer;
}

/* Marks the nodes that the output depends on; sets *nodes to their number, and *values to an upper limit of
 * the number of their values. */
static void mark_live(Finish *finish, size_t *nodes, size_t *values)
{
    size_t depth = 0;
    *nodes = 0;
    *values = 1;
    push_producer(finish, finish->builder->output, &depth);
    while (depth > 0) {
        const Node *node = builder_node(finish->builder, finish->stack[--depth]);
        for (size_t i = 0; i < node->input_count; i++) push_producer(finish, node->inputs[i], &depth);
        *nodes += 1;
        *values += node->input_count + 1;
    }
}

static const char *copy_name(Finish *finish, const char *name)
{
    return arena_copy_text(finish->arena, name, strlen(name));
}

/* Sets *number to the number of a builder's value in the network. The value is copied at its first use. */
static Status take_value(Finish *finish, size_t value, size_t producer, size_t *number)
{
    *number = finish->value_numbers[value];
    if (*number != NO_INDEX) return STATUS_OK;
    const BuildValue *from = builder_value(finish->builder, value);
    *number = finish->value_numbers[value] = finish->value_count++;
    Value *to = &finish->values[*number];
    *to = builder_stored(from);
    to->name = copy_name(finish, from->name);
    to->producer = producer;
    if (!to->name) return STATUS_MEMORY;
    if (!from->constant) return STATUS_OK;
    void *elements = arena_allocate(finish->arena, from->elements, element_size(from->type));
    if (!elements) return STATUS_MEMORY;
    memcpy(elements, from->constant, from->elements * element_size(from->type));
    to->constant = elements;
    return STATUS_OK;
}

/* --- layers ----------------------------------------------------------------------------------------- */

static Status take_layer(Finish *finish, size_t number, const Node *use, size_t *result)
{
    *result = finish->layer_numbers[number];
    if (*result != NO_INDEX) return STATUS_OK;
    const BuildLayer *from = builder_get_layer(finish->builder, number);
    const BuildValue *weight = builder_value(finish->builder, from->origin.weight);
    const char *name = layer_name(finish->arena, weight->name, use->name);
    if (name) name = layer_name_unique(finish->arena, &finish->layer_names, finish->suffixes, name);
    size_t *uses = arena_new(finish->arena, size_t, from->uses);
    WeightOperand *sources = arena_new(finish->arena, WeightOperand, from->uses);
    if (!name || !uses || !sources) return STATUS_MEMORY;
    *result = finish->layer_numbers[number] = finish->layer_count++;
    Layer *to = &finish->layers[*result];
    *to = (Layer){.name = name,
                  .operator_name = use->operator_name,
                  .groups = from->groups,
                  .m = from->m,
                  .n = from->n,
                  .weight_rank = weight->rank,
                  .weights = from->weights,
                  .bias = from->bias,
                  .has_bias = from->has_bias,
                  .uses = uses,
                  .sources = sources,
                  .folded_count = from->fold_count,
                  .folded = from->folds};
    memcpy(to->weight_shape, weight->shape, sizeof to->weight_shape);
    to->parameters = to->groups * to->m * (to->n + to->has_bias);
    return STATUS_OK;
}

/* Multiply-accumulates of one use per image. A ConvTranspose runs as a convolution of its input with zeros
 * between the pixels: only the input's own pixels count. */
static uint64_t use_macs(const Finish *finish, const Node *node, const BuildLayer *layer)
{
    const size_t batch = finish->builder->batch;
    if (!layer->origin.turned) return (uint64_t)(finish->values[node->output].elements / batch) * layer->n;
    const Value *x = &finish->values[node->inputs[0]];
    const size_t channels = x->shape[x->rank - 1] / layer->groups;
    if (x->producer != NO_INDEX && finish->nodes[x->producer].kernel == &kernel_zeros_between)
        x = &finish->values[finish->nodes[x->producer].inputs[0]];
    return (uint64_t)(x->elements / batch) * layer->m * (layer->n / channels);
}

/* Adds a use to its layer, and where it takes the weights from: the constant one of the file node's first two
 * inputs. */
static void add_use(Finish *finish, Layer *layer, size_t node, const BuildLayer *from)
{
    const Builder *builder = finish->builder;
    WeightOperand source = {.file_node = finish->nodes[node].file_node};
    const BuildValue *weight = NULL;
    for (size_t i = 0; i < 2; i++) {
        weight = builder_value(builder, builder->bound[graph_input(builder->graph, source.file_node, i)]);
        source.operand = i;
        if (weight->constant) break;
    }
    source.rank = weight->rank;
    memcpy(source.shape, weight->shape, sizeof source.shape);
    ((WeightOperand *)layer->sources)[layer->use_count] = source;
    ((size_t *)layer->uses)[layer->use_count++] = node;
    layer->macs += use_macs(finish, &finish->nodes[node], from);
}

/* --- nodes ------------------------------------------------------------------------------------------ */

static Status take_node(Finish *finish, const Node *from)
{
    size_t number = finish->node_count++;
    Node *to = &finish->nodes[number];
    *to = *from;
    to->name = copy_name(finish, from->name);
    to->operator_name = copy_name(finish, from->operator_name);
    size_t *inputs = arena_new(finish->arena, size_t, from->input_count);
    if (!to->name || !to->operator_name || !inputs) return STATUS_MEMORY;
    to->inputs = inputs;
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < from->input_count; i++)
        status = take_value(finish, from->inputs[i], NO_INDEX, &inputs[i]);
    if (!status) status = take_value(finish, from->output, number, &to->output);
    if (status || from->layer == NO_INDEX) return status;
    status = take_layer(finish, from->layer, to, &to->layer);
    if (!status)
        add_use(finish, &finish->layers[to->layer], number, builder_get_layer(finish->builder, from->layer));
    return status;
}

/* A layer is first if no layer is upstream of any of its uses, last if none is downstream. */
static Status mark_ends(Finish *finish)
{
    bool *upstream = calloc(finish->value_count, 1), *downstream = calloc(finish->value_count, 1);
    Status status = upstream && downstream ? STATUS_OK : STATUS_MEMORY;
    for (size_t i = 0; i < finish->layer_count; i++) finish->layers[i].first = finish->layers[i].last = true;
    for (size_t i = 0; !status && i < finish->node_count; i++) {
        const Node *node = &finish->nodes[i];
        bool after = false;
        for (size_t k = 0; k < node->input_count; k++) after |= upstream[node->inputs[k]];
        if (node->layer != NO_INDEX) finish->layers[node->layer].first &= !after;
        upstream[node->output] = after || node->layer != NO_INDEX;
    }
    for (size_t i = finish->node_count; !status && i-- > 0;) {
        const Node *node = &finish->nodes[i];
        bool before = downstream[node->output];
        if (node->layer != NO_INDEX) finish->layers[node->layer].last &= !before;
        for (size_t k = 0; k < node->input_count; k++)
            downstream[node->inputs[k]] |= before || node->layer != NO_INDEX;
    }
    free(upstream);
    free(downstream);
    return status;
}

/* --- all -------------------------------------------------------------------------------------------- */

static Status take_all(Finish *finish)
{
    const Builder *builder = finish->builder;
    size_t nodes, values;
    mark_live(finish, &nodes, &values);
    finish->values = arena_new(finish->arena, Value, values);
    finish->nodes = arena_new(finish->arena, Node, nodes);
    finish->layers = arena_new(finish->arena, Layer, builder->layers.count);
    if (!finish->values || !finish->nodes || !finish->layers) return STATUS_MEMORY;
    Status status = take_value(finish, builder->input, NO_INDEX, &finish->network->input);
    for (size_t i = 0; !status && i < builder->nodes.count; i++)
        if (finish->live[i]) status = take_node(finish, builder_node(builder, i));
    if (!status) status = mark_ends(finish);
    return status;
}

static const char *metadata(Finish *finish, const char *key)
{
    return copy_name(finish, onnx_file_metadata(finish->builder->file, key));
}

/* Copies the paths of the files with external data. */
static Status take_external(Finish *finish)
{
    const ExternalFiles *external = &finish->builder->file->external;
    const char **paths = arena_new(finish->arena, const char *, external->count);
    if (!paths) return STATUS_MEMORY;
    for (size_t i = 0; i < external->count; i++) {
        char *path = file_beside(external->network, external->files[i].location);
        paths[i] = path ? copy_name(finish, path) : NULL;
        free(path);
        if (!paths[i]) return STATUS_MEMORY;
    }
    finish->network->external = paths;
    finish->network->external_count = external->count;
    return STATUS_OK;
}

/* The outputs' names, with commas between them; NULL when out of memory. */
static const char *join_names(Finish *finish)
{
    const Builder *builder = finish->builder;
    Text text = {0};
    for (size_t i = 0; i < builder->graph->output_count; i++)
        text_append(&text, "%s%s", i ? "," : "", builder->outputs[i].name);
    const char *copy = text.failed || !text.data ? NULL : copy_name(finish, text.data);
    text_free(&text);
    return copy;
}

static Status describe(Finish *finish)
{
    const Builder *builder = finish->builder;
    Network *network = finish->network;
    network->opset = builder->file->opset;
    network->batch = builder->batch;
    network->softmax_removed = builder->softmax_removed;
    network->output = finish->value_numbers[builder->output];
    network->outputs = builder->outputs;
    network->output_count = builder->graph->output_count;
    network->output_name = join_names(finish);
    network->output_elements = finish->values[network->output].elements / builder->batch;
    network->values = finish->values;
    network->nodes = finish->nodes;
    network->layers = finish->layers;
    network->value_count = finish->value_count;
    network->node_count = finish->node_count;
    network->layer_count = finish->layer_count;
    const Value *input = &finish->values[network->input];
    network->height = input->shape[1];
    network->width = input->shape[2];
    network->channels = input->shape[3];
    network->mean = metadata(finish, "input_mean");
    network->std = metadata(finish, "input_std");
    network->labels = metadata(finish, "labels");
    if (!network->task) network->task = metadata(finish, "task");
    if (take_external(finish) != STATUS_OK) return STATUS_MEMORY;
    bool fits = network->output_name && network->mean && network->std && network->labels && network->task;
    return fits ? STATUS_OK : STATUS_MEMORY;
}

static bool all_finite(const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

/* Weights that are not finite cannot be quantized. */
static Status check_layers(const Network *network, Message *message)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        const size_t outputs = layer->groups * layer->m;
        const bool weights = all_finite(layer->weights, outputs * layer->n);
        if (weights && all_finite(layer->bias, outputs)) continue;
        return status_fail(
            message, STATUS_INVALID,
            "layer '%s' (%s): a %s is not finite, in the file or with its batch normalization folded in",
            layer->name, layer->operator_name, weights ? "bias" : "weight");
    }
    return STATUS_OK;
}

Status finish_network(Network *network, const Builder *builder, Message *message)
{
    Finish finish = {.builder = builder, .network = network, .arena = builder->arena};
    Status status = finish_allocate(&finish) ? STATUS_OK : STATUS_MEMORY;
    if (!status) status = take_all(&finish);
    if (!status) status = describe(&finish);
    finish_free(&finish);
    return status ? arena_fail(builder->arena, message) : check_layers(network, message);
}
