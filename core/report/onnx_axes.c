#include "report/onnx_axes.h"

#include "network/operators/linear/equation.h"

#include <stdlib.h>
#include <string.h>

/* --- maps ------------------------------------------------------------------------------------------- */

size_t axis_map_elements(const AxisMap *map)
{
    size_t elements = 1;
    for (size_t i = 0; i < map->rank; i++) elements *= map->size[i];
    return elements;
}

AxisWalk axis_walk_start(const AxisMap *map)
{
    return (AxisWalk){.at = map->first};
}

void axis_walk_next(AxisWalk *walk, const AxisMap *map)
{
    for (size_t axis = map->rank; axis-- > 0;) {
        walk->at += map->step[axis];
        if (++walk->index[axis] < map->size[axis]) return;
        walk->at -= (ptrdiff_t)map->size[axis] * map->step[axis];
        walk->index[axis] = 0;
    }
}

static void add_axis(AxisMap *map, size_t size, ptrdiff_t step)
{
    map->size[map->rank] = size;
    map->step[map->rank++] = step;
}

/* Adds an axis of the weights, along which the row and the column change by these. */
static void add_weight_axis(OnnxAxes *axes, size_t size, ptrdiff_t row, ptrdiff_t column)
{
    add_axis(&axes->rows, size, row);
    add_axis(&axes->columns, size, column);
    add_axis(&axes->scales, row ? size : 1, row);
}

/* A vector of `size` along an axis that `behind` others follow. */
static void add_vector(AxisMap *map, size_t size, size_t behind)
{
    add_axis(map, size, 1);
    for (size_t i = 0; i < behind; i++) add_axis(map, 1, 0);
}

/* --- operators -------------------------------------------------------------------------------------- */

/* Product of sizes behind `axis`. */
static ptrdiff_t stride_of(const LayerSource *source, size_t axis)
{
    ptrdiff_t stride = 1;
    for (size_t i = axis + 1; i < source->rank; i++) stride *= (ptrdiff_t)source->shape[i];
    return stride;
}

static void find_convolution(OnnxAxes *axes, const Layer *layer, const LayerSource *source)
{
    const size_t spatial = source->rank - 2;
    add_weight_axis(axes, source->shape[0], 1, 0);
    for (size_t i = 1; i < source->rank; i++)
        add_weight_axis(axes, source->shape[i], 0, stride_of(source, i));
    axes->row_axis = 0;
    axes->takes_bias = true;
    add_vector(&axes->outputs, layer->groups * layer->m, spatial);
    add_vector(&axes->inputs, layer_input_channels(layer), spatial);
}

/* [groups * channels][m][taps]: rows count over groups and m, taps run backwards, the groups and channels are
 * one axis of the file. */
static void find_transposed(OnnxAxes *axes, const Layer *layer, const LayerSource *source)
{
    const size_t spatial = source->rank - 2, channels = source->shape[0] / layer->groups;
    const ptrdiff_t taps = stride_of(source, 1);
    add_weight_axis(axes, layer->groups, (ptrdiff_t)layer->m, 0);
    add_weight_axis(axes, channels, 0, taps);
    add_weight_axis(axes, layer->m, 1, 0);
    for (size_t i = 2; i < source->rank; i++)
        add_weight_axis(axes, source->shape[i], 0, -stride_of(source, i));
    axes->columns.first = taps - 1;
    axes->scales.size[1] = channels;
    axes->scale_dims[0] = source->shape[0];
    axes->row_axis = layer->groups == 1 ? 1 : ONNX_NO_AXIS;
    axes->takes_bias = true;
    add_vector(&axes->outputs, layer->groups * layer->m, spatial);
    add_vector(&axes->inputs, layer_input_channels(layer), spatial);
}

/* rows_first: stored [m][n]. behind: axes of data and output behind the one that counts columns and rows. */
static void find_matrix(OnnxAxes *axes, const Layer *layer, bool rows_first, size_t behind)
{
    if (rows_first) add_weight_axis(axes, layer->m, 1, 0);
    add_weight_axis(axes, layer->n, 0, 1);
    if (!rows_first) add_weight_axis(axes, layer->m, 1, 0);
    axes->row_axis = rows_first ? 0 : 1;
    add_vector(&axes->outputs, layer->m, behind);
    add_vector(&axes->inputs, layer->n, behind);
}

/* C that is no vector of outputs stays what it is. */
static void find_gemm(OnnxAxes *axes, const Layer *layer, const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *swap = graph_attribute(node, "transB");
    const bool has_c = node->n_input > 2 && *node->input[2];
    find_matrix(axes, layer, swap && swap->i, 0);
    axes->takes_bias = layer->has_bias || !has_c;
}

/* --- Einsum ----------------------------------------------------------------------------------------- */

