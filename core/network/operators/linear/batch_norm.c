/* SPDX-License-Identifier: MIT */
/* BatchNormalization: y = scale x + shift for each channel, with scale = gamma / sqrt(var + epsilon) and
 * shift = beta - scale mean. Folded into the layer before it if nothing else uses that layer's output. */
#include "network/build/layers.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"

#include <math.h>

/* y[i][c] = scale[c] * x[i][c] + shift[c]. Inputs: x, scale, shift. x is stored channels last or has rank 2:
 * the channel is the last axis. */
static Status run_scale(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Value *value = &run->values[run->node->output];
    size_t channels = value->shape[value->rank - 1];
    const float *restrict x = inputs[0], *restrict scale = inputs[1], *restrict shift = inputs[2];
    float *restrict y = output;
    for (size_t i = 0; i < value->elements; i += channels, x += channels, y += channels)
        for (size_t c = 0; c < channels; c++) y[c] = scale[c] * x[c] + shift[c];
    return STATUS_OK;
}

static void edge_scale(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)input;
    const Value *scale = &network->values[node->inputs[1]];
    double largest = 0;
    for (size_t c = 0; c < scale->elements; c++)
        largest = fmax(largest, fabs((double)((const float *)scale->constant)[c]));
    *edge = edge_slope(largest);
}

static const Kernel kernel_scale = {.name = "Scale and shift", .run = run_scale, .edge = edge_scale};

/* y = scale x + shift: [channels] each */
typedef struct Normalization {
    double *scale, *shift;
} Normalization;

static Status check_statistics(Call *call, size_t channels)
{
    static const char *const names[] = {"", "scale", "B", "mean", "var"};
    for (size_t i = 1; i < 5; i++) {
        const BuildValue *value = call_value(call, i);
        if (!value->constant || value->type != ELEMENT_FLOAT)
            return call_fail(call, STATUS_UNSUPPORTED, "%s '%s' is not constant floats", names[i],
                             value->name);
        if (value->elements != channels)
            return call_fail(call, STATUS_INVALID, "%s '%s' has %zu elements for %zu channels", names[i],
                             value->name, value->elements, channels);
    }
    return STATUS_OK;
}

static Status read_normalization(Call *call, Normalization *read, size_t channels)
{
    const float *gamma = call_value(call, 1)->constant, *beta = call_value(call, 2)->constant;
    const float *mean = call_value(call, 3)->constant, *variance = call_value(call, 4)->constant;
    double epsilon = (double)attribute_float(call, "epsilon", 1e-5f);
    read->scale = call_allocate(call, channels, sizeof(double));
    read->shift = call_allocate(call, channels, sizeof(double));
    if (!read->scale || !read->shift) return call_no_memory(call);
    for (size_t c = 0; c < channels; c++) {
        double power = (double)variance[c] + epsilon;
        if (!(power > 0))
            return call_fail(call, STATUS_INVALID, "the variance of channel %zu is not positive: %g", c,
                             (double)variance[c]);
        read->scale[c] = (double)gamma[c] / sqrt(power);
        read->shift[c] = (double)beta[c] - read->scale[c] * (double)mean[c];
    }
    return STATUS_OK;
}

/* True if x is the output of a layer with one output per channel, and this node is its only consumer. */
static bool can_fold(const Call *call, const BuildValue *x)
{
    if (x->producer == NO_INDEX || x->uses != 1) return false;
    const Node *node = builder_node(call->builder, x->producer);
    return node->layer != NO_INDEX && (node->kernel->is_convolution || x->rank == 2);
}

/* W' = diag(scale) W, b' = scale b + shift */
static Status fold(Call *call, const Normalization *by)
{
    BuildLayer *layer;
    Status status = builder_own_layer(call, call_value(call, 0)->producer, &layer);
    if (status) return status;
    for (size_t i = 0; i < layer->groups * layer->m; i++) {
        for (size_t k = 0; k < layer->n; k++)
            layer->weights[i * layer->n + k] =
                (float)(by->scale[i] * (double)layer->weights[i * layer->n + k]);
        layer->bias[i] = (float)(by->scale[i] * (double)layer->bias[i] + by->shift[i]);
    }
    layer->has_bias = true;
    return call_bind(call, 0, call->inputs[0]);
}

static Status constant_of(Call *call, const double *from, size_t channels, size_t *value)
{
    float *elements = call_allocate(call, channels, sizeof *elements);
    if (!elements) return call_no_memory(call);
    for (size_t c = 0; c < channels; c++) elements[c] = (float)from[c];
    return call_constant(call, ELEMENT_FLOAT, 1, &channels, elements, value);
}

static Status emit_alone(Call *call, const Normalization *normalization, size_t channels)
{
    size_t inputs[3] = {call->inputs[0]};
    Status status = STATUS_OK;
    if (call_value(call, 0)->rank >= 3) status = builder_channels_last(call, inputs[0], &inputs[0]);
    if (!status) status = constant_of(call, normalization->scale, channels, &inputs[1]);
    if (!status) status = constant_of(call, normalization->shift, channels, &inputs[2]);
    if (status) return status;
    const BuildValue *x = builder_value(call->builder, inputs[0]);
    return call_emit(call, &(Emit){.kernel = &kernel_scale,
                                   .input_count = 3,
                                   .inputs = inputs,
                                   .type = ELEMENT_FLOAT,
                                   .rank = x->rank,
                                   .shape = x->shape,
                                   .channels_last = x->channels_last,
                                   .layer = NO_INDEX});
}

static Status check_mode(Call *call, const BuildValue *x)
{
    if (attribute_int(call, "training_mode", 0) != 0)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "it is in training mode: export the network for inference");
    if (call->opset < 9 && attribute_int(call, "spatial", 1) == 0)
        return call_fail(call, STATUS_UNSUPPORTED, "spatial 0 is not supported");
    if (x->type != ELEMENT_FLOAT || x->rank < 2)
        return call_fail(call, STATUS_INVALID, "'%s' is not float, or has no channels", x->name);
    return STATUS_OK;
}

static Status build_batch_normalization(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    Normalization normalization;
    Status status = check_mode(call, x);
    if (!status) status = check_statistics(call, x->shape[1]);
    if (!status) status = read_normalization(call, &normalization, x->shape[1]);
    if (status) return status;
    return can_fold(call, x) ? fold(call, &normalization) : emit_alone(call, &normalization, x->shape[1]);
}

const Operator operators_batch_norm[] = {
    {"BatchNormalization", 7, 21, 5, 5, build_batch_normalization},
    {0},
};
