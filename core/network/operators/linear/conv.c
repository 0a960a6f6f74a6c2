/* SPDX-License-Identifier: MIT */
/* Conv and ConvTranspose over one or two spatial axes. One axis is the columns of a single row. */
#include "base/sizes.h"
#include "network/build/layers.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/move/slice_pad.h"
#include "network/operators/operator.h"
#include "network/storage.h"

#include <string.h>

#define LARGEST INT32_MAX /* of an attribute and of an extent: int in the kernels */

/* --- kernel ----------------------------------------------------------------------------------------- */

static Status run_conv(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const LayerUse *use = &run->network->storage->uses[run->node - run->network->nodes];
    return use->plan->backend->run(use->plan, output, inputs[0], run->weights->formats[use->format],
                                   run->fused, run->scratch, message);
}

static const Kernel kernel_conv = {
    .name = "Conv", .run = run_conv, .edge = edge_layer, .is_convolution = true};

/* --- attributes ------------------------------------------------------------------------------------- */

static Status read_sizes(Call *call, const char *name, size_t *sizes, size_t count, int64_t least,
                         size_t absent)
{
    const int64_t *values;
    size_t given = attribute_ints(call, name, &values);
    for (size_t i = 0; i < count; i++) sizes[i] = absent;
    if (given == 0) return STATUS_OK;
    if (given != count)
        return call_fail(call, STATUS_INVALID, "%s has %zu values instead of %zu", name, given, count);
    for (size_t i = 0; i < count; i++) {
        if (values[i] < least || values[i] > LARGEST)
            return call_fail(call, STATUS_INVALID, "attribute %s has the value %lld", name,
                             (long long)values[i]);
        sizes[i] = (size_t)values[i];
    }
    return STATUS_OK;
}

/* One spatial axis of a convolution. */
typedef struct Axis {
    size_t in, out, kernel, stride, dilation, before, after;
} Axis;

/* SAME_UPPER and SAME_LOWER: out = ceil(in / stride). The padding is split evenly; an odd pixel goes to the
 * end (upper) or the start. */
static void pad_same(Axis *axis, bool upper)
{
    axis->out = size_ceil_div(axis->in, axis->stride);
    size_t reach = (axis->out - 1) * axis->stride + (axis->kernel - 1) * axis->dilation + 1;
    size_t total = reach > axis->in ? reach - axis->in : 0;
    axis->before = upper ? total / 2 : total - total / 2;
    axis->after = total - axis->before;
}

static Status resolve_axis(Call *call, Axis *axis, const char *auto_pad)
{
    size_t extent = (axis->kernel - 1) * axis->dilation + 1;
    if (strcmp(auto_pad, "SAME_UPPER") == 0 || strcmp(auto_pad, "SAME_LOWER") == 0)
        pad_same(axis, auto_pad[5] == 'U');
    else if (strcmp(auto_pad, "VALID") == 0)
        axis->before = axis->after = 0;
    else if (strcmp(auto_pad, "NOTSET") != 0)
        return call_fail(call, STATUS_INVALID, "auto_pad '%s' is not known", auto_pad);
    size_t padded = axis->in + axis->before + axis->after;
    if (extent > padded || padded > LARGEST)
        return call_fail(call, STATUS_INVALID,
                         "a kernel that spans %zu does not fit into %zu (padding included)", extent, padded);
    axis->out = (padded - extent) / axis->stride + 1;
    return STATUS_OK;
}

/* Reads the attributes of both operators: strides, dilations, pads, kernel_shape. */
static Status read_windows(Call *call, Axis axes[2], const BuildValue *x, const BuildValue *weight)
{
    const size_t count = x->rank - 2;
    size_t kernel[2], strides[2], dilations[2], pads[4];
    Status status = read_sizes(call, "strides", strides, count, 1, 1);
    if (!status) status = read_sizes(call, "dilations", dilations, count, 1, 1);
    if (!status) status = read_sizes(call, "pads", pads, 2 * count, 0, 0);
    if (!status) status = read_sizes(call, "kernel_shape", kernel, count, 1, 0);
    axes[0] = (Axis){.in = 1, .kernel = 1, .stride = 1, .dilation = 1};
    for (size_t i = 0; !status && i < count; i++) {
        axes[i + 2 - count] = (Axis){.in = x->shape[2 + i],
                                     .kernel = weight->shape[2 + i],
                                     .stride = strides[i],
                                     .dilation = dilations[i],
                                     .before = pads[i],
                                     .after = pads[count + i]};
        if (kernel[i] != 0 && kernel[i] != weight->shape[2 + i])
            return call_fail(call, STATUS_INVALID, "kernel_shape %zu for weights of %zu", kernel[i],
                             weight->shape[2 + i]);
    }
    return status;
}

static Status read_axes(Call *call, Axis axes[2], const BuildValue *x, const BuildValue *weight)
{
    Status status = read_windows(call, axes, x, weight);
    for (size_t i = 0; !status && i < 2; i++)
        status = resolve_axis(call, &axes[i], attribute_text(call, "auto_pad", "NOTSET"));
    return status;
}

