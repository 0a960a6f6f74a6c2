/* SPDX-License-Identifier: MIT */
/* The polyphase Fourier bound.
 *
 * * Both sides of an image can share their zero padding, so T is a part of a convolution on a torus of
 * N = in + the larger padding, rounded up to the stride and to stride * out: the input is restricted to the
 * image, and some outputs are left out. Per frequency (u, v), u < A, v < B, A and B = N/stride of each axis,
 * that convolution is the matrix M(u, v)[o][phase, c] = sum over the taps of that phase of w[o][c][tap] e^(2
 * pi i (u q_h / A + v q_w / B)),    tap offset = stride q + phase.
 * ||T|| <= the largest ||M(u, v)||. Source: Sedghi, Gupta, Long, "The singular values of convolutional
 * layers", ICLR 2019, for stride 1. */
#include "base/blas.h"
#include "base/sizes.h"
#include "bound/conv_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_WORK 4e10 /* multiply-adds */
#define PI 3.14159265358979323846

typedef struct Torus {
    const ConvMap *map;
    size_t rows, columns; /* frequencies: A, B */
    size_t width;         /* of M: phases * channels */
    size_t order;         /* of its smaller Gram matrix */
    double *symbol;       /* [m][width], complex */
    double *gram, *work;  /* [order][order], complex */
    double *eigenvalues, *real_work;
} Torus;

static size_t frequencies(size_t in, size_t out, size_t before, size_t after, size_t stride)
{
    return size_max(size_ceil_div(in + size_max(before, after), stride), out);
}

static Torus torus_describe(const ConvMap *map)
{
    const ConvGeometry *g = &map->geometry;
    Torus torus = {.map = map, .width = g->stride_h * g->stride_w * g->channels};
    torus.rows = frequencies(g->in_h, g->out_h, g->pad_top, g->pad_bottom, g->stride_h);
    torus.columns = frequencies(g->in_w, g->out_w, g->pad_left, g->pad_right, g->stride_w);
    torus.order = size_min(g->m, torus.width);
    return torus;
}

/* Multiply-adds. The symbols of opposite frequencies are conjugate, so half of the rows are enough. */
static double torus_work(const Torus *torus)
{
    const double order = (double)torus->order;
    return (double)(torus->rows / 2 + 1) * (double)torus->columns * order *
           (4 * (double)torus->map->geometry.m * (double)torus->width + order * order);
}

static bool torus_fits(const Torus *torus)
{
    return torus_work(torus) <= LARGEST_WORK;
}

size_t conv_map_fourier_bytes(const ConvMap *map)
{
    const Torus torus = torus_describe(map);
    const size_t order = torus.order, symbol = 2 * map->geometry.m * torus.width;
    return torus_fits(&torus) ? (symbol + 6 * order * order + 8 * order) * sizeof(double) : 0;
}

static bool torus_allocate(Torus *torus)
{
    const size_t order = torus->order;
    torus->symbol = calloc(2 * torus->map->geometry.m * torus->width, sizeof(double));
    torus->gram = calloc(2 * order * order, sizeof(double));
    torus->work = calloc(2 * order * order + 4 * order, sizeof(double));
    torus->eigenvalues = calloc(order, sizeof(double));
    torus->real_work = calloc(3 * order, sizeof(double));
    return torus->symbol && torus->gram && torus->work && torus->eigenvalues && torus->real_work;
}

static void torus_free(Torus *torus)
{
    free(torus->symbol);
    free(torus->gram);
    free(torus->work);
    free(torus->eigenvalues);
    free(torus->real_work);
}

