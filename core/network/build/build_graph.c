/* SPDX-License-Identifier: MIT */
#include "network/build/build_graph.h"

#include "network/build/attributes.h"
#include "network/build/layers.h"
#include "network/build/rearrange.h"
#include "network/operators/move/concat.h"
#include "network/operators/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL 200 /* bytes of a made-up name */

/* --- operators that are not supported --------------------------------------------------------------- */

static const Operator *find_operator(const Graph *graph, size_t node, int opset)
{
    const Onnx__NodeProto *proto = graph->proto->node[node];
    const char *domain = proto->domain ? proto->domain : "";
    if (*domain && strcmp(domain, "ai.onnx") != 0) return NULL;
    return proto->op_type ? operator_find(proto->op_type, opset) : NULL;
}

/* An unsupported operator: how often it occurs, and at which node first. */
typedef struct Unsupported {
    size_t node, count;
} Unsupported;

/* The message lists them as "Foo (node 'a'), Bar (node 'b' and 3 more)". */
Status graph_check_operators(const Graph *graph, int opset, Message *message)
{
    NameTable names = {0};
    Blocks found = {.size = sizeof(Unsupported)}; /* in the order of `names` */
    Arena texts = arena_make(SIZE_MAX);
    bool fits = true;
    for (size_t i = 0; fits && i < graph->order_count; i++) {
        const size_t node = graph->order[i];
        if (find_operator(graph, node, opset)) continue;
        char text[LABEL];
        size_t number;
        bool is_new;
        graph_operator(graph, node, text, sizeof text);
        const char *name = arena_copy_text(&texts, text, strlen(text));
        fits = name && name_table_add(&names, name, &number, &is_new);
        Unsupported *entry = !fits ? NULL : is_new ? blocks_add(&found) : blocks_at(&found, number);
        fits = entry != NULL;
        if (fits && is_new) entry->node = node;
        if (fits) entry->count++;
    }
    char list[900] = "";
    for (size_t i = 0, used = 0; fits && i < names.count && used < sizeof list; i++) {
        const Unsupported *entry = blocks_at(&found, i);
        const char *name = graph->proto->node[entry->node]->name;
        char more[40] = "";
        if (entry->count > 1) snprintf(more, sizeof more, " and %zu more", entry->count - 1);
        const int length = snprintf(list + used, sizeof list - used, "%s%s (node '%s'%s)", i ? ", " : "",
                                    names.names[i], name ? name : "", more);
        used += length < 0 ? 0 : (size_t)length;
    }
    Status status = STATUS_OK;
    if (!fits)
        status = status_no_memory(message, "operators");
    else if (names.count > 0)
        status = status_fail(message, STATUS_UNSUPPORTED,
                             "operators that are not supported, or not in opset %d: %s", opset, list);
    name_table_free(&names);
    blocks_free(&found);
    arena_free(&texts);
    return status;
}

/* --- the walk --------------------------------------------------------------------------------------- */

static Status read_initializer(Builder *builder, size_t name, Message *message)
{
    OnnxTensor tensor;
    Status status = onnx_tensor_read(&tensor, builder->graph->names[name].initializer,
                                     &builder->file->external, &builder->scratch, message);
    if (status) return status;
    BuildValue *value = builder_add_value(builder, graph_name(builder->graph, name), tensor.type, tensor.rank,
                                          tensor.shape, &builder->bound[name]);
    if (!value) return status_no_memory(message, "initializers");
    value->constant = tensor.data;
    value->file_type = builder->graph->names[name].initializer->data_type;
    value->uses = builder->graph->names[name].uses;
    return STATUS_OK;
}

/* Sets inputs[] to the values of the node's inputs. Initializers become values at their first use. */
static Status bind_inputs(Call *call, size_t *inputs, Message *message)
{
    Builder *builder = call->builder;
    const Onnx__NodeProto *node = call->node;
    for (size_t i = 0; i < node->n_input; i++) {
        size_t name = graph_input(builder->graph, builder->current, i);
        inputs[i] = NO_INDEX;
        if (name == NO_INDEX) continue;
        if (builder->bound[name] == NO_INDEX) {
            Status status =
                builder->graph->names[name].initializer
                    ? read_initializer(builder, name, message)
                    : call_fail(call, STATUS_UNSUPPORTED, "its input '%s' is an output that is not computed",
                                graph_name(builder->graph, name));
            if (status) return status;
        }
        inputs[i] = builder->bound[name];
        call->input_count = i + 1;
    }
    call->inputs = inputs;
    return STATUS_OK;
}

