/* SPDX-License-Identifier: MIT */
/* LayerNormalization, InstanceNormalization, GroupNormalization and LRN: normalization by an image's own
 * statistics. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"

#include <math.h>
#include <string.h>

/* --- by mean and variance --------------------------------------------------------------------------- */

/* Rows of `length` elements, in ONNX's order, are normalized: y = (x - mean) / sqrt(variance + epsilon) *
 * scale + shift. Element i of the value uses scale and shift number (i / inner) % count. */
typedef struct NormParameters {
    size_t length, inner, count;
    double epsilon;
    bool inverse; /* of kernel_moments: the inverse deviation, not the mean */
} NormParameters;

typedef struct Moments {
    double mean, inverse; /* 1 / sqrt(variance + epsilon) */
} Moments;

static Moments moments_of(const float *row, const NormParameters *p)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < p->length; i++) sum += (double)row[i];
    const double mean = sum / (double)p->length;
    for (size_t i = 0; i < p->length; i++) {
        const double away = (double)row[i] - mean;
        squares += away * away;
    }
    return (Moments){mean, 1 / sqrt(squares / (double)p->length + p->epsilon)};
}

static Status run_norm(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const NormParameters *p = run->node->parameters;
    const float *x = inputs[0], *scale = inputs[1], *shift = run->node->input_count > 2 ? inputs[2] : NULL;
    float *y = output;
    const size_t elements = run->values[run->node->output].elements;
    for (size_t first = 0; first < elements; first += p->length) {
        const Moments moments = moments_of(x + first, p);
        for (size_t i = first; i < first + p->length; i++) {
            const size_t c = i / p->inner % p->count;
            const double unit = ((double)x[i] - moments.mean) * moments.inverse;
            y[i] = (float)unit * scale[c] + (shift ? shift[c] : 0);
        }
    }
    return STATUS_OK;
}

/* out[row] = the mean, or the inverse deviation, of each row */
static Status run_moments(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const NormParameters *p = run->node->parameters;
    const float *x = inputs[0];
    for (size_t i = 0; i < run->values[run->node->output].elements; i++) {
        const Moments moments = moments_of(x + i * p->length, p);
        ((float *)output)[i] = (float)(p->inverse ? moments.inverse : moments.mean);
    }
    return STATUS_OK;
}

static void edge_norm(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    edge->reason = "it divides by a standard deviation that may be small";
}

static const Kernel kernel_norm = {.name = "normalization", .run = run_norm, .edge = edge_norm};
static const Kernel kernel_moments = {.name = "moments", .run = run_moments, .edge = edge_norm};

static Status check_factors(Call *call, size_t input, size_t count)
{
    const BuildValue *value = call_value(call, input);
    Status status = call_needs_float(call, call->inputs[input]);
    if (!status && value->elements != count)
        status = call_fail(call, STATUS_UNSUPPORTED, "'%s' has %zu elements instead of %zu", value->name,
                           value->elements, count);
    return status;
}

/* Emits the normalization of `plain`, the call's first input; scale and shift are its second and third. */
static Status emit_norm(Call *call, size_t plain, const NormParameters *from)
{
    const BuildValue x = *builder_value(call->builder, plain);
    size_t inputs[] = {plain, call->inputs[1], call_has(call, 2) ? call->inputs[2] : 0};
    const size_t count = call_has(call, 2) ? 3 : 2;
    NormParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = *from;
    Status status = STATUS_OK;
    for (size_t i = 1; !status && i < count; i++) {
        status = check_factors(call, i, from->count);
        if (!status) status = builder_plain(call, inputs[i], &inputs[i]);
    }
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = &kernel_norm,
                                   .parameters = parameters,
                                   .input_count = count,
                                   .inputs = inputs,
                                   .type = ELEMENT_FLOAT,
                                   .rank = x.rank,
                                   .shape = x.shape,
                                   .layer = NO_INDEX});
}

/* Emits one number per row: output 1 is the mean, output 2 the inverse deviation. */
static Status emit_moments(Call *call, size_t output, size_t plain, size_t axis, const NormParameters *from)
{
    const BuildValue x = *builder_value(call->builder, plain);
    NormParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = *from;
    parameters->inverse = output == 2;
    size_t shape[TENSOR_MAX_RANK], value;
    for (size_t i = 0; i < x.rank; i++) shape[i] = i < axis ? x.shape[i] : 1;
    Status status = builder_emit(call,
                                 &(Emit){.kernel = &kernel_moments,
                                         .parameters = parameters,
                                         .input_count = 1,
                                         .inputs = &plain,
                                         .type = ELEMENT_FLOAT,
                                         .rank = x.rank,
                                         .shape = shape,
                                         .layer = NO_INDEX},
                                 &value);
    return status ? status : call_bind(call, output, value);
}

