/* SPDX-License-Identifier: MIT */
/* Resize and Upsample: one axis after the other, each output a weighted sum of inputs along its axis. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

#include <math.h>
#include <string.h>

/* --- kernel ----------------------------------------------------------------------------------------- */

/* The stored value is [outer][in][inner], the output [outer][out][inner]: out[j] = beyond[j] + sum_t
 * weights[j][t] * in[indices[j][t]]. beyond is the extrapolated value, else 0. */
typedef struct ResampleParameters {
    size_t outer, in, out, inner, taps;
    size_t *indices; /* [out][taps] */
    float *weights;  /* [out][taps] */
    float *beyond;   /* [out] */
} ResampleParameters;

static Status run_resample(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const ResampleParameters *p = run->node->parameters;
    const float *in = inputs[0];
    float *out = output;
    for (size_t o = 0; o < p->outer; o++, in += p->in * p->inner)
        for (size_t j = 0; j < p->out; j++, out += p->inner) {
            for (size_t i = 0; i < p->inner; i++) out[i] = p->beyond[j];
            for (size_t t = j * p->taps; t < (j + 1) * p->taps; t++) {
                const float weight = p->weights[t];
                const float *from = in + p->indices[t] * p->inner;
                for (size_t i = 0; weight != 0 && i < p->inner; i++) out[i] += weight * from[i];
            }
        }
    return STATUS_OK;
}

static double column_sum(const ResampleParameters *p, size_t index)
{
    double sum = 0;
    for (size_t t = 0; t < p->out * p->taps; t++)
        if (p->indices[t] == index) sum += fabs((double)p->weights[t]);
    return sum;
}

static void edge_resample(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const ResampleParameters *p = node->parameters;
    double row = 0, column = 0;
    for (size_t j = 0; j < p->out; j++) {
        double sum = 0;
        for (size_t t = j * p->taps; t < (j + 1) * p->taps; t++) sum += fabs((double)p->weights[t]);
        row = fmax(row, sum);
    }
    for (size_t i = 0; i < p->in; i++) column = fmax(column, column_sum(p, i));
    *edge = edge_linear(row, column);
}

static Sign sign_resample(const Node *node)
{
    const ResampleParameters *p = node->parameters;
    for (size_t t = 0; t < p->out * p->taps; t++)
        if (p->weights[t] < 0) return ANY_SIGN;
    for (size_t j = 0; j < p->out; j++)
        if (p->beyond[j] < 0) return ANY_SIGN;
    return NONNEGATIVE_IF_ALL;
}

static const Kernel kernel_resample = {
    .name = "resample", .run = run_resample, .edge = edge_resample, .sign = sign_resample};

/* --- where an output lies in the input -------------------------------------------------------------- */

typedef enum Coordinates {
    HALF_PIXEL,
    SYMMETRIC,
    PYTORCH,
    CORNERS,
    ASYMMETRIC,
    TENSORFLOW_NEAREST,
    CROP,
    COORDINATES
} Coordinates;

typedef enum Interpolation { NEAREST, LINEAR, CUBIC, INTERPOLATIONS } Interpolation;

typedef struct ResizeRule {
    Interpolation mode;
    Coordinates coordinates;
    char rounding; /* of NEAREST: 'F'loor, 'C'eil, or to nearest with halves down ('f') or up ('c') */
    float cubic, extrapolation;
    bool exclude_outside, antialias;
} ResizeRule;

typedef struct ResizeAxis {
    size_t in, out;
    double scale;      /* out / in, or as the file gives it */
    double start, end; /* of CROP, as fractions of the axis */
} ResizeAxis;

static double place(const ResizeRule *rule, const ResizeAxis *axis, size_t j)
{
    const double x = (double)j, in = (double)axis->in, out = (double)axis->out, whole = in * axis->scale;
    switch (rule->coordinates) {
    case PYTORCH:
        return out > 1 ? (x + 0.5) / axis->scale - 0.5 : 0;
    case CORNERS:
        return whole > 1 ? x * (in - 1) / (whole - 1) : 0;
    case ASYMMETRIC:
        return x / axis->scale;
    case TENSORFLOW_NEAREST:
        return (x + 0.5) / axis->scale;
    case SYMMETRIC:
        return in / 2 * (1 - out / whole) + (x + 0.5) / axis->scale - 0.5;
    case CROP:
        return out > 1 ? axis->start * (in - 1) + x * (axis->end - axis->start) * (in - 1) / (out - 1)
                       : (axis->start + axis->end) / 2 * (in - 1);
    default:
        return (x + 0.5) / axis->scale - 0.5;
    }
}

