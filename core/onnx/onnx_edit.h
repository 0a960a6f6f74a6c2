/* SPDX-License-Identifier: MIT */
/* Nodes and tensors for an ONNX graph that is being edited.
 *
 * An OnnxEdit collects the nodes of the new graph, in order, and the tensors that are added to the file's.
 * All of them live in one arena, until onnx_edit_end(). One thread at a time.
 *
 * A failed allocation sets `failed`; later calls then add nothing and return NULL or "". Check once, at the
 * end, with onnx_edit_status().
 *
 * New names are STEM followed by ENDING ("conv1" ".weight_scale"), and by "_2", "_3", ... where the graph has
 * that name already.
 *
 * Example (size_t ceiling):
 *     OnnxEdit edit = onnx_edit_begin(ceiling);
 *     onnx_edit_reserve(&edit, "conv1.weight");              // every name of the graph
 *     const char *two = onnx_edit_float(&edit, "x", "_factor", 2);
 *     onnx_edit_node(&edit, "Mul", "x", "_double", (const char *[]){"x", two}, 2);
 *     Onnx__NodeProto *added = edit.nodes[edit.node_count - 1];
 *     onnx_edit_end(&edit);
 */
#ifndef ONNX_ONNX_EDIT_H
#define ONNX_ONNX_EDIT_H

#include "base/arena.h"
#include "base/status.h"
#include "onnx/name_table.h"

#include "onnx.pb-c.h"

#include <stdint.h>

typedef struct OnnxEdit {
    Arena arena;
    NameTable names;
    Onnx__NodeProto **nodes; /* [node_count]: new nodes and nodes of the file, in the order of adding */
    size_t node_count, node_room;
    Onnx__TensorProto **tensors; /* [tensor_count]: new initializers */
    size_t tensor_count, tensor_room;
    bool failed;
} OnnxEdit;

/* ceiling: bytes that the edit may take. */
OnnxEdit onnx_edit_begin(size_t ceiling);
void onnx_edit_end(OnnxEdit *edit);

/* STATUS_MEMORY after a failed allocation. */
Status onnx_edit_status(const OnnxEdit *edit, Message *message);

/* Zeroed memory; NULL on failure. */
void *onnx_edit_allocate(OnnxEdit *edit, size_t count, size_t size);

/* Marks a name as taken. */
void onnx_edit_reserve(OnnxEdit *edit, const char *name);

/* A new name; "" on failure. */
const char *onnx_edit_name(OnnxEdit *edit, const char *stem, const char *ending);

/* Adds an initializer of shape dims[rank] under a new name, and returns the name. `data` (`bytes` long) is
 * not copied. "" on failure. */
const char *onnx_edit_tensor(OnnxEdit *edit, const char *stem, const char *ending,
                             Onnx__TensorProto__DataType type, size_t rank, const size_t *dims,
                             const void *data, size_t bytes);

/* The same for FLOAT: data[count], count = the product of dims[rank]. */
const char *onnx_edit_floats(OnnxEdit *edit, const char *stem, const char *ending, size_t rank,
                             const size_t *dims, const float *data, size_t count);

/* Adds a scalar (rank 0): FLOAT, or `type` INT8 or UINT8. Returns its name; "" on failure. */
const char *onnx_edit_float(OnnxEdit *edit, const char *stem, const char *ending, float value);
const char *onnx_edit_byte(OnnxEdit *edit, const char *stem, const char *ending,
                           Onnx__TensorProto__DataType type, int value);

/* Adds a node with inputs[count] and one output; node and output have the same new name. NULL on failure. */
Onnx__NodeProto *onnx_edit_node(OnnxEdit *edit, const char *operator_name, const char *stem,
                                const char *ending, const char *const *inputs, size_t count);

/* The name of a node's first output; "" where node is NULL. */
const char *onnx_edit_output(const Onnx__NodeProto *node);

/* Adds an existing node: one of the file, or a copy. Nothing where node is NULL. */
void onnx_edit_add(OnnxEdit *edit, const Onnx__NodeProto *node);

/* A copy of a node whose inputs, outputs and attributes may be changed, with at least `inputs` inputs: those
 * that the node does not have are "" (left out). Not yet added. NULL on failure. */
Onnx__NodeProto *onnx_edit_copy(OnnxEdit *edit, const Onnx__NodeProto *node, size_t inputs);

/* Adds an attribute to a node. Nothing where node is NULL. */
void onnx_edit_set_int(OnnxEdit *edit, Onnx__NodeProto *node, const char *name, int64_t value);
void onnx_edit_set_float(OnnxEdit *edit, Onnx__NodeProto *node, const char *name, float value);

/* Removes an attribute from a copy. Nothing where node is NULL or has no such attribute. */
void onnx_edit_remove_attribute(Onnx__NodeProto *node, const char *name);

#endif
