/* SPDX-License-Identifier: MIT */
/* Clipping: what round-to-nearest's error is made of when the codes' range narrows.
 *
 * The range r of a channel is its scale times the largest code, as a share of its largest weight. A weight
 * whose code is not the nearest whole step because the codes end is clipped; all others are rounded. With
 * d = w - a q split into the rounded weights' part s and the clipped weights' part c,
 *
 *     weight domain   |d|^2 = |s|^2 + |c|^2
 *     output domain   d'Hd  = s'Hs + c'Hc + 2 s'Hc,
 *
 * H centred where the bias is corrected. A narrow range rounds finely and clips much, a wide one the other
 * way round; the least of their sum lies between (for 3-bit uniform quantizers: Nikolic et al., "Whether the
 * Support Region of Three-Bit Uniform Quantizer Has a Strong Impact on Post-Training Quantization for MNIST
 * Dataset?", Entropy 23(12), 2021). A weight is clipped beyond the largest level by more than half of the
 * step below it.
 *
 * Example (const Problem *problems, size_t groups, Pool *pool, Message *message):
 *     Clipping clipping;
 *     const Grid grid = grid_make(GRID_UNIFORM, 3);
 *     Status status = clipping_measure(&clipping, problems, groups, &grid, true, pool, message);
 *     printf("%g of the output's energy at 0.6 of the largest weight\n", clipping.error[4]);
 */
#ifndef QUANTIZE_CLIPPING_H
#define QUANTIZE_CLIPPING_H

#include "quantize/grid.h"
#include "quantize/problem.h"

#define CLIPPING_RANGES 11

/* The i-th range: 0.2, 0.3, ..., 1.2. */
double clipping_range(size_t i);

/* By range. Numbers alone, so that a memo can keep them. */
typedef struct Clipping {
    double weight_rounding[CLIPPING_RANGES]; /* relative to the sum of w^2 */
    double weight_clipping[CLIPPING_RANGES];
    double rounding[CLIPPING_RANGES]; /* output domain, relative to the uncentred sum of y2 */
    double clipping[CLIPPING_RANGES];
    double error[CLIPPING_RANGES];   /* of both together */
    double solved[CLIPPING_RANGES];  /* of codes that were solved for at that scale; NAN where not solved */
    double heldout[CLIPPING_RANGES]; /* of those on held-out rows */
} Clipping;

/* All NAN. */
Clipping clipping_unknown(void);

/* Fills all but `solved` and `heldout`, which become NAN. Y must be the float layer's output on the same X.
 * Scales are powers of two where the grid asks for them: the nearest to the range's. STATUS_MEMORY. */
Status clipping_measure(Clipping *clipping, const Problem *problems, size_t groups, const Grid *grid,
                        bool bias_correction, Pool *pool, Message *message);

/* Bytes that clipping_measure() takes at most beside the Problems. */
size_t clipping_bytes(size_t groups, size_t m, size_t n, size_t workers);

#endif
