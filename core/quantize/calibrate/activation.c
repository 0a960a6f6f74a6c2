/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/activation.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STARTS 48
#define START_RATIO                                                                                          \
    0.965         /* from one start to the next: down to a fifth of the scale of the largest value           \
                   */
#define REFINED 3 /* how many of the best starts are refined */
#define STEPS 60
#define TENSOR_VALUES                                                                                        \
    ((size_t)1 << 17) /* that the rows hold, about: for one scale, and for one per channel */
#define CHANNEL_VALUES ((size_t)1 << 20)
#define LEAST_ROWS 64
#define MOST_ROWS 2048
#define ROUNDER 12582912.0f /* see network/input_quantizer.c */
#define LANE_SUM 256        /* values summed in float */

void activation_limits(float *low, float *high, unsigned bits, bool nonnegative)
{
    *high = (float)((1 << (nonnegative ? bits : bits - 1)) - 1);
    *low = nonnegative ? 0 : -*high;
}

size_t activation_rows(size_t width, size_t channels)
{
    size_t rows = (channels > 1 ? CHANNEL_VALUES : TENSOR_VALUES) / size_max(width, 1);
    return size_min(size_max(rows, LEAST_ROWS), MOST_ROWS);
}

/* --- one scale -------------------------------------------------------------------------------------- */

/* The values other than zero of a channel or tensor: zeros add nothing to the sums. */
typedef struct Values {
    const float *values;
    size_t count;
    double squares; /* their sum of squares */
    float largest;  /* magnitude */
} Values;

/* <x,q> and <q,q> of the codes q = clip(round(x/scale)); summed in float over LANE_SUM values, then in
 * double. */
static void correlate(double *xq, double *qq, const Values *x, float scale, float low, float high)
{
    *xq = *qq = 0;
    for (size_t first = 0; first < x->count; first += LANE_SUM) {
        size_t end = size_min(first + LANE_SUM, x->count);
        float with_x = 0, with_q = 0;
        for (size_t i = first; i < end; i++) {
            float code = x->values[i] / scale;
            code = code < low ? low : code;
            code = code > high ? high : code;
            code = code + ROUNDER - ROUNDER;
            with_x += x->values[i] * code;
            with_q += code * code;
        }
        *xq += (double)with_x;
        *qq += (double)with_q;
    }
}

/* Alternates scale = <x,q>/<q,q> and rounding to a fixed point; returns |x - scale q|^2 there. */
static double refine(float *scale, const Values *x, float low, float high)
{
    double error = INFINITY;
    for (size_t step = 0; step < STEPS; step++) {
        double xq, qq;
        correlate(&xq, &qq, x, *scale, low, high);
        if (!(xq > 0)) break;
        error = x->squares - xq * xq / qq;
        float next = (float)(xq / qq);
        if (next == *scale) break;
        *scale = next;
    }
    return error;
}

/* --- all scales: one task per channel and start, then one per channel ----------------------------------- */

typedef struct Search {
    Values *channels;
    float low, high;
    float *scales;  /* [channels][STARTS] */
    double *errors; /* [channels][STARTS] */
} Search;

/* The error of a start's codes at their least-squares scale. */
static void start_task(void *context, size_t index, size_t worker)
{
    (void)worker;
    Search *search = context;
    const Values *values = &search->channels[index / STARTS];
    double share = pow(START_RATIO, (double)(index % STARTS)), xq = 0, qq = 0;
    float scale = (float)((double)values->largest / (double)search->high * share);
    /* values divided by a subnormal scale would be infinite */
    if (isnormal(scale)) correlate(&xq, &qq, values, scale, search->low, search->high);
    search->errors[index] = xq > 0 ? values->squares - xq * xq / qq : INFINITY;
    search->scales[index] = scale;
}

/* Refines the best starts of a channel. scales[0] becomes the scale of the least error, 0 where there is
 * none. */