static Status check_inputs(Call *call, const Operator *operator)
{
    if (call->input_count < operator->least_inputs || call->input_count> operator->most_inputs)
        return call_fail(call, STATUS_INVALID, "%zu inputs", call->input_count);
    const size_t needed = operator->most_inputs == SIZE_MAX ? call->input_count : operator->least_inputs;
    for (size_t i = 0; i < needed; i++)
        if (!call_has(call, i)) return call_fail(call, STATUS_INVALID, "input %zu is missing", i);
    return STATUS_OK;
}

/* Every output that the graph uses must be bound by now. */
static Status check_outputs(Call *call)
{
    const Graph *graph = call->builder->graph;
    for (size_t i = 0; i < call->output_count; i++) {
        size_t name = graph_output(graph, call->builder->current, i);
        if (name == NO_INDEX || graph->names[name].uses == 0) continue;
        if (call->builder->bound[name] == NO_INDEX)
            return call_fail(call, STATUS_UNSUPPORTED, "its output '%s' is not computed",
                             graph_name(graph, name));
    }
    return STATUS_OK;
}

/* True for a Softmax over all of an image's outputs whose result is the graph's output alone. It does not
 * change the order of the classes, so it is removed, and the outputs are its logits. */
static bool is_final_softmax(Call *call)
{
    const Graph *graph = call->builder->graph;
    if (strcmp(call->operator_name, "Softmax") != 0 || call->output_count == 0) return false;
    size_t name = graph_output(graph, call->builder->current, 0);
    if (graph->output_count != 1 || name != graph->outputs[0] || graph->names[name].uses != 1) return false;
    const BuildValue *x = call_value(call, 0);
    int64_t axis = attribute_int(call, "axis", call->opset < 13 ? 1 : -1);
    if (axis < 0) axis += (int64_t)x->rank;
    if (axis < 1 || axis >= (int64_t)x->rank || x->constant) return false;
    if (call->opset < 13) return axis == 1;
    return x->elements == x->shape[0] * x->shape[axis];
}

static Status build(Call *call, const Operator *operator)
{
    Status status = check_inputs(call, operator);
    if (status) return status;
    if (is_final_softmax(call)) {
        call->builder->softmax_removed = true;
        return call_bind(call, 0, call->inputs[0]);
    }
    status = operator->build(call);
    if (!call->builder->attribute_failed) return status ? status : check_outputs(call);
    /* A failure after the wrong attribute follows from it: report the attribute. */
    if (call->message) *call->message = call->builder->attribute_message;
    return STATUS_INVALID;
}

/* The node's name in the file, or one made from its operator and position. */
static const char *call_name(Builder *builder, size_t node)
{
    const Onnx__NodeProto *proto = builder->graph->proto->node[node];
    if (proto->name && *proto->name) return proto->name;
    char text[LABEL];
    int length = snprintf(text, sizeof text, "%.150s_%zu", proto->op_type, node);
    return arena_copy_text(&builder->scratch, text, (size_t)length);
}

static Status build_node(Builder *builder, size_t node, Message *message)
{
    const Onnx__NodeProto *proto = builder->graph->proto->node[node];
    Call call = {.builder = builder,
                 .name = call_name(builder, node),
                 .operator_name = proto->op_type,
                 .opset = builder->file->opset,
                 .output_count = proto->n_output,
                 .node = proto,
                 .message = message};
    builder->current = node;
    builder->first_node = builder->nodes.count;
    size_t *inputs = arena_new(&builder->scratch, size_t, proto->n_input);
    if (!call.name || !inputs) return status_no_memory(message, "nodes");
    Status status = bind_inputs(&call, inputs, message);
    return status ? status : build(&call, find_operator(builder->graph, node, builder->file->opset));
}

static Status bind_image(Builder *builder, const BuildValue *image, Message *message)
{
    const char *name = graph_name(builder->graph, builder->graph->input);
    BuildValue *value =
        builder_add_value(builder, name, ELEMENT_FLOAT, image->rank, image->shape, &builder->input);
    if (!value) return status_no_memory(message, "the input");
    value->channels_last = image->channels_last;
    value->uses = builder->graph->names[builder->graph->input].uses;
    builder->bound[builder->graph->input] = builder->input;
    return STATUS_OK;
}

