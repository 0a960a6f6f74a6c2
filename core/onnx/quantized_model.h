/* SPDX-License-Identifier: MIT */
/* Writes a quantized network as ONNX: the file that it was opened from, edited.
 *
 * Operators, names, metadata and the input stay as they are in the file, except for these.
 *   - Quantized weights are INT8 initializers (the codes) followed by DequantizeLinear with one scale per
 * output channel: along an axis from opset 13 on; before opset 13, and where no axis counts the outputs, with
 * scale 1 followed by a Mul. Nodes that share weights share these.
 *   - A quantized layer's bias replaces the file's; an Add follows where the operator takes no bias. Batch
 *     normalizations that were folded into the weights are removed.
 *   - Quantized inputs go through QuantizeLinear, Clip and DequantizeLinear: UINT8 where they cannot be
 *     negative, else INT8. Clip is there only where the type holds more values than there are codes; before
 *     opset 12 it clips floats. With per-channel input scales: Mul by 1 / scale, QuantizeLinear with scale 1,
 *     Clip, DequantizeLinear; the weights' codes include the scales.
 *   - The outputs that are computed are left, and what they do not need is removed.
 *   - External data is put inside the file.
 * Float layers are untouched. In float arithmetic the file computes what the integer layers compute, except
 * for the order of sums. The same description gives the same bytes.
 *
 * The caller describes the quantized layers in plain arrays, which are borrowed for the call.
 *
 * Example (const int8_t *codes, const float *scales, const char *sha256, Message *message):
 *     QuantizedLayer layer = {.name = "conv1", .codes = codes, .scales = scales};   // and its shape and uses
 *     QuantizedModel model = {
 *         .path = "x.onnx", .sha256 = sha256, .output = "logits", .layer_count = 1, .layers = &layer};
 *     Status status = quantized_model_write("quantized.onnx", &model, message);
 */
#ifndef ONNX_QUANTIZED_MODEL_H
#define ONNX_QUANTIZED_MODEL_H

#include "onnx/weight_layout.h"

#define QUANTIZED_MODEL_FIRST_OPSET 10 /* the first with DequantizeLinear */

/* A layer with quantized weights, a quantized input, or both. */
typedef struct QuantizedLayer {
    const char *name;
    LayerShape shape;
    size_t use_count; /* nodes that use these weights */
    const WeightOperand *uses;
    size_t folded_count; /* nodes of the file that are part of the weights: batch normalizations */
    const size_t *folded;

    const int8_t *codes; /* [groups*m][n]; NULL where the weights stay float */
    const float *scales; /* [groups*m] */
    const float *bias;   /* [groups*m]; NULL where the file's stays */

    size_t input_scale_count; /* 0: the input stays float; 1: per tensor; input_channels: per channel */
    const float *input_scales;
    float input_low, input_high; /* codes, whole numbers: low is 0 or -high */
} QuantizedLayer;

typedef struct QuantizedModel {
    const char *path;   /* the float network's file */
    const char *sha256; /* its hash when it was opened, as OnnxFile.sha256 */
    const char *output; /* the values that are computed, as graph_make() takes them */
    size_t layer_count;
    const QuantizedLayer *layers;
    size_t ceiling; /* bytes that writing may take; 0: 2 GiB */
} QuantizedModel;

/* Whether quantized_model_write() can write these layers. Needs no codes, scales or biases, so that it can be
 * asked before quantizing. STATUS_UNSUPPORTED for an opset below 10, weights that the file stores in another
 * type than FLOAT, and an Einsum that sums over axes of one operand alone. */
Status quantized_model_check(const QuantizedModel *model, Message *message);

/* Replaces the file at `path`. STATUS_INVALID where the float network's file has changed, STATUS_UNSUPPORTED
 * above 2 GiB, the limit of ONNX files. */
Status quantized_model_write(const char *path, const QuantizedModel *model, Message *message);

#endif
