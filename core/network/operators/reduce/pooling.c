/* SPDX-License-Identifier: MIT */
/* MaxPool and AveragePool over one or two spatial axes, and global pooling over any number. */
#include "network/operators/kernel_rules.h"
#include "network/operators/operator.h"
#include "network/operators/reduce/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Larger kernels, strides, dilations and pads are refused, so that arithmetic on them cannot overflow. */
#define LARGEST_EXTENT (1 << 20)

typedef struct PoolAxis {
    ptrdiff_t size, output; /* of the input's and the output's axis */
    ptrdiff_t kernel, stride, dilation;
    ptrdiff_t before, after; /* padding */
} PoolAxis;

typedef struct PoolParameters {
    PoolAxis axes[2]; /* rows, columns */
    bool include_padding;
} PoolParameters;

/* The positions of one window along an axis that lie inside the input: first, first + dilation, ... below
 * `end`. */
typedef struct Taps {
    ptrdiff_t first, end;
    ptrdiff_t padded; /* number of positions in the input or its padding */
} Taps;

static ptrdiff_t ceil_divide(ptrdiff_t a, ptrdiff_t b)
{
    return (a + b - 1) / b;
}

static Taps window_taps(const PoolAxis *axis, ptrdiff_t index)
{
    const ptrdiff_t start = index * axis->stride - axis->before;
    const ptrdiff_t reach = start + (axis->kernel - 1) * axis->dilation + 1;
    const ptrdiff_t limit = axis->size + axis->after;
    Taps taps = {.first = start, .end = reach < axis->size ? reach : axis->size};
    if (start < 0) taps.first += ceil_divide(-start, axis->dilation) * axis->dilation;
    taps.padded = ceil_divide((reach < limit ? reach : limit) - start, axis->dilation);
    return taps;
}

static ptrdiff_t count_taps(const Taps *taps, const PoolAxis *axis)
{
    return taps->first < taps->end ? ceil_divide(taps->end - taps->first, axis->dilation) : 0;
}

/* --- kernels: channels last, inner loops along the channels ----------------------------------------- */

typedef void PoolPixel(float *restrict out, const float *image, size_t channels,
                       const PoolParameters *parameters, const Taps *rows, const Taps *columns);

static void max_pixel(float *restrict out, const float *image, size_t channels,
                      const PoolParameters *parameters, const Taps *rows, const Taps *columns)
{
    const PoolAxis *axes = parameters->axes;
    const float *first = image + (size_t)(rows->first * axes[1].size + columns->first) * channels;
    memcpy(out, first, channels * sizeof *out);
    for (ptrdiff_t y = rows->first; y < rows->end; y += axes[0].dilation)
        for (ptrdiff_t x = columns->first; x < columns->end; x += axes[1].dilation) {
            const float *restrict in = image + (size_t)(y * axes[1].size + x) * channels;
            for (size_t c = 0; c < channels; c++) out[c] = in[c] > out[c] ? in[c] : out[c];
        }
}

static void average_pixel(float *restrict out, const float *image, size_t channels,
                          const PoolParameters *parameters, const Taps *rows, const Taps *columns)
{
    const PoolAxis *axes = parameters->axes;
    memset(out, 0, channels * sizeof *out);
    for (ptrdiff_t y = rows->first; y < rows->end; y += axes[0].dilation)
        for (ptrdiff_t x = columns->first; x < columns->end; x += axes[1].dilation) {
            const float *restrict in = image + (size_t)(y * axes[1].size + x) * channels;
            for (size_t c = 0; c < channels; c++) out[c] += in[c];
        }
    const ptrdiff_t count = parameters->include_padding
                                ? rows->padded * columns->padded
                                : count_taps(rows, &axes[0]) * count_taps(columns, &axes[1]);
    const float scale = 1.0f / (float)count;
    for (size_t c = 0; c < channels; c++) out[c] *= scale;
}

static inline void run_pool(const KernelRun *run, float *out, const float *in, PoolPixel *pixel)
{
    const PoolParameters *parameters = run->node->parameters;
    const PoolAxis *rows = &parameters->axes[0], *columns = &parameters->axes[1];
    const size_t *shape = run->values[run->node->inputs[0]].shape;
    const size_t channels = shape[3];
    for (size_t image = 0; image < shape[0]; image++, in += shape[1] * shape[2] * channels)
        for (ptrdiff_t y = 0; y < rows->output; y++) {
            const Taps row_taps = window_taps(rows, y);
            for (ptrdiff_t x = 0; x < columns->output; x++, out += channels) {
                const Taps column_taps = window_taps(columns, x);
                pixel(out, in, channels, parameters, &row_taps, &column_taps);
            }
        }
}

