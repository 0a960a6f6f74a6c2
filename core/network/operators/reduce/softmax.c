/* SPDX-License-Identifier: MIT */
/* Softmax and LogSoftmax. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <math.h>
#include <string.h>

typedef struct SoftmaxParameters {
    size_t outer, count, inner; /* stored as [outer][count][inner], over count */
    bool logarithm;
} SoftmaxParameters;

static float highest_of(const float *in, size_t count, size_t step)
{
    float highest = in[0];
    for (size_t i = 1; i < count; i++) highest = fmaxf(highest, in[i * step]);
    return highest;
}

/* y_i = exp(x_i - max x) / sum_j exp(x_j - max x) */
static void softmax(float *out, const float *in, size_t count, size_t step)
{
    const float highest = highest_of(in, count, step);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        out[i * step] = expf(in[i * step] - highest);
        sum += out[i * step];
    }
    const float scale = (float)(1 / sum);
    for (size_t i = 0; i < count; i++) out[i * step] *= scale;
}

/* y_i = x_i - max x - log sum_j exp(x_j - max x) */
static void log_softmax(float *out, const float *in, size_t count, size_t step)
{
    const float highest = highest_of(in, count, step);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)expf(in[i * step] - highest);
    const float shift = highest + (float)log(sum);
    for (size_t i = 0; i < count; i++) out[i * step] = in[i * step] - shift;
}

static Status run_softmax(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const SoftmaxParameters *p = run->node->parameters;
    for (size_t i = 0; i < p->outer; i++)
        for (size_t j = 0; j < p->inner; j++) {
            const size_t start = i * p->count * p->inner + j;
            (p->logarithm ? log_softmax : softmax)((float *)output + start, (const float *)inputs[0] + start,
                                                   p->count, p->inner);
        }
    return STATUS_OK;
}

/* The Jacobian of softmax, diag(y) - y y^T, is symmetric, and its absolute row sums are 2 y_i (1 - y_i) <=
 * 1/2. The Jacobian of log softmax, I - 1 y^T, is a projection, as y sums to 1; so its norm is that of its
 * complement 1 y^T, sqrt(count) |y| <= sqrt(count). */
static void edge_softmax(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const SoftmaxParameters *p = node->parameters;
    *edge = edge_slope(p->logarithm ? sqrt((double)p->count) : 0.5);
}

static Sign sign_softmax(const Node *node)
{
    return ((const SoftmaxParameters *)node->parameters)->logarithm ? ANY_SIGN : NONNEGATIVE;
}

static const Kernel kernel_softmax = {
    .name = "softmax", .run = run_softmax, .edge = edge_softmax, .sign = sign_softmax};

/* Emits the softmax over stored axes first..last-1 of `input`. */
static Status emit_softmax(Call *call, size_t input, size_t first, size_t last)
{
    const BuildValue x = *builder_value(call->builder, input);
    Status status = call_needs_float(call, input);
    if (!status && first == 0) status = call_keeps_images(call, &x, "softmax over axis 0");
    if (status) return status;
    SoftmaxParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    size_t shape[TENSOR_MAX_RANK];
    stored_shape(shape, x.shape, x.rank, x.channels_last);
    *parameters = (SoftmaxParameters){1, 1, 1, strcmp(call->operator_name, "LogSoftmax") == 0};
    for (size_t i = 0; i < first; i++) parameters->outer *= shape[i];
    for (size_t i = first; i < last; i++) parameters->count *= shape[i];
    for (size_t i = last; i < x.rank; i++) parameters->inner *= shape[i];
    return call_emit_elementwise(call, &kernel_softmax, parameters, NULL, input, ELEMENT_FLOAT);
}

static Status build_softmax(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    size_t axis;
    Status status = call_axis(call, attribute_int(call, "axis", -1), x.rank, &axis);
    if (status) return status;
    axis = builder_axis(&x, axis);
    return emit_softmax(call, call->inputs[0], axis, axis + 1);
}

/* Before opset 13, all axes from `axis` on count as one. */
static Status build_softmax_flattened(Call *call)
{
    size_t axis, plain;
    Status status = call_axis(call, attribute_int(call, "axis", 1), call_value(call, 0)->rank, &axis);
    if (!status) status = builder_plain(call, call->inputs[0], &plain);
    if (status) return status;
    return emit_softmax(call, plain, axis, builder_value(call->builder, plain)->rank);
}

const Operator operators_softmax[] = {
    {"Softmax", 7, 12, 1, 1, build_softmax_flattened},
    {"Softmax", 13, 21, 1, 1, build_softmax},
    {"LogSoftmax", 7, 12, 1, 1, build_softmax_flattened},
    {"LogSoftmax", 13, 21, 1, 1, build_softmax},
    {0},
};
