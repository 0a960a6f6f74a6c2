/* SPDX-License-Identifier: MIT */
/* Gemm and MatMul: with a constant matrix a layer, else the product of two values. */
#include "network/operators/linear/gemm_matmul.h"
#include "base/blas.h"
#include "network/build/layers.h"
#include "network/operators/elementwise/arithmetic.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/linear/product.h"
#include "network/operators/operator.h"
#include "network/storage.h"

#include <string.h>

/* --- kernel ----------------------------------------------------------------------------------------- */

/* out[rows][m] = in[rows][n] weights[m][n]^T + bias[m] */
static Status run_matrix(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Layer *layer = &run->network->layers[run->node->layer];
    const LayerUse *use = &run->network->storage->uses[run->node - run->network->nodes];
    const Value *out = &run->values[run->node->output];
    size_t m = layer->m, n = layer->n, rows = out->elements / m;
    float *y = output;
    for (size_t i = 0; i < rows; i++) memcpy(y + i * m, run->weights->bias, m * sizeof *y);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)m, (int)n, 1, inputs[0], (int)n,
                run->weights->matrix, (int)n, 1, y, (int)m);
    if (run->fused) clamp_apply(y, &use->clamp, out->elements);
    return STATUS_OK;
}

static const Kernel kernel_matrix = {.name = "Matrix product", .run = run_matrix, .edge = edge_layer};

/* --- build ------------------------------------------------------------------------------------------ */

/* *value = input[...][n] times the layer: [...][m]. */
static Status emit_matrix(Call *call, size_t input, const LayerOrigin *origin, size_t m, size_t n,
                          size_t *value)
{
    size_t layer, shape[TENSOR_MAX_RANK];
    Status status = builder_plain(call, input, &input);
    if (status) return status;
    const BuildValue *x = builder_value(call->builder, input);
    if (m > INT32_MAX || n > INT32_MAX || x->elements / n > INT32_MAX)
        return call_fail(call, STATUS_UNSUPPORTED, "a product of %zu by %zu by %zu is too large",
                         x->elements / n, n, m);
    status = builder_layer(call, origin, m, n, &layer);
    if (status) return status;
    memcpy(shape, x->shape, sizeof shape);
    shape[x->rank - 1] = m;
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_matrix,
                                .input_count = 1,
                                .inputs = &input,
                                .type = ELEMENT_FLOAT,
                                .rank = x->rank,
                                .shape = shape,
                                .layer = layer},
                        value);
}

static Status check_matrix(Call *call, const BuildValue *weight)
{
    if (!weight->constant || weight->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "weights '%s' are not constant floats", weight->name);
    if (weight->rank != 2 || weight->elements == 0)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "weights '%s' of rank %zu with %zu elements: only matrices are supported",
                         weight->name, weight->rank, weight->elements);
    return STATUS_OK;
}

