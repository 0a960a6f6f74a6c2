/* SPDX-License-Identifier: MIT */
/* Convolution by im2col and SGEMM; depthwise convolution by a direct loop. */
#include "base/blas.h"
#include "base/sizes.h"
#include "network/run/conv_kernels.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN_FLOATS ((size_t)128 * 1024) /* unfolded at a time, so that they stay in the cache */

typedef struct PlainWeights {
    ConvWeights base;
    float *weights; /* [groups][m][kernel_h][kernel_w][channels], depthwise [kernel_h][kernel_w][groups] */
    float *bias;    /* [groups*m] */
} PlainWeights;

void clamp_apply(float *out, const Clamp *clamp, size_t count)
{
    float low = clamp->low, high = clamp->high;
    for (size_t i = 0; i < count; i++) {
        float raised = out[i] < low ? low : out[i];
        out[i] = raised > high ? high : raised;
    }
}

static bool is_depthwise(const ConvGeometry *shape)
{
    return shape->m == 1 && shape->channels == 1 && shape->groups > 1;
}

static size_t patch_size(const ConvGeometry *shape)
{
    return shape->kernel_h * shape->kernel_w * shape->channels;
}

/* Number of output pixels whose patches are unfolded at a time. */
static size_t chunk_rows(const ConvGeometry *shape)
{
    size_t pixels = shape->out_h * shape->out_w, rows = COLUMN_FLOATS / patch_size(shape);
    return size_min(size_max(rows, 1), pixels);
}

static Status plan_plain(ConvPlan **plan, const ConvGeometry *shape, const Clamp *clamp, Message *message)
{
    *plan = calloc(1, sizeof **plan);
    if (!*plan) return status_no_memory(message, "a convolution");
    (*plan)->backend = &conv_plain;
    (*plan)->shape = *shape;
    (*plan)->scratch = is_depthwise(shape) ? 0 : chunk_rows(shape) * patch_size(shape) * sizeof(float);
    (*plan)->has_clamp = clamp != NULL;
    if (clamp) (*plan)->clamp = *clamp;
    return STATUS_OK;
}

static void plan_free_plain(ConvPlan *plan)
{
    free(plan);
}

static bool same_format_plain(const ConvPlan *a, const ConvPlan *b)
{
    (void)a;
    (void)b;
    return true;
}

static void weights_free_plain(ConvWeights *base)
{
    PlainWeights *packed = (PlainWeights *)base;
    free(packed->weights);
    free(packed->bias);
    free(packed);
}

static void pack_depthwise(float *to, const float *from, size_t groups, size_t taps)
{
    for (size_t g = 0; g < groups; g++)
        for (size_t t = 0; t < taps; t++) to[t * groups + g] = from[g * taps + t];
}

static void pack_patches(float *to, const float *from, size_t rows, size_t channels, size_t taps)
{
    for (size_t i = 0; i < rows; i++, to += channels * taps, from += channels * taps)
        for (size_t c = 0; c < channels; c++)
            for (size_t t = 0; t < taps; t++) to[t * channels + c] = from[c * taps + t];
}

static Status pack_plain(ConvWeights **result, const ConvPlan *plan, const float *weights, const float *bias,
                         Message *message)
{
    const ConvGeometry *shape = &plan->shape;
    size_t outputs = shape->groups * shape->m, taps = shape->kernel_h * shape->kernel_w;
    *result = NULL;
    PlainWeights *packed = calloc(1, sizeof *packed);
    if (packed) packed->weights = malloc(outputs * patch_size(shape) * sizeof *packed->weights);
    if (packed) packed->bias = malloc(outputs * sizeof *packed->bias);
    if (!packed || !packed->weights || !packed->bias) {
        if (packed) weights_free_plain(&packed->base);
        return status_no_memory(message, "weights");
    }
    memcpy(packed->bias, bias, outputs * sizeof *bias);
    if (is_depthwise(shape))
        pack_depthwise(packed->weights, weights, shape->groups, taps);
    else
        pack_patches(packed->weights, weights, outputs, shape->channels, taps);
    packed->base.backend = &conv_plain;
    *result = &packed->base;
    return STATUS_OK;
}

/* The input row or column that a tap reads, or SIZE_MAX in the padding. */
static size_t tap_position(size_t out, size_t stride, size_t tap, size_t dilation, size_t pad, size_t limit)
{
    size_t position = out * stride + tap * dilation;
    return position < pad || position - pad >= limit ? SIZE_MAX : position - pad;
}

/* patch [kernel_h][kernel_w][channels] of one group for the output pixel (y, x). in
 * [in_h][in_w][groups*channels], at the group's first channel.
 */
