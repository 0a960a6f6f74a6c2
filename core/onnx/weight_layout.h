/* SPDX-License-Identifier: MIT */
/* How a node of the file stores a layer's weight matrix.
 *
 * A layer is a matrix: row i (of groups*m) is an output channel, column k (of n) an input within its group.
 * Conv, ConvTranspose, Gemm, MatMul and Einsum each store that matrix as a tensor of their own axes. A
 * WeightLayout maps the elements of the stored tensors to rows, columns and channels.
 *
 * Example (float *stored, const float *matrix, size_t n, const Onnx__NodeProto *node, const WeightOperand
 * *operand, const LayerShape *shape, Message *message):
 *     WeightLayout layout;
 *     weight_layout_find(&layout, node, operand, shape, message);
 *     AxisWalk row = axis_walk_start(&layout.rows), column = axis_walk_start(&layout.columns);
 *     for (size_t i = 0; i < axis_map_elements(&layout.rows); i++) {
 *         stored[i] = matrix[(size_t)row.at * n + (size_t)column.at];
 *         axis_walk_next(&row, &layout.rows);
 *         axis_walk_next(&column, &layout.columns);
 *     }
 */
#ifndef ONNX_WEIGHT_LAYOUT_H
#define ONNX_WEIGHT_LAYOUT_H

#include "base/status.h"
#include "onnx/element.h"
#include "onnx/weight_operand.h"

#include "onnx.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXIS_MAP_MAX_RANK (TENSOR_MAX_RANK + 1)
#define NO_AXIS SIZE_MAX

/* A layer's matrix: [groups*m][n]. */
typedef struct LayerShape {
    size_t groups, m, n;   /* outputs and inputs per group */
    size_t input_channels; /* of all groups together */
    bool has_bias;         /* in the file, or by batch normalization */
} LayerShape;

/* Maps the elements of a tensor to indices of an array: element (i, j, ...) is at first + i step[0] + j
 * step[1]
 * ... */
typedef struct AxisMap {
    size_t rank, size[AXIS_MAP_MAX_RANK];
    ptrdiff_t first, step[AXIS_MAP_MAX_RANK];
} AxisMap;

typedef struct WeightLayout {
    size_t weights, data;               /* the node's inputs: the weights, and what they are multiplied by */
    size_t rank, dims[TENSOR_MAX_RANK]; /* of the weights in the file */
    AxisMap rows, columns;              /* of the elements of the weights */
    size_t scale_rank, scale_dims[TENSOR_MAX_RANK];
    AxisMap scales;  /* rows, of a tensor [scale_dims] that multiplies the weights */
    AxisMap outputs; /* rows, of a tensor that is added to the node's output */
    AxisMap inputs;  /* channels, of a tensor that multiplies the node's data */
    size_t row_axis; /* the axis of the weights that counts the rows; NO_AXIS where no single one does */
    bool takes_bias; /* the node takes a bias as its third input */
} WeightLayout;

/* STATUS_UNSUPPORTED for an Einsum that sums over axes of one operand alone, STATUS_INVALID for an equation
 * that cannot be read. */
Status weight_layout_find(WeightLayout *layout, const Onnx__NodeProto *node, const WeightOperand *operand,
                          const LayerShape *shape, Message *message);

/* The number of elements of the mapped tensor. */
size_t axis_map_elements(const AxisMap *map);

/* Steps through a map's elements in row-major order; `at` is the index of the current one. */
typedef struct AxisWalk {
    size_t index[AXIS_MAP_MAX_RANK];
    ptrdiff_t at;
} AxisWalk;

/* At the first element; and to the next one, in row-major order. */
AxisWalk axis_walk_start(const AxisMap *map);
void axis_walk_next(AxisWalk *walk, const AxisMap *map);

#endif