static Status run_max(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    run_pool(run, output, inputs[0], max_pixel);
    return STATUS_OK;
}

static Status run_average(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    run_pool(run, output, inputs[0], average_pixel);
    return STATUS_OK;
}

/* --- edges: sums over two axes are products of sums over each --------------------------------------- */

/* The number of elements that the average of window `index` divides by. */
static double divisor(const PoolAxis *axis, ptrdiff_t index, bool include_padding)
{
    const Taps taps = window_taps(axis, index);
    return (double)(include_padding ? taps.padded : count_taps(&taps, axis));
}

/* For an average: the sum of 1/divisor over the windows that cover the pixel. For a maximum: the number of
 * these windows. */
static double column_sum(const PoolAxis *axis, ptrdiff_t pixel, bool average, bool include_padding)
{
    const ptrdiff_t at = pixel + axis->before, reach = (axis->kernel - 1) * axis->dilation;
    ptrdiff_t index = at > reach ? ceil_divide(at - reach, axis->stride) : 0;
    double sum = 0;
    for (; index < axis->output && index * axis->stride <= at; index++)
        if ((at - index * axis->stride) % axis->dilation == 0)
            sum += average ? 1 / divisor(axis, index, include_padding) : 1;
    return sum;
}

static double largest_column(const PoolAxis *axis, bool average, bool include_padding)
{
    double largest = 0;
    for (ptrdiff_t i = 0; i < axis->size; i++) {
        const double sum = column_sum(axis, i, average, include_padding);
        if (sum > largest) largest = sum;
    }
    return largest;
}

static double largest_row(const PoolAxis *axis, bool include_padding)
{
    double largest = 0;
    for (ptrdiff_t i = 0; i < axis->output; i++) {
        const Taps taps = window_taps(axis, i);
        const double sum = (double)count_taps(&taps, axis) / divisor(axis, i, include_padding);
        if (sum > largest) largest = sum;
    }
    return largest;
}

static void edge_max(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const PoolParameters *p = node->parameters;
    *edge = (NetworkEdge){.kind = EDGE_MAX,
                          .windows = largest_column(&p->axes[0], false, false) *
                                     largest_column(&p->axes[1], false, false)};
}

#define NORM_SWEEPS 64
#define NORM_MOST 4096 /* pixels of an axis */
#define NORM_MARGIN 1e-12

/* out = A^T A in for the averages along one axis, A [output][size]. middle: [output], scratch. */
static void average_twice(double *out, const double *in, double *middle, const PoolAxis *axis,
                          bool include_padding)
{
    for (ptrdiff_t i = 0; i < axis->size; i++) out[i] = 0;
    for (ptrdiff_t o = 0; o < axis->output; o++) {
        const Taps taps = window_taps(axis, o);
        const double part = 1 / divisor(axis, o, include_padding);
        middle[o] = 0;
        for (ptrdiff_t i = taps.first; i < taps.end; i += axis->dilation) middle[o] += part * in[i];
        for (ptrdiff_t i = taps.first; i < taps.end; i += axis->dilation) out[i] += part * middle[o];
    }
}

/* A bound of |A|^2, the largest eigenvalue of B = A^T A, which has no negative element: for every x > 0 it is
 * at most max_i (B x)_i / x_i (Collatz and Wielandt), and power iteration brings x near the eigenvector.
 * INFINITY without memory. */
static double average_norm_squared(const PoolAxis *axis, bool include_padding)
{
    double *x = calloc((size_t)(2 * axis->size + axis->output), sizeof *x), bound = INFINITY;
    if (!x) return INFINITY;
    double *image = x + axis->size, *middle = image + axis->size;
    for (ptrdiff_t i = 0; i < axis->size; i++) x[i] = 1;
    for (int sweep = 0; sweep < NORM_SWEEPS; sweep++) {
        double most = 0, largest = 0;
        average_twice(image, x, middle, axis, include_padding);
        for (ptrdiff_t i = 0; i < axis->size; i++) {
            most = fmax(most, image[i] / x[i]);
            largest = fmax(largest, image[i]);
        }
        bound = fmin(bound, most);
        for (ptrdiff_t i = 0; i < axis->size; i++) x[i] = fmax(image[i] / largest, 1e-9);
    }
    free(x);
    return bound * (1 + NORM_MARGIN);
}