/* steps[letter] of a number that counts over the letters of `order` that are in `letters`, the last fastest
 */
static void count_over(ptrdiff_t steps[128], const Letters *order, const Letters *letters,
                       const LayerSource *source, const Letters *of_weights)
{
    ptrdiff_t step = 1;
    for (size_t i = order->count; i-- > 0;) {
        const char letter = order->text[i];
        if (!letters_have(letters, letter)) continue;
        const char *at = memchr(of_weights->text, letter, of_weights->count);
        steps[(unsigned char)letter] = step;
        step *= (ptrdiff_t)source->shape[at - of_weights->text];
    }
}

/* The letters of `from` that are in `other`, or are not. */
static Letters letters_where(const Letters *from, const Letters *other, bool in)
{
    Letters found = {.count = 0};
    for (size_t i = 0; i < from->count; i++)
        if (letters_have(other, from->text[i]) == in) found.text[found.count++] = from->text[i];
    return found;
}

/* A tensor with the axes of `axes`, of size 1 where the number does not change. */
static void add_letters(AxisMap *map, const Letters *axes, const ptrdiff_t steps[128],
                        const LayerSource *source, const Letters *of_weights)
{
    for (size_t i = 0; i < axes->count; i++) {
        const ptrdiff_t step = steps[(unsigned char)axes->text[i]];
        const char *at = memchr(of_weights->text, axes->text[i], of_weights->count);
        add_axis(map, step ? source->shape[at - of_weights->text] : 1, step);
    }
}

/* Own letters of the weights count the rows, those that are shared and summed over the columns. */
static Status find_einsum(OnnxAxes *axes, const Onnx__NodeProto *node, const LayerSource *source,
                          Message *message)
{
    Equation equation;
    const Onnx__AttributeProto *attribute = graph_attribute(node, "equation");
    char *text = attribute ? strndup((char *)attribute->s.data, attribute->s.len) : NULL;
    const bool parsed = text && equation_parse(&equation, text) && equation.side_count == 2;
    free(text);
    if (!parsed) return status_fail(message, STATUS_INVALID, "its equation cannot be read");
    const Letters *weights = &equation.sides[axes->weights], *data = &equation.sides[axes->data];
    const Letters own = letters_where(weights, data, false), shared = letters_where(weights, data, true);
    const Letters foreign = letters_where(data, weights, false);
    if (letters_where(&own, &equation.output, false).count ||
        letters_where(&foreign, &equation.output, false).count)
        return status_fail(message, STATUS_UNSUPPORTED, "its equation sums over axes of one operand alone");
    ptrdiff_t rows[128] = {0}, columns[128] = {0};
    count_over(rows, weights, &own, source, weights);
    count_over(columns, &equation.sides[0], &shared, source, weights);
    for (size_t i = 0; i < weights->count; i++)
        add_weight_axis(axes, source->shape[i], rows[(unsigned char)weights->text[i]],
                        columns[(unsigned char)weights->text[i]]);
    add_letters(&axes->outputs, &equation.output, rows, source, weights);
    add_letters(&axes->inputs, data, columns, source, weights);
    if (own.count == 1)
        axes->row_axis =
            (size_t)((const char *)memchr(weights->text, own.text[0], weights->count) - weights->text);
    return STATUS_OK;
}

/* --- all -------------------------------------------------------------------------------------------- */

static void set_dims(OnnxAxes *axes, const LayerSource *source)
{
    const bool split = axes->scales.rank > source->rank; /* groups and channels: scale_dims[0] is set */
    axes->rank = axes->scale_rank = source->rank;
    memcpy(axes->dims, source->shape, sizeof axes->dims);
    for (size_t i = split; i < source->rank; i++) axes->scale_dims[i] = axes->scales.size[i + split];
}

Status onnx_axes_find(OnnxAxes *axes, const Graph *graph, const Layer *layer, const LayerSource *source,
                      Message *message)
{
    const Onnx__NodeProto *node = graph->proto->node[source->file_node];
    Status status = STATUS_OK;
    *axes = (OnnxAxes){.weights = source->operand, .data = 1 - source->operand, .row_axis = ONNX_NO_AXIS};
    if (strcmp(node->op_type, "Conv") == 0)
        find_convolution(axes, layer, source);
    else if (strcmp(node->op_type, "ConvTranspose") == 0)
        find_transposed(axes, layer, source);
    else if (strcmp(node->op_type, "Gemm") == 0)
        find_gemm(axes, layer, node);
    else if (strcmp(node->op_type, "MatMul") == 0)
        find_matrix(axes, layer, source->operand == 0, source->operand == 0);
    else
        status = find_einsum(axes, node, source, message);
    set_dims(axes, source);
    return status ? status_context(message, status, "layer '%s' (%s)", layer->name, node->op_type)
                  : STATUS_OK;
}
