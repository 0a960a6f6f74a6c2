/* SPDX-License-Identifier: MIT */
/* Hessian: H and G of one Problem as the methods use them: centred by the means where the bias is corrected,
 * and with the ridge. Private to core/quantize.
 *
 *     H' = H - N mean(x) mean(x)' + ridge I         (centred; H' = H + ridge I where not)
 *     G' = G - N mean(y) mean(x)' + ridge W
 *
 * so that per channel |y - a X q|^2 + ridge |w - a q|^2, less the means, is y2' - 2 a g'.q + a^2 q'H'q. */
#ifndef QUANTIZE_HESSIAN_H
#define QUANTIZE_HESSIAN_H

#include "quantize/problem.h"

/* By how much of itself a coordinate's step is taken short, so that an exact tie stays where it is: a move is
 * made only where it gains more than the noise of the float sweep. */
#define HESSIAN_SHORT 1e-4

typedef struct Hessian {
    const Problem *problem;
    bool centred;
    bool constant;  /* centred, and only rounding noise is left of H: no scale can be fitted to that */
    double unit;    /* mean diagonal of the centred H; 1 where that is 0, or `constant` */
    double ridge;   /* added to the diagonal */
    double *x_mean; /* [n], zeros where not centred */
    float *h;       /* [n][n], H'/unit */
    float *reach;   /* [n], the largest |H'_kl| / unit, l != k */
    float *inverse; /* [n], (1 - HESSIAN_SHORT) unit/H'_kk, 0 for a dead input */
} Hessian;

/* Fills everything but `problem` and h, whose memory the caller provides with that of the other arrays.
 * ridge: in units of the mean diagonal. */
void hessian_prepare(Hessian *hessian, bool centred, double ridge);

/* True for an input that is zero, or does not vary, on the calibration rows: its codes change no output there
 * and stay those of round-to-nearest. */
static inline bool hessian_dead(const Hessian *hessian, size_t k)
{
    return hessian->inverse[k] == 0;
}

/* Fills rows first..first+count-1 of h and reach. */
void hessian_fill_rows(Hessian *hessian, size_t first, size_t count);

/* The inputs by descending H'_kk, equal ones by number: order [n]. STATUS_MEMORY. */
Status hessian_order(size_t *order, const Hessian *hessian, Message *message);

/* An element of H', and of G', in double. */
double hessian_at(const Hessian *hessian, size_t row, size_t column);
double cross_term_at(const Hessian *hessian, size_t channel, size_t k);

#endif
