/* SPDX-License-Identifier: MIT */
/* Convolution by a direct kernel for processors with AVX2 and without AVX-512, on which oneDNN's kernel keeps
 * too few sums to hide the latency of a multiply-add.
 *
 * Six output pixels by sixteen outputs are summed at a time in twelve registers. The pixels may be any: each
 * tap has a pointer for every one of them, to the input pixel under it or to zeros in the padding. So the
 * tile's pixels are one list, nothing is copied, and only the last few pixels of a tile are done twice.
 */
#include "base/sizes.h"
#include "network/run/conv_kernels.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define PIXELS 6
#define OUTPUTS 16
#define LEAST_CHANNELS 8 /* with fewer, setting up the pointers is most of the work */
#define MOST_TAPS 64
#define MOST_INPUTS (1 << 22) /* that a plan may hold the places of, one an output pixel and tap */

typedef struct DirectPlan {
    ConvPlan base;
    int32_t inputs[]; /* [out_h * out_w][taps]: elements from the image to the input pixel, OUTSIDE in the
                         padding */
} DirectPlan;

#define OUTSIDE (-1)

typedef struct PackedWeights {
    ConvWeights base;
    float *weights; /* [m / OUTPUTS][taps][channels][OUTPUTS] */
    float *bias;    /* [m] */
} PackedWeights;

bool conv_avx2_suits(const ConvGeometry *shape)
{
    size_t taps = shape->kernel_h * shape->kernel_w, places = shape->out_h * shape->out_w;
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           !__builtin_cpu_supports("avx512f") && shape->groups == 1 && shape->m % OUTPUTS == 0 &&
           shape->channels >= LEAST_CHANNELS && taps > 1 && taps <= MOST_TAPS &&
           places <= MOST_INPUTS / taps && shape->in_h * shape->in_w * shape->channels <= INT32_MAX;
}

static void locate_inputs(int32_t *inputs, const ConvGeometry *shape)
{
    for (size_t pixel = 0; pixel < shape->out_h * shape->out_w; pixel++)
        for (size_t i = 0; i < shape->kernel_h; i++)
            for (size_t j = 0; j < shape->kernel_w; j++) {
                /* Above and left of the image the differences wrap around, beyond any size. */
                size_t y = pixel / shape->out_w * shape->stride_h + i * shape->dilation_h - shape->pad_top;
                size_t x = pixel % shape->out_w * shape->stride_w + j * shape->dilation_w - shape->pad_left;
                bool inside = y < shape->in_h && x < shape->in_w;
                *inputs++ = inside ? (int32_t)((y * shape->in_w + x) * shape->channels) : OUTSIDE;
            }
}

/* The scratch memory holds one pixel of zeros. */
static Status plan_avx2(ConvPlan **result, const ConvGeometry *shape, const Clamp *clamp, Message *message)
{
    size_t count = shape->out_h * shape->out_w * shape->kernel_h * shape->kernel_w;
    DirectPlan *plan = calloc(1, sizeof *plan + count * sizeof *plan->inputs);
    *result = plan ? &plan->base : NULL;
    if (!plan) return status_no_memory(message, "a convolution");
    plan->base = (ConvPlan){.backend = &conv_avx2,
                            .shape = *shape,
                            .scratch = shape->channels * sizeof(float),
                            .has_clamp = clamp != NULL};
    if (clamp) plan->base.clamp = *clamp;
    locate_inputs(plan->inputs, shape);
    return STATUS_OK;
}

static void plan_free_avx2(ConvPlan *plan)
{
    free(plan);
}

static bool same_format_avx2(const ConvPlan *a, const ConvPlan *b)
{
    (void)a;
    (void)b;
    return true;
}

static void weights_free_avx2(ConvWeights *base)
{
    PackedWeights *packed = (PackedWeights *)base;
    free(packed->weights);
    free(packed->bias);
    free(packed);
}

static Status pack_avx2(ConvWeights **result, const ConvPlan *plan, const float *weights, const float *bias,
                        Message *message)
{
    size_t m = plan->shape.m, channels = plan->shape.channels;
    size_t taps = plan->shape.kernel_h * plan->shape.kernel_w, n = taps * channels;
    *result = NULL;
    PackedWeights *packed = calloc(1, sizeof *packed);
    if (packed) packed->weights = aligned_alloc(64, m * n * sizeof *weights);
    if (packed) packed->bias = aligned_alloc(64, m * sizeof *bias);
    if (!packed || !packed->weights || !packed->bias) {
        if (packed) weights_free_avx2(&packed->base);
        return status_no_memory(message, "weights");
    }
    packed->base.backend = &conv_avx2;
    memcpy(packed->bias, bias, m * sizeof *bias);
    for (size_t i = 0; i < m; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t t = 0; t < taps; t++)
                packed->weights[(i / OUTPUTS * n + t * channels + c) * OUTPUTS + i % OUTPUTS] =
                    weights[i * n + c * taps + t];
    *result = &packed->base;
    return STATUS_OK;
}

