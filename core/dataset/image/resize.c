/* SPDX-License-Identifier: MIT */
#include "dataset/image/resize.h"

#include "base/sizes.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define FRACTION_BITS 22
#define ONE (1 << FRACTION_BITS)

/* The inputs of each output along an axis, and their weights. */
typedef struct Axis {
    size_t taps;      /* the most of any output */
    size_t *first;    /* [outputs] */
    size_t *count;    /* [outputs] */
    int32_t *weights; /* [outputs][taps] */
    double *raw;      /* [taps], scratch */
} Axis;

static void free_axis(Axis *axis)
{
    free(axis->first);
    free(axis->count);
    free(axis->weights);
    free(axis->raw);
}

static void weigh_output(Axis *axis, size_t output, double centre, double reach, size_t inputs)
{
    const double low = fmax(centre - reach + 0.5, 0), high = fmin(centre + reach + 0.5, (double)inputs);
    const size_t first = (size_t)low, count = (size_t)high - first;
    int32_t *weights = axis->weights + output * axis->taps;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double distance = fabs(((double)(first + i) - centre + 0.5) * (1 / reach));
        axis->raw[i] = distance < 1 ? 1 - distance : 0;
        sum += axis->raw[i];
    }
    for (size_t i = 0; i < count; i++) weights[i] = (int32_t)(axis->raw[i] / sum * ONE + 0.5);
    axis->first[output] = first;
    axis->count[output] = count;
}

/* The outputs from..from+outputs-1 of the `full` that `inputs` are resized to. False when out of memory. */
static bool make_axis(Axis *axis, size_t inputs, size_t full, size_t from, size_t outputs)
{
    const double scale = (double)inputs / (double)full, reach = fmax(scale, 1);
    size_t cells;
    *axis = (Axis){.taps = 2 * (size_t)ceil(reach) + 1};
    if (!size_multiply(&cells, outputs, axis->taps)) return false;
    axis->first = calloc(outputs, sizeof *axis->first);
    axis->count = calloc(outputs, sizeof *axis->count);
    axis->weights = calloc(cells, sizeof *axis->weights);
    axis->raw = calloc(axis->taps, sizeof *axis->raw);
    if (!axis->first || !axis->count || !axis->weights || !axis->raw) return false;
    for (size_t i = 0; i < outputs; i++)
        weigh_output(axis, i, ((double)(from + i) + 0.5) * scale, reach, inputs);
    return true;
}

static unsigned char to_byte(int32_t sum)
{
    const int32_t value = sum >> FRACTION_BITS;
    return (unsigned char)(value > 255 ? 255 : value);
}

/* The horizontal pass for one row: out[outputs][channels] from in[width][channels]. */
static void resample_row(unsigned char *out, const unsigned char *in, const Axis *axis, size_t outputs,
                         size_t channels)
{
    for (size_t i = 0; i < outputs; i++) {
        const int32_t *weights = axis->weights + i * axis->taps;
        const unsigned char *start = in + axis->first[i] * channels;
        for (size_t c = 0; c < channels; c++) {
            int32_t sum = ONE / 2;
            for (size_t t = 0; t < axis->count[i]; t++) sum += weights[t] * start[t * channels + c];
            *out++ = to_byte(sum);
        }
    }
}

/* The vertical pass for one row: out[length] = sum over t of weights[t] * rows[t][length]. sums[length] is
 * scratch. */
static void blend_rows(unsigned char *out, int32_t *sums, const unsigned char *rows, const int32_t *weights,
                       size_t taps, size_t length)
{
    for (size_t i = 0; i < length; i++) sums[i] = ONE / 2;
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < length; i++) sums[i] += weights[t] * rows[t * length + i];
    for (size_t i = 0; i < length; i++) out[i] = to_byte(sums[i]);
}

/* Both passes; false when out of memory. */
static bool resample(unsigned char *out, const unsigned char *in, size_t width, size_t channels,
                     const Axis *across, const Axis *down, const ResizeWindow *window)
{
    const size_t length = window->width * channels, last = window->height - 1;
    const size_t first = down->first[0], rows = down->first[last] + down->count[last] - first;
    size_t bytes;
    if (!size_multiply(&bytes, rows, length)) return false;
    unsigned char *middle = malloc(bytes);
    int32_t *sums = malloc(length * sizeof *sums);
    const bool good = middle && sums;
    for (size_t y = 0; good && y < rows; y++)
        resample_row(middle + y * length, in + (first + y) * width * channels, across, window->width,
                     channels);
    for (size_t y = 0; good && y < window->height; y++)
        blend_rows(out + y * length, sums, middle + (down->first[y] - first) * length,
                   down->weights + y * down->taps, down->count[y], length);
    free(middle);
    free(sums);
    return good;
}

Status resize_window(unsigned char *out, const unsigned char *in, size_t height, size_t width,
                     size_t channels, const ResizeWindow *window, Message *message)
{
    Axis across = {0}, down = {0};
    const bool good = make_axis(&across, width, window->full_width, window->left, window->width) &&
                      make_axis(&down, height, window->full_height, window->top, window->height) &&
                      resample(out, in, width, channels, &across, &down, window);
    free_axis(&across);
    free_axis(&down);
    return good ? STATUS_OK : status_no_memory(message, "resizing an image");
}