/* m, channels: outputs and input channels per group */
static ConvGeometry shape_of(size_t batch, size_t groups, size_t m, size_t channels, const Axis axes[2])
{
    return (ConvGeometry){.batch = batch,
                          .groups = groups,
                          .m = m,
                          .channels = channels,
                          .in_h = axes[0].in,
                          .in_w = axes[1].in,
                          .out_h = axes[0].out,
                          .out_w = axes[1].out,
                          .kernel_h = axes[0].kernel,
                          .kernel_w = axes[1].kernel,
                          .stride_h = axes[0].stride,
                          .stride_w = axes[1].stride,
                          .dilation_h = axes[0].dilation,
                          .dilation_w = axes[1].dilation,
                          .pad_top = axes[0].before,
                          .pad_left = axes[1].before,
                          .pad_bottom = axes[0].after,
                          .pad_right = axes[1].after};
}

/* --- checks ----------------------------------------------------------------------------------------- */

static Status check_operands(Call *call, const BuildValue *x, const BuildValue *weight)
{
    if (!weight->constant || weight->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "weights '%s' are not constant floats", weight->name);
    if (x->rank < 3 || x->rank > 4 || weight->rank != x->rank)
        return call_fail(
            call, STATUS_UNSUPPORTED,
            "an input of rank %zu and weights of rank %zu: only convolutions over one or two axes "
            "are supported",
            x->rank, weight->rank);
    for (size_t i = 0; i < x->rank; i++)
        if (weight->shape[i] == 0 || weight->shape[i] > LARGEST || x->shape[i] > LARGEST)
            return call_fail(call, STATUS_INVALID, "dimension %zu of '%s' is %zu", i, weight->name,
                             weight->shape[i]);
    if (x->constant || x->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "input '%s' is constant or not float", x->name);
    return STATUS_OK;
}

static Status read_groups(Call *call, size_t *groups, const BuildValue *x, const BuildValue *weight)
{
    int64_t group = attribute_int(call, "group", 1);
    if (group < 1 || weight->shape[0] % (uint64_t)group != 0)
        return call_fail(call, STATUS_INVALID, "%lld groups for %zu outputs", (long long)group,
                         weight->shape[0]);
    *groups = (size_t)group;
    if (x->shape[1] % *groups != 0 || x->shape[1] / *groups != weight->shape[1])
        return call_fail(call, STATUS_INVALID,
                         "'%s' has %zu channels, weights '%s' take %zu in each of %zu groups", x->name,
                         x->shape[1], weight->name, weight->shape[1], *groups);
    return STATUS_OK;
}

static Status check_bias(Call *call, size_t *bias, size_t outputs)
{
    *bias = NO_INDEX;
    if (!call_has(call, 2)) return STATUS_OK;
    const BuildValue *value = call_value(call, 2);
    if (!value->constant || value->type != ELEMENT_FLOAT)
        return call_fail(call, STATUS_UNSUPPORTED, "bias '%s' is not constant floats", value->name);
    if (value->rank != 1 || value->shape[0] != outputs)
        return call_fail(call, STATUS_INVALID, "bias '%s' has %zu elements for %zu outputs", value->name,
                         value->elements, outputs);
    *bias = call->inputs[2];
    return STATUS_OK;
}

/* --- build ------------------------------------------------------------------------------------------ */

/* Emits the convolution of the image `input`, and binds its output, with the rank of the call's input. */
static Status emit_conv(Call *call, size_t input, const ConvGeometry *from, const LayerOrigin *origin)
{
    size_t layer, value, n = from->channels * from->kernel_h * from->kernel_w;
    const size_t rank = call_value(call, 0)->rank;
    ConvGeometry *shape = call_allocate(call, 1, sizeof *shape);
    if (!shape) return call_no_memory(call);
    *shape = *from;
    Status status = builder_layer(call, origin, from->m, n, &layer);
    if (status) return status;
    status = builder_emit(
        call,
        &(Emit){.kernel = &kernel_conv,
                .parameters = shape,
                .input_count = 1,
                .inputs = &input,
                .type = ELEMENT_FLOAT,
                .rank = 4,
                .shape = (size_t[]){from->batch, from->groups * from->m, from->out_h, from->out_w},
                .channels_last = true,
                .layer = layer},
        &value);
    if (!status) status = line_of_image(call, value, rank, &value);
    return status ? status : call_bind(call, 0, value);
}

static Status build_conv(Call *call)
{
    const BuildValue *x = call_value(call, 0), *weight = call_value(call, 1);
    size_t groups = 1, bias, input;
    Axis axes[2];
    Status status = check_operands(call, x, weight);
    if (!status) status = read_groups(call, &groups, x, weight);
    if (!status) status = check_bias(call, &bias, weight->shape[0]);
    if (!status) status = read_axes(call, axes, x, weight);
    if (status) return status;
    const ConvGeometry shape =
        shape_of(x->shape[0], groups, weight->shape[0] / groups, weight->shape[1], axes);
    const LayerOrigin origin = {
        .weight = call->inputs[1], .bias = bias, .groups = groups, .scale = 1, .bias_scale = 1};
    status = image_of_line(call, call->inputs[0], &input);
    return status ? status : emit_conv(call, input, &shape, &origin);
}

