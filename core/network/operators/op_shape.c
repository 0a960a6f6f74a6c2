/* Shapes and constants: what changes no element. */
#include "network/operators/operator.h"

#include "base/sizes.h"
#include "network/operators/transpose.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* --- reshaping -------------------------------------------------------------------------------------- */

static bool same_shape(const BuildValue *x, size_t rank, const size_t *shape)
{
    return x->rank == rank && (rank == 0 || memcmp(x->shape, shape, rank * sizeof *shape) == 0);
}

/* Binds the output to the input's elements in ONNX's order under another shape of as many elements. */
static Status bind_reshaped(Call *call, size_t rank, const size_t *shape)
{
    BuildValue x = *call_value(call, 0);
    size_t input, result;
    if (same_shape(&x, rank, shape)) return call_bind(call, 0, call->inputs[0]);
    const bool keeps = rank > 0 && shape[0] % builder_batch(call->builder) == 0;
    Status status = keeps ? STATUS_OK : call_keeps_images(call, &x, "the shape's first dimension");
    if (status) return status;
    status = builder_plain(call, call->inputs[0], &input);
    if (status) return status;
    x = *builder_value(call->builder, input);
    if (x.constant) {
        status = builder_constant(call, x.type, rank, shape, x.constant, &result);
        return status ? status : call_bind(call, 0, result);
    }
    return call_emit(call, &(Emit){.kernel = &kernel_copy,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = rank,
                                   .shape = shape,
                                   .layer = NO_INDEX});
}

/* shape[] from wanted[]: 0 copies the input's axis unless `allow_zero`, one -1 takes what is left. */
static Status resolve_shape(Call *call, size_t *shape, const int64_t *wanted, size_t rank, bool allow_zero)
{
    const BuildValue *x = call_value(call, 0);
    size_t known = 1, open = NO_INDEX;
    for (size_t i = 0; i < rank; i++) {
        const bool copied = wanted[i] == 0 && !allow_zero;
        if (wanted[i] < -1 || (copied && i >= x->rank) || (wanted[i] == -1 && open != NO_INDEX))
            return call_fail(call, STATUS_INVALID, "shape has %lld on axis %zu", (long long)wanted[i], i);
        if (wanted[i] == -1) {
            open = i;
            continue;
        }
        shape[i] = copied ? x->shape[i] : (size_t)wanted[i];
        if (shape[i] == 0) return call_fail(call, STATUS_INVALID, "axis %zu of the shape is empty", i);
        if (!size_multiply(&known, known, shape[i]))
            return call_fail(call, STATUS_INVALID, "the shape overflows");
    }
    const bool fits = open == NO_INDEX ? known == x->elements : x->elements % known == 0;
    if (!fits)
        return call_fail(call, STATUS_INVALID, "'%s' has %zu elements, which do not make the shape's %zu",
                         x->name, x->elements, known);
    if (open != NO_INDEX) shape[open] = x->elements / known;
    return STATUS_OK;
}

static Status build_reshape(Call *call)
{
    int64_t wanted[TENSOR_MAX_RANK];
    size_t shape[TENSOR_MAX_RANK], rank;
    const bool allow_zero = call->opset >= 14 && attribute_int(call, "allowzero", 0);
    Status status = call_constant_ints(call, 1, wanted, &rank, TENSOR_MAX_RANK);
    if (!status) status = resolve_shape(call, shape, wanted, rank, allow_zero);
    return status ? status : bind_reshaped(call, rank, shape);
}

static Status build_flatten(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    const int64_t axis = attribute_int(call, "axis", 1), rank = (int64_t)x->rank;
    if (axis < -rank || axis > rank)
        return call_fail(call, STATUS_INVALID, "axis %lld of a value of rank %zu", (long long)axis, x->rank);
    const size_t first = (size_t)(axis < 0 ? axis + rank : axis);
    size_t shape[2] = {1, 1};
    for (size_t i = 0; i < x->rank; i++) shape[i >= first] *= x->shape[i];
    return bind_reshaped(call, 2, shape);
}

/* The axes of Squeeze and Unsqueeze: an input from opset 13 on, an attribute before. */
static Status shape_axes(Call *call, int64_t *axes, size_t *count)
{
    const int64_t *given;
    if (call->opset >= 13) {
        *count = 0;
        return call_has(call, 1) ? call_constant_ints(call, 1, axes, count, TENSOR_MAX_RANK) : STATUS_OK;
    }
    *count = attribute_ints(call, "axes", &given);
    if (*count > TENSOR_MAX_RANK) return call_fail(call, STATUS_INVALID, "%zu axes", *count);
    for (size_t i = 0; i < *count; i++) axes[i] = given[i];
    return STATUS_OK;
}

