/* SPDX-License-Identifier: MIT */
/* Constant, ConstantOfShape, Range, Shape and Size: all become constants when the network is opened. */
#include "base/sizes.h"
#include "network/operators/operator.h"

#include <math.h>
#include <string.h>

static Status bind_constant(Call *call, ElementType type, size_t rank, size_t count, const void *elements)
{
    size_t value;
    Status status = call_constant(call, type, rank, &count, elements, &value);
    return status ? status : call_bind(call, 0, value);
}

/* Binds the output to a copy of the `count` elements: a list (rank 1) or a scalar (rank 0). */
static Status bind_copy(Call *call, ElementType type, size_t rank, size_t count, const void *elements)
{
    if (count == 0) return call_fail(call, STATUS_UNSUPPORTED, "its value is empty");
    void *copy = call_allocate(call, count, element_size(type));
    if (!copy) return call_no_memory(call);
    memcpy(copy, elements, count * element_size(type));
    return bind_constant(call, type, rank, count, copy);
}

static Status build_constant(Call *call)
{
    if (attribute_present(call, "value")) {
        const size_t value = attribute_tensor(call, "value");
        return value == NO_INDEX ? call_fail(call, STATUS_INVALID, "its value cannot be read")
                                 : call_bind(call, 0, value);
    }
    if (attribute_present(call, "value_float")) {
        const float value = attribute_float(call, "value_float", 0);
        return bind_copy(call, ELEMENT_FLOAT, 0, 1, &value);
    }
    if (attribute_present(call, "value_int")) {
        const int64_t value = attribute_int(call, "value_int", 0);
        return bind_copy(call, ELEMENT_INT64, 0, 1, &value);
    }
    if (attribute_present(call, "value_floats")) {
        const float *values;
        const size_t count = attribute_floats(call, "value_floats", &values);
        return bind_copy(call, ELEMENT_FLOAT, 1, count, values);
    }
    if (attribute_present(call, "value_ints")) {
        const int64_t *values;
        const size_t count = attribute_ints(call, "value_ints", &values);
        return bind_copy(call, ELEMENT_INT64, 1, count, values);
    }
    return call_fail(call, STATUS_UNSUPPORTED, "only dense tensors and numbers can be constants");
}

static void fill(char *elements, const void *element, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) memcpy(elements + i * size, element, size);
}

static Status build_constant_of_shape(Call *call)
{
    int64_t wanted[TENSOR_MAX_RANK];
    size_t rank, shape[TENSOR_MAX_RANK], count = 1, result;
    Status status = call_constant_ints(call, 0, wanted, &rank, TENSOR_MAX_RANK);
    if (status) return status;
    for (size_t i = 0; i < rank; i++) {
        shape[i] = (size_t)wanted[i];
        if (wanted[i] <= 0 || !size_multiply(&count, count, shape[i]))
            return call_fail(call, STATUS_INVALID, "shape has %lld on axis %zu", (long long)wanted[i], i);
    }
    const float zero = 0;
    const void *element = &zero;
    ElementType type = ELEMENT_FLOAT;
    if (attribute_present(call, "value")) {
        const size_t value = attribute_tensor(call, "value");
        if (value == NO_INDEX || builder_value(call->builder, value)->elements != 1)
            return call_fail(call, STATUS_INVALID, "its value is not one element");
        element = builder_value(call->builder, value)->constant;
        type = builder_value(call->builder, value)->type;
    }
    char *elements = call_allocate(call, count, element_size(type));
    if (!elements) return call_no_memory(call);
    fill(elements, element, element_size(type), count);
    status = call_constant(call, type, rank, shape, elements, &result);
    return status ? status : call_bind(call, 0, result);
}

/* The attribute `start` or `end` of Shape (opset 15): counted from the end if negative, then clamped to
 * 0..rank. */
static size_t shape_limit(Call *call, const char *name, int64_t absent, int64_t rank)
{
    int64_t limit = attribute_int(call, name, absent);
    if (limit < 0) limit = limit < -rank ? 0 : limit + rank;
    return (size_t)(limit > rank ? rank : limit);
}

static Status build_shape(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    const int64_t rank = (int64_t)x.rank;
    const size_t start = call->opset < 15 ? 0 : shape_limit(call, "start", 0, rank);
    const size_t end = call->opset < 15 ? x.rank : shape_limit(call, "end", rank, rank);
    int64_t dimensions[TENSOR_MAX_RANK];
    if (start >= end)
        return call_fail(call, STATUS_UNSUPPORTED, "the shape from %zu to %zu is empty", start, end);
    for (size_t i = start; i < end; i++) dimensions[i - start] = (int64_t)x.shape[i];
    return bind_copy(call, ELEMENT_INT64, 1, end - start, dimensions);
}

static Status build_size(Call *call)
{
    const int64_t elements = (int64_t)call_value(call, 0)->elements;
    return bind_copy(call, ELEMENT_INT64, 0, 1, &elements);
}

/* Start, limit and step must be constants of one type. */
static Status check_range(Call *call)
{
    const ElementType type = call_value(call, 0)->type;
    for (size_t i = 0; i < 3; i++) {
        const BuildValue *value = call_value(call, i);
        if (!value->constant || value->elements != 1 || value->type != type || type == ELEMENT_BOOL)
            return call_fail(call, STATUS_UNSUPPORTED, "'%s' is not one constant number", value->name);
    }
    return STATUS_OK;
}

static double range_number(Call *call, size_t input)
{
    const BuildValue *value = call_value(call, input);
    return value->type == ELEMENT_FLOAT ? (double)*(const float *)value->constant
                                        : (double)*(const int64_t *)value->constant;
}

/* elements[i] = start + i * step */
static void count_up(void *elements, Call *call, size_t count)
{
    const double first = range_number(call, 0), step = range_number(call, 2);
    const void *start = call_value(call, 0)->constant, *apart = call_value(call, 2)->constant;
    for (size_t i = 0; i < count; i++)
        if (call_value(call, 0)->type == ELEMENT_FLOAT)
            ((float *)elements)[i] = (float)(first + (double)i * step);
        else
            ((uint64_t *)elements)[i] = *(const uint64_t *)start + i * *(const uint64_t *)apart;
}

static Status build_range(Call *call)
{
    Status status = check_range(call);
    if (status) return status;
    const double first = range_number(call, 0), limit = range_number(call, 1);
    const double length = ceil((limit - first) / range_number(call, 2));
    if (!(length >= 1) || length > 0x1p40)
        return call_fail(call, STATUS_UNSUPPORTED, "a range of %g numbers from %g to %g", length, first,
                         limit);
    const ElementType type = call_value(call, 0)->type;
    const size_t count = (size_t)length;
    void *elements = call_allocate(call, count, element_size(type));
    if (!elements) return call_no_memory(call);
    count_up(elements, call, count);
    return bind_constant(call, type, 1, count, elements);
}

const Operator operators_constants[] = {
    {"Shape", 7, 21, 1, 1, build_shape},
    {"Size", 7, 21, 1, 1, build_size},
    {"Range", 11, 21, 3, 3, build_range},
    {"Constant", 7, 21, 0, 0, build_constant},
    {"ConstantOfShape", 9, 21, 1, 1, build_constant_of_shape},
    {0},
};
