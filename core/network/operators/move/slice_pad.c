/* SPDX-License-Identifier: MIT */
#include "network/operators/move/slice_pad.h"

#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/move/take.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <string.h>

#define COPY_STRIDED(TYPE)                                                                                   \
    for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)                                                         \
    ((TYPE *)out)[i * out_step] = ((const TYPE *)in)[i * in_step]

static void copy_strided(void *out, ptrdiff_t out_step, const void *in, ptrdiff_t in_step, size_t count,
                         size_t size)
{
    if (out_step == 1 && in_step == 1)
        memcpy(out, in, count * size);
    else if (size == 8)
        COPY_STRIDED(int64_t);
    else if (size == 4)
        COPY_STRIDED(float);
    else
        COPY_STRIDED(uint8_t);
}

/* --- slice ------------------------------------------------------------------------------------------ */

typedef struct SliceParameters {
    size_t start; /* element of the input that the output starts with */
    Walk walk;    /* of the output; operand 0 is the input */
} SliceParameters;

static Status run_slice(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const SliceParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const size_t size = element_size(run->values[run->node->output].type);
    const char *first = (const char *)inputs[0] + parameters->start * size;
    char *out = output;
    WalkPosition at = {0};
    do {
        copy_strided(out, 1, first + at.offset[0] * (ptrdiff_t)size, walk_step(walk, 0), walk_row(walk),
                     size);
        out += walk_row(walk) * size;
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

static const Kernel kernel_slice = {
    .name = "slice", .run = run_slice, .edge = edge_move, .sign = sign_of_inputs};

Status emit_slice(Call *call, const SliceRange *ranges, size_t *value)
{
    const BuildValue x = *call_value(call, 0);
    SliceParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    size_t strides[TENSOR_MAX_RANK], shape[TENSOR_MAX_RANK];
    logical_strides(strides, x.shape, x.rank, x.channels_last);
    Walk *walk = &parameters->walk;
    walk->rank = x.rank;
    bool whole = true;
    for (size_t i = 0; i < x.rank; i++) {
        const size_t axis = stored_to_logical(x.channels_last, x.rank, i);
        const SliceRange *range = &ranges[axis];
        shape[axis] = walk->shape[i] = range->count;
        walk->stride[0][i] = range->step * (ptrdiff_t)strides[axis];
        parameters->start += range->start * strides[axis];
        whole = whole && range->count == x.shape[axis] && range->step == 1;
    }
    *value = call->inputs[0];
    if (whole) return STATUS_OK;
    walk_simplify(walk);
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_slice,
                                .parameters = parameters,
                                .operator_name = "Slice",
                                .input_count = 1,
                                .inputs = call->inputs,
                                .type = x.type,
                                .rank = x.rank,
                                .shape = shape,
                                .channels_last = x.channels_last,
                                .layer = NO_INDEX},
                        value);
}

void whole_ranges(SliceRange *ranges, const BuildValue *x)
{
    for (size_t i = 0; i < x->rank; i++) ranges[i] = (SliceRange){0, x->shape[i], 1};
}

/* A bound, counted from the end if negative, clamped to low..high. */
static int64_t slice_bound(int64_t bound, int64_t size, int64_t low, int64_t high)
{
    if (bound < 0) bound = bound < -size ? -1 : bound + size;
    return bound < low ? low : bound > high ? high : bound;
}

static Status slice_range(Call *call, SliceRange *range, int64_t start, int64_t end, int64_t step)
{
    const int64_t size = (int64_t)range->count, back = step < 0;
    if (step == 0) return call_fail(call, STATUS_INVALID, "a step is 0");
    start = slice_bound(start, size, 0, size - back);
    end = slice_bound(end, size, -back, size - back);
    const int64_t span = back ? start - end : end - start;
    if (span <= 0) return call_fail(call, STATUS_UNSUPPORTED, "the slice is empty");
    const uint64_t stride = back ? -(uint64_t)step : (uint64_t)step;
    range->start = (size_t)start;
    range->count = ((uint64_t)span - 1) / stride + 1;
    range->step = range->count == 1 ? 1 : (ptrdiff_t)step;
    return STATUS_OK;
}

