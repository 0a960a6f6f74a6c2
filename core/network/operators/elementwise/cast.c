/* SPDX-License-Identifier: MIT */
#include "network/operators/elementwise/cast.h"

#include "network/operators/operator.h"
#include "onnx/onnx_file.h"

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

static const Kernel kernel_cast = {.name = "cast", .run = run_cast};

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

const Operator operators_cast[] = {
    {"Cast", 7, 21, 1, 1, build_cast},
    {0},
};
