/* Attributes of an ONNX node, and inputs that must be constant. */
#include "network/build/builder.h"

#include <string.h>

static const Onnx__AttributeProto *find_attribute(const Call *call, const char *name)
{
    return call->node ? graph_attribute(call->node, name) : NULL;
}

static void attribute_fail(Call *call, const char *name, const char *wanted)
{
    if (call->builder->attribute_failed) return;
    call->builder->attribute_failed = true;
    call_fail(call, STATUS_INVALID, "attribute %s is not %s", name, wanted);
    if (call->message) call->builder->attribute_message = *call->message;
}

/* The attribute, or NULL where it is absent or of another type than `wanted`. */
static const Onnx__AttributeProto *
typed_attribute(Call *call, const char *name, Onnx__AttributeProto__AttributeType type, const char *wanted)
{
    const Onnx__AttributeProto *attribute = find_attribute(call, name);
    if (!attribute) return NULL;
    if (attribute->has_type && attribute->type == type) return attribute;
    attribute_fail(call, name, wanted);
    return NULL;
}

bool attribute_present(const Call *call, const char *name)
{
    return find_attribute(call, name) != NULL;
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
    if (!status) status = builder_constant(call, tensor.type, tensor.rank, tensor.shape, tensor.data, &value);
    if (!status) builder_record(call->builder, value)->value.file_type = attribute->t->data_type;
    if (!status || call->builder->attribute_failed) return value;
    call->builder->attribute_failed = true;
    Message reason = *call->message;
    call_fail(call, status, "attribute %s: %s", name, reason.text);
    if (call->message) call->builder->attribute_message = *call->message;
    return NO_INDEX;
}

/* --- constant inputs -------------------------------------------------------------------------------- */

bool call_has(const Call *call, size_t input)
{
    return input < call->input_count && call->inputs[input] != NO_INDEX;
}

const BuildValue *call_value(const Call *call, size_t input)
{
    return builder_value(call->builder, call->inputs[input]);
}

Status call_constant_ints(Call *call, size_t input, int64_t *values, size_t *count, size_t most)
{
    if (!call_has(call, input)) return call_fail(call, STATUS_INVALID, "input %zu is missing", input);
    const BuildValue *value = call_value(call, input);
    if (!value->constant)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "'%s' depends on the image's content: only constants and shapes are supported",
                         value->name);
    if (value->type != ELEMENT_INT64 || value->rank > 1)
        return call_fail(call, STATUS_INVALID, "'%s' is not a list of integers", value->name);
    if (value->elements > most)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' has %zu elements: at most %zu are supported",
                         value->name, value->elements, most);
    *count = value->elements;
    if (*count) memcpy(values, value->constant, *count * sizeof *values);
    return STATUS_OK;
}

Status call_needs_float(Call *call, size_t value)
{
    const BuildValue *x = builder_value(call->builder, value);
    if (x->type == ELEMENT_FLOAT) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", x->name);
}

Status call_constant_float(Call *call, size_t input, float *result)
{
    if (!call_has(call, input)) return call_fail(call, STATUS_INVALID, "input %zu is missing", input);
    const BuildValue *value = call_value(call, input);
    if (!value->constant || value->type != ELEMENT_FLOAT || value->elements != 1)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is not one constant float", value->name);
    *result = *(const float *)value->constant;
    return STATUS_OK;
}

Status call_axis(Call *call, int64_t axis, size_t rank, size_t *result)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return call_fail(call, STATUS_INVALID, "axis %lld of a value of rank %zu", (long long)axis, rank);
    *result = (size_t)(axis < 0 ? axis + (int64_t)rank : axis);
    return STATUS_OK;
}