/* A weight of a window is the product of its weights along the axes, so that the norm is the product of both
 * axes' norms. */
static double average_norm(const PoolParameters *p)
{
    double squared = 1;
    for (size_t i = 0; i < 2; i++) {
        const PoolAxis *axis = &p->axes[i];
        if (axis->size > NORM_MOST || axis->kernel > NORM_MOST) return 0;
        squared *= average_norm_squared(axis, p->include_padding);
    }
    return isfinite(squared) ? sqrt(squared) : 0;
}

static void edge_average(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    const PoolParameters *p = node->parameters;
    double rows = 1, columns = 1;
    for (size_t i = 0; i < 2; i++) {
        rows *= largest_row(&p->axes[i], p->include_padding);
        columns *= largest_column(&p->axes[i], true, p->include_padding);
    }
    *edge = edge_linear(rows, columns);
    edge->norm = average_norm(p);
}

static const Kernel kernel_max = {
    .name = "max pool", .run = run_max, .edge = edge_max, .sign = sign_of_inputs};
static const Kernel kernel_average = {
    .name = "average pool", .run = run_average, .edge = edge_average, .sign = sign_of_inputs};

/* --- windows ---------------------------------------------------------------------------------------- */

/* Reads values[count] of an attribute, or `absent` for all of them; each from `least` to LARGEST_EXTENT. */
static Status window_attribute(Call *call, ptrdiff_t *values, const char *name, size_t count,
                               ptrdiff_t absent, ptrdiff_t least)
{
    const int64_t *given;
    const size_t length = attribute_ints(call, name, &given);
    if (length && length != count)
        return call_fail(call, STATUS_INVALID, "%s has %zu values instead of %zu", name, length, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = length ? (ptrdiff_t)given[i] : absent;
        if (values[i] < least || values[i] > LARGEST_EXTENT)
            return call_fail(call, STATUS_INVALID, "%s %td is not in %td to %d", name, values[i], least,
                             LARGEST_EXTENT);
    }
    return STATUS_OK;
}

/* Reads the windows of `count` axes. One axis is the columns of a single row. */
static Status read_windows(Call *call, PoolAxis axes[2], size_t count)
{
    ptrdiff_t kernel[2], stride[2], dilation[2], pads[4];
    if (!attribute_present(call, "kernel_shape"))
        return call_fail(call, STATUS_INVALID, "attribute kernel_shape is missing");
    Status status = window_attribute(call, kernel, "kernel_shape", count, 1, 1);
    if (!status) status = window_attribute(call, stride, "strides", count, 1, 1);
    if (!status) status = window_attribute(call, dilation, "dilations", count, 1, 1);
    if (!status) status = window_attribute(call, pads, "pads", 2 * count, 0, 0);
    if (status) return status;
    axes[0] = (PoolAxis){.kernel = 1, .stride = 1, .dilation = 1};
    for (size_t i = 0; i < count; i++)
        axes[i + 2 - count] = (PoolAxis){.kernel = kernel[i],
                                         .stride = stride[i],
                                         .dilation = dilation[i],
                                         .before = pads[i],
                                         .after = pads[i + count]};
    return STATUS_OK;
}

/* SAME_UPPER and SAME_LOWER: out = ceil(size / stride). An odd pixel of padding goes to the end (upper) or
 * the start. */
static void pad_same(PoolAxis *axis, ptrdiff_t extent, bool upper)
{
    const ptrdiff_t needed = (ceil_divide(axis->size, axis->stride) - 1) * axis->stride + extent - axis->size;
    const ptrdiff_t total = needed > 0 ? needed : 0;
    axis->before = upper ? total / 2 : total - total / 2;
    axis->after = total - axis->before;
}

/* Sets the padding and the output size: floor((size + padding - extent) / stride) + 1, with ceil in place of
 * floor if ceil_mode is set. A last window that would start after the input is left out at every opset, as
 * exporters and opset 19 do. A window without any pixel is refused. */