static Status build_slice(Call *call)
{
    enum { STARTS, ENDS, AXES, STEPS, LISTS };
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    int64_t lists[LISTS][TENSOR_MAX_RANK];
    size_t counts[LISTS] = {0}, value;
    SliceRange ranges[TENSOR_MAX_RANK];
    bool seen[TENSOR_MAX_RANK] = {0};
    const size_t rank = call_value(call, 0)->rank;
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < (call->opset < 10 ? STEPS : LISTS); i++)
        status = attribute_or_input(call, names[i], 10, i + 1, lists[i], &counts[i]);
    if (status) return status;
    const size_t count = counts[STARTS];
    if (counts[ENDS] != count || (counts[AXES] && counts[AXES] != count) ||
        (counts[STEPS] && counts[STEPS] != count))
        return call_fail(call, STATUS_INVALID, "starts, ends, axes and steps differ in length");
    whole_ranges(ranges, call_value(call, 0));
    for (size_t i = 0; !status && i < count; i++) {
        size_t axis;
        status = call_axis(call, counts[AXES] ? lists[AXES][i] : (int64_t)i, rank, &axis);
        if (status) return status;
        if (seen[axis]) return call_fail(call, STATUS_INVALID, "axis %zu is named twice", axis);
        seen[axis] = true;
        status = slice_range(call, &ranges[axis], lists[STARTS][i], lists[ENDS][i],
                             counts[STEPS] ? lists[STEPS][i] : 1);
    }
    const BuildValue *x = call_value(call, 0);
    if (!status && seen[0] && (ranges[0].count != x->shape[0] || ranges[0].step != 1))
        status = call_keeps_images(call, x, "slicing along axis 0");
    if (!status) status = emit_slice(call, ranges, &value);
    return status ? status : call_bind(call, 0, value);
}

/* --- pad -------------------------------------------------------------------------------------------- */

typedef struct PadParameters {
    Walk walk; /* of the elements that are copied; operand 0 is the input, operand 1 the output */
    bool copies;
    size_t from, to;        /* the first of them in the input and in the output */
    unsigned char value[8]; /* of the border */
} PadParameters;

static void fill(char *out, const unsigned char *value, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) memcpy(out + i * size, value, size);
}

static Status run_pad(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const PadParameters *parameters = run->node->parameters;
    const Walk *walk = &parameters->walk;
    const size_t size = element_size(run->values[run->node->output].type);
    fill(output, parameters->value, size, run->values[run->node->output].elements);
    if (!parameters->copies) return STATUS_OK;
    const char *from = (const char *)inputs[0] + parameters->from * size;
    char *to = (char *)output + parameters->to * size;
    WalkPosition at = {0};
    do {
        copy_strided(to + at.offset[1] * (ptrdiff_t)size, walk_step(walk, 1),
                     from + at.offset[0] * (ptrdiff_t)size, walk_step(walk, 0), walk_row(walk), size);
    } while (walk_next(&at, walk));
    return STATUS_OK;
}

static const Kernel kernel_pad = {.name = "pad", .run = run_pad, .edge = edge_move};
const Kernel kernel_zeros_between = {
    .name = "zeros between", .run = run_pad, .edge = edge_move, .sign = sign_of_inputs};

typedef struct Border {
    int64_t before, after; /* negative: cut off */
} Border;

static Status padded_shape(Call *call, size_t *shape, const BuildValue *x, const Border *borders)
{
    size_t bytes = element_size(x->type);
    for (size_t i = 0; i < x->rank; i++) {
        int64_t length;
        if (__builtin_add_overflow((int64_t)x->shape[i], borders[i].before, &length) ||
            __builtin_add_overflow(length, borders[i].after, &length) || length <= 0 ||
            borders[i].before < -(int64_t)x->shape[i] || borders[i].after < -(int64_t)x->shape[i])
            return call_fail(call, STATUS_INVALID, "pads %lld and %lld on axis %zu of %zu",
                             (long long)borders[i].before, (long long)borders[i].after, i, x->shape[i]);
        shape[i] = (size_t)length;
        if (!size_multiply(&bytes, bytes, shape[i]) || bytes > PTRDIFF_MAX)
            return call_fail(call, STATUS_INVALID, "the pads make an output that overflows");
    }
    return STATUS_OK;
}

