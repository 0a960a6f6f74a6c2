/* Softmax, LogSoftmax and Cast. */
#include "network/operators/elementwise.h"

#include "network/operators/walk.h"
#include "onnx/onnx_file.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* --- softmax ---------------------------------------------------------------------------------------- */

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

/* The Jacobian diag(y) - y y^T is symmetric, its row sums of absolute values are 2 y_i (1 - y_i). With the
 * logarithm it is I - 1 y^T: a projection, as y sums to 1, so its norm is that of its complement, 1 y^T,
 * which is sqrt(count) |y|. */
static void edge_softmax(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const SoftmaxParameters *p = node->parameters;
    *edge = edge_slope(p->logarithm ? sqrt((double)p->count) : 0.5);
}

static const Kernel kernel_softmax = {"softmax", run_softmax, edge_softmax};

/* Over stored axes first..last-1 of `input`. */
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
    return emit_elementwise(call, &kernel_softmax, parameters, NULL, input, ELEMENT_FLOAT);
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

/* Before opset 13 all axes from `axis` on were one. */
static Status build_softmax_flattened(Call *call)
{
    size_t axis, plain;
    Status status = call_axis(call, attribute_int(call, "axis", 1), call_value(call, 0)->rank, &axis);
    if (!status) status = builder_plain(call, call->inputs[0], &plain);
    if (status) return status;
    return emit_softmax(call, plain, axis, builder_value(call->builder, plain)->rank);
}

/* --- cast ------------------------------------------------------------------------------------------- */

static double load_number(const void *elements, ElementType type, size_t i)
{
    if (type == ELEMENT_FLOAT) return ((const float *)elements)[i];
    return ((const uint8_t *)elements)[i] != 0;
}

static Status run_cast(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const Value *in = &run->values[run->node->inputs[0]], *out = &run->values[run->node->output];
    for (size_t i = 0; i < out->elements; i++) {
        if (in->type == ELEMENT_INT64) {
            const int64_t number = ((const int64_t *)inputs[0])[i];
            if (out->type == ELEMENT_FLOAT) ((float *)output)[i] = (float)number;
            if (out->type == ELEMENT_BOOL) ((uint8_t *)output)[i] = number != 0;
            continue;
        }
        const double number = load_number(inputs[0], in->type, i);
        if (out->type == ELEMENT_FLOAT) ((float *)output)[i] = (float)number;
        if (out->type == ELEMENT_BOOL) ((uint8_t *)output)[i] = number != 0;
        if (out->type != ELEMENT_INT64) continue;
        if (!(number >= -0x1p63 && number < 0x1p63))
            return status_fail(message, STATUS_INVALID, "%g does not fit into int64", number);
        ((int64_t *)output)[i] = (int64_t)number;
    }
    return STATUS_OK;
}

static const Kernel kernel_cast = {"cast", run_cast, NULL};

Status emit_cast(Call *call, size_t input, ElementType type, size_t *value)
{
    const BuildValue x = *builder_value(call->builder, input);
    *value = input;
    if (type == x.type) return STATUS_OK;
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_cast,
                                .operator_name = "Cast",
                                .input_count = 1,
                                .inputs = &input,
                                .type = type,
                                .rank = x.rank,
                                .shape = x.shape,
                                .channels_last = x.channels_last,
                                .layer = NO_INDEX},
                        value);
}

static Status build_cast(Call *call)
{
    ElementType type;
    size_t value;
    const int64_t to = attribute_int(call, "to", 0);
    if (!onnx_type_element(&type, to))
        return call_fail(call, STATUS_UNSUPPORTED, "cast to %s (%lld) is not supported", onnx_type_name(to),
                         (long long)to);
    Status status = emit_cast(call, call->inputs[0], type, &value);
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_elementwise[] = {
    {"Softmax", 7, 12, 1, 1, build_softmax_flattened},
    {"Softmax", 13, 21, 1, 1, build_softmax},
    {"LogSoftmax", 7, 12, 1, 1, build_softmax_flattened},
    {"LogSoftmax", 13, 21, 1, 1, build_softmax},
    {"Cast", 7, 21, 1, 1, build_cast},
    {0},
};
