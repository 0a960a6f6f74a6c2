/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "onnx/graph.h"

#include "base/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL 200

const char *graph_operator(const Graph *graph, size_t node, char *text, size_t size)
{
    const Onnx__NodeProto *proto = graph->proto->node[node];
    const char *domain = proto->domain ? proto->domain : "";
    if (strcmp(domain, "ai.onnx") == 0) domain = "";
    snprintf(text, size, "%s%s%s", domain, *domain ? "." : "", proto->op_type ? proto->op_type : "");
    return text;
}

const Onnx__AttributeProto *graph_attribute(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->name && strcmp(node->attribute[i]->name, name) == 0)
            return node->attribute[i];
    return NULL;
}

const char *graph_node_label(const Graph *graph, size_t node, char *text, size_t size)
{
    const char *name = graph->proto->node[node]->name;
    char operator_name[LABEL / 2];
    graph_operator(graph, node, operator_name, sizeof operator_name);
    if (name && *name)
        snprintf(text, size, "node '%s' (%s)", name, operator_name);
    else
        snprintf(text, size, "node %zu (%s)", node, operator_name);
    return text;
}

/* --- names ------------------------------------------------------------------------------------------ */

static Status add_name(Graph *graph, const char *text, size_t *name, Message *message)
{
    bool is_new;
    size_t capacity = graph->table.capacity;
    if (!name_table_add(&graph->table, text, name, &is_new)) return status_no_memory(message, "names");
    if (graph->table.capacity != capacity) {
        GraphName *names = realloc(graph->names, graph->table.capacity * sizeof *names);
        if (!names) return status_no_memory(message, "names");
        graph->names = names;
    }
    if (is_new) graph->names[*name] = (GraphName){.producer = NO_INDEX};
    return STATUS_OK;
}

static Status add_inputs(Graph *graph, Message *message)
{
    for (size_t i = 0; i < graph->proto->n_input; i++) {
        const Onnx__ValueInfoProto *input = graph->proto->input[i];
        size_t name;
        Status status = add_name(graph, input->name ? input->name : "", &name, message);
        if (status) return status;
        if (graph->names[name].input)
            return status_fail(message, STATUS_INVALID, "two inputs are named '%s'", graph_name(graph, name));
        graph->names[name].input = input;
    }
    return STATUS_OK;
}

static Status add_initializers(Graph *graph, Message *message)
{
    for (size_t i = 0; i < graph->proto->n_initializer; i++) {
        const Onnx__TensorProto *tensor = graph->proto->initializer[i];
        size_t name;
        Status status = add_name(graph, tensor->name ? tensor->name : "", &name, message);
        if (status) return status;
        if (graph->names[name].initializer)
            return status_fail(message, STATUS_INVALID, "two initializers are named '%s'",
                               graph_name(graph, name));
        graph->names[name].initializer = tensor;
    }
    return STATUS_OK;
}

static Status add_output(Graph *graph, size_t node, size_t name, Message *message)
{
    char label[LABEL];
    GraphName *entry = &graph->names[name];
    if (entry->producer != NO_INDEX || entry->initializer || entry->input)
        return status_fail(message, STATUS_INVALID, "%s makes '%s', which is made elsewhere as well",
                           graph_node_label(graph, node, label, sizeof label), graph_name(graph, name));
    entry->producer = node;
    return STATUS_OK;
}

static Status add_operands(Graph *graph, size_t node, Message *message)
{
    const Onnx__NodeProto *proto = graph->proto->node[node];
    size_t *operands = graph->operands + graph->first[node];
    for (size_t i = 0; i < proto->n_input + proto->n_output; i++) {
        const char *text = i < proto->n_input ? proto->input[i] : proto->output[i - proto->n_input];
        operands[i] = NO_INDEX;
        if (!*text) continue;
        Status status = add_name(graph, text, &operands[i], message);
        if (!status && i >= proto->n_input) status = add_output(graph, node, operands[i], message);
        if (status) return status;
    }
    return STATUS_OK;
}

