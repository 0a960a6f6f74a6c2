/* Graph: an ONNX graph with its names resolved, its dead nodes left out, in topological order. Private to
 * core/network, but for the report that edits a file.
 *
 * A name stands for an initializer, the image, or a node's output. Nodes and names are numbered; nodes as in
 * the file. Lives no longer than the file.
 */
#ifndef NETWORK_GRAPH_H
#define NETWORK_GRAPH_H

#include "onnx/name_table.h"
#include "onnx/onnx_file.h"

typedef struct GraphName {
    size_t producer;                      /* node, or NO_INDEX */
    const Onnx__TensorProto *initializer; /* or NULL */
    const Onnx__ValueInfoProto *input;    /* or NULL */
    size_t uses;                          /* by live nodes, and as the output */
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
    size_t input, output; /* names */
} Graph;

/* output: the name of the value to compute, NULL for the file's only output. Names what is wrong: a name made
 * twice, an input that nothing makes, a cycle, several images, several outputs and none chosen. */
Status graph_make(Graph *graph, const Onnx__GraphProto *proto, const char *output, Message *message);
void graph_free(Graph *graph);

static inline const char *graph_name(const Graph *graph, size_t name)
{
    return graph->table.names[name];
}
static inline size_t graph_input(const Graph *graph, size_t node, size_t input)
{
    return graph->operands[graph->first[node] + input];
}
static inline size_t graph_output(const Graph *graph, size_t node, size_t output)
{
    return graph->operands[graph->first[node] + graph->proto->node[node]->n_input + output];
}

/* NULL where the node has none of that name. */
const Onnx__AttributeProto *graph_attribute(const Onnx__NodeProto *node, const char *name);

/* "node 'NAME' (OPERATOR)", or "node 12 (OPERATOR)" where it has no name: put into text[size]. */
const char *graph_node_label(const Graph *graph, size_t node, char *text, size_t size);

/* The operator, with its domain in front where that is not the default. */
const char *graph_operator(const Graph *graph, size_t node, char *text, size_t size);

#endif
