/* SPDX-License-Identifier: MIT */
/* Build a graph: walk the ONNX nodes in topological order and let each one's operator emit nodes. Private to
 * core/network. */
#ifndef NETWORK_BUILD_GRAPH_H
#define NETWORK_BUILD_GRAPH_H

#include "network/build/builder.h"

/* Fails with STATUS_UNSUPPORTED and a list of every operator of the graph that is not supported. */
Status graph_check_operators(const Graph *graph, int opset, Message *message);

/* Builds the graph with the image as `image` says (shape logical, batch first). builder_end() frees
 * everything but the network's arena, whether this succeeds or not. */
Status graph_build(Builder *builder, const OnnxFile *file, const Graph *graph, Arena *arena, size_t ceiling,
                   const BuildValue *image, Message *message);
void builder_end(Builder *builder);

#endif