static Status add_nodes(Graph *graph, Message *message)
{
    size_t count = graph->proto->n_node, operands = 0;
    graph->first = calloc(count + 1, sizeof *graph->first);
    if (!graph->first) return status_no_memory(message, "nodes");
    for (size_t i = 0; i < count; i++) {
        operands += graph->proto->node[i]->n_input + graph->proto->node[i]->n_output;
        graph->first[i + 1] = operands;
    }
    graph->operands = calloc(operands + 1, sizeof *graph->operands);
    graph->live = calloc(count + 1, sizeof *graph->live);
    graph->order = calloc(count + 1, sizeof *graph->order);
    if (!graph->operands || !graph->live || !graph->order) return status_no_memory(message, "nodes");
    for (size_t i = 0; i < count; i++) {
        Status status = add_operands(graph, i, message);
        if (status) return status;
    }
    return STATUS_OK;
}

/* --- order ------------------------------------------------------------------------------------------ */

static Status check_input(const Graph *graph, size_t node, size_t name, Message *message)
{
    char label[LABEL];
    const GraphName *entry = &graph->names[name];
    if (entry->producer != NO_INDEX || entry->initializer || entry->input) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "%s: its input '%s' is missing: nothing in the file makes it",
                       graph_node_label(graph, node, label, sizeof label), graph_name(graph, name));
}

/* Counts a use of the name, and puts the node that computes it on the stack, order[], unless it has been
 * there.
 */
static void use_name(Graph *graph, size_t name, size_t *depth)
{
    const size_t producer = graph->names[name].producer;
    graph->names[name].uses++;
    if (producer == NO_INDEX || graph->live[producer]) return;
    graph->live[producer] = true;
    graph->order[(*depth)++] = producer;
}

/* Marks the nodes that the outputs depend on, and counts the uses of names. */
static Status mark_live(Graph *graph, Message *message)
{
    size_t depth = 0;
    for (size_t i = 0; i < graph->output_count; i++) use_name(graph, graph->outputs[i], &depth);
    while (depth > 0) {
        size_t node = graph->order[--depth];
        for (size_t i = 0; i < graph->proto->node[node]->n_input; i++) {
            size_t name = graph_input(graph, node, i);
            if (name == NO_INDEX) continue;
            Status status = check_input(graph, node, name, message);
            if (status) return status;
            use_name(graph, name, &depth);
        }
    }
    return STATUS_OK;
}

/* A node on the stack of the search, and the next of its inputs to look at. */
typedef struct Visit {
    size_t node, input;
} Visit;

enum { UNSEEN, ON_STACK, DONE };

/* The next producer of a visited node's inputs that is not done, or NO_INDEX. */
static size_t next_producer(const Graph *graph, Visit *visit, const char *state)
{
    while (visit->input < graph->proto->node[visit->node]->n_input) {
        const size_t name = graph_input(graph, visit->node, visit->input++);
        if (name == NO_INDEX) continue;
        const size_t producer = graph->names[name].producer;
        if (producer != NO_INDEX && state[producer] != DONE) return producer;
    }
    return NO_INDEX;
}

/* Appends `start` and all that it depends on to the order, producers before their consumers: a depth-first
 * search with a stack of its own, as the file chooses the depth. */
static Status order_from(Graph *graph, size_t start, Visit *stack, char *state, Message *message)
{
    char label[LABEL];
    size_t depth = 0;
    stack[depth++] = (Visit){start, 0};
    state[start] = ON_STACK;
    while (depth > 0) {
        Visit *visit = &stack[depth - 1];
        const size_t producer = next_producer(graph, visit, state);
        if (producer == NO_INDEX) {
            state[visit->node] = DONE;
            graph->order[graph->order_count++] = visit->node;
            depth--;
        } else if (state[producer] == ON_STACK) {
            return status_fail(message, STATUS_INVALID, "%s depends on its own output: the graph has a cycle",
                               graph_node_label(graph, producer, label, sizeof label));
        } else {
            state[producer] = ON_STACK;
            stack[depth++] = (Visit){producer, 0};
        }
    }
    return STATUS_OK;
}

static Status order_nodes(Graph *graph, Message *message)
{
    size_t count = graph->proto->n_node;
    Visit *stack = calloc(count + 1, sizeof *stack);
    char *state = calloc(count + 1, 1);
    Status status = stack && state ? STATUS_OK : status_no_memory(message, "nodes");
    for (size_t i = 0; !status && i < count; i++)
        if (graph->live[i] && state[i] == UNSEEN) status = order_from(graph, i, stack, state, message);
    free(stack);
    free(state);
    return status;
}

