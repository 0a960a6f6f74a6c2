/* SPDX-License-Identifier: MIT */
#include "network/build/attributes.h"

#include <string.h>

static void attribute_fail(Call *call, const char *name, const char *wanted)
{
    if (call->builder->attribute_failed) return;
    call->builder->attribute_failed = true;
    call_fail(call, STATUS_INVALID, "attribute %s is not %s", name, wanted);
    if (call->message) call->builder->attribute_message = *call->message;
}

/* The attribute, or NULL if it is absent or of another type. */
static const Onnx__AttributeProto *
typed_attribute(Call *call, const char *name, Onnx__AttributeProto__AttributeType type, const char *wanted)
{
    const Onnx__AttributeProto *attribute = call->node ? graph_attribute(call->node, name) : NULL;
    if (!attribute) return NULL;
    if (attribute->has_type && attribute->type == type) return attribute;
    attribute_fail(call, name, wanted);
    return NULL;
}

bool attribute_present(const Call *call, const char *name)
{
    return call->node && graph_attribute(call->node, name) != NULL;
}

int64_t attribute_int(Call *call, const char *name, int64_t absent)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, "an integer");
    return attribute ? attribute->i : absent;
}

float attribute_float(Call *call, const char *name, float absent)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, "a float");
    return attribute ? attribute->f : absent;
}

const char *attribute_text(Call *call, const char *name, const char *absent)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, "a text");
    if (!attribute) return absent;
    char *text = arena_copy_text(&call->builder->scratch, (const char *)attribute->s.data, attribute->s.len);
    if (!text) attribute_fail(call, name, "short enough for the memory allowed");
    return text ? text : absent;
}

size_t attribute_ints(Call *call, const char *name, const int64_t **values)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, "a list of integers");
    *values = attribute ? attribute->ints : NULL;
    return attribute ? attribute->n_ints : 0;
}

size_t attribute_floats(Call *call, const char *name, const float **values)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS, "a list of floats");
    *values = attribute ? attribute->floats : NULL;
    return attribute ? attribute->n_floats : 0;
}

Status attribute_or_input(Call *call, const char *name, int opset, size_t input, int64_t *values,
                          size_t *count)
{
    *count = 0;
    if (call->opset >= opset)
        return call_has(call, input) ? call_constant_ints(call, input, values, count, TENSOR_MAX_RANK)
                                     : STATUS_OK;
    const int64_t *given;
    *count = attribute_ints(call, name, &given);
    if (*count > TENSOR_MAX_RANK) return call_fail(call, STATUS_INVALID, "%zu %s", *count, name);
    for (size_t i = 0; i < *count; i++) values[i] = given[i];
    return STATUS_OK;
}

size_t attribute_tensor(Call *call, const char *name)
{
    const Onnx__AttributeProto *attribute =
        typed_attribute(call, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR, "a tensor");
    if (!attribute) return NO_INDEX;
    OnnxTensor tensor;
    size_t value = NO_INDEX;
    Status status = attribute->t ? onnx_tensor_read(&tensor, attribute->t, &call->builder->file->external,
                                                    &call->builder->scratch, call->message)
                                 : status_fail(call->message, STATUS_INVALID, "it is empty");
    if (!status) status = call_constant(call, tensor.type, tensor.rank, tensor.shape, tensor.data, &value);
    if (!status) builder_value(call->builder, value)->file_type = attribute->t->data_type;
    if (!status || call->builder->attribute_failed) return value;
    call->builder->attribute_failed = true;
    Message reason = *call->message;
    call_fail(call, status, "attribute %s: %s", name, reason.text);
    if (call->message) call->builder->attribute_message = *call->message;
    return NO_INDEX;
}