static double round_place(char rounding, double x)
{
    switch (rounding) {
    case 'F':
        return floor(x);
    case 'C':
        return ceil(x);
    case 'c':
        return floor(x + 0.5);
    default:
        return ceil(x - 0.5);
    }
}

/* --- weights ---------------------------------------------------------------------------------------- */

/* The weight at distance x: a triangle (LINEAR), or Keys' cubic with parameter a (CUBIC). */
static double filter(const ResizeRule *rule, double x)
{
    const double a = (double)rule->cubic, d = fabs(x);
    if (rule->mode == LINEAR) return d < 1 ? 1 - d : 0;
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* The factor of distances: below 1 if `antialias` is set and the output is smaller, so that each output sees
 * more inputs. */
static double stretch_of(const ResizeRule *rule, const ResizeAxis *axis)
{
    return rule->antialias ? fmin(axis->scale, 1) : 1;
}

/* Offset of the first tap from floor(x). The taps reach equally far to both sides. */
static ptrdiff_t first_tap(const ResizeRule *rule, const ResizeAxis *axis)
{
    if (rule->mode == NEAREST) return 0;
    const double support = rule->mode == LINEAR ? 1 : 2;
    return (ptrdiff_t)floor(-support / stretch_of(rule, axis)) + 1;
}

static size_t clamp_index(double index, size_t size)
{
    return index < 0 ? 0 : index > (double)(size - 1) ? size - 1 : (size_t)index;
}

static void weigh(ResampleParameters *p, const ResizeRule *rule, const ResizeAxis *axis, size_t j, double x)
{
    const double stretch = stretch_of(rule, axis), base = floor(x);
    const ptrdiff_t first = first_tap(rule, axis);
    double sum = 0;
    for (size_t t = 0; t < p->taps; t++) {
        const double index = base + (double)(first + (ptrdiff_t)t);
        const bool outside = index < 0 || index >= (double)axis->in;
        const double weight = outside && rule->exclude_outside ? 0 : filter(rule, (x - index) * stretch);
        p->indices[j * p->taps + t] = clamp_index(index, axis->in);
        p->weights[j * p->taps + t] = (float)weight;
        sum += weight;
    }
    for (size_t t = 0; t < p->taps; t++) p->weights[j * p->taps + t] /= (float)sum;
}

static void fill_output(ResampleParameters *p, const ResizeRule *rule, const ResizeAxis *axis, size_t j)
{
    const double x = place(rule, axis, j);
    if (rule->coordinates == CROP && (x < 0 || x > (double)(axis->in - 1))) {
        p->beyond[j] = rule->extrapolation;
    } else if (rule->mode == NEAREST) {
        p->indices[j] = clamp_index(round_place(rule->rounding, x), axis->in);
        p->weights[j] = 1;
    } else {
        weigh(p, rule, axis, j, x);
    }
}

/* --- build: the rule -------------------------------------------------------------------------------- */

static Status choose(Call *call, size_t *choice, const char *attribute, const char *absent,
                     const char *const *names, size_t count)
{
    const char *text = attribute_text(call, attribute, absent);
    for (*choice = 0; *choice < count; ++*choice)
        if (strcmp(names[*choice], text) == 0) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "%s '%s' is not supported", attribute, text);
}

static Status read_rule(Call *call, ResizeRule *rule)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const roundings[] = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"};
    const bool chooses = strcmp(call->operator_name, "Resize") == 0 && call->opset >= 11;
    size_t mode, coordinate = ASYMMETRIC, rounding = 0;
    Status status = choose(call, &mode, "mode", "nearest", modes, INTERPOLATIONS);
    if (!status && chooses)
        status = choose(call, &coordinate, "coordinate_transformation_mode", "half_pixel", coordinates,
                        COORDINATES);
    if (!status && chooses)
        status = choose(call, &rounding, "nearest_mode", "round_prefer_floor", roundings, 4);
    if (status) return status;
    *rule = (ResizeRule){.mode = (Interpolation)mode,
                         .coordinates = (Coordinates)coordinate,
                         .rounding = "FCfc"[rounding],
                         .cubic = attribute_float(call, "cubic_coeff_a", -0.75f),
                         .extrapolation = attribute_float(call, "extrapolation_value", 0),
                         .exclude_outside = attribute_int(call, "exclude_outside", 0) != 0,
                         .antialias = attribute_int(call, "antialias", 0) != 0};
    return STATUS_OK;
}

/* --- build: the sizes ------------------------------------------------------------------------------- */

