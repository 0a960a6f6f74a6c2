/* SPDX-License-Identifier: MIT */
#include "onnx/weight_layout.h"

#include "onnx/equation.h"
#include "onnx/graph.h"

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

/* Adds an axis of the weights. One step along it changes the row and the column by `row` and `column`. */
static void add_weight_axis(WeightLayout *layout, size_t size, ptrdiff_t row, ptrdiff_t column)
{
    add_axis(&layout->rows, size, row);
    add_axis(&layout->columns, size, column);
    add_axis(&layout->scales, row ? size : 1, row);
}

/* A tensor [size][1]...[1] with `trailing` axes of size 1. */
static void add_vector(AxisMap *map, size_t size, size_t trailing)
{
    add_axis(map, size, 1);
    for (size_t i = 0; i < trailing; i++) add_axis(map, 1, 0);
}

/* --- operators -------------------------------------------------------------------------------------- */

/* The product of the sizes after `axis`. */
static ptrdiff_t stride_of(const WeightOperand *operand, size_t axis)
{
    ptrdiff_t stride = 1;
    for (size_t i = axis + 1; i < operand->rank; i++) stride *= (ptrdiff_t)operand->shape[i];
    return stride;
}

/* Conv: [groups*m][channels][taps...] is the matrix as it stands. */
static void lay_out_conv(WeightLayout *layout, const LayerShape *shape, const WeightOperand *operand)
{
    const size_t spatial = operand->rank - 2;
    add_weight_axis(layout, operand->shape[0], 1, 0);
    for (size_t i = 1; i < operand->rank; i++)
        add_weight_axis(layout, operand->shape[i], 0, stride_of(operand, i));
    layout->row_axis = 0;
    layout->takes_bias = true;
    add_vector(&layout->outputs, shape->groups * shape->m, spatial);
    add_vector(&layout->inputs, shape->input_channels, spatial);
}

/* ConvTranspose: [groups*channels][m][taps...], taps in reverse order. Rows count over groups and m; groups
 * and channels are one axis of the file. */
static void lay_out_conv_transpose(WeightLayout *layout, const LayerShape *shape,
                                   const WeightOperand *operand)
{
    const size_t spatial = operand->rank - 2, channels = operand->shape[0] / shape->groups;
    const ptrdiff_t taps = stride_of(operand, 1);
    add_weight_axis(layout, shape->groups, (ptrdiff_t)shape->m, 0);
    add_weight_axis(layout, channels, 0, taps);
    add_weight_axis(layout, shape->m, 1, 0);
    for (size_t i = 2; i < operand->rank; i++)
        add_weight_axis(layout, operand->shape[i], 0, -stride_of(operand, i));
    layout->columns.first = taps - 1;
    layout->scales.size[1] = channels;
    layout->scale_dims[0] = operand->shape[0];
    layout->row_axis = shape->groups == 1 ? 1 : NO_AXIS;
    layout->takes_bias = true;
    add_vector(&layout->outputs, shape->groups * shape->m, spatial);
    add_vector(&layout->inputs, shape->input_channels, spatial);
}

/* Gemm and MatMul: [m][n] where rows_first, else [n][m]. The data and the output have `trailing` axes after
 * the one that counts columns and rows. */
static void lay_out_matrix(WeightLayout *layout, const LayerShape *shape, bool rows_first, size_t trailing)
{
    if (rows_first) add_weight_axis(layout, shape->m, 1, 0);
    add_weight_axis(layout, shape->n, 0, 1);
    if (!rows_first) add_weight_axis(layout, shape->m, 1, 0);
    layout->row_axis = rows_first ? 0 : 1;
    add_vector(&layout->outputs, shape->m, trailing);
    add_vector(&layout->inputs, shape->n, trailing);
}

/* A Gemm whose C is not one value per output keeps that C. */
static void lay_out_gemm(WeightLayout *layout, const LayerShape *shape, const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *transposed = graph_attribute(node, "transB");
    const bool has_c = node->n_input > 2 && *node->input[2];
    lay_out_matrix(layout, shape, transposed && transposed->i, 0);
    layout->takes_bias = shape->has_bias || !has_c;
}

/* --- Einsum ----------------------------------------------------------------------------------------- */

/* Size of the weights' axis that a letter names. */
static size_t letter_size(const WeightOperand *operand, const Letters *weights, char letter)
{
    const char *at = memchr(weights->text, letter, weights->count);
    return operand->shape[at - weights->text];
}

