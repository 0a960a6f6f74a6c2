/* Quantized network as ONNX: the file that it was opened from, edited.
 *
 * Operators, names, metadata and the input stay as they are in the file, but for these.
 *   - Quantized weights are INT8 initializers, the codes, through DequantizeLinear with a scale an output:
 * along an axis from opset 13 on; where no axis counts the outputs, and before opset 13, with scale 1 and a
 * Mul behind it. Nodes that share weights share these.
 *   - A quantized layer's bias is the one solved; an Add where the operator has no bias. Batch normalizations
 *     that were folded into it are gone.
 *   - Quantized inputs go through QuantizeLinear, Clip and DequantizeLinear: UINT8 where they cannot be
 * negative, else INT8; Clip only where the type holds more than the codes, on floats before opset 12. With
 * one scale a channel: Mul by 1 / scale, QuantizeLinear at scale 1, Clip, DequantizeLinear; the layer's codes
 * make up for it.
 *   - Only the output that the network computes is left, and what it does not need is gone.
 *   - Data of other files is put inside.
 * Layers that stay float are untouched. In float arithmetic, the file computes what the Pipeline's weights do
 * but for the order of sums: codes of inputs are equal wherever those inputs are. The same plan gives the
 * same bytes.
 */
#ifndef REPORT_ONNX_WRITE_H
#define REPORT_ONNX_WRITE_H

#include "report/result.h"

#define ONNX_WRITE_FIRST_OPSET 10

/* Whether quantized_onnx_write() can do it, asked before the work whose result it is to write.
 * STATUS_UNSUPPORTED for an opset below 10, which has no DequantizeLinear, for weights that the file holds in
 * another type than float, and for an Einsum that sums over axes of one operand alone. */
Status quantized_onnx_check(const Network *network, const Plan *plan, const WriteMemory *memory,
                            Message *message);

/* result->pipeline: of result->plan. STATUS_UNSUPPORTED above 2 GiB, which is where ONNX files end. */
Status quantized_onnx_write(const char *path, const Result *result, Message *message);

#endif