/* Reads a constant list of floats: scales, or a region. */
static Status constant_floats(Call *call, size_t input, const float **values, size_t *count)
{
    const BuildValue *value = call_value(call, input);
    *values = NULL;
    *count = 0;
    if (!value->constant || value->type != ELEMENT_FLOAT || value->rank > 1)
        return call_fail(call, STATUS_UNSUPPORTED, "'%s' is not a list of constant floats", value->name);
    *values = value->constant;
    *count = value->elements;
    return STATUS_OK;
}

static Status scale_axis(Call *call, ResizeAxis *axis, double scale)
{
    const double length = floor((double)axis->in * scale);
    if (!(scale > 0) || !(length >= 1) || length > INT32_MAX)
        return call_fail(call, STATUS_INVALID, "scale %g of an axis of %zu", scale, axis->in);
    axis->scale = scale;
    axis->out = (size_t)length;
    return STATUS_OK;
}

/* Sets named[count] to the axes that the lists hold for: all axes, or from opset 18 on those of an attribute.
 */
static Status named_axes(Call *call, size_t *named, size_t *count, size_t rank)
{
    const int64_t *given;
    *count = call->opset < 18 ? 0 : attribute_ints(call, "axes", &given);
    if (*count > rank)
        return call_fail(call, STATUS_INVALID, "%zu axes of a value of rank %zu", *count, rank);
    for (size_t i = 0; i < *count; i++) {
        Status status = call_axis(call, given[i], rank, &named[i]);
        if (status) return status;
    }
    for (size_t i = 0; *count == 0 && i < rank; i++) named[i] = i;
    if (*count == 0) *count = rank;
    return STATUS_OK;
}

static Status check_count(Call *call, const char *what, size_t count, size_t wanted)
{
    if (count == wanted) return STATUS_OK;
    return call_fail(call, STATUS_INVALID, "%zu %s instead of %zu", count, what, wanted);
}

static Status read_scales(Call *call, ResizeAxis *axes, const float *scales, size_t given,
                          const size_t *named, size_t count)
{
    Status status = check_count(call, "scales", given, count);
    for (size_t i = 0; !status && i < count; i++)
        status = scale_axis(call, &axes[named[i]], (double)scales[i]);
    return status;
}

/* Gives all named axes one scale: the largest or the smallest of their scales. */
static void keep_aspect(ResizeAxis *axes, const size_t *named, size_t count, bool larger)
{
    double scale = axes[named[0]].scale;
    for (size_t i = 1; i < count; i++)
        scale = larger ? fmax(scale, axes[named[i]].scale) : fmin(scale, axes[named[i]].scale);
    for (size_t i = 0; i < count; i++) {
        ResizeAxis *axis = &axes[named[i]];
        axis->scale = scale;
        axis->out = (size_t)fmax(1, floor((double)axis->in * scale + 0.5));
    }
}

static Status read_sizes(Call *call, ResizeAxis *axes, size_t input, const size_t *named, size_t count)
{
    int64_t sizes[TENSOR_MAX_RANK];
    size_t given;
    const char *policy = attribute_text(call, "keep_aspect_ratio_policy", "stretch");
    Status status = call_constant_ints(call, input, sizes, &given, TENSOR_MAX_RANK);
    if (!status) status = check_count(call, "sizes", given, count);
    for (size_t i = 0; !status && i < count; i++) {
        ResizeAxis *axis = &axes[named[i]];
        if (sizes[i] < 1 || sizes[i] > INT32_MAX)
            return call_fail(call, STATUS_INVALID, "size %lld of axis %zu", (long long)sizes[i], named[i]);
        axis->out = (size_t)sizes[i];
        axis->scale = (double)sizes[i] / (double)axis->in;
    }
    if (!status && count > 0 && strcmp(policy, "stretch") != 0)
        keep_aspect(axes, named, count, strcmp(policy, "not_smaller") == 0);
    return status;
}

static Status read_region(Call *call, ResizeAxis *axes, size_t input, const size_t *named, size_t count)
{
    const float *region;
    size_t given;
    if (!call_has(call, input)) return call_fail(call, STATUS_INVALID, "a region is missing");
    Status status = constant_floats(call, input, &region, &given);
    if (!status) status = check_count(call, "limits of a region", given, 2 * count);
    for (size_t i = 0; !status && i < given; i++)
        if (!isfinite(region[i]))
            status = call_fail(call, STATUS_INVALID, "a limit of its region is not finite");
    for (size_t i = 0; !status && i < count; i++) {
        axes[named[i]].start = (double)region[i];
        axes[named[i]].end = (double)region[i + count];
    }
    return status;
}

