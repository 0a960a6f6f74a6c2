/* SPDX-License-Identifier: MIT */
/* Serializes an edited ONNX file.
 *
 * The bytes hold the file's model with the nodes of an OnnxEdit in place of its own, the edit's tensors
 * beside its own, the outputs that are computed, and nothing that these do not need. External data is put
 * inside.
 */
#ifndef ONNX_ONNX_PACK_H
#define ONNX_ONNX_PACK_H

#include "onnx/graph.h"
#include "onnx/onnx_edit.h"
#include "onnx/onnx_file.h"

/* outputs: those of the graph that was made of the file. *bytes is malloc'ed, and NULL on failure:
 * STATUS_MEMORY above the edit's ceiling, STATUS_UNSUPPORTED above 2 GiB, the limit of ONNX files. */
Status onnx_pack(uint8_t **bytes, size_t *size, OnnxEdit *edit, const OnnxFile *file, const Graph *outputs,
                 Message *message);

#endif
