/* SPDX-License-Identifier: MIT */
/* Nearest plane: codes decoded one coordinate after another, the K best partial codes kept.
 *
 * With H' = R'R (R upper triangular, its rows the inputs in the order of ascending H'_kk) and R'z = g', the
 * objective at scale a is a^2 |z/a - R q|^2 + const. Rows are decoded from the last to the first. Row i
 * depends on q_i and on the codes decoded before it; with those fixed, q_i is best at the level nearest to
 * its centre c_i = z_i / (a R_ii) - sum over j > i of (R_ij / R_ii) q_j, and any other choice costs R_ii^2
 * (q_i - c_i)^2. Every later row makes up for what the earlier ones lost: this is GPTQ's error feedback
 * (Frantar et al., ICLR 2023), and K = 1 is Babai's nearest-plane algorithm (Combinatorica 6, 1986). With K >
 * 1 each partial code is continued by the three levels next to its centre, and the K of lowest cost go on:
 * K-best, or the M-algorithm, of lattice decoding.
 *
 * Blocked: within a block of rows the centres of the block alone are kept current; then one GEMM brings those
 * of the rows above up to date. Private to core/quantize.
 *
 * Example (Plane *plane, PlaneScratch *scratch, double *centres, int8_t *codes, double *costs, const Hessian
 * *hessian, size_t channel, size_t lane, size_t lanes, double scale, const Grid *grid, Carver *carver,
 * size_t n, Message *message):
 *     plane_place(plane, n, carver);
 *     Status status = plane_factorize(plane, hessian, message);         // once per Problem
 *     plane_target(centres, plane, hessian, channel);                   // once per channel
 *     for (size_t i = 0; i < n; i++) scratch->centres[lane * n + i] = (float)(centres[i] / scale);
 *     plane_decode(codes, costs, plane, lanes, 8, grid, scratch);
 */
#ifndef QUANTIZE_NEAREST_PLANE_H
#define QUANTIZE_NEAREST_PLANE_H

#include "base/status.h"
#include "quantize/descent.h"
#include "quantize/grid.h"

#define PLANE_MOST_BEAM 64

/* Shared by the channels of a Problem; read-only once factorized. H' in units of its mean diagonal. */
typedef struct Plane {
    size_t n;
    size_t *order;   /* [n]: the input of row i */
    double *factor;  /* [n][n]: R in the upper triangle */
    double *weights; /* [n]: R_ii^2 */
    float *ratios;   /* [n][n]: ratios[j * n + i] = R_ij / R_ii for i < j: column j, contiguous */
} Plane;

/* Places the arrays of a Plane of n inputs. */
void plane_place(Plane *plane, size_t n, Carver *carver);

/* Adds the least damping to the diagonal, from none in powers of ten, with which the factorization succeeds.
 * STATUS_INVALID where none does. */
Status plane_factorize(Plane *plane, const Hessian *hessian, Message *message);

/* centres[i] = z_i / R_ii of a channel, [n]: at scale 1; returns |z|^2 = g' H'^-1 g'. */
double plane_target(double *centres, const Plane *plane, const Hessian *hessian, size_t channel);

/* One thread's memory for decoding `lanes` vectors with K = beam. */
typedef struct PlaneScratch {
    size_t lanes, beam;
    float *centres;          /* [lanes][n], room for [lanes*beam][n]: filled by the caller, overwritten */
    float *others;           /* [lanes*beam][n] */
    float *decoded;          /* [lanes*beam][block]: codes */
    int8_t *codes, *spare;   /* [lanes*beam][n], [beam][n]: in the order of the rows */
    struct PlaneBeam *beams; /* [lanes*beam] */
    size_t *alive;           /* [lanes]: beams */
    struct PlaneBlock *block;
} PlaneScratch;

void plane_scratch_place(PlaneScratch *scratch, size_t n, size_t lanes, size_t beam, Carver *carver);

/* Decodes scratch->centres of the first `lanes` lanes: the best code of each, codes [lanes][n] in the order
 * of the inputs, and its cost, the sum of R_ii^2 (q_i - c_i)^2. beam: at most the scratch's. */
void plane_decode(int8_t *codes, double *costs, const Plane *plane, size_t lanes, size_t beam,
                  const Grid *grid, PlaneScratch *scratch);

/* Takes fixed codes [lanes][n], in the order of the inputs, away from scratch->centres: what is left for
 * codes that are added to them. */
void plane_subtract(const Plane *plane, const int8_t *codes, size_t lanes, PlaneScratch *scratch);

#endif
