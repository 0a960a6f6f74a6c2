/* ONNX axes: how a node of the file lays out what a Layer has as rows and columns.
 *
 * Row i is an output of the layer, groups*m of them; column k one of the n inputs that it sees; a channel one
 * of its scales, where inputs have one a channel.
 */
#ifndef REPORT_ONNX_AXES_H
#define REPORT_ONNX_AXES_H

#include "network/network_file.h"

#define ONNX_AXES_MOST (TENSOR_MAX_RANK + 1)
#define ONNX_NO_AXIS SIZE_MAX

/* A tensor's elements as places in an array: element (i, j, ...) is at first + i step[0] + j step[1] ... */
typedef struct AxisMap {
    size_t rank, size[ONNX_AXES_MOST];
    ptrdiff_t first, step[ONNX_AXES_MOST];
} AxisMap;

typedef struct OnnxAxes {
    size_t weights, data;               /* the node's inputs: the weights, and what they are multiplied by */
    AxisMap rows, columns;              /* of the weights */
    AxisMap scales;                     /* rows, of a tensor that multiplies the weights */
    AxisMap outputs;                    /* rows, of a tensor that is added to the node's output */
    AxisMap inputs;                     /* channels, of a tensor that multiplies its data */
    size_t rank, dims[TENSOR_MAX_RANK]; /* of the weights in the file */
    size_t scale_rank, scale_dims[TENSOR_MAX_RANK];
    size_t row_axis; /* of the weights, which counts the rows; ONNX_NO_AXIS where no single one does */
    bool takes_bias; /* as its third input */
} OnnxAxes;

/* STATUS_UNSUPPORTED, with what stands in the way, for an Einsum that sums over axes of one operand alone. */
Status onnx_axes_find(OnnxAxes *axes, const Graph *graph, const Layer *layer, const LayerSource *source,
                      Message *message);

size_t axis_map_elements(const AxisMap *map);

/* Goes through the elements in their order; `at` is where the present one is. */
typedef struct AxisWalk {
    size_t index[ONNX_AXES_MOST];
    ptrdiff_t at;
} AxisWalk;

AxisWalk axis_walk_start(const AxisMap *map);
void axis_walk_next(AxisWalk *walk, const AxisMap *map);

#endif
