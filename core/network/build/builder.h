/* Builder: the state between an ONNX graph and a Network. Private to core/network; operators see operator.h.
 */
#ifndef NETWORK_BUILDER_H
#define NETWORK_BUILDER_H

#include "network/build/blocks.h"
#include "network/operators/operator.h"
#include "onnx/graph.h"

typedef struct ValueRecord {
    BuildValue value;
    size_t twin;  /* the same elements in the other layout, or NO_INDEX */
    size_t layer; /* the first layer made from this weight, or NO_INDEX */
} ValueRecord;

typedef struct LayerRecord {
    BuildLayer layer;
    size_t next; /* another layer made from the same weight, or NO_INDEX */
} LayerRecord;

struct Builder {
    const OnnxFile *file;
    const Graph *graph;
    Arena *arena;   /* the network's */
    Arena scratch;  /* gone after opening: folded constants, converted tensors, lists */
    size_t ceiling; /* bytes of one value, and of the arenas */
    size_t batch;
    Blocks values, nodes, layers; /* ValueRecord, Node, LayerRecord */
    size_t *bound;                /* [names of the graph]: values, NO_INDEX while unknown */
    size_t current;               /* the ONNX node being built, or NO_INDEX */
    size_t first_node;            /* emitted by the current call: nodes from here on */
    bool attribute_failed;        /* a wrong attribute was read: attribute_message says which */
    Message attribute_message;
    size_t input, output; /* values */
    bool softmax_removed;
};

static inline ValueRecord *builder_record(const Builder *builder, size_t value)
{
    return blocks_at(&builder->values, value);
}
static inline size_t builder_count(const Builder *builder)
{
    return builder->values.count;
}

/* Walks the graph with the image as `image` says (shape logical, batch first). builder_end() frees all but
 * the network's arena, whether this succeeds or not. */
Status builder_run(Builder *builder, const OnnxFile *file, const Graph *graph, Arena *arena, size_t ceiling,
                   const BuildValue *image, Message *message);
void builder_end(Builder *builder);

/* Names every operator of a live node that is not supported. */
Status builder_check_operators(const Graph *graph, int opset, Message *message);

#endif