/* marked[axis] for each of `axes` in a value of rank `rank`. */
static Status mark_axes(Call *call, bool *marked, size_t rank, const int64_t *axes, size_t count)
{
    memset(marked, 0, TENSOR_MAX_RANK * sizeof *marked);
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        Status status = call_axis(call, axes[i], rank, &axis);
        if (status) return status;
        if (marked[axis]) return call_fail(call, STATUS_INVALID, "axis %zu is named twice", axis);
        marked[axis] = true;
    }
    return STATUS_OK;
}

static Status build_squeeze(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    int64_t axes[TENSOR_MAX_RANK];
    bool marked[TENSOR_MAX_RANK];
    size_t count, shape[TENSOR_MAX_RANK], rank = 0;
    Status status = shape_axes(call, axes, &count);
    if (!status) status = mark_axes(call, marked, x->rank, axes, count);
    if (status) return status;
    for (size_t i = 0; i < x->rank; i++) {
        if (marked[i] && x->shape[i] != 1)
            return call_fail(call, STATUS_INVALID, "axis %zu of '%s' is %zu, not 1", i, x->name, x->shape[i]);
        const bool dropped = count == 0 ? x->shape[i] == 1 : marked[i];
        if (!dropped) shape[rank++] = x->shape[i];
    }
    return bind_reshaped(call, rank, shape);
}

static Status build_unsqueeze(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    int64_t axes[TENSOR_MAX_RANK];
    bool marked[TENSOR_MAX_RANK];
    size_t count, shape[TENSOR_MAX_RANK], next = 0;
    Status status = shape_axes(call, axes, &count);
    if (status) return status;
    const size_t rank = x->rank + count;
    if (rank > TENSOR_MAX_RANK)
        return call_fail(call, STATUS_UNSUPPORTED, "rank %zu: the most is %d", rank, TENSOR_MAX_RANK);
    status = mark_axes(call, marked, rank, axes, count);
    if (status) return status;
    for (size_t i = 0; i < rank; i++) shape[i] = marked[i] ? 1 : x->shape[next++];
    return bind_reshaped(call, rank, shape);
}

/* --- constants -------------------------------------------------------------------------------------- */

static Status bind_constant(Call *call, ElementType type, size_t rank, size_t count, const void *elements)
{
    size_t value;
    Status status = builder_constant(call, type, rank, &count, elements, &value);
    return status ? status : call_bind(call, 0, value);
}

/* Copies `count` elements; a scalar for rank 0. */
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
    status = builder_constant(call, type, rank, shape, elements, &result);
    return status ? status : call_bind(call, 0, result);
}

/* From `start` to `end` (opset 15), both counted from the back where negative, and cut to 0..rank. */
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

/* start, limit and step, all constants of one type */
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

/* start, start + step, ... */
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
        return call_fail(call, STATUS_UNSUPPORTED, "%g numbers from %g to %g", length, first, limit);
    const ElementType type = call_value(call, 0)->type;
    const size_t count = (size_t)length;
    void *elements = call_allocate(call, count, element_size(type));
    if (!elements) return call_no_memory(call);
    count_up(elements, call, count);
    return bind_constant(call, type, 1, count, elements);
}

/* --- nothing ---------------------------------------------------------------------------------------- */

static Status build_identity(Call *call)
{
    return call_bind(call, 0, call->inputs[0]);
}

/* Its second output, the mask, is left unbound: using it is refused. */
static Status build_dropout(Call *call)
{
    if (call_has(call, 2)) {
        const BuildValue *training = call_value(call, 2);
        if (training->type != ELEMENT_BOOL || !training->constant || training->elements != 1 ||
            *(const uint8_t *)training->constant)
            return call_fail(call, STATUS_UNSUPPORTED,
                             "it is in training mode: export the network for inference");
    }
    return call_bind(call, 0, call->inputs[0]);
}

const Operator operators_shape[] = {
    {"Reshape", 7, 21, 2, 2, build_reshape},
    {"Flatten", 7, 21, 1, 1, build_flatten},
    {"Squeeze", 7, 12, 1, 1, build_squeeze},
    {"Squeeze", 13, 21, 1, 2, build_squeeze},
    {"Unsqueeze", 7, 12, 1, 1, build_unsqueeze},
    {"Unsqueeze", 13, 21, 2, 2, build_unsqueeze},
    {"Shape", 7, 21, 1, 1, build_shape},
    {"Size", 7, 21, 1, 1, build_size},
    {"Range", 11, 21, 3, 3, build_range},
    {"Constant", 7, 21, 0, 0, build_constant},
    {"ConstantOfShape", 9, 21, 1, 1, build_constant_of_shape},
    {"Identity", 7, 21, 1, 1, build_identity},
    {"Dropout", 7, 11, 1, 1, build_dropout},
    {"Dropout", 12, 21, 1, 3, build_dropout},
    {0},
};
