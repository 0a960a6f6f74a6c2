/* SPDX-License-Identifier: MIT */
/* Descent: cyclic coordinate descent on the codes of a tile of output channels, side by side. Private to
 * core/quantize.
 *
 * The channels of a tile are its lanes: every array is [n][lanes], so that one weight of all channels is
 * contiguous. Per lane, with scale a, a sweep visits the coordinates k = 0..n-1 in order and moves
 *
 *     t_k <- what is nearest to t_k - r_k / (u H'_kk),    r = H'q - g'/a,
 *
 * where t is the codes q (u = 1), which may be the grid's levels, or the digit p of them (u = 2^p), which may
 * be -1, 0 and 1; after a move by d the
 * code has changed by u d and r by u d H'_k. The objective falls by -a^2 u d (2 r_k + u d H'_kk) with each
 * move.
 *
 * r is kept in float, in units of H's mean diagonal. Blocks of DESCENT_BLOCK coordinates are swept with the
 * block's corner of H' alone; then one GEMM brings the rest of r up to date: the same moves in the same order
 * as the plain loop. Between epochs p = H'q is brought up to date in double by the codes that changed, so
 * that objective, scales and the next epoch's r are exact. */
#ifndef QUANTIZE_DESCENT_H
#define QUANTIZE_DESCENT_H

#include "base/sizes.h"
#include "quantize/grid.h"
#include "quantize/hessian.h"

#define DESCENT_BLOCK 64
#define DESCENT_MAX_LANES 64

/* One allocation, carved into arrays that start at multiples of 64 bytes. The same code first counts (memory
 * NULL) and then places. */
typedef struct Carver {
    char *memory; /* NULL: only count */
    size_t used;  /* bytes so far */
} Carver;

/* An array of `bytes`; NULL while counting. */
static inline void *carve(Carver *carver, size_t bytes)
{
    void *here = carver->memory ? carver->memory + carver->used : NULL;
    carver->used += size_ceil_div(bytes, 64) * 64;
    return here;
}

/* One thread's scratch. */
typedef struct DescentScratch {
    float *r, *t, *d; /* [DESCENT_BLOCK][lanes] */
    float *packed_h;  /* [DESCENT_BLOCK][n] */
    double *wide_d;   /* [DESCENT_BLOCK][lanes] */
    double *wide_h;   /* [DESCENT_BLOCK][n] */
} DescentScratch;

typedef struct Descent {
    const Hessian *hessian;
    size_t group;           /* the Problem's number */
    size_t first, channels; /* of the Problem */
    size_t n, lanes;        /* lanes >= channels; the rest are idle */
    unsigned bits;
    const Grid *grid;
    bool fixed_scale; /* refitting leaves the scales as they are */
    int8_t *codes;    /* [n][lanes], q */
    int8_t *synced;   /* [n][lanes]: the codes that p belongs to */
    int8_t *digits;   /* [bits-1][n][lanes], lowest digit first: q = sum over p of 2^p digits[p] */
    double *p;        /* [n][lanes], H'q */
    double *target;   /* [n][lanes], g' */
    float *r;         /* [n][lanes], (p - target/scale)/unit */
    double y2[DESCENT_MAX_LANES], scale[DESCENT_MAX_LANES], objective[DESCENT_MAX_LANES];
    float live[DESCENT_MAX_LANES]; /* 1, or 0 for a channel that keeps its codes and scale */
    size_t changed;                /* codes, by the last descent_sync() */
    double flops;                  /* of matrix products, so far */
    double gain;  /* by which the sweeps since the last descent_sync() lowered the objective */
    bool settled; /* an epoch changed nothing */
} Descent;

/* Places the arrays of a descent whose n, lanes and bits are set. Memory must be zeroed. */
void descent_place(Descent *descent, Carver *carver);
void descent_scratch_place(DescentScratch *scratch, size_t n, size_t lanes, Carver *carver);

/* Reads target and y2 from the Problem. */
void descent_open(Descent *descent);

/* Sets the codes from [channels][n]. */
void descent_set_codes(Descent *descent, const int8_t *codes);

/* Brings p up to date with the codes, and counts those that changed. */
void descent_sync(Descent *descent, DescentScratch *scratch);

/* objective = y2 - 2 a g'.q + a^2 q.p, at the scales as they are. */
void descent_measure(Descent *descent);

/* Sets the scale of each live channel to the best that the grid allows for its codes, g'.q / q.p or the power
 * of two nearest to it, unless scales are fixed; a channel where
 * that is not positive is no longer live. Then measures. */
void descent_refit(Descent *descent);

/* Gives each live channel the codes [n][lanes] where their objective at their least-squares scale is lower;
 * the codes of dead inputs stay. Measures, and counts the codes changed. spare: [n][lanes]. */
void descent_offer(Descent *descent, const int8_t *codes, int8_t *spare, DescentScratch *scratch);

/* Computes r from p, target and scale: before the sweeps of an epoch. */
void descent_start_epoch(Descent *descent);

/* Splits the codes into digits: the binary digits of the magnitude, with the code's sign. */
void descent_split(Descent *descent);

/* One sweep over digit p (the codes follow), or over whole codes. */
void descent_sweep_digit(Descent *descent, unsigned p, DescentScratch *scratch);
void descent_sweep_codes(Descent *descent, DescentScratch *scratch);

#endif