/* Finds the part of the input that is copied, and its places in the input and the output. */
static void pad_region(PadParameters *parameters, const BuildValue *x, const Border *borders,
                       const size_t *shape)
{
    size_t in_strides[TENSOR_MAX_RANK], out_strides[TENSOR_MAX_RANK];
    logical_strides(in_strides, x->shape, x->rank, x->channels_last);
    logical_strides(out_strides, shape, x->rank, x->channels_last);
    Walk *walk = &parameters->walk;
    walk->rank = x->rank;
    parameters->copies = true;
    for (size_t i = 0; i < x->rank; i++) {
        const size_t axis = stored_to_logical(x->channels_last, x->rank, i);
        const Border *border = &borders[axis];
        const size_t to = (size_t)(border->before > 0 ? border->before : 0);
        const size_t from = (size_t)(border->before < 0 ? -border->before : 0);
        const size_t cut = (size_t)(border->after < 0 ? -border->after : 0);
        const size_t removed = from + cut;
        if (removed >= x->shape[axis]) parameters->copies = false;
        walk->shape[i] = x->shape[axis] - size_min(removed, x->shape[axis]);
        walk->stride[0][i] = (ptrdiff_t)in_strides[axis];
        walk->stride[1][i] = (ptrdiff_t)out_strides[axis];
        parameters->from += from * in_strides[axis];
        parameters->to += to * out_strides[axis];
    }
    walk_simplify(walk);
}

Status emit_zeros_between(Call *call, size_t input, const size_t strides[2], size_t *value)
{
    BuildValue x = *builder_value(call->builder, input);
    *value = input;
    if (strides[0] == 1 && strides[1] == 1) return STATUS_OK;
    PadParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    const size_t channels = x.shape[1], rows = x.shape[2], columns = x.shape[3];
    for (size_t i = 0; i < 2; i++) x.shape[2 + i] = (x.shape[2 + i] - 1) * strides[i] + 1;
    const size_t wide = x.shape[3] * channels;
    parameters->copies = true;
    parameters->walk = (Walk){.rank = 4, .shape = {x.shape[0], rows, columns, channels}};
    const size_t from[] = {rows * columns * channels, columns * channels, channels, 1};
    const size_t to[] = {x.shape[2] * wide, strides[0] * wide, strides[1] * channels, 1};
    for (size_t i = 0; i < 4; i++) {
        parameters->walk.stride[0][i] = (ptrdiff_t)from[i];
        parameters->walk.stride[1][i] = (ptrdiff_t)to[i];
    }
    walk_simplify(&parameters->walk);
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_zeros_between,
                                .parameters = parameters,
                                .operator_name = "ZerosBetween",
                                .input_count = 1,
                                .inputs = &input,
                                .type = x.type,
                                .rank = 4,
                                .shape = x.shape,
                                .channels_last = true,
                                .layer = NO_INDEX},
                        value);
}

