/* ONNX parts: nodes and tensors for a graph that is being edited, all from one arena, which they live as long
 * as.
 *
 * Any failed allocation sets `failed`, and later calls add nothing: check once, at the end. Names that are
 * made here are new to the graph: "NAME_2" where "NAME" is taken.
 *
 *     OnnxParts parts = onnx_parts_begin(ceiling);
 *     onnx_parts_take(&parts, "conv1.weight");                           // every name of the graph
 *     const char *factor = onnx_parts_float(&parts, "x", "_factor", 2);
 *     onnx_parts_node(&parts, "Mul", "x", "_double", (const char *[]){"x", factor}, 2);
 *     ... parts.nodes[0 .. parts.node_count - 1], parts.tensors ...
 *     onnx_parts_end(&parts);
 */
#ifndef REPORT_ONNX_PARTS_H
#define REPORT_ONNX_PARTS_H

#include "base/arena.h"
#include "onnx/name_table.h"

#include "onnx.pb-c.h"

#include <stdint.h>

typedef struct OnnxParts {
    Arena arena;
    NameTable names;
    Onnx__NodeProto **nodes; /* in the order of adding, those of the file that are kept among them */
    size_t node_count, node_room;
    Onnx__TensorProto **tensors;
    size_t tensor_count, tensor_room;
    bool failed;
} OnnxParts;

OnnxParts onnx_parts_begin(size_t ceiling);
void onnx_parts_end(OnnxParts *parts);

void onnx_parts_take(OnnxParts *parts, const char *name);

/* A name like `stem` with `ending` behind it. "" where it failed. */
const char *onnx_parts_name(OnnxParts *parts, const char *stem, const char *ending);

/* Zeroed memory; NULL where it failed. */
void *onnx_parts_allocate(OnnxParts *parts, size_t count, size_t size);

/* Adds a tensor, whose name is made so, and returns the name. The data is not copied. dims [rank] */
const char *onnx_parts_tensor(OnnxParts *parts, const char *stem, const char *ending,
                              Onnx__TensorProto__DataType type, size_t rank, const size_t *dims,
                              const void *data, size_t bytes);
const char *onnx_parts_floats(OnnxParts *parts, const char *stem, const char *ending, size_t rank,
                              const size_t *dims, const float *data, size_t count);
/* Of rank 0; type: INT8 or UINT8. */
const char *onnx_parts_float(OnnxParts *parts, const char *stem, const char *ending, float value);
const char *onnx_parts_byte(OnnxParts *parts, const char *stem, const char *ending,
                            Onnx__TensorProto__DataType type, int value);

/* Adds a node with one output, both of a name that is made so. NULL where it failed, which the functions
 * below take for a node and do nothing. */
Onnx__NodeProto *onnx_parts_node(OnnxParts *parts, const char *operator_name, const char *stem,
                                 const char *ending, const char *const *inputs, size_t count);
const char *onnx_parts_output(const Onnx__NodeProto *node); /* its first output's name, "" where it failed */

/* Adds a node of the file, or a copy of one. */
void onnx_parts_keep(OnnxParts *parts, const Onnx__NodeProto *node);

/* A copy with lists of its own, and `inputs` inputs at least: those that are more are left out (""). */
Onnx__NodeProto *onnx_parts_copy(OnnxParts *parts, const Onnx__NodeProto *node, size_t inputs);

/* Adds an attribute to a node. */
void onnx_parts_set_int(OnnxParts *parts, Onnx__NodeProto *node, const char *name, int64_t value);
void onnx_parts_set_float(OnnxParts *parts, Onnx__NodeProto *node, const char *name, float value);

/* Leaves an attribute of a copy away. */
void onnx_parts_drop(Onnx__NodeProto *node, const char *name);

#endif
