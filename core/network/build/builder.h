/* SPDX-License-Identifier: MIT */
/* Builder: the state between an ONNX graph and a Network. Private to core/network.
 *
 * Values in the builder have their ONNX ("logical") shape, and a flag whether they are stored channels last.
 * Constants are always stored in ONNX's order.
 */
#ifndef NETWORK_BUILDER_H
#define NETWORK_BUILDER_H

#include "base/arena.h"
#include "network/build/blocks.h"
#include "network/types.h"
#include "onnx/graph.h"

typedef struct BuildValue {
    const char *name;
    ElementType type;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK]; /* logical */
    size_t elements;
    bool channels_last;
    const void *constant; /* [elements], or NULL if the value is computed */
    size_t producer;      /* node, or NO_INDEX */
    size_t uses;          /* by ONNX nodes, and as a graph output */
    int file_type; /* of a tensor in the file: its element type in the schema; 0 for all other values */
    size_t twin;   /* the same elements in the other layout, or NO_INDEX */
    size_t layer;  /* the latest layer made from this weight, or NO_INDEX */
} BuildValue;

typedef struct Builder {
    const OnnxFile *file;
    const Graph *graph;
    Arena *arena;   /* the network's */
    Arena scratch;  /* freed after opening: folded constants, converted tensors, lists */
    size_t ceiling; /* bytes of one value, and of the arenas */
    size_t batch;
    Blocks values, nodes, layers; /* of BuildValue, Node, BuildLayer (build/layers.h) */
    size_t *bound;                /* [names of the graph]: values, NO_INDEX while unknown */
    size_t current;               /* the ONNX node that is being built, or NO_INDEX */
    size_t first_node;            /* the current call's nodes start here */
    bool attribute_failed;        /* an attribute of a wrong type was read: attribute_message names it */
    Message attribute_message;
    size_t input, output;   /* values */
    NetworkOutput *outputs; /* [graph->output_count], in the network's arena */
    bool softmax_removed;
} Builder;

/* A value by its index; the address does not change. */
static inline BuildValue *builder_value(const Builder *builder, size_t value)
{
    return blocks_at(&builder->values, value);
}

/* A node emitted before (BuildValue.producer). Its inputs are values of the builder. */
static inline Node *builder_node(const Builder *builder, size_t node)
{
    return blocks_at(&builder->nodes, node);
}

/* The stored axis that holds logical axis `axis`. */
static inline size_t builder_axis(const BuildValue *value, size_t axis)
{
    if (!value->channels_last || value->rank < 3 || axis == 0) return axis;
    return axis == 1 ? value->rank - 1 : axis - 1;
}

/* A new value without uses, stored in ONNX's order; its number in *value. NULL when out of memory. */
BuildValue *builder_add_value(Builder *builder, const char *name, ElementType type, size_t rank,
                              const size_t *shape, size_t *value);

/* The value as kernels see it: with its stored shape, and without a producer. */
Value builder_stored(const BuildValue *value);

#endif
