/* SPDX-License-Identifier: MIT */
/* Graph: an ONNX graph with its names resolved, dead nodes left out, in topological order.
 *
 * A name stands for an initializer, the input (the image), or an output of a node. Names and nodes are numbered;
 * nodes as in the file. A Graph points into the file's model, which must outlive it.
 *
 * Example (const OnnxFile *file, void (*visit)(const Onnx__NodeProto *node), Message *message):
 *     Graph graph;
 *     Status status = graph_make(&graph, file->model->graph, NULL, message);
 *     for (size_t i = 0; !status && i < graph.order_count; i++) visit(graph.proto->node[graph.order[i]]);
 *     graph_free(&graph);                                            // also on failure
 */
#ifndef ONNX_GRAPH_H
#define ONNX_GRAPH_H

#include "onnx/name_table.h"
#include "onnx/onnx_file.h"

typedef struct GraphName {
    size_t producer;                      /* node, or NO_INDEX */
    const Onnx__TensorProto *initializer; /* or NULL */
    const Onnx__ValueInfoProto *input;    /* or NULL */
    size_t uses;                          /* inputs of live nodes that are it, and outputs */
} GraphName;

typedef struct Graph {
    const Onnx__GraphProto *proto;
    NameTable table;
    GraphName *names; /* [table.count] */
    size_t *operands; /* names, NO_INDEX where left out: node i's inputs, then its outputs */
    size_t *first;    /* [nodes + 1]: where node i's operands start */
    bool *live;       /* [nodes] */
    size_t *order;    /* live nodes, topologically; the file's order where that is one */
    size_t order_count;
    size_t input;    /* name */
    size_t *outputs; /* [output_count] names: the values to compute */
    size_t output_count;
} Graph;

/* output: the name of the value to compute, or several names with commas between them; NULL: all outputs of
 * the file. STATUS_INVALID for a name that two nodes compute, an input that nothing computes, or a cycle;
 * STATUS_UNSUPPORTED for several inputs. Release with graph_free(), also on failure. */
Status graph_make(Graph *graph, const Onnx__GraphProto *proto, const char *output, Message *message);
void graph_free(Graph *graph);

/* The text of a name. */
static inline const char *graph_name(const Graph *graph, size_t name)
{
    return graph->table.names[name];
}

/* The name of a node's input or output; NO_INDEX where it is left out. */
static inline size_t graph_input(const Graph *graph, size_t node, size_t input)
{
    return graph->operands[graph->first[node] + input];
}
static inline size_t graph_output(const Graph *graph, size_t node, size_t output)
{
    return graph->operands[graph->first[node] + graph->proto->node[node]->n_input + output];
}

/* The node's attribute of that name, or NULL. */
const Onnx__AttributeProto *graph_attribute(const Onnx__NodeProto *node, const char *name);

/* Writes "node 'NAME' (OPERATOR)" into text[size], or "node 12 (OPERATOR)" where it has no name. Returns
 * text. */
const char *graph_node_label(const Graph *graph, size_t node, char *text, size_t size);

/* Writes the operator into text[size], after its domain where that is not the default. Returns text. */
const char *graph_operator(const Graph *graph, size_t node, char *text, size_t size);

#endif