/* --- transposed ------------------------------------------------------------------------------------- */

/* A transposed convolution is the convolution, with the kernel reversed, of the image with stride - 1 zeros
 * between its pixels. Along each axis, in terms of the transposed one:
 *
 *     out = stride (in - 1) + output_padding + reach - before - after,  reach = (kernel - 1) dilation + 1
 *
 * Replaces *axis by the axis of that convolution. */
static Status turn_axis(Call *call, Axis *axis, size_t output_padding)
{
    const size_t reach = (axis->kernel - 1) * axis->dilation, in = axis->stride * (axis->in - 1) + 1;
    if (axis->before > reach || axis->after > reach + output_padding || in > LARGEST || reach > LARGEST ||
        output_padding > LARGEST)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "pads %zu and %zu cut more than a kernel that spans %zu adds", axis->before,
                         axis->after, reach + 1);
    const Axis turned = {.in = in,
                         .kernel = axis->kernel,
                         .stride = 1,
                         .dilation = axis->dilation,
                         .before = reach - axis->before,
                         .after = reach + output_padding - axis->after};
    const size_t padded = in + turned.before + turned.after;
    if (padded <= reach || padded > LARGEST)
        return call_fail(call, STATUS_INVALID, "its output is empty, or too large");
    *axis = turned;
    axis->out = padded - reach;
    return STATUS_OK;
}

/* Sets the padding so that the output has the length `wanted`: split evenly, an odd pixel at the start, or at
 * the end for SAME_UPPER. If the output is too short, *output_padding grows. */
static void pad_to(Axis *axis, size_t *output_padding, size_t wanted, bool upper)
{
    const size_t length =
        axis->stride * (axis->in - 1) + *output_padding + (axis->kernel - 1) * axis->dilation + 1;
    const size_t total = length > wanted ? length - wanted : 0;
    axis->before = upper ? total / 2 : total - total / 2;
    axis->after = total - axis->before;
    if (wanted > length) *output_padding += wanted - length;
}

static Status turn_axes(Call *call, Axis axes[2], size_t count)
{
    size_t paddings[2], wanted[2];
    const char *auto_pad = attribute_text(call, "auto_pad", "NOTSET");
    const bool same = strncmp(auto_pad, "SAME_", 5) == 0;
    Status status = read_sizes(call, "output_padding", paddings, count, 0, 0);
    if (!status) status = read_sizes(call, "output_shape", wanted, count, 1, 0);
    for (size_t i = 0; !status && i < 2; i++) {
        const bool given = i + count >= 2;
        size_t padding = given ? paddings[i + count - 2] : 0, to = given ? wanted[i + count - 2] : 0;
        if (same && !to) to = axes[i].in * axes[i].stride;
        if (to) pad_to(&axes[i], &padding, to, strcmp(auto_pad, "SAME_UPPER") == 0);
        if (strcmp(auto_pad, "VALID") == 0) axes[i].before = axes[i].after = 0;
        status = turn_axis(call, &axes[i], padding);
    }
    return status;
}

static Status build_transposed(Call *call)
{
    const BuildValue x = *call_value(call, 0), weight = *call_value(call, 1);
    const int64_t groups = attribute_int(call, "group", 1);
    size_t bias, input;
    Axis axes[2];
    Status status = check_operands(call, &x, &weight);
    if (status) return status;
    if (groups < 1 || weight.shape[0] % (uint64_t)groups || weight.shape[0] != x.shape[1])
        return call_fail(call, STATUS_INVALID, "%lld groups of %zu channels, weights '%s' of %zu",
                         (long long)groups, x.shape[1], weight.name, weight.shape[0]);
    status = check_bias(call, &bias, weight.shape[1] * (size_t)groups);
    if (!status) status = read_windows(call, axes, &x, &weight);
    const size_t strides[] = {axes[0].stride, axes[1].stride};
    if (!status) status = turn_axes(call, axes, x.rank - 2);
    if (!status) status = image_of_line(call, call->inputs[0], &input);
    if (!status) status = emit_zeros_between(call, input, strides, &input);
    if (status) return status;
    const ConvGeometry shape =
        shape_of(x.shape[0], (size_t)groups, weight.shape[1], weight.shape[0] / (size_t)groups, axes);
    const LayerOrigin origin = {.weight = call->inputs[1],
                                .bias = bias,
                                .groups = (size_t)groups,
                                .turned = true,
                                .scale = 1,
                                .bias_scale = 1};
    return emit_conv(call, input, &shape, &origin);
}

const Operator operators_conv[] = {
    {"Conv", 7, 21, 2, 3, build_conv},
    {"ConvTranspose", 7, 21, 2, 3, build_transposed},
    {0},
};
