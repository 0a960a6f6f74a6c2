/* SPDX-License-Identifier: MIT */
#include "bound/conv_map.h"

#include "base/blas.h"
#include "base/random.h"
#include "base/sizes.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KRYLOV 20                       /* dimension of a Lanczos space */
#define KRYLOV_BYTES ((size_t)64 << 20) /* of its basis, which is smaller on large images */
#define RESTARTS 12
#define SETTLED 1e-4 /* relative growth of sigma^2 in a restart */

/* The most taps that see one pixel of an axis. */
static double axis_overlap(size_t in, size_t out, size_t kernel, size_t stride, size_t dilation, size_t pad)
{
    size_t most = 0;
    for (size_t pixel = 0; pixel < in; pixel++) {
        size_t count = 0;
        for (size_t tap = 0; tap < kernel && tap * dilation <= pixel + pad; tap++) {
            const size_t at = pixel + pad - tap * dilation;
            count += at % stride == 0 && at / stride < out;
        }
        most = size_max(most, count);
    }
    return (double)most;
}

ConvMap conv_map_describe(const ConvGeometry *g)
{
    const size_t taps = g->kernel_h * g->kernel_w;
    return (ConvMap){.geometry = *g,
                     .taps = taps,
                     .n = taps * g->channels,
                     .inputs = g->in_h * g->in_w * g->channels,
                     .outputs = g->out_h * g->out_w * g->m};
}

Status conv_map_create(ConvMap *map, const ConvGeometry *g, const Layer *layer, size_t group,
                       Message *message)
{
    *map = conv_map_describe(g);
    const size_t taps = map->taps, n = map->n;
    map->weights = calloc(g->m * n + 1, sizeof(double));
    if (!map->weights) return status_no_memory(message, "a layer's norm");
    const float *from = layer->weights + group * g->m * n;
    for (size_t o = 0; o < g->m; o++)
        for (size_t c = 0; c < g->channels; c++)
            for (size_t t = 0; t < taps; t++) {
                const double w = (double)from[o * n + c * taps + t];
                map->weights[o * n + t * g->channels + c] = w;
                map->frobenius_square += w * w;
            }
    map->overlap = axis_overlap(g->in_h, g->out_h, g->kernel_h, g->stride_h, g->dilation_h, g->pad_top) *
                   axis_overlap(g->in_w, g->out_w, g->kernel_w, g->stride_w, g->dilation_w, g->pad_left);
    return STATUS_OK;
}

void conv_map_free(ConvMap *map)
{
    free(map->weights);
    map->weights = NULL;
}

Status conv_map_ask(const ConvMap *map, Message *message)
{
    return map->cancellation ? cancellation_check(map->cancellation, map->on_caller, message) : STATUS_OK;
}

ConvMap conv_map_unfolded(const ConvMap *map)
{
    ConvMap matrix = *map;
    matrix.geometry = convolution_of_one_pixel(1, map->geometry.m, map->n);
    matrix.taps = 1;
    matrix.inputs = map->n;
    matrix.outputs = map->geometry.m;
    matrix.overlap = 1;
    return matrix;
}

bool conv_map_pixel(size_t *pixel, const ConvGeometry *g, size_t output, size_t tap)
{
    const size_t y = output / g->out_w * g->stride_h + tap / g->kernel_w * g->dilation_h;
    const size_t x = output % g->out_w * g->stride_w + tap % g->kernel_w * g->dilation_w;
    if (y < g->pad_top || y - g->pad_top >= g->in_h) return false;
    if (x < g->pad_left || x - g->pad_left >= g->in_w) return false;
    *pixel = (y - g->pad_top) * g->in_w + x - g->pad_left;
    return true;
}

double conv_map_margin(const ConvMap *map, double sigma, size_t band, size_t terms)
{
    const double u = DBL_EPSILON / 2, width = (double)band;
    return 2 * u *
           ((width + 2) * (2 * width + 1) * sigma * sigma / (1 - (width + 2) * u) +
            (double)terms * map->overlap * map->frobenius_square);
}

/* --- T and its adjoint: one output row at a time, as patches [out_w][taps][channels] ---------------------
 */