/* --- the image and the outputs ---------------------------------------------------------------------- */

/* Writes "'a', 'b', 'c'", the graph's outputs, into text[size]. */
static void list_outputs(const Onnx__GraphProto *proto, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < proto->n_output && used < size; i++) {
        const char *name = proto->output[i]->name ? proto->output[i]->name : "";
        const int length = snprintf(text + used, size - used, "%s'%s'", i ? ", " : "", name);
        if (length < 0) return;
        used += (size_t)length;
    }
}

/* Adds an output; one that is there already is not added again. */
static Status take_output(Graph *graph, const char *text, Message *message)
{
    char list[600];
    size_t name;
    Status status = add_name(graph, text, &name, message);
    if (status) return status;
    for (size_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == name) return STATUS_OK;
    const GraphName *entry = &graph->names[name];
    if (entry->producer == NO_INDEX && !entry->input) {
        list_outputs(graph->proto, list, sizeof list);
        return status_fail(message, STATUS_INVALID,
                           "nothing in the file makes the output '%s': its outputs are %s", text, list);
    }
    graph->outputs[graph->output_count++] = name;
    return STATUS_OK;
}

/* Whether the file makes a value of that name. */
static bool is_made(const Graph *graph, const char *text)
{
    size_t name;
    return name_table_find(&graph->table, text, &name) &&
           (graph->names[name].producer != NO_INDEX || graph->names[name].input);
}

/* Takes the outputs that `chosen` names: one name, which may have commas in it, or several. */
static Status take_chosen(Graph *graph, const char *chosen, Message *message)
{
    if (is_made(graph, chosen) || !strchr(chosen, ',')) return take_output(graph, chosen, message);
    char *copy = strdup(chosen), *rest = copy;
    Status status = copy ? STATUS_OK : status_no_memory(message, "names");
    for (char *text; !status && (text = strsep(&rest, ","));) status = take_output(graph, text, message);
    free(copy);
    return status;
}

static Status find_outputs(Graph *graph, const char *chosen, Message *message)
{
    const Onnx__GraphProto *proto = graph->proto;
    if (proto->n_output == 0) return status_fail(message, STATUS_INVALID, "the graph has no output");
    size_t most = proto->n_output;
    for (const char *c = chosen; c && *c; c++) most += *c == ',';
    graph->outputs = calloc(most + 1, sizeof *graph->outputs);
    if (!graph->outputs) return status_no_memory(message, "outputs");
    if (chosen) return take_chosen(graph, chosen, message);
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < proto->n_output; i++)
        status = take_output(graph, proto->output[i]->name ? proto->output[i]->name : "", message);
    return status;
}

/* Finds the one input that is used and is no initializer: before IR version 4, initializers are among the
 * inputs. */
static Status find_input(Graph *graph, Message *message)
{
    graph->input = NO_INDEX;
    for (size_t i = 0; i < graph->table.count; i++) {
        const GraphName *entry = &graph->names[i];
        if (!entry->input || entry->initializer || entry->uses == 0) continue;
        if (graph->input != NO_INDEX)
            return status_fail(message, STATUS_UNSUPPORTED,
                               "the graph has several inputs ('%s', '%s'): only one, the image, is supported",
                               graph_name(graph, graph->input), graph_name(graph, i));
        graph->input = i;
    }
    if (graph->input == NO_INDEX)
        return status_fail(message, STATUS_INVALID, "the output '%s' depends on no input",
                           graph_name(graph, graph->outputs[0]));
    return STATUS_OK;
}

Status graph_make(Graph *graph, const Onnx__GraphProto *proto, const char *output, Message *message)
{
    *graph = (Graph){.proto = proto};
    Status status = add_inputs(graph, message);
    if (!status) status = add_initializers(graph, message);
    if (!status) status = add_nodes(graph, message);
    if (!status) status = find_outputs(graph, output, message);
    if (!status) status = mark_live(graph, message);
    if (!status) status = order_nodes(graph, message);
    if (!status) status = find_input(graph, message);
    return status;
}

void graph_free(Graph *graph)
{
    name_table_free(&graph->table);
    free(graph->names);
    free(graph->operands);
    free(graph->first);
    free(graph->live);
    free(graph->order);
    free(graph->outputs);
    *graph = (Graph){0};
}
