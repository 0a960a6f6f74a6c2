/* Convolution by a direct kernel for processors with AVX2 and without AVX-512, on which oneDNN's kernel keeps
 * too few sums to hide the latency of a multiply-add.
 *
 * Six output pixels by sixteen outputs are summed at a time in twelve registers. The pixels may be any: each
 * tap has a pointer for every one of them, to the input pixel under it or to zeros in the padding. So the
 * tile's pixels are one list, nothing is copied, and only the last few pixels of a tile are done twice.
 */
#include "base/sizes.h"
#include "network/conv_kernels.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define PIXELS 6
#define OUTPUTS 16
#define LEAST_CHANNELS 8 /* with fewer, setting up the pointers is most of the work */
#define MOST_TAPS 64

typedef struct PackedWeights {
    ConvWeights base;
    float *weights; /* [m / OUTPUTS][taps][channels][OUTPUTS] */
    float *bias;    /* [m] */
} PackedWeights;

bool conv_avx2_suits(const ConvShape *shape)
{
    size_t taps = shape->kernel_h * shape->kernel_w;
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           !__builtin_cpu_supports("avx512f") && shape->groups == 1 && shape->m % OUTPUTS == 0 &&
           shape->channels >= LEAST_CHANNELS && taps > 1 && taps <= MOST_TAPS;
}

/* The scratch memory holds one pixel of zeros. */
static Status plan_avx2(ConvPlan **plan, const ConvShape *shape, const Range *range, Message *message)
{
    *plan = calloc(1, sizeof **plan);
    if (!*plan) return status_no_memory(message, "a convolution");
    **plan = (ConvPlan){.backend = &conv_avx2,
                        .shape = *shape,
                        .scratch = shape->channels * sizeof(float),
                        .has_range = range != NULL};
    if (range) (*plan)->range = *range;
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

/* Input pixels under six output pixels, a tap a row, and where the six results go. */
typedef struct Group {
    const float *in[MOST_TAPS][PIXELS];
    float *out[PIXELS];
} Group;

#define AVX2 __attribute__((target("avx2,fma")))

/* min(max(x, low), high), a NaN staying one */
AVX2 static inline __m256 limit(__m256 x, const Range *range)
{
    x = _mm256_max_ps(_mm256_set1_ps(range->low), x);
    return _mm256_min_ps(_mm256_set1_ps(range->high), x);
}

/* The sums are variables of their own, for an array of them would be kept in memory. */
#define EACH_PIXEL(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define BEGIN(p) __m256 low##p = _mm256_load_ps(bias), high##p = _mm256_load_ps(bias + 8);
#define POINT(p) const float *in##p = group->in[t][p];
#define ADD(p)                                                                                               \
    x = _mm256_broadcast_ss(in##p + c);                                                                      \
    low##p = _mm256_fmadd_ps(x, w0, low##p);                                                                 \
    high##p = _mm256_fmadd_ps(x, w1, high##p);
#define STORE(p)                                                                                             \
    _mm256_storeu_ps(group->out[p] + first, range ? limit(low##p, range) : low##p);                          \
    _mm256_storeu_ps(group->out[p] + first + 8, range ? limit(high##p, range) : high##p);

/* out[p][0..15] = bias + sum over taps and channels of in[tap][p][channel] weights[tap][channel][0..15] */
AVX2 static void run_group(const Group *group, size_t first, const float *weights, const float *bias,
                           size_t taps, size_t channels, const Range *range)
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

/* The output pixels of a tile, one after the other. */
typedef struct Cursor {
    const ConvShape *shape;
    const float *image, *zeros; /* input */
    float *out;                 /* output pixel */
    size_t y, x;
    size_t offsets[MOST_TAPS]; /* of each tap from the first */
} Cursor;

static Cursor cursor_make(const ConvShape *shape, float *out, const float *in, const float *zeros)
{
    Cursor cursor = {.shape = shape, .image = in, .zeros = zeros, .out = out};
    for (size_t i = 0; i < shape->kernel_h; i++)
        for (size_t j = 0; j < shape->kernel_w; j++)
            cursor.offsets[i * shape->kernel_w + j] =
                (i * shape->dilation_h * shape->in_w + j * shape->dilation_w) * shape->channels;
    return cursor;
}

static void cursor_next(Cursor *cursor)
{
    const ConvShape *shape = cursor->shape;
    cursor->out += shape->m;
    if (++cursor->x < shape->out_w) return;
    cursor->x = 0;
    if (++cursor->y < shape->out_h) return;
    cursor->y = 0;
    cursor->image += shape->in_h * shape->in_w * shape->channels;
}

/* At an edge: every tap by itself. */
static void take_edge(Group *group, size_t p, const Cursor *cursor)
{
    const ConvShape *shape = cursor->shape;
    for (size_t i = 0; i < shape->kernel_h; i++)
        for (size_t j = 0; j < shape->kernel_w; j++) {
            /* Above and left of the image the differences wrap around, beyond any size. */
            size_t y = cursor->y * shape->stride_h + i * shape->dilation_h - shape->pad_top;
            size_t x = cursor->x * shape->stride_w + j * shape->dilation_w - shape->pad_left;
            bool inside = y < shape->in_h && x < shape->in_w;
            group->in[i * shape->kernel_w + j][p] =
                inside ? cursor->image + (y * shape->in_w + x) * shape->channels : cursor->zeros;
        }
}

static void take_pixel(Group *group, size_t p, const Cursor *cursor)
{
    const ConvShape *shape = cursor->shape;
    size_t y = cursor->y * shape->stride_h, x = cursor->x * shape->stride_w;
    size_t reach_y = y + (shape->kernel_h - 1) * shape->dilation_h,
           reach_x = x + (shape->kernel_w - 1) * shape->dilation_w;
    group->out[p] = cursor->out;
    if (y < shape->pad_top || x < shape->pad_left || reach_y - shape->pad_top >= shape->in_h ||
        reach_x - shape->pad_left >= shape->in_w) {
        take_edge(group, p, cursor);
        return;
    }
    const float *corner =
        cursor->image + ((y - shape->pad_top) * shape->in_w + x - shape->pad_left) * shape->channels;
    for (size_t t = 0; t < shape->kernel_h * shape->kernel_w; t++)
        group->in[t][p] = corner + cursor->offsets[t];
}

static Status run_avx2(const ConvPlan *plan, float *out, const float *in, const ConvWeights *base,
                       bool with_range, void *scratch, Message *message)
{
    (void)message;
    const PackedWeights *packed = (const PackedWeights *)base;
    const ConvShape *shape = &plan->shape;
    size_t pixels = shape->batch * shape->out_h * shape->out_w, taps = shape->kernel_h * shape->kernel_w;
    Cursor cursor = cursor_make(shape, out, in, memset(scratch, 0, plan->scratch));
    Group group;
    for (size_t done = 0; done < pixels; done += PIXELS) {
        for (size_t p = 0; p < PIXELS; p++) {
            take_pixel(&group, p, &cursor);
            if (done + p + 1 < pixels) cursor_next(&cursor); /* else the last pixel fills up the group */
        }
        for (size_t first = 0; first < shape->m; first += OUTPUTS)
            run_group(&group, first, packed->weights + first * taps * shape->channels, packed->bias + first,
                      taps, shape->channels, with_range ? &plan->range : NULL);
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

bool conv_avx2_suits(const ConvShape *shape)
{
    (void)shape;
    return false;
}

const ConvBackend conv_avx2;

#endif