static void refine_task(void *context, size_t channel, size_t worker)
{
    (void)worker;
    Search *search = context;
    double *errors = search->errors + channel * STARTS, least = INFINITY;
    float *scales = search->scales + channel * STARTS, found = 0;
    for (size_t i = 0; i < REFINED; i++) {
        size_t best = 0;
        for (size_t k = 1; k < STARTS; k++)
            if (errors[k] < errors[best]) best = k;
        if (!isfinite(errors[best])) break;
        float scale = scales[best];
        double error = refine(&scale, &search->channels[channel], search->low, search->high);
        errors[best] = INFINITY;
        if (error >= least) continue;
        least = error;
        found = scale;
    }
    scales[0] = found;
}

/* Packs the values other than zero of rows [count][width], one channel after the other, into packed
 * [count*width]. */
static void split_channels(Values *channels, float *packed, const float *rows, size_t count, size_t width,
                           size_t channel_count)
{
    size_t taps = width / channel_count;
    for (size_t c = 0; c < channel_count; c++) {
        Values *values = &channels[c];
        *values = (Values){.values = packed};
        for (size_t row = 0; row < count; row++)
            for (size_t t = 0; t < taps; t++) {
                float x = rows[row * width + c * taps + t];
                if (x == 0) continue;
                packed[values->count++] = x;
                values->squares += (double)x * (double)x;
                values->largest = fmaxf(values->largest, fabsf(x));
            }
        packed += values->count;
    }
}

/* scales [channels]; 0 where a channel has too few values to choose from. */
static Status search_scales(float *scales, const float *rows, size_t count, size_t width, size_t channels,
                            float low, float high, Pool *pool, Message *message)
{
    Search search = {.low = low, .high = high};
    float *packed = malloc(size_max(count * width, 1) * sizeof *packed);
    search.channels = calloc(channels, sizeof *search.channels);
    search.scales = calloc(channels * STARTS, sizeof *search.scales);
    search.errors = calloc(channels * STARTS, sizeof *search.errors);
    Status status = packed && search.channels && search.scales && search.errors
                        ? STATUS_OK
                        : status_no_memory(message, "activation scales");
    if (status == STATUS_OK) {
        split_channels(search.channels, packed, rows, count, width, channels);
        pool_run(pool, channels * STARTS, start_task, &search);
        pool_run(pool, channels, refine_task, &search);
        for (size_t c = 0; c < channels; c++) {
            bool enough = channels == 1 || search.channels[c].count >= ACTIVATION_LEAST_VALUES;
            scales[c] = enough ? search.scales[c * STARTS] : 0;
        }
    }
    free(packed);
    free(search.channels);
    free(search.scales);
    free(search.errors);
    return status;
}

/* --- choosing --------------------------------------------------------------------------------------- */

/* The share of rows [count][width] beyond the rounding interval of the largest code. */
static double clipped_share(const InputQuantizer *quantizer, const float *rows, size_t count, size_t width)
{
    size_t taps = width / quantizer->count, clipped = 0;
    for (size_t i = 0; i < count * width; i++) {
        float reach = quantizer->scales[i % width / taps];
        clipped += rows[i] > reach * (quantizer->high + 0.5f) || rows[i] < reach * (quantizer->low - 0.5f);
    }
    return count ? (double)clipped / ((double)count * (double)width) : 0;
}

void activation_free(ActivationChoice *choice)
{
    free(choice->scales);
    *choice = (ActivationChoice){0};
}