/* symbol += the tap's term of M(u, v) */
static void add_tap(Torus *torus, size_t tap, size_t u, size_t v)
{
    const ConvMap *map = torus->map;
    const ConvGeometry *g = &map->geometry;
    const size_t y = tap / g->kernel_w * g->dilation_h, x = tap % g->kernel_w * g->dilation_w;
    const size_t phase = y % g->stride_h * g->stride_w + x % g->stride_w;
    const double angle = 2 * PI *
                         ((double)(u * (y / g->stride_h) % torus->rows) / (double)torus->rows +
                          (double)(v * (x / g->stride_w) % torus->columns) / (double)torus->columns);
    const double re = cos(angle), im = sin(angle);
    for (size_t o = 0; o < g->m; o++) {
        const double *w = map->weights + (o * map->taps + tap) * g->channels;
        double *to = torus->symbol + 2 * (o * torus->width + phase * g->channels);
        for (size_t c = 0; c < g->channels; c++) {
            to[2 * c] += w[c] * re;
            to[2 * c + 1] += w[c] * im;
        }
    }
}

/* gram = MM' or M'M of M(u, v), whichever is smaller: its upper triangle, by rows. */
static void make_gram(Torus *torus, size_t u, size_t v)
{
    const size_t m = torus->map->geometry.m;
    memset(torus->symbol, 0, 2 * m * torus->width * sizeof(double));
    for (size_t t = 0; t < torus->map->taps; t++) add_tap(torus, t, u, v);
    const bool outputs = torus->order == m;
    const int order = (int)torus->order, depth = (int)(outputs ? torus->width : m), width = (int)torus->width;
    cblas_zherk(CblasRowMajor, CblasUpper, outputs ? CblasNoTrans : CblasConjTrans, order, depth, 1,
                torus->symbol, width, 0, torus->gram, order);
}

/* Whether ||M|| <= sigma is proven: sigma^2 I - gram, less a margin, has a Cholesky factorization. The margin
 * covers the roundings of the sums over m or width and a few ulps of each tap's sine and cosine; complex
 * products count four times as many. */
static bool is_below(Torus *torus, double sigma)
{
    const size_t order = torus->order, terms = 8 * torus->map->taps + torus->map->geometry.m + torus->width;
    const ConvMap *map = torus->map;
    ConvMap every = *map;
    every.overlap = (double)map->taps;
    const double diagonal = sigma * sigma - 8 * conv_map_margin(&every, sigma, order, terms);
    for (size_t i = 0; i < 2 * order * order; i++) torus->work[i] = -torus->gram[i];
    for (size_t i = 0; i < order; i++) torus->work[2 * i * (order + 1)] += diagonal;
    const int n = (int)order;
    int info = 0;
    zpotrf_("L", &n, torus->work, &n, &info);
    return info == 0;
}

/* Raises *upper in steps of 0.1 % until it provably is at or above this frequency's norm. */
static void lift(double *upper, Torus *torus)
{
    if (is_below(torus, *upper)) return;
    const int n = (int)torus->order;
    const size_t elements = 2 * torus->order * torus->order;
    int info = -1, length = (int)(torus->order * torus->order + 2 * torus->order);
    double *copy = calloc(elements, sizeof *copy);
    if (copy) { /* start at the largest eigenvalue */
        memcpy(copy, torus->gram, elements * sizeof *copy);
        zheev_("N", "L", &n, copy, &n, torus->eigenvalues, torus->work, &length, torus->real_work, &info);
    }
    free(copy);
    if (info == 0) *upper = fmax(*upper, sqrt(fmax(0, torus->eigenvalues[n - 1])));
    do *upper *= 1.001;
    while (!is_below(torus, *upper));
}

Status conv_map_fourier(double *upper, const ConvMap *map, double start, Message *message)
{
    Torus torus = torus_describe(map);
    *upper = INFINITY;
    if (!(start > 0) || !torus_fits(&torus)) return STATUS_OK;
    Status status = STATUS_OK;
    if (torus_allocate(&torus)) {
        *upper = start;
        const size_t count = (torus.rows / 2 + 1) * torus.columns;
        for (size_t i = 0; status == STATUS_OK && i < count; i++) {
            make_gram(&torus, i / torus.columns, i % torus.columns);
            lift(upper, &torus);
            status = conv_map_ask(map, message);
        }
    } else {
        status = status_no_memory(message, "the Fourier bound of a layer's norm");
    }
    torus_free(&torus);
    return status;
}