static Status check_rows(Call *call, const BuildValue *x, size_t axis, size_t n)
{
    if (x->constant || x->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is constant or not float", x->name);
    if (x->shape[axis] != n)
        return call_fail(call, STATUS_INVALID, "axis %zu of '%s' is %zu, the weights take %zu", axis, x->name,
                         x->shape[axis], n);
    return STATUS_OK;
}

/* The input C of a Gemm as the layer's bias, if it is one constant, or one constant per output; else *bias is
 * NO_INDEX.
 */
static void gemm_bias(const Call *call, size_t *bias, size_t m)
{
    *bias = NO_INDEX;
    if (!call_has(call, 2)) return;
    const BuildValue *c = call_value(call, 2);
    const bool row = c->rank >= 1 && c->rank <= 2 && c->shape[c->rank - 1] == c->elements;
    if (c->constant && c->type == ELEMENT_FLOAT && (c->elements == 1 || (row && c->elements == m)))
        *bias = call->inputs[2];
}

/* *result = the value with its last two axes swapped, in ONNX's order. */
static Status swap_last(Call *call, size_t input, size_t *result)
{
    size_t order[TENSOR_MAX_RANK];
    Status status = builder_plain(call, input, &input);
    if (status) return status;
    const size_t rank = builder_value(call->builder, input)->rank;
    for (size_t i = 0; i < rank; i++) order[i] = i;
    order[rank - 1] = rank - 2;
    order[rank - 2] = rank - 1;
    return emit_permuted(call, input, order, result);
}

/* *value *= number */
static Status scale_by(Call *call, float number, size_t *value)
{
    size_t factor;
    if (number == 1) return STATUS_OK;
    float *element = call_allocate(call, 1, sizeof *element);
    if (!element) return call_no_memory(call);
    *element = number;
    Status status = call_constant(call, ELEMENT_FLOAT, 0, NULL, element, &factor);
    return status ? status : emit_binary(call, "Mul", *value, factor, value);
}

/* *value += beta * C, if C is given */
static Status add_c(Call *call, float beta, size_t *value)
{
    if (!call_has(call, 2)) return STATUS_OK;
    size_t c = call->inputs[2];
    Status status = scale_by(call, beta, &c);
    return status ? status : emit_binary(call, "Add", *value, c, value);
}

/* alpha A' B' + beta C without a layer: A' and B' are A and B, transposed if the attributes say so. */
static Status gemm_of_values(Call *call, float alpha, float beta)
{
    size_t value, sides[2];
    static const char *const swaps[] = {"transA", "transB"};
    for (size_t i = 0; i < 2; i++) {
        sides[i] = call->inputs[i];
        const BuildValue *side = builder_value(call->builder, sides[i]);
        if (side->rank != 2)
            return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, not 2", side->name, side->rank);
        Status status = attribute_int(call, swaps[i], 0) ? swap_last(call, sides[i], &sides[i]) : STATUS_OK;
        if (status) return status;
    }
    Status status = call_keeps_images(call, call_value(call, 0), "a product of two computed matrices");
    if (!status) status = emit_product(call, sides[0], sides[1], &value);
    if (!status) status = scale_by(call, alpha, &value);
    if (!status) status = add_c(call, beta, &value);
    return status ? status : call_bind(call, 0, value);
}

static Status build_gemm(Call *call)
{
    const BuildValue *x = call_value(call, 0), *weight = call_value(call, 1);
    const bool transposed = attribute_int(call, "transB", 0) == 0;
    const float alpha = attribute_float(call, "alpha", 1), beta = attribute_float(call, "beta", 1);
    if (!weight->constant || x->constant || attribute_int(call, "transA", 0))
        return gemm_of_values(call, alpha, beta);
    Status status = check_matrix(call, weight);
    if (status) return status;
    if (x->rank != 2) return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, not 2", x->name, x->rank);
    size_t bias, value, m = weight->shape[transposed], n = weight->shape[!transposed];
    status = check_rows(call, x, 1, n);
    gemm_bias(call, &bias, m);
    if (status) return status;
    LayerOrigin origin = {.weight = call->inputs[1],
                          .bias = bias,
                          .groups = 1,
                          .transposed = transposed,
                          .scale = alpha,
                          .bias_scale = beta};
    status = emit_matrix(call, call->inputs[0], &origin, m, n, &value);
    if (!status && bias == NO_INDEX) status = add_c(call, beta, &value);
    return status ? status : call_bind(call, 0, value);
}

/* *value = x W */
static Status multiply_right(Call *call, size_t input, size_t matrix, size_t *value)
{
    const BuildValue *x = builder_value(call->builder, input);
    const BuildValue *weight = builder_value(call->builder, matrix);
    Status status = check_matrix(call, weight);
    if (status) return status;
    if (x->rank < 2) return call_fail(call, STATUS_UNSUPPORTED, "'%s' has rank %zu", x->name, x->rank);
    status = check_rows(call, x, x->rank - 1, weight->shape[0]);
    if (status) return status;
    LayerOrigin origin = {
        .weight = matrix, .bias = NO_INDEX, .groups = 1, .transposed = true, .scale = 1, .bias_scale = 1};
    return emit_matrix(call, input, &origin, weight->shape[1], weight->shape[0], value);
}

/* *value = W x = (x^T W^T)^T for each matrix x of an input of rank 3 or more */
static Status multiply_left(Call *call, size_t matrix, size_t input, size_t *value)
{
    const BuildValue *weight = builder_value(call->builder, matrix);
    const BuildValue *x = builder_value(call->builder, input);
    Status status = check_matrix(call, weight);
    if (!status) status = check_rows(call, x, x->rank - 2, weight->shape[1]);
    size_t swapped, product;
    const size_t m = weight->shape[0], n = weight->shape[1];
    LayerOrigin origin = {.weight = matrix, .bias = NO_INDEX, .groups = 1, .scale = 1, .bias_scale = 1};
    if (!status) status = swap_last(call, input, &swapped);
    if (!status) status = emit_matrix(call, swapped, &origin, m, n, &product);
    return status ? status : swap_last(call, product, value);
}

static bool is_weight(const BuildValue *value)
{
    return value->constant && value->rank == 2;
}

Status emit_matmul(Call *call, size_t a, size_t b, size_t *value)
{
    const BuildValue *left = builder_value(call->builder, a), *right = builder_value(call->builder, b);
    if (is_weight(right) && !left->constant && left->rank >= 2) return multiply_right(call, a, b, value);
    if (is_weight(left) && !right->constant && right->rank >= 3) return multiply_left(call, a, b, value);
    return emit_product(call, a, b, value);
}

static Status build_matmul(Call *call)
{
    size_t value;
    Status status = emit_matmul(call, call->inputs[0], call->inputs[1], &value);
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_gemm_matmul[] = {
    {"Gemm", 7, 21, 2, 3, build_gemm},
    {"MatMul", 7, 21, 2, 2, build_matmul},
    {0},
};