static Status size_axis(Call *call, PoolAxis *axis, const char *auto_pad, bool ceil_mode)
{
    const ptrdiff_t extent = (axis->kernel - 1) * axis->dilation + 1;
    if (strcmp(auto_pad, "VALID") == 0) axis->before = axis->after = 0;
    if (strncmp(auto_pad, "SAME_", 5) == 0) pad_same(axis, extent, strcmp(auto_pad, "SAME_UPPER") == 0);
    if (strcmp(auto_pad, "NOTSET") != 0) ceil_mode = false;
    const ptrdiff_t room = axis->size + axis->before + axis->after - extent;
    if (room < 0)
        return call_fail(call, STATUS_INVALID,
                         "a window of %td does not fit into %td pixels and their padding", extent,
                         axis->size);
    axis->output = (ceil_mode ? ceil_divide(room, axis->stride) : room / axis->stride) + 1;
    if (ceil_mode && (axis->output - 1) * axis->stride >= axis->size + axis->before) axis->output--;
    for (ptrdiff_t i = 0; i < axis->output; i++) {
        const Taps taps = window_taps(axis, i);
        if (count_taps(&taps, axis) == 0)
            return call_fail(call, STATUS_INVALID, "window %td covers only padding", i);
    }
    return STATUS_OK;
}

static Status size_windows(Call *call, PoolAxis axes[2], const BuildValue *x)
{
    const char *auto_pad = attribute_text(call, "auto_pad", "NOTSET");
    const bool ceil_mode = attribute_int(call, "ceil_mode", 0) != 0;
    static const char *const known[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    bool found = false;
    for (size_t i = 0; i < 4; i++) found |= strcmp(auto_pad, known[i]) == 0;
    if (!found) return call_fail(call, STATUS_INVALID, "auto_pad '%s' is not known", auto_pad);
    for (size_t i = 0; i < 2; i++) {
        axes[i].size = x->rank + i < 4 ? 1 : (ptrdiff_t)x->shape[x->rank - 2 + i];
        Status status = size_axis(call, &axes[i], auto_pad, ceil_mode);
        if (status) return status;
    }
    return STATUS_OK;
}

static Status emit_pool(Call *call, const Kernel *kernel, bool include_padding)
{
    size_t value;
    const BuildValue x = *call_value(call, 0);
    if (x.type != ELEMENT_FLOAT || x.rank < 3 || x.rank > 4)
        return call_fail(call, STATUS_UNSUPPORTED,
                         "input '%s' has rank %zu: only one or two axes of float can be pooled", x.name,
                         x.rank);
    PoolParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->include_padding = include_padding;
    Status status = read_windows(call, parameters->axes, x.rank - 2);
    if (!status) status = size_windows(call, parameters->axes, &x);
    if (!status) status = image_of_line(call, call->inputs[0], &value);
    if (status) return status;
    const size_t input = value, shape[] = {x.shape[0], x.shape[1], (size_t)parameters->axes[0].output,
                                           (size_t)parameters->axes[1].output};
    status = builder_emit(call,
                          &(Emit){.kernel = kernel,
                                  .parameters = parameters,
                                  .input_count = 1,
                                  .inputs = &input,
                                  .type = ELEMENT_FLOAT,
                                  .rank = 4,
                                  .shape = shape,
                                  .channels_last = true,
                                  .layer = NO_INDEX},
                          &value);
    if (!status) status = line_of_image(call, value, x.rank, &value);
    return status ? status : call_bind(call, 0, value);
}

/* The second output, Indices, is not bound: a graph that uses it is refused. */
static Status build_max_pool(Call *call)
{
    return emit_pool(call, &kernel_max, false);
}

static Status build_average_pool(Call *call)
{
    return emit_pool(call, &kernel_average, attribute_int(call, "count_include_pad", 0) != 0);
}

static Status build_global_average_pool(Call *call)
{
    return emit_over_pixels(call, false);
}

static Status build_global_max_pool(Call *call)
{
    return emit_over_pixels(call, true);
}

const Operator operators_pooling[] = {
    {"MaxPool", 7, 21, 1, 1, build_max_pool},
    {"AveragePool", 7, 21, 1, 1, build_average_pool},
    {"GlobalAveragePool", 7, 21, 1, 1, build_global_average_pool},
    {"GlobalMaxPool", 7, 21, 1, 1, build_global_max_pool},
    {0},
};