/* --- the kernel ------------------------------------------------------------------------------------- */

/* Input pixels under six output pixels, tap by tap, and where the six results go. */
typedef struct Group {
    const float *in[PIXELS][MOST_TAPS];
    float *out[PIXELS];
} Group;

#define AVX2 __attribute__((target("avx2,fma")))

/* min(max(x, low), high), a NaN staying one */
AVX2 static inline __m256 limit(__m256 x, const Clamp *clamp)
{
    x = _mm256_max_ps(_mm256_set1_ps(clamp->low), x);
    return _mm256_min_ps(_mm256_set1_ps(clamp->high), x);
}

/* The sums are variables of their own, for an array of them would be kept in memory. */
#define EACH_PIXEL(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define BEGIN(p) __m256 low##p = _mm256_load_ps(bias), high##p = _mm256_load_ps(bias + 8);
#define POINT(p) const float *in##p = group->in[p][t];
#define ADD(p)                                                                                               \
    x = _mm256_broadcast_ss(in##p + c);                                                                      \
    low##p = _mm256_fmadd_ps(x, w0, low##p);                                                                 \
    high##p = _mm256_fmadd_ps(x, w1, high##p);
#define STORE(p)                                                                                             \
    _mm256_storeu_ps(group->out[p] + first, clamp ? limit(low##p, clamp) : low##p);                          \
    _mm256_storeu_ps(group->out[p] + first + 8, clamp ? limit(high##p, clamp) : high##p);

/* out[p][0..15] = bias + sum over taps and channels of in[tap][p][channel] weights[tap][channel][0..15] */
AVX2 static void run_group(const Group *group, size_t first, const float *weights, const float *bias,
                           size_t taps, size_t channels, const Clamp *clamp)
{
    EACH_PIXEL(BEGIN)
    for (size_t t = 0; t < taps; t++) {
        EACH_PIXEL(POINT)
        for (size_t c = 0; c < channels; c++, weights += OUTPUTS) {
            const __m256 w0 = _mm256_load_ps(weights), w1 = _mm256_load_ps(weights + 8);
            __m256 x;
            EACH_PIXEL(ADD)
        }
    }
    EACH_PIXEL(STORE)
}

/* --- pixels ----------------------------------------------------------------------------------------- */

AVX2 static void take_pixel(const float **in, const int32_t *inputs, const float *image, const float *zeros,
                            size_t taps)
{
    for (size_t t = 0; t < taps; t++) in[t] = inputs[t] == OUTSIDE ? zeros : image + inputs[t];
}

static Status run_avx2(const ConvPlan *plan, float *out, const float *in, const ConvWeights *base,
                       bool with_clamp, void *scratch, Message *message)
{
    (void)message;
    const PackedWeights *packed = (const PackedWeights *)base;
    const ConvGeometry *shape = &plan->shape;
    size_t pixels = shape->out_h * shape->out_w, taps = shape->kernel_h * shape->kernel_w;
    size_t all = shape->batch * pixels, pixel = 0;
    const int32_t *inputs = ((const DirectPlan *)plan)->inputs;
    const float *zeros = memset(scratch, 0, plan->scratch);
    Group group;
    for (size_t done = 0; done < all; done += PIXELS) {
        for (size_t p = 0; p < PIXELS; p++) {
            group.out[p] = out;
            take_pixel(group.in[p], inputs + pixel * taps, in, zeros, taps);
            if (done + p + 1 >= all) continue; /* the last pixel fills up the group */
            out += shape->m;
            if (++pixel < pixels) continue;
            pixel = 0;
            in += shape->in_h * shape->in_w * shape->channels;
        }
        for (size_t first = 0; first < shape->m; first += OUTPUTS)
            run_group(&group, first, packed->weights + first * taps * shape->channels, packed->bias + first,
                      taps, shape->channels, with_clamp ? &plan->clamp : NULL);
    }
    return STATUS_OK;
}

const ConvBackend conv_avx2 = {.name = "direct AVX2",
                               .plan = plan_avx2,
                               .plan_free = plan_free_avx2,
                               .same_format = same_format_avx2,
                               .pack = pack_avx2,
                               .weights_free = weights_free_avx2,
                               .run = run_avx2};

#else

bool conv_avx2_suits(const ConvGeometry *shape)
{
    (void)shape;
    return false;
}

const ConvBackend conv_avx2;

#endif