static void unfold(float *patch, const float *in, const ConvGeometry *shape, size_t y, size_t x)
{
    size_t all = shape->groups * shape->channels;
    for (size_t i = 0; i < shape->kernel_h; i++) {
        size_t row = tap_position(y, shape->stride_h, i, shape->dilation_h, shape->pad_top, shape->in_h);
        for (size_t j = 0; j < shape->kernel_w; j++, patch += shape->channels) {
            size_t column =
                tap_position(x, shape->stride_w, j, shape->dilation_w, shape->pad_left, shape->in_w);
            if (row == SIZE_MAX || column == SIZE_MAX)
                memset(patch, 0, shape->channels * sizeof *patch);
            else
                memcpy(patch, in + (row * shape->in_w + column) * all, shape->channels * sizeof *patch);
        }
    }
}

/* True if the input needs no unfolding: one tap, stride 1, no padding. */
static bool is_pointwise(const ConvGeometry *shape)
{
    return shape->kernel_h == 1 && shape->kernel_w == 1 && shape->stride_h == 1 && shape->stride_w == 1 &&
           shape->pad_top + shape->pad_left + shape->pad_bottom + shape->pad_right == 0;
}

/* out[rows][m] += columns[rows][n] weights[m][n]^T. Rows of out are groups*m apart, rows of columns `step`;
 * out holds the bias. */
static void multiply(float *out, const float *columns, size_t step, const float *weights,
                     const ConvGeometry *shape, size_t rows)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)shape->m, (int)patch_size(shape), 1,
                columns, (int)step, weights, (int)patch_size(shape), 1, out, (int)(shape->groups * shape->m));
}

static void run_chunk(const ConvGeometry *shape, float *out, const float *in, const PlainWeights *packed,
                      size_t first, size_t rows, float *scratch)
{
    size_t n = patch_size(shape), all = shape->groups * shape->channels;
    for (size_t g = 0; g < shape->groups; g++) {
        const float *columns = scratch, *group = in + g * shape->channels;
        size_t step = n;
        if (is_pointwise(shape)) {
            columns = group + first * all;
            step = all;
        } else {
            for (size_t r = 0; r < rows; r++)
                unfold(scratch + r * n, group, shape, (first + r) / shape->out_w, (first + r) % shape->out_w);
        }
        multiply(out + g * shape->m, columns, step, packed->weights + g * shape->m * n, shape, rows);
    }
}

static void run_image(const ConvGeometry *shape, float *out, const float *in, const PlainWeights *packed,
                      float *scratch)
{
    size_t pixels = shape->out_h * shape->out_w, outputs = shape->groups * shape->m,
           chunk = chunk_rows(shape);
    for (size_t p = 0; p < pixels; p++) memcpy(out + p * outputs, packed->bias, outputs * sizeof *out);
    for (size_t first = 0; first < pixels; first += chunk)
        run_chunk(shape, out + first * outputs, in, packed, first, size_min(chunk, pixels - first), scratch);
}

static void depthwise_pixel(float *restrict out, const float *restrict in, const ConvGeometry *shape,
                            const PlainWeights *packed, size_t y, size_t x)
{
    size_t groups = shape->groups;
    memcpy(out, packed->bias, groups * sizeof *out);
    for (size_t i = 0; i < shape->kernel_h; i++)
        for (size_t j = 0; j < shape->kernel_w; j++) {
            size_t row = tap_position(y, shape->stride_h, i, shape->dilation_h, shape->pad_top, shape->in_h);
            size_t column =
                tap_position(x, shape->stride_w, j, shape->dilation_w, shape->pad_left, shape->in_w);
            if (row == SIZE_MAX || column == SIZE_MAX) continue;
            const float *restrict from = in + (row * shape->in_w + column) * groups;
            const float *restrict tap = packed->weights + (i * shape->kernel_w + j) * groups;
            for (size_t c = 0; c < groups; c++) out[c] += from[c] * tap[c];
        }
}

static void run_depthwise(const ConvGeometry *shape, float *out, const float *in, const PlainWeights *packed)
{
    for (size_t y = 0; y < shape->out_h; y++)
        for (size_t x = 0; x < shape->out_w; x++, out += shape->groups)
            depthwise_pixel(out, in, shape, packed, y, x);
}

static Status run_plain(const ConvPlan *plan, float *out, const float *in, const ConvWeights *base,
                        bool with_clamp, void *scratch, Message *message)
{
    (void)message;
    const PlainWeights *packed = (const PlainWeights *)base;
    const ConvGeometry *shape = &plan->shape;
    size_t in_step = shape->in_h * shape->in_w * shape->groups * shape->channels;
    size_t out_step = shape->out_h * shape->out_w * shape->groups * shape->m;
    for (size_t i = 0; i < shape->batch; i++, in += in_step, out += out_step) {
        if (is_depthwise(shape))
            run_depthwise(shape, out, in, packed);
        else
            run_image(shape, out, in, packed, scratch);
        if (with_clamp) clamp_apply(out, &plan->clamp, out_step);
    }
    return STATUS_OK;
}

const ConvBackend conv_plain = {.name = "im2col on BLAS",
                                .plan = plan_plain,
                                .plan_free = plan_free_plain,
                                .same_format = same_format_plain,
                                .pack = pack_plain,
                                .weights_free = weights_free_plain,
                                .run = run_plain};