Status activation_choose(ActivationChoice *choice, const float *rows, size_t count, size_t width,
                         size_t channels, unsigned bits, bool nonnegative, Pool *pool, Message *message)
{
    *choice = (ActivationChoice){.quantizer.count = channels};
    InputQuantizer *quantizer = &choice->quantizer;
    for (size_t i = 0; i < count * width; i++)
        if (!isfinite(rows[i]))
            return status_fail(message, STATUS_INVALID,
                               "an activation is not finite: leave the input in float");
    choice->scales = calloc(channels, sizeof *choice->scales);
    if (!choice->scales) return status_no_memory(message, "activation scales");
    quantizer->scales = choice->scales;
    activation_limits(&quantizer->low, &quantizer->high, bits, nonnegative);
    Status status = search_scales(choice->scales, rows, count, width, channels, quantizer->low,
                                  quantizer->high, pool, message);
    float tensor = 1; /* for channels without a scale of their own */
    if (status == STATUS_OK)
        status = search_scales(&tensor, rows, size_min(count, activation_rows(width, 1)), width, 1,
                               quantizer->low, quantizer->high, pool, message);
    if (status != STATUS_OK) {
        activation_free(choice);
        return status;
    }
    for (size_t c = 0; c < channels; c++)
        if (choice->scales[c] == 0) choice->scales[c] = tensor == 0 ? 1 : tensor;
    choice->clipped = clipped_share(quantizer, rows, count, width);
    return STATUS_OK;
}

/* --- balancing -------------------------------------------------------------------------------------- */

#define BALANCE_STEPS 200
#define BALANCE_TOLERANCE 1e-9
#define CODE_ERROR(bits) ldexp(0.8, -2 * (int)(bits)) /* k */

/* A channel's part of P: see activation.h. */
typedef struct Balance {
    double weights; /* A */
    double dense;   /* d */
    double inputs;  /* S */
    double least;   /* the best scale, squared */
    double square;  /* of the scale sought */
} Balance;

/* Moves every b_c^2 half the way, in the logarithm, to where dP/db_c = 0 with both sums held constant;
 * returns the largest relative change. */
static double balance_step(Balance *channels, size_t count, double k)
{
    double weights = 0, inputs = 0, change = 0;
    for (size_t c = 0; c < count; c++) {
        weights += channels[c].weights * channels[c].square;
        inputs += channels[c].inputs / channels[c].square;
    }
    for (size_t c = 0; c < count; c++) {
        Balance *channel = &channels[c];
        double slope = channel->weights * (channel->dense / 12 + k * inputs);
        double wanted = slope > 0 ? sqrt(k * weights * channel->inputs / slope) : 0;
        double next = sqrt(channel->square * fmax(wanted, channel->least));
        change = fmax(change, fabs(next / channel->square - 1));
        channel->square = next;
    }
    return change;
}

Status activation_balance(ActivationChoice *choice, const float *rows, size_t count, const Layer *layer,
                          unsigned weight_bits, Message *message)
{
    const size_t n = layer->n, total = choice->quantizer.count, width = layer->groups * n,
                 taps = width / total;
    if (weight_bits == 0) return STATUS_OK;
    Balance *channels = calloc(total, sizeof *channels);
    if (!channels) return status_no_memory(message, "activation scales");
    for (size_t c = 0; c < total; c++)
        channels[c].square = channels[c].least = (double)choice->scales[c] * (double)choice->scales[c];
    for (size_t row = 0; row < count; row++)
        for (size_t i = 0; i < width; i++) {
            double x = (double)rows[row * width + i];
            channels[i / taps].inputs += x * x / (double)count;
            channels[i / taps].dense += (x != 0) / ((double)count * (double)taps);
        }
    for (size_t i = 0; i < layer->groups * layer->m * n; i++) {
        double w = (double)layer->weights[i];
        channels[(i / (layer->m * n) * n + i % n) / taps].weights += w * w;
    }
    const size_t of_group = total / layer->groups;
    const double k = CODE_ERROR(weight_bits) / (double)n;
    for (size_t g = 0; g < layer->groups; g++)
        for (size_t step = 0; step < BALANCE_STEPS; step++)
            if (balance_step(channels + g * of_group, of_group, k) < BALANCE_TOLERANCE) break;
    for (size_t c = 0; c < total; c++) choice->scales[c] = (float)sqrt(channels[c].square);
    choice->clipped = clipped_share(&choice->quantizer, rows, count, width);
    free(channels);
    return STATUS_OK;
}
