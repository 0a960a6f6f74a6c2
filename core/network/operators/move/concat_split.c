/* Concat and Split along one axis. */
#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/move/slice_pad.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <string.h>

/* --- concat --------------------------------------------------------------------------------------------- */

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
    .name = "concat", .run = run_concat, .edge = edge_move, .sign = sign_of_inputs};

/* Adds input k's length along `axis` to *length; all else must be the first input's. */
static Status concat_length(Call *call, size_t *length, size_t axis, size_t k)
{
    const BuildValue *first = call_value(call, 0), *x = call_value(call, k);
    bool same = x->type == first->type && x->rank == first->rank;
    for (size_t i = 0; same && i < x->rank; i++) same = i == axis || x->shape[i] == first->shape[i];
    if (!same)
        return call_fail(call, STATUS_INVALID, "'%s' and '%s' differ in more than axis %zu", first->name,
                         x->name, axis);
    if (!size_add(length, *length, x->shape[axis]))
        return call_fail(call, STATUS_INVALID, "the axis overflows");
    return STATUS_OK;
}

static Status concat_inputs(Call *call, size_t *inputs, bool channels_last)
{
    for (size_t k = 0; k < call->input_count; k++) {
        Status status = channels_last ? builder_channels_last(call, call->inputs[k], &inputs[k])
                                      : builder_plain(call, call->inputs[k], &inputs[k]);
        if (status) return status;
    }
    return STATUS_OK;
}

static Status build_concat(Call *call)
{
    BuildValue out = *call_value(call, 0);
    size_t axis, length = 0;
    if (!attribute_present(call, "axis")) return call_fail(call, STATUS_INVALID, "attribute axis is missing");
    Status status = call_axis(call, attribute_int(call, "axis", 0), out.rank, &axis);
    out.channels_last = false;
    for (size_t k = 0; !status && k < call->input_count; k++) {
        out.channels_last |= call_value(call, k)->channels_last;
        status = concat_length(call, &length, axis, k);
        if (!status && axis == 0)
            status = call_keeps_images(call, call_value(call, k), "joining along axis 0");
    }
    if (status) return status;
    out.shape[axis] = length;
    size_t *inputs = call_allocate(call, call->input_count, sizeof *inputs);
    size_t *stored_axis = call_allocate(call, 1, sizeof *stored_axis);
    if (!inputs || !stored_axis) return call_no_memory(call);
    *stored_axis = builder_axis(&out, axis);
    status = concat_inputs(call, inputs, out.channels_last);
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

/* --- split ---------------------------------------------------------------------------------------------- */

/* Sizes [output_count] if the file gives none: equal parts; from opset 18 on the last may be smaller.
 */
static Status equal_parts(Call *call, size_t *sizes, size_t length)
{
    const size_t count = call->output_count;
    const int64_t wanted = attribute_int(call, "num_outputs", (int64_t)count);
    if (wanted != (int64_t)count)
        return call_fail(call, STATUS_INVALID, "num_outputs is %lld for %zu outputs", (long long)wanted,
                         count);
    if (call->opset < 18 && length % count)
        return call_fail(call, STATUS_INVALID, "%zu elements in %zu equal parts", length, count);
    const size_t part = size_ceil_div(length, count);
    for (size_t i = 0; i < count; i++) sizes[i] = size_min(part, length - size_min(length, i * part));
    return STATUS_OK;
}

static Status given_parts(Call *call, size_t *sizes, const int64_t *given, size_t count)
{
    if (count != call->output_count)
        return call_fail(call, STATUS_INVALID, "%zu sizes for %zu outputs", count, call->output_count);
    for (size_t i = 0; i < count; i++) sizes[i] = given[i] > 0 ? (size_t)given[i] : 0;
    return STATUS_OK;
}

static Status read_parts(Call *call, size_t *sizes, size_t length)
{
    const int64_t *given = NULL;
    size_t count = 0;
    if (call->opset < 13) count = attribute_ints(call, "split", &given);
    if (count) return given_parts(call, sizes, given, count);
    if (!call_has(call, 1)) return equal_parts(call, sizes, length);
    int64_t *read = call_allocate(call, call->output_count, sizeof *read);
    if (!read) return call_no_memory(call);
    Status status = call_constant_ints(call, 1, read, &count, call->output_count);
    return status ? status : given_parts(call, sizes, read, count);
}

static Status emit_part(Call *call, size_t output, size_t axis, size_t start, size_t count)
{
    SliceRange ranges[TENSOR_MAX_RANK];
    size_t value;
    whole_ranges(ranges, call_value(call, 0));
    ranges[axis] = (SliceRange){start, count, 1};
    Status status = emit_slice(call, ranges, &value);
    return status ? status : call_bind(call, output, value);
}

static Status build_split(Call *call)
{
    size_t axis, start = 0;
    size_t *sizes = call_allocate(call, call->output_count, sizeof *sizes);
    if (!sizes) return call_no_memory(call);
    Status status = call_axis(call, attribute_int(call, "axis", 0), call_value(call, 0)->rank, &axis);
    if (status) return status;
    const size_t length = call_value(call, 0)->shape[axis];
    if (axis == 0) status = call_keeps_images(call, call_value(call, 0), "a split along axis 0");
    if (!status) status = read_parts(call, sizes, length);
    for (size_t i = 0; !status && i < call->output_count; i++) {
        if (sizes[i] == 0 || sizes[i] > length - start)
            return call_fail(call, STATUS_INVALID, "output %zu is empty or behind the %zu of axis %zu", i,
                             length, axis);
        status = emit_part(call, i, axis, start, sizes[i]);
        start += sizes[i];
    }
    if (!status && start != length)
        return call_fail(call, STATUS_INVALID, "the parts make %zu of %zu", start, length);
    return status;
}

const Operator operators_concat_split[] = {
    {"Concat", 7, 21, 1, SIZE_MAX, build_concat},
    {"Split", 7, 12, 1, 1, build_split},
    {"Split", 13, 21, 1, 2, build_split},
    {0},
};
