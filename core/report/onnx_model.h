/* ONNX model: the bytes of an edited file: the nodes of OnnxParts instead of the file's, its tensors besides
 * the file's, one output, and nothing that this output does not need. Data of other files is put inside.
 */
#ifndef REPORT_ONNX_MODEL_H
#define REPORT_ONNX_MODEL_H

#include "network/network_file.h"
#include "onnx/onnx_parts.h"

/* *bytes is malloc'ed, and NULL on failure: STATUS_UNSUPPORTED above 2 GiB, which is where ONNX files end.
 * output: a value's name. */
Status onnx_model_pack(uint8_t **bytes, size_t *size, OnnxParts *parts, const NetworkFile *file,
                       const char *output, Message *message);

/* STATUS_MEMORY where the parts have failed. */
Status onnx_model_fits(const OnnxParts *parts, Message *message);

#endif
