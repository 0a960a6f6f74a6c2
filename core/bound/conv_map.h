/* SPDX-License-Identifier: MIT */
/* Convolution map: one group of a convolution as a linear map T, and bounds on its norm. Private to
 * core/bound.
 *
 * x is [in_h*in_w][channels], y = T x is [out_h*out_w][m]:
 *     y[output][o] = sum over taps t and channels c of weights[o][t][c] x[pixel(output, t)][c],
 * where taps in the padding add nothing. A Gemm is a map of one pixel and one tap. */
#ifndef BOUND_CONV_MAP_H
#define BOUND_CONV_MAP_H

#include "base/cancellation.h"
#include "network/types.h"

typedef struct ConvMap {
    ConvGeometry geometry;
    size_t taps;
    size_t n;                   /* taps * channels */
    size_t inputs, outputs;     /* elements of x and y */
    double *weights;            /* [m][taps][channels] */
    double frobenius_square;    /* of the weights */
    double overlap;             /* the most taps that see one input pixel */
    Cancellation *cancellation; /* checked between pieces of the bounds below, which may return
                                   STATUS_CANCELLED; NULL: never */
    bool on_caller;             /* of cancellation_check() */
} ConvMap;

/* A map of that geometry without weights: enough for the functions that count bytes. */
ConvMap conv_map_describe(const ConvGeometry *geometry);

/* Bytes that conv_map_lower(), conv_map_certify() (at that ceiling) and conv_map_fourier() take at most,
 * beside the map's weights. SIZE_MAX where they cannot be counted. */
size_t conv_map_lower_bytes(const ConvMap *map);
size_t conv_map_certify_bytes(const ConvMap *map, size_t ceiling);
size_t conv_map_fourier_bytes(const ConvMap *map);

/* Group `group` of a layer at a use of that geometry; `cancellation` is NULL until the caller sets it.
 * STATUS_MEMORY. */
Status conv_map_create(ConvMap *map, const ConvGeometry *geometry, const Layer *layer, size_t group,
                       Message *message);
void conv_map_free(ConvMap *map);

/* cancellation_check() of the map's cancellation, if it has one. */
Status conv_map_ask(const ConvMap *map, Message *message);

/* The weights unfolded to a matrix [m][n], as a map of one pixel. It borrows the weights: do not free it. */
ConvMap conv_map_unfolded(const ConvMap *map);

/* The input pixel that tap `tap` of output pixel `output` sees; false in the padding. */
bool conv_map_pixel(size_t *pixel, const ConvGeometry *geometry, size_t output, size_t tap);

/* A lower bound of ||T||, up to rounding: restarted Lanczos iterations on T'T from a seeded start.
 * STATUS_MEMORY, STATUS_CANCELLED. */
Status conv_map_lower(double *lower, const ConvMap *map, Message *message);

/* Tries to prove ||T|| <= sigma by a Cholesky factorization of sigma^2 I - T'T or sigma^2 I - TT', whichever
 * is cheaper. *proven is false too where that takes more than `ceiling` bytes or half a minute.
 * STATUS_MEMORY, STATUS_CANCELLED. */
Status conv_map_certify(bool *proven, const ConvMap *map, double sigma, size_t ceiling, Message *message);

/* An upper bound of ||T||, at least `start`, from the symbols of the convolution on a torus that contains it;
 * INFINITY where that takes too long. STATUS_MEMORY, STATUS_CANCELLED. */
Status conv_map_fourier(double *upper, const ConvMap *map, double start, Message *message);

/* The margin to subtract from sigma^2 so that a Cholesky factorization with `band` subdiagonals that succeeds
 * in double proves the exact matrix positive semidefinite. With u the unit roundoff:
 *   - the factors satisfy R'R = B + E, |e_ij| <= c sqrt(b_ii b_jj), c = (band + 2) u / (1 - (band + 2) u)
 *     (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3, with its row of band + 1 terms),
 *     and E has at most 2 band + 1 entries a row: ||E|| <= (2 band + 1) c max b_ii, max b_ii <= sigma^2;
 *   - the entries of T'T are sums of products with `terms` roundings: wrong by at most terms u |T|'|T|, whose
 *     norm is at most overlap |W|_F^2.
 * Both are taken twice. */
double conv_map_margin(const ConvMap *map, double sigma, size_t band, size_t terms);

#endif
