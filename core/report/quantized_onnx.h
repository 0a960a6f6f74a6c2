/* SPDX-License-Identifier: MIT */
/* Exports a quantized network as ONNX: describes a Result's layers for onnx/quantized_model.h, which says
 * what the file is like.
 */
#ifndef REPORT_QUANTIZED_ONNX_H
#define REPORT_QUANTIZED_ONNX_H

#include "report/result.h"

/* Whether quantized_onnx_write() can write the network with this plan. Ask before quantizing. The messages
 * start with "'PATH' cannot be written as quantized ONNX". */
Status quantized_onnx_check(const Network *network, const Plan *plan, const WriteMemory *memory,
                            Message *message);

/* Replaces the file at `path`. result->pipeline is that of result->plan. */
Status quantized_onnx_write(const char *path, const Result *result, Message *message);

#endif
