/* SPDX-License-Identifier: MIT */
/* Polish: moves of one and of two codes of a channel, with the scale eliminated.
 *
 * At the best scale a = g'.q / q'H'q the objective of codes q is y2 - (g'.q)^2 / q'H'q, so that
 *     score(q) = (g'.q)^2 / q'H'q
 * is to be as large as possible. A move is made only where it raises the score. Steps d of the codes raise it
 * where (g'.(q + d))^2 > score (q + d)'H'(q + d), that is, where
 *     cost(d) = 2 r.d + d'H~d < 0,    r = H'q - g'/a,    H~ = H' - v v',    v = g' sqrt(q'H'q) / g'.q.
 * Without v v' this would be the change of the objective over a^2 at a fixed scale. Where the grid's scales
 * are powers of two, that is what cost(d) is, and the score what codes lower the objective by at the best of
 * those (grid_score()). Single moves bring a code
 * to the level that is best with the others held (coordinate descent). Where no single move helps, two codes
 * step to their next levels at once: H' often has a condition of 10^4 and more, and two codes of nearly
 * parallel inputs then have to move together. Steps d of code k and e of code l cost what each costs alone
 * and 2 d e H~_kl together; for every k the best partner l is one pass over a row of H'. One channel at a
 * time, on one thread. Private to core/quantize.
 *
 * Example (Polish *polish, Descent *descent, size_t lane, size_t n, Carver *carver):
 *     polish_place(polish, n, carver);
 *     polish_load(polish, descent, lane);                                // synced
 *     do polish_singles(polish, POLISH_SWEEPS);
 *     while (polish_pairs(polish) > 0);
 *     polish_store(descent, lane, polish);                               // then sync and refit
 */
#ifndef QUANTIZE_POLISH_H
#define QUANTIZE_POLISH_H

#include "quantize/descent.h"
#include "quantize/grid.h"

#define POLISH_SWEEPS 100 /* of single moves, at most */

typedef struct Polish {
    const Hessian *hessian;
    const Grid *grid;
    size_t n;
    double *target, *p;               /* [n]: g' and H'q, in units of H's mean diagonal */
    float *pull;                      /* [n]: v */
    float *up, *down;                 /* [n]: the steps to the next levels; 0 at an end of the grid */
    float *up_cost, *down_cost;       /* [n]: cost of a step alone */
    uint8_t *level;                   /* [n]: the codes, as indices into the grid */
    float largest_step, largest_pull; /* |step|, |v| */
    double gq, qp;                    /* g'.q, q'H'q */

    double *kept_p; /* what polish_keep() kept */
    uint8_t *kept_level;
} Polish;

/* Places the arrays of a Polish of n inputs; hessian and grid are set by the caller. */
void polish_place(Polish *polish, size_t n, Carver *carver);

/* The codes of a lane, whose p is up to date; and back. */
void polish_load(Polish *polish, const Descent *descent, size_t lane);
void polish_store(Descent *descent, size_t lane, const Polish *polish);

/* What the codes lower the objective by, at their best scale: (g'.q)^2 / q'H'q where any scale may be. 0 if
 * g'.q <= 0. */
double polish_score(const Polish *polish);

/* Cycles through the codes until none moves, or `sweeps` times; returns the moves made. */
size_t polish_singles(Polish *polish, size_t sweeps);

/* One pass over all codes, each with its best partner; returns the pairs moved. */
size_t polish_pairs(Polish *polish);

/* Iterated local search: `kicks` times, some codes of the best so far are moved at random and polished again,
 * and what is better stays. The random numbers are a function of `key` alone. Returns how often it was
 * better. */
size_t polish_search(Polish *polish, size_t kicks, uint64_t key);

#endif
