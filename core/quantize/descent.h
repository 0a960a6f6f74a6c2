/* Descent: cyclic coordinate descent over a tile of output channels, side by side. Private to core/quantize.
 *
 * Channels are the lanes of a tile: every array is [n][lanes], so that the same weight of all channels is
 * contiguous. The sweep over n coordinates runs in float on r = H'q - g'/a (H' and g' centred and with ridge,
 * in units of H's mean diagonal): blocks of DESCENT_BLOCK coordinates are swept with the block of H' alone,
 * then one GEMM brings the rest of r up to date. Between epochs p = H'q is brought up to date in double by
 * the codes that changed, so that the objective, the scales and the next epoch's r are exact.
 */
#ifndef QUANTIZE_DESCENT_H
#define QUANTIZE_DESCENT_H

#include "quantize/problem.h"

#include <stdbool.h>
#include <stdint.h>

#define DESCENT_BLOCK 64
#define DESCENT_MAX_LANES 64

/* What the channels of one Problem share. */
typedef struct Curvature {
    const Problem *problem;
    bool centred;
    bool constant;  /* centred, and nothing but rounding noise is left: no scale can be fitted to that */
    double unit;    /* the mean diagonal of the centred H; 1 where that is 0, or constant */
    double ridge;   /* what is added to its diagonal */
    double *x_mean; /* [n], zeros where not centred */
    float *h;       /* [n][n], H'/unit */
    float *inverse; /* [n], 1/h_kk a little short, 0 for a dead input */
} Curvature;

/* Fills `curvature`, whose arrays are allocated; rows first..first+count-1 of h by curvature_rows(). */
void curvature_start(Curvature *curvature, bool centred, double ridge);
void curvature_rows(Curvature *curvature, size_t first, size_t count);
/* H' element in double. */
double curvature_at(const Curvature *curvature, size_t row, size_t column);
/* g' of a channel */
double curvature_target(const Curvature *curvature, size_t channel, size_t k);

/* One thread's scratch. */
typedef struct DescentScratch {
    float *r, *t, *d;        /* [DESCENT_BLOCK][lanes] */
    float *packed_h;         /* [DESCENT_BLOCK][n] */
    double *wide_d, *wide_h; /* the same in double */
} DescentScratch;

typedef struct Descent {
    const Curvature *curvature;
    size_t first, channels; /* of the Problem */
    size_t n, lanes;        /* lanes >= channels; the rest are idle */
    unsigned bits;
    int8_t *codes;  /* [n][lanes] */
    int8_t *synced; /* [n][lanes]: the codes that p belongs to */
    int8_t *digits; /* [bits-1][n][lanes] */
    double *p;      /* [n][lanes], H'q */
    double *target; /* [n][lanes], g' */
    float *r;       /* [n][lanes], (p - target/scale)/unit */
    double y2[DESCENT_MAX_LANES], scale[DESCENT_MAX_LANES], objective[DESCENT_MAX_LANES];
    float live[DESCENT_MAX_LANES]; /* 1, or 0 for a channel that keeps what it has */
    size_t changed;                /* codes, by the last descent_sync() */
    double flops;                  /* of matrix products, over its life */
    double gain;  /* by which the sweeps since the last descent_sync() lowered the objective */
    bool settled; /* an epoch changed nothing */
} Descent;

size_t descent_bytes(size_t n, size_t lanes, unsigned bits);
size_t descent_scratch_bytes(size_t n, size_t lanes);
/* Carves the arrays out of zeroed memory of that size, 64-byte aligned. */
void descent_place(Descent *descent, void *memory);
void descent_scratch_place(DescentScratch *scratch, void *memory, size_t n, size_t lanes);

/* Reads target and y2 from the Problem. */
void descent_open(Descent *descent);
/* Sets the codes from [channels][n]. */
void descent_set_codes(Descent *descent, const int8_t *codes);
/* Brings p up to date with the codes, and counts those that changed. */
void descent_sync(Descent *descent, DescentScratch *scratch);
/* objective = y2 - 2 a g.q + a^2 q.p, at the scales as they are. */
void descent_measure(Descent *descent);
/* Live channels: scale = g.q / q.p. A channel for which that is not positive is no longer live. Then
 * measures. */
void descent_refit(Descent *descent);
/* r from p, target and scale: before the sweeps of an epoch. */
void descent_start_epoch(Descent *descent);

void descent_split(Descent *descent); /* codes -> digits */
void descent_sweep_digit(Descent *descent, unsigned p,
                         DescentScratch *scratch); /* and restitches the codes */
void descent_sweep_codes(Descent *descent, DescentScratch *scratch);

#endif