/* patches = those of one output row of x; 0 in the padding. */
static void gather_row(double *patches, const double *x, const ConvMap *map, size_t row)
{
    const ConvGeometry *g = &map->geometry;
    memset(patches, 0, g->out_w * map->n * sizeof *patches);
    for (size_t i = 0; i < g->out_w; i++)
        for (size_t t = 0; t < map->taps; t++) {
            size_t pixel;
            if (conv_map_pixel(&pixel, g, row * g->out_w + i, t))
                memcpy(patches + (i * map->taps + t) * g->channels, x + pixel * g->channels,
                       g->channels * sizeof *x);
        }
}

/* x += the adjoint of gather_row(). */
static void scatter_row(double *x, const double *patches, const ConvMap *map, size_t row)
{
    const ConvGeometry *g = &map->geometry;
    for (size_t i = 0; i < g->out_w; i++)
        for (size_t t = 0; t < map->taps; t++) {
            size_t pixel;
            if (!conv_map_pixel(&pixel, g, row * g->out_w + i, t)) continue;
            const double *from = patches + (i * map->taps + t) * g->channels;
            double *to = x + pixel * g->channels;
            for (size_t c = 0; c < g->channels; c++) to[c] += from[c];
        }
}

/* y = T x */
static void apply(double *y, const double *x, const ConvMap *map, double *patches)
{
    const ConvGeometry *g = &map->geometry;
    const int m = (int)g->m, n = (int)map->n, width = (int)g->out_w;
    for (size_t row = 0; row < g->out_h; row++) {
        gather_row(patches, x, map, row);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, width, m, n, 1, patches, n, map->weights, n, 0,
                    y + row * g->out_w * g->m, m);
    }
}

/* x = T'y */
static void apply_adjoint(double *x, const double *y, const ConvMap *map, double *patches)
{
    const ConvGeometry *g = &map->geometry;
    const int m = (int)g->m, n = (int)map->n, width = (int)g->out_w;
    memset(x, 0, map->inputs * sizeof *x);
    for (size_t row = 0; row < g->out_h; row++) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, width, n, m, 1, y + row * g->out_w * g->m, m,
                    map->weights, n, 0, patches, n);
        scatter_row(x, patches, map, row);
    }
}

/* --- Lanczos ---------------------------------------------------------------------------------------- */

typedef struct Lanczos {
    const ConvMap *map;
    size_t steps;
    double *basis;    /* [steps + 1][inputs], orthonormal */
    double *y;        /* [outputs] */
    double *patches;  /* [out_w][n] */
    double *diagonal; /* [steps] */
    double *below;    /* [steps] */
    double *vectors;  /* [steps][steps] */
    double *work;     /* [2 * steps] */
    double *memory;
} Lanczos;

static size_t lanczos_steps(const ConvMap *map)
{
    const size_t fits = KRYLOV_BYTES / (map->inputs * sizeof(double));
    return size_max(4, size_min(size_min(KRYLOV, map->inputs), fits));
}

size_t conv_map_lower_bytes(const ConvMap *map)
{
    const size_t steps = lanczos_steps(map), patches = map->geometry.out_w * map->n;
    return ((steps + 1) * map->inputs + map->outputs + patches + (steps + 4) * steps) * sizeof(double);
}

static bool lanczos_create(Lanczos *lanczos, const ConvMap *map)
{
    const size_t steps = lanczos_steps(map);
    const size_t patches = map->geometry.out_w * map->n;
    const size_t counts[] = {
        (steps + 1) * map->inputs, map->outputs, patches, steps, steps, steps * steps, 2 * steps};
    double **arrays[] = {&lanczos->basis, &lanczos->y,       &lanczos->patches, &lanczos->diagonal,
                         &lanczos->below, &lanczos->vectors, &lanczos->work};
    size_t all = 0, at = 0;
    for (size_t i = 0; i < 7; i++) all += counts[i];
    lanczos->memory = calloc(all, sizeof(double));
    lanczos->map = map;
    lanczos->steps = steps;
    if (!lanczos->memory) return false;
    for (size_t i = 0; i < 7; at += counts[i++]) *arrays[i] = lanczos->memory + at;
    return true;
}