static Status emit_pad(Call *call, PadParameters *parameters, const Border *borders)
{
    const BuildValue x = *call_value(call, 0);
    size_t shape[TENSOR_MAX_RANK];
    bool any = false;
    for (size_t i = 0; i < x.rank; i++) any |= borders[i].before != 0 || borders[i].after != 0;
    if (!any) return call_bind(call, 0, call->inputs[0]);
    Status status = STATUS_OK;
    if (x.rank > 0 && (borders[0].before != 0 || borders[0].after != 0))
        status = call_keeps_images(call, &x, "padding axis 0");
    if (!status) status = padded_shape(call, shape, &x, borders);
    if (status) return status;
    pad_region(parameters, &x, borders, shape);
    return call_emit(call, &(Emit){.kernel = &kernel_pad,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = call->inputs,
                                   .type = x.type,
                                   .rank = x.rank,
                                   .shape = shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

/* Sets borders[axis] of each logical axis. pads: first the elements before, then those after, of the given
 * axes, or of all axes if `axes` is NULL. */
static Status pad_borders(Call *call, Border *borders, const int64_t *pads, size_t count, const int64_t *axes,
                          size_t axis_count)
{
    const size_t rank = call_value(call, 0)->rank, half = axes ? axis_count : rank;
    bool seen[TENSOR_MAX_RANK] = {0};
    memset(borders, 0, TENSOR_MAX_RANK * sizeof *borders);
    if (count != 2 * half)
        return call_fail(call, STATUS_INVALID, "pads has %zu values instead of %zu", count, 2 * half);
    for (size_t i = 0; i < half; i++) {
        size_t axis = i;
        Status status = axes ? call_axis(call, axes[i], rank, &axis) : STATUS_OK;
        if (status) return status;
        if (seen[axis]) return call_fail(call, STATUS_INVALID, "axis %zu is named twice", axis);
        seen[axis] = true;
        borders[axis] = (Border){pads[i], pads[i + half]};
    }
    return STATUS_OK;
}

/* Pad by elements of the input. */
static const Kernel kernel_pad_by_elements = {.name = "pad by elements", .run = run_take, .edge = edge_take};

/* Which element of an axis of `size` elements stands at position i, which may lie outside of the axis. */
typedef size_t PadSource(int64_t i, int64_t size);

static size_t pad_edge(int64_t i, int64_t size)
{
    return (size_t)(i < 0 ? 0 : i >= size ? size - 1 : i);
}

static size_t pad_wrap(int64_t i, int64_t size)
{
    return (size_t)((i % size + size) % size);
}

/* ... 2 1 0 1 2 ... size-2 size-1 size-2 ... */
static size_t pad_reflect(int64_t i, int64_t size)
{
    if (size == 1) return 0;
    const int64_t period = 2 * (size - 1), at = (i % period + period) % period;
    return (size_t)(at < size ? at : period - at);
}

static Status read_mode(Call *call, PadSource **source)
{
    const char *mode = attribute_text(call, "mode", "constant");
    *source = NULL;
    if (strcmp(mode, "constant") == 0) return STATUS_OK;
    *source = strcmp(mode, "edge") == 0                        ? pad_edge
              : strcmp(mode, "reflect") == 0                   ? pad_reflect
              : strcmp(mode, "wrap") == 0 && call->opset >= 19 ? pad_wrap
                                                               : NULL;
    if (*source) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "mode '%s' is not supported", mode);
}

static Status emit_pad_by(Call *call, PadSource *source, const Border *borders)
{
    const BuildValue x = *call_value(call, 0);
    size_t shape[TENSOR_MAX_RANK];
    TakeAxis axes[TENSOR_MAX_RANK];
    Status status = padded_shape(call, shape, &x, borders);
    for (size_t i = 0; !status && i < x.rank; i++) {
        size_t *indices = take_indices(call, &axes[i], shape[i]);
        if (!indices) return call_no_memory(call);
        for (size_t k = 0; k < shape[i]; k++)
            indices[k] = source((int64_t)k - borders[i].before, (int64_t)x.shape[i]);
    }
    return status ? status : emit_take(call, &kernel_pad_by_elements, call->inputs[0], axes, x.rank);
}

/* Reads the border's value: an input of the data's type, 0 if absent. */
static Status pad_value(Call *call, PadParameters *parameters)
{
    if (!call_has(call, 2) || call_value(call, 2)->elements == 0) return STATUS_OK;
    const BuildValue *x = call_value(call, 0), *value = call_value(call, 2);
    if (value->type != x->type || !value->constant || value->elements != 1)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is not one constant of the input's type",
                         value->name);
    memcpy(parameters->value, value->constant, element_size(value->type));
    return STATUS_OK;
}

/* Before opset 11 pads and value are attributes, since then inputs. */
static Status build_pad(Call *call)
{
    Border borders[TENSOR_MAX_RANK];
    int64_t read[2 * TENSOR_MAX_RANK], axes[TENSOR_MAX_RANK];
    const int64_t *pads = read;
    size_t count = 0, axis_count = 0;
    PadSource *source;
    PadParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    const bool by_attributes = call->opset < 11, has_axes = call_has(call, 3);
    if (by_attributes && call_value(call, 0)->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is not float", call_value(call, 0)->name);
    Status status = read_mode(call, &source);
    if (!status && by_attributes) {
        const float value = attribute_float(call, "value", 0);
        memcpy(parameters->value, &value, sizeof value);
        count = attribute_ints(call, "pads", &pads);
    } else if (!status) {
        status = call_constant_ints(call, 1, read, &count, 2 * TENSOR_MAX_RANK);
        if (!status) status = pad_value(call, parameters);
        if (!status && has_axes) status = call_constant_ints(call, 3, axes, &axis_count, TENSOR_MAX_RANK);
    }
    if (!status) status = pad_borders(call, borders, pads, count, has_axes ? axes : NULL, axis_count);
    if (status) return status;
    return source ? emit_pad_by(call, source, borders) : emit_pad(call, parameters, borders);
}

const Operator operators_slice_pad[] = {
    {"Slice", 7, 9, 1, 1, build_slice}, {"Slice", 10, 21, 3, 5, build_slice}, {"Pad", 7, 10, 1, 1, build_pad},
    {"Pad", 11, 17, 2, 3, build_pad},   {"Pad", 18, 21, 2, 4, build_pad},     {0},
};