static bool is_given(const Call *call, size_t input)
{
    return call_has(call, input) && call_value(call, input)->elements > 0;
}

/* Inputs: X, scales; or from opset 11 on X, roi, scales, sizes, of which one of the last two is given. */
static Status read_axes(Call *call, ResizeAxis *axes, const ResizeRule *rule)
{
    const BuildValue *x = call_value(call, 0);
    const float *scales;
    size_t named[TENSOR_MAX_RANK], count, given;
    Status status = named_axes(call, named, &count, x->rank);
    for (size_t i = 0; i < x->rank; i++) axes[i] = (ResizeAxis){x->shape[i], x->shape[i], 1, 0, 1};
    if (status) return status;
    const bool late = call->opset >= 11 && strcmp(call->operator_name, "Resize") == 0;
    if (call->opset < 9) {
        given = attribute_floats(call, "scales", &scales);
        return read_scales(call, axes, scales, given, named, count);
    }
    if (rule->coordinates == CROP) status = read_region(call, axes, 1, named, count);
    if (status) return status;
    if (late && is_given(call, 3)) return read_sizes(call, axes, 3, named, count);
    if (!is_given(call, late ? 2 : 1))
        return call_fail(call, STATUS_INVALID, "it has no scales and no sizes");
    status = constant_floats(call, late ? 2 : 1, &scales, &given);
    return status ? status : read_scales(call, axes, scales, given, named, count);
}

/* --- build ------------------------------------------------------------------------------------------ */

static ResampleParameters *resample_parameters(Call *call, const ResizeRule *rule, const ResizeAxis *axis,
                                               const BuildValue *x, size_t stored)
{
    ResampleParameters *p = call_allocate(call, 1, sizeof *p);
    if (!p) return NULL;
    size_t shape[TENSOR_MAX_RANK], taps = rule->mode == NEAREST ? 1 : (size_t)(2 - 2 * first_tap(rule, axis));
    stored_shape(shape, x->shape, x->rank, x->channels_last);
    *p = (ResampleParameters){.outer = 1, .in = axis->in, .out = axis->out, .inner = 1, .taps = taps};
    for (size_t i = 0; i < x->rank; i++) {
        if (i < stored) p->outer *= shape[i];
        if (i > stored) p->inner *= shape[i];
    }
    p->indices = call_allocate(call, axis->out, taps * sizeof *p->indices);
    p->weights = call_allocate(call, axis->out, taps * sizeof *p->weights);
    p->beyond = call_allocate(call, axis->out, sizeof *p->beyond);
    if (!p->indices || !p->weights || !p->beyond) return NULL;
    for (size_t j = 0; j < axis->out; j++) fill_output(p, rule, axis, j);
    return p;
}

static Status emit_resample(Call *call, const ResizeRule *rule, const ResizeAxis *resize, size_t axis,
                            size_t *value)
{
    BuildValue x = *builder_value(call->builder, *value);
    const size_t input = *value;
    const ResampleParameters *p = resample_parameters(call, rule, resize, &x, builder_axis(&x, axis));
    if (!p) return call_no_memory(call);
    x.shape[axis] = resize->out;
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_resample,
                                .parameters = p,
                                .input_count = 1,
                                .inputs = &input,
                                .type = ELEMENT_FLOAT,
                                .rank = x.rank,
                                .shape = x.shape,
                                .channels_last = x.channels_last,
                                .layer = NO_INDEX},
                        value);
}

static Status build_resize(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    ResizeRule rule;
    ResizeAxis axes[TENSOR_MAX_RANK];
    size_t value = call->inputs[0];
    Status status = call_needs_float(call, value);
    if (!status) status = read_rule(call, &rule);
    if (!status) status = read_axes(call, axes, &rule);
    for (size_t i = 0; !status && i < x.rank; i++) {
        const bool whole = axes[i].out == axes[i].in && axes[i].scale == 1;
        const bool cropped = rule.coordinates == CROP && (axes[i].start != 0 || axes[i].end != 1);
        if (whole && !cropped) continue;
        if (i == 0) status = call_keeps_images(call, &x, "resizing axis 0");
        if (!status) status = emit_resample(call, &rule, &axes[i], i, &value);
    }
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_resize_upsample[] = {
    {"Upsample", 7, 8, 1, 1, build_resize},
    {"Upsample", 9, 9, 2, 2, build_resize},
    {"Resize", 10, 10, 2, 2, build_resize},
    {"Resize", 11, 21, 1, 4, build_resize},
    {0},
};
