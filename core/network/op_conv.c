/* Conv, two-dimensional. */
#include "network/op_conv.h"

#include "base/sizes.h"
#include "network/network_storage.h"

#include <stdint.h>
#include <string.h>

#define LARGEST INT32_MAX /* of an attribute and of an extent: what the kernels take */

/* --- kernel ----------------------------------------------------------------------------------------- */

static Status run_conv(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    const Site *site = &run->network->storage->sites[run->node - run->network->nodes];
    return site->plan->backend->run(site->plan, output, inputs[0], run->weights->formats[site->format],
                                    run->fused, run->scratch, message);
}

const Kernel kernel_conv = {"Conv", run_conv, edge_layer};

static void gather_patch(float *row, const float *image, const ConvShape *shape, size_t y, size_t x)
{
    size_t all = shape->groups * shape->channels, taps = shape->kernel_h * shape->kernel_w;
    memset(row, 0, all * taps * sizeof *row);
    for (size_t i = 0; i < shape->kernel_h; i++)
        for (size_t j = 0; j < shape->kernel_w; j++) {
            size_t in_y = y * shape->stride_h + i * shape->dilation_h;
            size_t in_x = x * shape->stride_w + j * shape->dilation_w;
            if (in_y < shape->pad_top || in_y - shape->pad_top >= shape->in_h) continue;
            if (in_x < shape->pad_left || in_x - shape->pad_left >= shape->in_w) continue;
            const float *pixel =
                image + ((in_y - shape->pad_top) * shape->in_w + in_x - shape->pad_left) * all;
            float *tap = row + i * shape->kernel_w + j;
            for (size_t c = 0; c < all; c++) tap[c * taps] = pixel[c];
        }
}

void conv_gather(float *rows, const float *image, const ConvShape *shape, const size_t *positions,
                 size_t count)
{
    size_t length = shape->groups * shape->channels * shape->kernel_h * shape->kernel_w;
    for (size_t i = 0; i < count; i++)
        gather_patch(rows + i * length, image, shape, positions[i] / shape->out_w,
                     positions[i] % shape->out_w);
}

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
            return call_fail(call, STATUS_INVALID, "%s %lld", name, (long long)values[i]);
        sizes[i] = (size_t)values[i];
    }
    return STATUS_OK;
}

/* One spatial axis of a convolution. */
typedef struct Axis {
    size_t in, out, kernel, stride, dilation, before, after;
} Axis;

/* out = ceil(in / stride), the padding split evenly, the odd one at the end or at the start */
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

static Status read_axes(Call *call, Axis axes[2], const BuildValue *x, const BuildValue *weight)
{
    size_t kernel[2], strides[2], dilations[2], pads[4];
    Status status = read_sizes(call, "strides", strides, 2, 1, 1);
    if (!status) status = read_sizes(call, "dilations", dilations, 2, 1, 1);
    if (!status) status = read_sizes(call, "pads", pads, 4, 0, 0);
    if (!status) status = read_sizes(call, "kernel_shape", kernel, 2, 1, 0);
    for (size_t i = 0; !status && i < 2; i++) {
        axes[i] = (Axis){.in = x->shape[2 + i],
                         .kernel = weight->shape[2 + i],
                         .stride = strides[i],
                         .dilation = dilations[i],
                         .before = pads[i],
                         .after = pads[2 + i]};
        if (kernel[i] != 0 && kernel[i] != axes[i].kernel)
            return call_fail(call, STATUS_INVALID, "kernel_shape %zu for weights of %zu", kernel[i],
                             axes[i].kernel);
        status = resolve_axis(call, &axes[i], attribute_text(call, "auto_pad", "NOTSET"));
    }
    return status;
}

static ConvShape shape_of(const BuildValue *x, const BuildValue *weight, size_t groups, const Axis axes[2])
{
    return (ConvShape){.batch = x->shape[0],
                       .groups = groups,
                       .m = weight->shape[0] / groups,
                       .channels = weight->shape[1],
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
    if (x->rank != 4 || weight->rank != 4)
        return call_fail(
            call, STATUS_UNSUPPORTED,
            "an input of rank %zu and weights of rank %zu: only two-dimensional convolutions are "
            "supported",
            x->rank, weight->rank);
    for (size_t i = 0; i < 4; i++)
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
    *bias = NETWORK_NONE;
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

static Status emit_conv(Call *call, const ConvShape *from, const LayerOrigin *origin)
{
    size_t input, layer, n = from->channels * from->kernel_h * from->kernel_w;
    ConvShape *shape = call_allocate(call, 1, sizeof *shape);
    if (!shape) return call_no_memory(call);
    *shape = *from;
    Status status = builder_channels_last(call, call->inputs[0], &input);
    if (!status) status = builder_layer(call, origin, from->m, n, &layer);
    if (status) return status;
    return call_emit(
        call, &(Emit){.kernel = &kernel_conv,
                      .parameters = shape,
                      .input_count = 1,
                      .inputs = &input,
                      .type = ELEMENT_FLOAT,
                      .rank = 4,
                      .shape = (size_t[]){from->batch, from->groups * from->m, from->out_h, from->out_w},
                      .channels_last = true,
                      .layer = layer});
}

static Status build_conv(Call *call)
{
    const BuildValue *x = call_value(call, 0), *weight = call_value(call, 1);
    size_t groups = 1, bias;
    Axis axes[2];
    Status status = check_operands(call, x, weight);
    if (!status) status = read_groups(call, &groups, x, weight);
    if (!status) status = check_bias(call, &bias, weight->shape[0]);
    if (!status) status = read_axes(call, axes, x, weight);
    if (status) return status;
    ConvShape shape = shape_of(x, weight, groups, axes);
    return emit_conv(
        call, &shape,
        &(LayerOrigin){
            .weight = call->inputs[1], .bias = bias, .groups = groups, .scale = 1, .bias_scale = 1});
}

const Operator operators_conv[] = {
    {"Conv", 7, 21, 2, 3, build_conv},
    {0},
};
