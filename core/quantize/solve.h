/* SPDX-License-Identifier: MIT */
/* Solve: from a layer's Problems and a bit width to codes and scales.
 *
 * Per output channel: min over a > 0 and integer q of |y - a X q|^2, q on the grid of the width
 * (quantize/grid.h). The methods are the rows of a table (quantize/method.h).
 *
 * Bit-split and stitching (Wang et al., ICML 2020): q = sum over p = 0..b-2 of 2^p t_p, t_p in {-1, 0, 1}.
 *  1. Start with round-to-nearest, in weight space: a = max|w| / (2^(b-1)-1), then q = clip(round half to
 *     even(w/a)) and a = <w,q>/<q,q> in turn to a fixed point. "Rounding error" is the objective of this q
 *     and a.
 *  2. An epoch: a = g.q / q'Hq; then the digits from the highest to the lowest; within a digit the weights
 *     k = 1..n in order: t <- clamp(round(t - r_k / (2^p H_kk)), -1, 1), r = Hq - g/a kept current.
 *  3. Stop when the objective of all channels together falls by less than SOLVE_TOLERANCE of itself, or after
 *     SOLVE_MAX_EPOCHS; refit a.
 *  4. Stitch the digits into q.
 * Polish, which is ours: coordinate descent on whole codes, q_k <- clip(round(q_k - r_k/H_kk)), by the same
 * rule to stop. The objective never rises.
 *
 * Bias correction, ours too: H and G are centred by the means of X and Y, and the bias absorbs the difference
 * of the means. Ridge: e times the mean diagonal of the centred H is added to its diagonal and e W to G, a
 * pull towards the float weights that makes H regular.
 *
 * Degenerate channels keep the codes and scale of round-to-nearest: all-zero weights (codes 0, scale 0),
 * g.q <= 0, q'Hq = 0, and with bias correction inputs that never vary. A dead input (H_kk = 0) keeps its
 * codes.
 *
 * Example (const Problem *problems, size_t groups, const SolveOptions *options, size_t channel, size_t k,
 * Pool *pool, Message *message):
 *     Solution solution;
 *     Status status = solve(&solution, problems, groups, options, pool, message);
 *     int8_t code = solution.codes[channel * problems->n + k];
 *     solution_free(&solution);
 */
#ifndef QUANTIZE_SOLVE_H
#define QUANTIZE_SOLVE_H

#include "base/pool.h"
#include "quantize/effort.h"
#include "quantize/method.h"
#include "quantize/problem.h"

#include <stdbool.h>
#include <stdint.h>

#define SOLVE_MAX_EPOCHS 100
#define SOLVE_TOLERANCE 1e-7
#define SOLVE_MIN_BITS 2
#define SOLVE_MAX_BITS 8

/* What an epoch swept: nothing yet (the start is round-to-nearest), digits, or whole codes. */
typedef enum SolveStage { SOLVE_STAGE_START, SOLVE_STAGE_DIGITS, SOLVE_STAGE_CODES } SolveStage;

/* The one record of a solve's progress: one at the start and one per epoch. All figures are summed over all
 * channels and relative to the uncentred sum of y2. `objective` and `after_digit` are what the sweeps
 * minimise: the squared error on the rows plus the ridge's term e |w - a q|^2. `error` and
 * `error_after_digit` are without the ridge's term, as Solution's errors: these are for people, and may rise
 * where the objective falls. */
typedef struct SolveProgress {
    SolveStage stage;
    size_t epoch; /* of the stage: 1, 2, ...; 0 for the start */
    unsigned bits;
    double objective, error;                /* at the end of the epoch, scales refitted */
    double after_digit[SOLVE_MAX_BITS - 1]; /* [p]: after the sweep of digit p, the highest first; kept from
                                               the last epoch of digits while codes are swept */
    double error_after_digit[SOLVE_MAX_BITS - 1];
    size_t codes_changed; /* in this epoch */
} SolveProgress;

typedef struct SolveOptions {
    Method method;
    Effort effort;
    GridKind grid;
    unsigned bits; /* that the grid has: SOLVE_MIN_BITS..SOLVE_MAX_BITS on the uniform one */
    bool polish;   /* where the method asks (POLISH_IF_ASKED) */
    bool bias_correction;
    double range; /* 0, or where each channel's scale stays: its largest code times the scale, as a share of
                     its largest weight. For round-to-nearest, GPTQ and coordinate descent without pairs. */
    double ridge; /* in units of H's mean diagonal */
    bool (*progress)(void *context, const SolveProgress *progress); /* false cancels; NULL allowed */
    void *context;
} SolveOptions;

typedef struct Solution {
    size_t channels, n; /* groups * m */
    int8_t *codes;      /* [channels][n] */
    float *scales;      /* [channels] */
    float *bias_shift;  /* [channels], to be added to the bias; zeros without bias correction */

    /* Sums over channels of |y - a X q - shift|^2, relative to the uncentred sum of y2. NAN where the method
     * has no such step, or there are no held-out rows; 0/0 is 0. */
    double rounding_error, method_error, polished_error, heldout_error;
    double sum_y2;
    size_t epochs, polish_epochs;
    size_t codes_changed;                      /* against rounding */
    size_t code_change_sum;                    /* sum of |q - rounded q| */
    size_t digits_changed[SOLVE_MAX_BITS - 1]; /* digits of the stitched code that differ from rounding's */
    double flops;                              /* of the solve's matrix products */
    size_t channels_kept;                      /* left at rounding: see above */
} Solution;

/* All problems have the same m, n and rows. STATUS_INVALID where their sums are not finite or the method
 * cannot use them, STATUS_CANCELLED, STATUS_MEMORY; *solution is then empty. */
Status solve(Solution *solution, const Problem *problems, size_t groups, const SolveOptions *options,
             Pool *pool, Message *message);
void solution_free(Solution *solution);

/* Bytes that a solve takes at most beside the Problems. */
size_t solve_bytes(size_t groups, size_t m, size_t n, const SolveOptions *options, size_t workers);

/* Round-to-nearest of one channel to the levels of a grid, in weight space: codes [n] of weights [n]; the
 * scale is returned. steps: how often the scale is refitted at most; 0 leaves it at that of the largest
 * weight. */
double rounding_start_on(int8_t *codes, const float *weights, size_t n, const Grid *grid, size_t steps);

/* The same on the uniform grid. */
double rounding_start(int8_t *codes, const float *weights, size_t n, unsigned bits, size_t steps);

#endif