/* Strides of a number that counts over the letters of `order` that are also in `counted`, the last one
 * fastest: steps[letter], 0 for all others. */
static void count_over(ptrdiff_t steps[128], const Letters *order, const Letters *counted,
                       const WeightOperand *operand, const Letters *weights)
{
    ptrdiff_t step = 1;
    for (size_t i = order->count; i-- > 0;) {
        const char letter = order->text[i];
        if (!letters_have(counted, letter)) continue;
        steps[(unsigned char)letter] = step;
        step *= (ptrdiff_t)letter_size(operand, weights, letter);
    }
}

/* The letters of `from` that are in `other`, or those that are not. */
static Letters letters_where(const Letters *from, const Letters *other, bool in)
{
    Letters found = {.count = 0};
    for (size_t i = 0; i < from->count; i++)
        if (letters_have(other, from->text[i]) == in) found.text[found.count++] = from->text[i];
    return found;
}

/* A tensor with one axis per letter of `axes`, of size 1 where the letter has no step. */
static void add_letters(AxisMap *map, const Letters *axes, const ptrdiff_t steps[128],
                        const WeightOperand *operand, const Letters *weights)
{
    for (size_t i = 0; i < axes->count; i++) {
        const ptrdiff_t step = steps[(unsigned char)axes->text[i]];
        add_axis(map, step ? letter_size(operand, weights, axes->text[i]) : 1, step);
    }
}

/* Letters of the weights alone count the rows; letters shared with the data are summed and count the columns.
 */
static Status lay_out_einsum(WeightLayout *layout, const Onnx__NodeProto *node, const WeightOperand *operand,
                             Message *message)
{
    Equation equation;
    const Onnx__AttributeProto *attribute = graph_attribute(node, "equation");
    char *text = attribute ? strndup((char *)attribute->s.data, attribute->s.len) : NULL;
    const bool parsed = text && equation_parse(&equation, text) && equation.side_count == 2;
    free(text);
    if (!parsed) return status_fail(message, STATUS_INVALID, "its equation cannot be read");
    const Letters *weights = &equation.sides[layout->weights], *data = &equation.sides[layout->data];
    const Letters own = letters_where(weights, data, false), shared = letters_where(weights, data, true);
    const Letters foreign = letters_where(data, weights, false);
    if (letters_where(&own, &equation.output, false).count ||
        letters_where(&foreign, &equation.output, false).count)
        return status_fail(message, STATUS_UNSUPPORTED, "its equation sums over axes of one operand alone");
    ptrdiff_t rows[128] = {0}, columns[128] = {0};
    count_over(rows, weights, &own, operand, weights);
    count_over(columns, &equation.sides[0], &shared, operand, weights);
    for (size_t i = 0; i < weights->count; i++) {
        const unsigned char letter = (unsigned char)weights->text[i];
        add_weight_axis(layout, operand->shape[i], rows[letter], columns[letter]);
        if (own.count == 1 && own.text[0] == weights->text[i]) layout->row_axis = i;
    }
    add_letters(&layout->outputs, &equation.output, rows, operand, weights);
    add_letters(&layout->inputs, data, columns, operand, weights);
    return STATUS_OK;
}

/* --- all operators ---------------------------------------------------------------------------------- */

Status weight_layout_find(WeightLayout *layout, const Onnx__NodeProto *node, const WeightOperand *operand,
                          const LayerShape *shape, Message *message)
{
    Status status = STATUS_OK;
    *layout = (WeightLayout){.weights = operand->operand, .data = 1 - operand->operand, .row_axis = NO_AXIS};
    if (strcmp(node->op_type, "Conv") == 0)
        lay_out_conv(layout, shape, operand);
    else if (strcmp(node->op_type, "ConvTranspose") == 0)
        lay_out_conv_transpose(layout, shape, operand);
    else if (strcmp(node->op_type, "Gemm") == 0)
        lay_out_gemm(layout, shape, node);
    else if (strcmp(node->op_type, "MatMul") == 0)
        lay_out_matrix(layout, shape, operand->operand == 0, operand->operand == 0);
    else
        status = lay_out_einsum(layout, node, operand, message);
    layout->rank = layout->scale_rank = operand->rank;
    memcpy(layout->dims, operand->shape, sizeof layout->dims);
    const bool split = layout->scales.rank > operand->rank; /* groups and channels: scale_dims[0] is set */
    for (size_t i = split; i < operand->rank; i++) layout->scale_dims[i] = layout->scales.size[i + split];
    return status;
}
