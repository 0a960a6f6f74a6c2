/* SPDX-License-Identifier: MIT */
/* Concat and Split along one axis. */
#include "network/operators/move/concat.h"

#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/move/slice_pad.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <string.h>

/* --- concat ----------------------------------------------------------------------------------------- */

static Status run_concat(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const size_t axis = *(const size_t *)run->node->parameters;
    const Value *out = &run->values[run->node->output];
    const size_t size = element_size(run->values[run->node->output].type),
                 outer = shape_product(out->shape, 0, axis);
    const size_t stride = out->elements / outer * size;
    char *start = output;
    for (size_t k = 0; k < run->node->input_count; k++) {
        const size_t chunk = run->values[run->node->inputs[k]].elements / outer * size;
        const char *in = inputs[k];
        for (size_t i = 0; i < outer; i++) memcpy(start + i * stride, in + i * chunk, chunk);
        start += chunk;
    }
    return STATUS_OK;
}

static const Kernel kernel_concat = {
    .name = "concat", .run = run_concat, .edge = edge_move, .sign = sign_of_inputs, .joins = true};

Status emit_concat(Call *call, const size_t *inputs, size_t count, size_t axis, size_t *value)
{
    BuildValue out = *builder_value(call->builder, inputs[0]);
    size_t *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = axis;
    for (size_t k = 1; k < count; k++)
        if (!size_add(&out.shape[axis], out.shape[axis],
                      builder_value(call->builder, inputs[k])->shape[axis]))
            return call_fail(call, STATUS_INVALID, "the axis overflows");
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_concat,
                                .parameters = parameters,
                                .input_count = count,
                                .inputs = inputs,
                                .type = out.type,
                                .rank = out.rank,
                                .shape = out.shape,
                                .layer = NO_INDEX},
                        value);
}

static Status build_concat(Call *call)
{
    const BuildValue first = *call_value(call, 0);
    BuildValue out = first;
    size_t axis, length = 0;
    if (!attribute_present(call, "axis")) return call_fail(call, STATUS_INVALID, "attribute axis is missing");
    Status status = call_axis(call, attribute_int(call, "axis", 0), first.rank, &axis);
    out.channels_last = false;
    for (size_t k = 0; !status && k < call->input_count; k++) {
        const BuildValue *x = call_value(call, k);
        bool same = x->type == first.type && x->rank == first.rank;
        for (size_t i = 0; same && i < x->rank; i++) same = i == axis || x->shape[i] == first.shape[i];
        if (!same)
            return call_fail(call, STATUS_INVALID, "'%s' and '%s' differ in more than axis %zu", first.name,
                             x->name, axis);
        if (!size_add(&length, length, x->shape[axis]))
            return call_fail(call, STATUS_INVALID, "the axis overflows");
        out.channels_last |= x->channels_last;
        if (axis == 0) status = call_keeps_images(call, x, "concatenating along axis 0");
    }
    if (status) return status;
    out.shape[axis] = length;
    size_t *inputs = call_allocate(call, call->input_count, sizeof *inputs);
    size_t *stored_axis = call_allocate(call, 1, sizeof *stored_axis);
    if (!inputs || !stored_axis) return call_no_memory(call);
    *stored_axis = builder_axis(&out, axis);
    for (size_t k = 0; !status && k < call->input_count; k++)
        status = out.channels_last ? builder_channels_last(call, call->inputs[k], &inputs[k])
                                   : builder_plain(call, call->inputs[k], &inputs[k]);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_concat,
                                   .parameters = stored_axis,
                                   .input_count = call->input_count,
                                   .inputs = inputs,
                                   .type = out.type,
                                   .rank = out.rank,
                                   .shape = out.shape,
                                   .channels_last = out.channels_last,
                                   .layer = NO_INDEX});
}

/* --- split ------------------------------------------------------------------------------------------ */

/* Reads sizes[output_count] of the parts of an axis of `length`: from an attribute before opset 13, from an
 * input since. If the file gives none, the parts are equal; from opset 18 on the last one may be smaller. */
static Status read_parts(Call *call, size_t *sizes, size_t length)
{
    const size_t outputs = call->output_count;
    const int64_t *given = NULL;
    size_t count = 0;
    if (call->opset < 13) {
        count = attribute_ints(call, "split", &given);
        if (count == 0) given = NULL;
    } else if (call_has(call, 1)) {
        int64_t *read = call_allocate(call, outputs, sizeof *read);
        if (!read) return call_no_memory(call);
        Status status = call_constant_ints(call, 1, read, &count, outputs);
        if (status) return status;
        given = read;
    }
    if (given) {
        if (count != outputs)
            return call_fail(call, STATUS_INVALID, "%zu sizes for %zu outputs", count, outputs);
        for (size_t i = 0; i < count; i++) sizes[i] = given[i] > 0 ? (size_t)given[i] : 0;
        return STATUS_OK;
    }
    const int64_t wanted = attribute_int(call, "num_outputs", (int64_t)outputs);
    if (wanted != (int64_t)outputs)
        return call_fail(call, STATUS_INVALID, "num_outputs is %lld for %zu outputs", (long long)wanted,
                         outputs);
    if (call->opset < 18 && length % outputs)
        return call_fail(call, STATUS_INVALID, "%zu elements in %zu equal parts", length, outputs);
    const size_t part = size_ceil_div(length, outputs);
    for (size_t i = 0; i < outputs; i++) sizes[i] = size_min(part, length - size_min(length, i * part));
    return STATUS_OK;
}

static Status build_split(Call *call)
{
    size_t axis, start = 0;
    size_t *sizes = call_allocate(call, call->output_count, sizeof *sizes);
    if (!sizes) return call_no_memory(call);
    Status status = call_axis(call, attribute_int(call, "axis", 0), call_value(call, 0)->rank, &axis);
    if (status) return status;
    const size_t length = call_value(call, 0)->shape[axis];
    if (axis == 0) status = call_keeps_images(call, call_value(call, 0), "splitting along axis 0");
    if (!status) status = read_parts(call, sizes, length);
    for (size_t i = 0; !status && i < call->output_count; i++) {
        if (sizes[i] == 0 || sizes[i] > length - start)
            return call_fail(call, STATUS_INVALID,
                             "output %zu is empty, or beyond the %zu elements of axis %zu", i, length, axis);
        SliceRange ranges[TENSOR_MAX_RANK];
        size_t value;
        whole_ranges(ranges, call_value(call, 0));
        ranges[axis] = (SliceRange){start, sizes[i], 1};
        status = emit_slice(call, ranges, &value);
        if (!status) status = call_bind(call, i, value);
        start += sizes[i];
    }
    if (!status && start != length)
        return call_fail(call, STATUS_INVALID, "the parts have %zu elements, the axis %zu", start, length);
    return status;
}

const Operator operators_concat_split[] = {
    {"Concat", 7, 21, 1, SIZE_MAX, build_concat},
    {"Split", 7, 12, 1, 1, build_split},
    {"Split", 13, 21, 1, 2, build_split},
    {0},
};
