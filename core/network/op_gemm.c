/* Gemm and MatMul with a constant side. */
#include "base/blas.h"
#include "network/network_storage.h"
#include "network/op_conv.h"
#include "network/transpose.h"

#include <stdint.h>
#include <string.h>

/* --- kernel ----------------------------------------------------------------------------------------- */

/* out[rows][m] = in[rows][n] weights[m][n]^T + bias */
static Status run_matrix(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Layer *layer = &run->network->layers[run->node->layer];
    const Site *site = &run->network->storage->sites[run->node - run->network->nodes];
    const Value *out = &run->values[run->node->output];
    size_t m = layer->m, n = layer->n, rows = out->elements / m;
    float *y = output;
    for (size_t i = 0; i < rows; i++) memcpy(y + i * m, run->weights->bias, m * sizeof *y);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)m, (int)n, 1, inputs[0], (int)n,
                run->weights->matrix, (int)n, 1, y, (int)m);
    if (run->fused) range_apply(y, &site->range, out->elements);
    return STATUS_OK;
}

const Kernel kernel_matrix = {"Matrix product", run_matrix, edge_layer};

/* --- build ------------------------------------------------------------------------------------------ */

/* Emits rows of `input` (along its last axis, of n) times the layer: *value has m in the place of n. */
static Status emit_matrix(Call *call, size_t input, const LayerOrigin *origin, size_t m, size_t n,
                          size_t *value)
{
    size_t layer, shape[NETWORK_MAX_RANK];
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

/* C of a Gemm: one value, or one an output. */
static Status gemm_bias(Call *call, size_t *bias, size_t m)
{
    *bias = NETWORK_NONE;
    if (!call_has(call, 2)) return STATUS_OK;
    const BuildValue *c = call_value(call, 2);
    if (!c->constant || c->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "C '%s' is not constant floats", c->name);
    bool row = c->rank >= 1 && c->rank <= 2 && c->shape[c->rank - 1] == c->elements;
    if (c->elements != 1 && !(row && c->elements == m))
        return call_fail(call, STATUS_UNSUPPORTED,
                         "C '%s' is neither one value nor one for each of %zu outputs", c->name, m);
    *bias = call->inputs[2];
    return STATUS_OK;
}

static Status build_gemm(Call *call)
{
    const BuildValue *x = call_value(call, 0), *weight = call_value(call, 1);
    bool transposed = attribute_int(call, "transB", 0) == 0;
    if (attribute_int(call, "transA", 0) != 0)
        return call_fail(call, STATUS_UNSUPPORTED, "transA is not supported: it would mix images");
    Status status = check_matrix(call, weight);
    if (status) return status;
    if (x->rank != 2) return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, not 2", x->name, x->rank);
    size_t bias, value, m = weight->shape[transposed], n = weight->shape[!transposed];
    status = check_rows(call, x, 1, n);
    if (!status) status = gemm_bias(call, &bias, m);
    if (status) return status;
    LayerOrigin origin = {.weight = call->inputs[1],
                          .bias = bias,
                          .groups = 1,
                          .transposed = transposed,
                          .scale = attribute_float(call, "alpha", 1),
                          .bias_scale = attribute_float(call, "beta", 1)};
    status = emit_matrix(call, call->inputs[0], &origin, m, n, &value);
    return status ? status : call_bind(call, 0, value);
}

/* The last two axes swapped, in plain order. */
static Status swap_last(Call *call, size_t input, size_t *result)
{
    TransposeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    Status status = builder_plain(call, input, &input);
    if (status) return status;
    const BuildValue *x = builder_value(call->builder, input);
    size_t shape[NETWORK_MAX_RANK], last = x->rank - 1;
    memcpy(shape, x->shape, sizeof shape);
    shape[last] = x->shape[last - 1];
    shape[last - 1] = x->shape[last];
    parameters->rank = x->rank;
    for (size_t i = 0; i < x->rank; i++) parameters->perm[i] = i;
    parameters->perm[last] = last - 1;
    parameters->perm[last - 1] = last;
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_transpose,
                                .parameters = parameters,
                                .operator_name = "Transpose",
                                .input_count = 1,
                                .inputs = &input,
                                .type = x->type,
                                .rank = x->rank,
                                .shape = shape,
                                .layer = NETWORK_NONE},
                        result);
}

/* x W */
static Status multiply_right(Call *call)
{
    const BuildValue *x = call_value(call, 0), *weight = call_value(call, 1);
    Status status = check_matrix(call, weight);
    if (status) return status;
    if (x->rank < 2) return call_fail(call, STATUS_UNSUPPORTED, "'%s' has rank %zu", x->name, x->rank);
    status = check_rows(call, x, x->rank - 1, weight->shape[0]);
    if (status) return status;
    size_t value;
    LayerOrigin origin = {.weight = call->inputs[1],
                          .bias = NETWORK_NONE,
                          .groups = 1,
                          .transposed = true,
                          .scale = 1,
                          .bias_scale = 1};
    status = emit_matrix(call, call->inputs[0], &origin, weight->shape[1], weight->shape[0], &value);
    return status ? status : call_bind(call, 0, value);
}

/* W x = (x^T W^T)^T for each of the matrices x[k][n] in an input of rank 3 or more */
static Status multiply_left(Call *call)
{
    const BuildValue *weight = call_value(call, 0), *x = call_value(call, 1);
    Status status = check_matrix(call, weight);
    if (status) return status;
    if (x->rank < 3)
        return call_fail(call, STATUS_UNSUPPORTED, "constant '%s' times '%s' would mix the images of a batch",
                         weight->name, x->name);
    status = check_rows(call, x, x->rank - 2, weight->shape[1]);
    size_t swapped, product, value;
    LayerOrigin origin = {
        .weight = call->inputs[0], .bias = NETWORK_NONE, .groups = 1, .scale = 1, .bias_scale = 1};
    if (!status) status = swap_last(call, call->inputs[1], &swapped);
    if (!status) status = emit_matrix(call, swapped, &origin, weight->shape[0], weight->shape[1], &product);
    if (!status) status = swap_last(call, product, &value);
    return status ? status : call_bind(call, 0, value);
}

static Status build_matmul(Call *call)
{
    const BuildValue *a = call_value(call, 0), *b = call_value(call, 1);
    if (b->constant) return multiply_right(call);
    if (a->constant) return multiply_left(call);
    return call_fail(call, STATUS_UNSUPPORTED,
                     "'%s' and '%s' are both computed: only a product with constant weights is supported",
                     a->name, b->name);
}

const Operator operators_gemm[] = {
    {"Gemm", 7, 21, 2, 3, build_gemm},
    {"MatMul", 7, 21, 2, 2, build_matmul},
    {0},
};
