/* SPDX-License-Identifier: MIT */
/* The certificate ||T|| <= sigma: a banded Cholesky factorization of sigma^2 I - T'T or sigma^2 I - TT'. */
#include "base/blas.h"
#include "base/sizes.h"
#include "bound/conv_map.h"

#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_WORK 5e11 /* multiply-adds: half a minute */
#define PANEL 32          /* columns that are eliminated at once */

/* S = T'T has a block [channels][channels] for each pair of input pixels that share an output pixel; S = TT'
 * has a block [m][m] for each pair of output pixels that share an input pixel. The shared pixel is a hub; the
 * pixels that share it, each by a tap, are its links. */
typedef struct Link {
    size_t tap, pixel;
} Link;

typedef struct Band {
    const ConvMap *map;
    bool by_inputs;  /* T'T */
    size_t hubs;     /* pixels */
    size_t block;    /* order of a block */
    size_t order;    /* of S */
    size_t below;    /* subdiagonals */
    double *blocks;  /* [taps][block][taps][block]: W_a' W_b or W_a W_b' for taps a and b */
    double *entries; /* [order][height]: column by column, from the diagonal downwards */
    size_t height;   /* below + 1, and PANEL zeros */
    Link *links;     /* [taps] */
} Band;

/* The output pixel that sees input pixel `pixel` by tap `tap`. */
static bool output_pixel(size_t *output, const ConvGeometry *g, size_t pixel, size_t tap)
{
    const size_t y = pixel / g->in_w + g->pad_top, x = pixel % g->in_w + g->pad_left;
    const size_t dy = tap / g->kernel_w * g->dilation_h, dx = tap % g->kernel_w * g->dilation_w;
    if (dy > y || dx > x || (y - dy) % g->stride_h != 0 || (x - dx) % g->stride_w != 0) return false;
    const size_t row = (y - dy) / g->stride_h, column = (x - dx) / g->stride_w;
    *output = row * g->out_w + column;
    return row < g->out_h && column < g->out_w;
}

/* Fills band->links with those of a hub; returns their number. */
static size_t find_links(const Band *band, size_t hub)
{
    size_t count = 0;
    for (size_t t = 0; t < band->map->taps; t++) {
        Link *link = &band->links[count];
        link->tap = t;
        count += band->by_inputs ? conv_map_pixel(&link->pixel, &band->map->geometry, hub, t)
                                 : output_pixel(&link->pixel, &band->map->geometry, hub, t);
    }
    return count;
}

/* From the largest distance between two links of one hub. */
static size_t subdiagonals(const Band *band)
{
    size_t widest = 0;
    for (size_t hub = 0; hub < band->hubs; hub++) {
        size_t low = SIZE_MAX, high = 0, count = find_links(band, hub);
        for (size_t i = 0; i < count; i++) {
            low = size_min(low, band->links[i].pixel);
            high = size_max(high, band->links[i].pixel);
        }
        if (count > 0) widest = size_max(widest, high - low);
    }
    return (widest + 1) * band->block - 1;
}

static Band band_describe(const ConvMap *map, bool by_inputs, Link *links)
{
    const ConvGeometry *g = &map->geometry;
    const size_t in = g->in_h * g->in_w, out = g->out_h * g->out_w;
    Band band = {.map = map, .by_inputs = by_inputs, .links = links};
    band.hubs = by_inputs ? out : in;
    band.block = by_inputs ? g->channels : g->m;
    band.order = by_inputs ? map->inputs : map->outputs;
    band.below = subdiagonals(&band);
    band.height = band.below + 1 + PANEL;
    return band;
}

/* Multiply-adds of the factorization and of the blocks. */
static double band_work(const Band *band)
{
    const double below = (double)band->below, side = (double)(band->map->taps * band->block);
    const ConvGeometry *g = &band->map->geometry;
    return (double)band->order * below * below + side * side * (double)(band->by_inputs ? g->m : g->channels);
}

/* ceiling: bytes for band and blocks together. */
static bool band_fits(const Band *band, size_t ceiling)
{
    size_t entries, blocks, bytes, side = band->map->taps * band->block;
    return size_multiply(&entries, band->order, band->height) && size_multiply(&blocks, side, side) &&
           size_add(&bytes, entries, blocks) && bytes <= ceiling / sizeof(double) &&
           band_work(band) <= LARGEST_WORK;
}

/* W_a' W_b is the Gram matrix of the columns of W, [m][taps*channels]; W_a W_b' that of the rows of W sorted
 * by taps, [taps*m][channels]. */
