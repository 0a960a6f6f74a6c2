/* SPDX-License-Identifier: MIT */
/* QuantizeLinear and DequantizeLinear: codes are int64 values; the type of the zero point in the file gives
 * their range. */
#include "network/operators/operator.h"
#include "onnx/onnx_file.h"

#include <math.h>

/* One scale and zero point per tensor (count 1), or per index of an axis: element i uses number (i / inner) %
 * count. Codes are clamped to low..high. */
typedef struct CodeParameters {
    size_t inner, count;
    double low, high;
} CodeParameters;

static int64_t zero_point(const void *const *inputs, size_t input_count, size_t i)
{
    return input_count > 2 ? ((const int64_t *)inputs[2])[i] : 0;
}

/* code = clamp(round half to even(x / scale) + zero point, low, high) */
static Status run_quantize(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const CodeParameters *p = run->node->parameters;
    const float *x = inputs[0], *scales = inputs[1];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) {
        const size_t c = i / p->inner % p->count;
        const double zero = (double)zero_point(inputs, run->node->input_count, c);
        const double code = (double)rintf(x[i] / scales[c]) + zero;
        ((int64_t *)output)[i] = (int64_t)fmin(fmax(code, p->low), p->high);
    }
    return STATUS_OK;
}

static Status run_dequantize(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const CodeParameters *p = run->node->parameters;
    const int64_t *codes = inputs[0];
    const float *scales = inputs[1];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) {
        const size_t c = i / p->inner % p->count;
        const double zero = (double)zero_point(inputs, run->node->input_count, c);
        ((float *)output)[i] = (float)((double)codes[i] - zero) * scales[c];
    }
    return STATUS_OK;
}

static void edge_codes(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    edge->reason = "it rounds to codes";
}

static const Kernel kernel_quantize = {.name = "quantize", .run = run_quantize, .edge = edge_codes};
static const Kernel kernel_dequantize = {.name = "dequantize", .run = run_dequantize, .edge = edge_codes};

static Status code_range(Call *call, CodeParameters *p)
{
    int64_t type = attribute_int(call, "output_dtype", 0);
    if (call_has(call, 2)) type = call_value(call, 2)->file_type;
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
        p->low = INT8_MIN;
        p->high = INT8_MAX;
        return STATUS_OK;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
        p->high = UINT16_MAX;
        return STATUS_OK;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
        p->low = INT16_MIN;
        p->high = INT16_MAX;
        return STATUS_OK;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
        p->high = UINT8_MAX;
        return STATUS_OK;
    default:
        return call_fail(call, STATUS_UNSUPPORTED, "codes of type %s are not supported",
                         onnx_type_name(type));
    }
}

/* Reads the axis of the scales and zero points: one of each per tensor, or one per index of the axis. */
static Status code_axis(Call *call, CodeParameters *p)
{
    const BuildValue *x = call_value(call, 0), *scale = call_value(call, 1);
    size_t axis = 0;
    *p = (CodeParameters){.inner = 1, .count = 1};
    if (attribute_int(call, "block_size", 0) != 0)
        return call_fail(call, STATUS_UNSUPPORTED, "block_size is not supported");
    if (scale->type != ELEMENT_FLOAT || (call_has(call, 2) && call_value(call, 2)->type != ELEMENT_INT64) ||
        (call_has(call, 2) && call_value(call, 2)->elements != scale->elements))
        return call_fail(call, STATUS_INVALID, "scales '%s' and zero points do not match", scale->name);
    if (scale->elements == 1) return STATUS_OK;
    Status status = call_axis(call, attribute_int(call, "axis", 1), x->rank, &axis);
    if (status) return status;
    if (scale->rank != 1 || scale->elements != x->shape[axis])
        return call_fail(call, STATUS_INVALID, "%zu scales for an axis of %zu", scale->elements,
                         x->shape[axis]);
    p->count = scale->elements;
    for (size_t i = axis + 1; i < x->rank; i++) p->inner *= x->shape[i];
    return STATUS_OK;
}

static Status emit_codes(Call *call, const Kernel *kernel, const CodeParameters *from, ElementType type)
{
    size_t inputs[3] = {call->inputs[0], call->inputs[1], call_has(call, 2) ? call->inputs[2] : 0};
    CodeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = *from;
    Status status = from->count == 1 ? STATUS_OK : builder_plain(call, inputs[0], &inputs[0]);
    if (status) return status;
    const BuildValue x = *builder_value(call->builder, inputs[0]);
    return call_emit(call, &(Emit){.kernel = kernel,
                                   .parameters = parameters,
                                   .input_count = call_has(call, 2) ? 3 : 2,
                                   .inputs = inputs,
                                   .type = type,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

static Status build_quantize(Call *call)
{
    CodeParameters p;
    Status status = call_needs_float(call, call->inputs[0]);
    if (!status) status = code_axis(call, &p);
    if (!status) status = code_range(call, &p);
    return status ? status : emit_codes(call, &kernel_quantize, &p, ELEMENT_INT64);
}

static Status build_dequantize(Call *call)
{
    CodeParameters p;
    if (call_value(call, 0)->type != ELEMENT_INT64)
        return call_fail(call, STATUS_INVALID, "'%s' is not int64", call_value(call, 0)->name);
    Status status = code_axis(call, &p);
    return status ? status : emit_codes(call, &kernel_dequantize, &p, ELEMENT_FLOAT);
}

const Operator operators_quantize_linear[] = {
    {"QuantizeLinear", 10, 21, 2, 3, build_quantize},
    {"DequantizeLinear", 10, 21, 2, 3, build_dequantize},
    {0},
};