/* w -= V V'w for the basis V [count][inputs], twice: the first time leaves a rounding error. */
static void orthogonalize(Lanczos *lanczos, double *w, size_t count)
{
    const int length = (int)lanczos->map->inputs, rows = (int)count;
    for (size_t i = 0; i < 2; i++) {
        cblas_dgemv(CblasRowMajor, CblasNoTrans, rows, length, 1, lanczos->basis, length, w, 1, 0,
                    lanczos->work, 1);
        cblas_dgemv(CblasRowMajor, CblasTrans, rows, length, -1, lanczos->basis, length, lanczos->work, 1, 1,
                    w, 1);
    }
}

/* Fills the basis from its first vector, by Lanczos iterations on T'T. *count: its vectors, fewer than
 * `steps` where the space is invariant. */
static Status expand(size_t *count, Lanczos *lanczos, Message *message)
{
    const size_t length = lanczos->map->inputs;
    for (*count = 0; *count < lanczos->steps;) {
        const size_t k = (*count)++;
        Status status = conv_map_ask(lanczos->map, message);
        if (status != STATUS_OK) return status;
        double *v = lanczos->basis + k * length, *w = v + length;
        apply(lanczos->y, v, lanczos->map, lanczos->patches);
        apply_adjoint(w, lanczos->y, lanczos->map, lanczos->patches);
        const double before = cblas_dnrm2((int)length, w, 1);
        lanczos->diagonal[k] = cblas_ddot((int)length, v, 1, w, 1);
        orthogonalize(lanczos, w, k + 1);
        const double rest = lanczos->below[k] = cblas_dnrm2((int)length, w, 1);
        if (!(rest > 1e-10 * before)) break;
        cblas_dscal((int)length, 1 / rest, w, 1);
    }
    return STATUS_OK;
}

/* Replaces the first basis vector by the top Ritz vector; *value: its Ritz value, sigma^2. */
static Status restart(double *value, Lanczos *lanczos, Message *message)
{
    size_t vectors;
    *value = 0;
    Status status = expand(&vectors, lanczos, message);
    if (status != STATUS_OK) return status;
    const int length = (int)lanczos->map->inputs, count = (int)vectors;
    int info = 0;
    dstev_("V", &count, lanczos->diagonal, lanczos->below, lanczos->vectors, &count, lanczos->work, &info);
    if (info != 0) return STATUS_OK;
    double *first = lanczos->basis, *spare = first + (size_t)count * lanczos->map->inputs;
    cblas_dgemv(CblasRowMajor, CblasTrans, count, length, 1, first, length,
                lanczos->vectors + (count - 1) * count, 1, 0, spare, 1);
    const double norm = cblas_dnrm2(length, spare, 1);
    for (int i = 0; i < length; i++) first[i] = spare[i] / norm;
    *value = lanczos->diagonal[count - 1];
    return STATUS_OK;
}

Status conv_map_lower(double *lower, const ConvMap *map, Message *message)
{
    Lanczos lanczos;
    *lower = 0;
    if (map->frobenius_square == 0 || map->overlap == 0) return STATUS_OK;
    if (!lanczos_create(&lanczos, map)) return status_no_memory(message, "a layer's norm");
    for (size_t i = 0; i < map->inputs; i++) lanczos.basis[i] = random_uniform(1, i, 0, 0) - 0.5;
    const double norm = cblas_dnrm2((int)map->inputs, lanczos.basis, 1);
    cblas_dscal((int)map->inputs, 1 / norm, lanczos.basis, 1);
    Status status = STATUS_OK;
    double last = 0;
    for (size_t i = 0; status == STATUS_OK && i < RESTARTS; i++) {
        double value;
        status = restart(&value, &lanczos, message);
        const bool settled = value <= last * (1 + SETTLED);
        last = value;
        if (settled) break;
    }
    if (status == STATUS_OK) {
        apply(lanczos.y, lanczos.basis, map, lanczos.patches);
        *lower =
            cblas_dnrm2((int)map->outputs, lanczos.y, 1) / cblas_dnrm2((int)map->inputs, lanczos.basis, 1);
    }
    free(lanczos.memory);
    return status;
}