static bool make_blocks(Band *band)
{
    const ConvMap *map = band->map;
    const size_t m = map->geometry.m, channels = map->geometry.channels, side = map->taps * band->block;
    band->blocks = calloc(side * side, sizeof(double));
    double *sorted = calloc(m * map->n, sizeof(double));
    if (!band->blocks || !sorted) {
        free(sorted);
        return false;
    }
    for (size_t o = 0; o < m; o++)
        for (size_t t = 0; t < map->taps; t++)
            memcpy(sorted + (t * m + o) * channels, map->weights + (o * map->taps + t) * channels,
                   channels * sizeof *sorted);
    const int n = (int)side, depth = (int)(band->by_inputs ? m : channels);
    if (band->by_inputs)
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, depth, 1, map->weights, n, map->weights, n,
                    0, band->blocks, n);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, depth, 1, sorted, depth, sorted, depth, 0,
                    band->blocks, n);
    free(sorted);
    return true;
}

/* S's block at rows a.pixel and columns b.pixel, a.pixel >= b.pixel, is subtracted from the band. */
static void subtract_block(Band *band, const Link *a, const Link *b)
{
    const size_t size = band->block, side = band->map->taps * size, height = band->height;
    for (size_t k = 0; k < size; k++) {
        const size_t column = b->pixel * size + k, first = a->pixel == b->pixel ? k : 0;
        const double *from = band->blocks + (b->tap * size + k) * side + a->tap * size;
        double *to = band->entries + column * height + a->pixel * size - column;
        for (size_t i = first; i < size; i++) to[i] -= from[i];
    }
}

/* The band of sigma^2 I - S, less the margin on the diagonal. An entry of S sums at most `taps` products of
 * blocks. */
static void fill(Band *band, double sigma)
{
    const ConvMap *map = band->map;
    const size_t height = band->height, terms = map->taps + map->geometry.m + map->geometry.channels + 2;
    const double diagonal = sigma * sigma - conv_map_margin(map, sigma, band->below, terms);
    for (size_t i = 0; i < band->order; i++) band->entries[i * height] = diagonal;
    for (size_t hub = 0; hub < band->hubs; hub++) {
        const size_t count = find_links(band, hub);
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < count; k++)
                if (band->links[i].pixel >= band->links[k].pixel)
                    subtract_block(band, &band->links[i], &band->links[k]);
    }
}

/* Cholesky, one panel of columns at a time. Entry (i, j) is at j (height - 1) + i, so any part of the stored
 * band is a dense matrix of that stride; the zeros below the band make a panel a rectangle, and stay zeros.
 */
static Status eliminate(bool *proven, Band *band, Message *message)
{
    const size_t stride = band->height - 1, order = band->order;
    Status status = STATUS_OK;
    *proven = true;
    for (size_t first = 0; *proven && first < order; first += PANEL) {
        const size_t end = size_min(first + PANEL, order), last = size_min(end + band->below, order);
        const int columns = (int)(end - first), rows = (int)(last - end), step = (int)stride;
        double *diagonal = band->entries + first * band->height, *panel = diagonal + columns;
        int info = 0;
        status = conv_map_ask(band->map, message);
        if (status == STATUS_OK) dpotrf_("L", &columns, diagonal, &step, &info);
        *proven = status == STATUS_OK && info == 0;
        if (!*proven || rows == 0) continue;
        cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, columns, 1,
                    diagonal, step, panel, step);
        cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, rows, columns, -1, panel, step, 1,
                    band->entries + end * band->height, step);
    }
    return status;
}

/* T'T or TT', whichever takes less work. */
static Band band_choose(const ConvMap *map, Link *links)
{
    const Band by_inputs = band_describe(map, true, links), by_outputs = band_describe(map, false, links);
    return band_work(&by_outputs) < band_work(&by_inputs) ? by_outputs : by_inputs;
}

size_t conv_map_certify_bytes(const ConvMap *map, size_t ceiling)
{
    Link *links = calloc(map->taps, sizeof *links);
    if (!links) return SIZE_MAX;
    const Band band = band_choose(map, links);
    const size_t side = map->taps * band.block, sorted = map->geometry.m * map->n;
    free(links);
    if (!band_fits(&band, ceiling)) return 0;
    return (side * side + band.order * band.height + sorted) * sizeof(double);
}

Status conv_map_certify(bool *proven, const ConvMap *map, double sigma, size_t ceiling, Message *message)
{
    *proven = false;
    Link *links = calloc(map->taps, sizeof *links);
    if (!links) return status_no_memory(message, "the certificate of a layer's norm");
    Band band = band_choose(map, links);
    Status status = STATUS_OK;
    if (!band_fits(&band, ceiling)) goto out;
    band.entries = calloc(band.order, band.height * sizeof *band.entries);
    if (band.entries && make_blocks(&band)) {
        fill(&band, sigma);
        status = eliminate(proven, &band, message);
    } else {
        status = status_no_memory(message, "the certificate of a layer's norm");
    }
out:
    free(band.entries);
    free(band.blocks);
    free(links);
    return status;
}