static Status plain_image(Call *call, size_t least_rank, size_t *plain)
{
    const BuildValue *x = call_value(call, 0);
    Status status = call_needs_float(call, call->inputs[0]);
    if (!status && (x->rank < least_rank || x->elements == 0))
        status = call_fail(call, STATUS_INVALID, "'%s' has rank %zu", x->name, x->rank);
    return status ? status : builder_plain(call, call->inputs[0], plain);
}

static Status build_layer_norm(Call *call)
{
    size_t plain, axis;
    const BuildValue x = *call_value(call, 0);
    Status status = call_axis(call, attribute_int(call, "axis", -1), x.rank, &axis);
    if (!status && axis == 0) status = call_keeps_images(call, &x, "normalizing over axis 0");
    if (!status) status = plain_image(call, 1, &plain);
    if (status) return status;
    NormParameters p = {.length = 1, .inner = 1, .epsilon = (double)attribute_float(call, "epsilon", 1e-5f)};
    for (size_t i = axis; i < x.rank; i++) p.length *= x.shape[i];
    p.count = p.length;
    status = emit_norm(call, plain, &p);
    for (size_t output = 1; !status && output < call->output_count && output < 3; output++)
        status = emit_moments(call, output, plain, axis, &p);
    return status;
}

/* Normalizes each channel, or for GroupNormalization each group of channels. Scale and shift are per channel;
 * before opset 21 those of GroupNormalization are per group. */
static Status build_channel_norm(Call *call)
{
    size_t plain;
    const BuildValue x = *call_value(call, 0);
    Status status = plain_image(call, 3, &plain);
    if (status) return status;
    const bool grouped = strcmp(call->operator_name, "GroupNormalization") == 0;
    const int64_t groups = grouped ? attribute_int(call, "num_groups", 0) : (int64_t)x.shape[1];
    if (groups < 1 || x.shape[1] % (uint64_t)groups)
        return call_fail(call, STATUS_INVALID, "%lld groups of %zu channels", (long long)groups, x.shape[1]);
    const size_t pixels = x.elements / x.shape[0] / x.shape[1], each = x.shape[1] / (size_t)groups;
    NormParameters p = {.length = each * pixels,
                        .inner = pixels,
                        .count = x.shape[1],
                        .epsilon = (double)attribute_float(call, "epsilon", 1e-5f)};
    if (grouped && call->opset < 21) {
        p.inner = each * pixels;
        p.count = (size_t)groups;
    }
    return emit_norm(call, plain, &p);
}

/* --- across channels -------------------------------------------------------------------------------- */

typedef struct NeighbourParameters {
    size_t before, after; /* channels on either side */
    float alpha, beta, bias;
} NeighbourParameters;

/* y = x / (bias + alpha / size * sum of squares of the window)^beta; channels last */
static Status run_neighbours(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const NeighbourParameters *p = run->node->parameters;
    const Value *value = &run->values[run->node->output];
    const size_t channels = value->shape[value->rank - 1];
    const float *x = inputs[0];
    float *y = output;
    for (size_t i = 0; i < value->elements; i += channels, x += channels, y += channels)
        for (size_t c = 0; c < channels; c++) {
            float sum = 0;
            const size_t first = c < p->before ? 0 : c - p->before;
            for (size_t k = first; k < channels && k <= c + p->after; k++) sum += x[k] * x[k];
            y[c] = x[c] / powf(p->bias + p->alpha / (float)(p->before + p->after + 1) * sum, p->beta);
        }
    return STATUS_OK;
}

static void edge_neighbours(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    edge->reason = "it divides by a power of an activation";
}

static const Kernel kernel_neighbours = {.name = "LRN", .run = run_neighbours, .edge = edge_neighbours};

static Status build_neighbours(Call *call)
{
    size_t input;
    const int64_t size = attribute_int(call, "size", 0);
    if (size < 1 || size > INT32_MAX)
        return call_fail(call, STATUS_INVALID, "attribute size is %lld", (long long)size);
    NeighbourParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    *parameters = (NeighbourParameters){
        (size_t)(size - 1) / 2, (size_t)size / 2, attribute_float(call, "alpha", 0.0001f),
        attribute_float(call, "beta", 0.75f), attribute_float(call, "bias", 1)};
    Status status = call_needs_float(call, call->inputs[0]);
    if (!status) status = builder_channels_last(call, call->inputs[0], &input);
    if (status) return status;
    const BuildValue *x = builder_value(call->builder, input);
    return call_emit(call, &(Emit){.kernel = &kernel_neighbours,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = ELEMENT_FLOAT,
                                   .rank = x->rank,
                                   .shape = x->shape,
                                   .channels_last = true,
                                   .layer = NO_INDEX});
}

const Operator operators_normalization[] = {
    {"LayerNormalization", 17, 21, 2, 3, build_layer_norm},
    {"InstanceNormalization", 7, 21, 3, 3, build_channel_norm},
    {"GroupNormalization", 18, 21, 3, 3, build_channel_norm},
    {"LRN", 7, 21, 1, 1, build_neighbours},
    {0},
};