static Status check_output(const Builder *builder, const BuildValue *value, const char *name,
                           Message *message)
{
    if (value->constant) return status_fail(message, STATUS_UNSUPPORTED, "the output '%s' is constant", name);
    if (value->type != ELEMENT_FLOAT)
        return status_fail(message, STATUS_UNSUPPORTED, "the output '%s' is not float", name);
    if (value->rank && value->shape[0] == builder->batch) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "the first dimension of the output '%s' is %zu for a batch of %zu", name,
                       value->rank ? value->shape[0] : 1, builder->batch);
}

/* Checks an output, brings it into ONNX's order, and describes it. */
static Status bind_output(Builder *builder, size_t number, size_t offset, size_t *value, Message *message)
{
    const char *name = graph_name(builder->graph, builder->graph->outputs[number]);
    *value = builder->bound[builder->graph->outputs[number]];
    Status status = check_output(builder, builder_value(builder, *value), name, message);
    Call call = {.builder = builder,
                 .name = name,
                 .operator_name = "output",
                 .opset = builder->file->opset,
                 .message = message};
    if (!status) status = builder_plain(&call, *value, value);
    if (status)
        return builder->graph->output_count > 1 ? status_advise(status, message, REMEDY_OUTPUT) : status;
    const BuildValue *plain = builder_value(builder, *value);
    NetworkOutput *output = &builder->outputs[number];
    *output = (NetworkOutput){.name = arena_copy_text(builder->arena, name, strlen(name)),
                              .rank = plain->rank - 1,
                              .offset = offset,
                              .elements = plain->elements / builder->batch};
    for (size_t i = 1; i < plain->rank; i++) output->shape[i - 1] = plain->shape[i];
    return output->name ? STATUS_OK : arena_fail(builder->arena, message);
}

/* Joins several outputs to one vector per image. values [output_count] */
static Status join_outputs(Builder *builder, size_t *values, Message *message)
{
    const size_t count = builder->graph->output_count;
    Call call = {.builder = builder,
                 .name = "outputs",
                 .operator_name = "Concat",
                 .opset = builder->file->opset,
                 .message = message};
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = emit_reshaped(&call, values[i], 2, (size_t[]){builder->batch, builder->outputs[i].elements},
                               &values[i]);
    return status ? status : emit_concat(&call, values, count, 1, &builder->output);
}

static Status bind_outputs(Builder *builder, Message *message)
{
    const size_t count = builder->graph->output_count;
    size_t *values = arena_new(&builder->scratch, size_t, count), offset = 0;
    builder->outputs = arena_new(builder->arena, NetworkOutput, count);
    if (!values || !builder->outputs) return status_no_memory(message, "outputs");
    for (size_t i = 0; i < count; i++) {
        Status status = bind_output(builder, i, offset, &values[i], message);
        if (status) return status;
        offset += builder->outputs[i].elements;
    }
    builder->output = values[0];
    return count > 1 ? join_outputs(builder, values, message) : STATUS_OK;
}

Status graph_build(Builder *builder, const OnnxFile *file, const Graph *graph, Arena *arena, size_t ceiling,
                   const BuildValue *image, Message *message)
{
    *builder = (Builder){.file = file,
                         .graph = graph,
                         .arena = arena,
                         .scratch = {.ceiling = ceiling, .beside = arena},
                         .ceiling = ceiling,
                         .batch = image->shape[0],
                         .values = {.size = sizeof(BuildValue)},
                         .nodes = {.size = sizeof(Node)},
                         .layers = {.size = sizeof(BuildLayer)}};
    arena->beside = &builder->scratch;
    builder->bound = malloc((graph->table.count + 1) * sizeof *builder->bound);
    if (!builder->bound) return status_no_memory(message, "names");
    for (size_t i = 0; i < graph->table.count; i++) builder->bound[i] = NO_INDEX;
    Status status = bind_image(builder, image, message);
    for (size_t i = 0; !status && i < graph->order_count; i++)
        status = build_node(builder, graph->order[i], message);
    return status ? status : bind_outputs(builder, message);
}

void builder_end(Builder *builder)
{
    blocks_free(&builder->values);
    blocks_free(&builder->nodes);
    blocks_free(&builder->layers);
    free(builder->bound);
    arena_free(&builder->scratch);
    if (builder->arena) builder->arena->beside = NULL;
    *builder = (Builder){0};
}
