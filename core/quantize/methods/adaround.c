/* SPDX-License-Identifier: MIT */
/* AdaRound on the quadratic (Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization",
 * ICML 2020): whether a weight is rounded down or up is learned by gradient descent on a relaxation.
 *
 * At the scale a of round-to-nearest, per channel,
 *
 *     q~ = clip(base + gap h(V)),        h(V) = clip(sigmoid(V) (zeta - gamma) + gamma, 0, 1),
 *     loss = q~'H'q~ - 2 q~.g'/a + lambda sum over k of 1 - |2 h_k - 1|^beta,
 *
 * where base and base + gap are the levels about w/a: floor(w/a) and gap 1 where levels are consecutive. H'
 * in units of its mean diagonal. The paper estimates the first two terms on batches of rows; here they and
 * their
 * gradient 2 (H'q~ - g'/a) gap dh/dV are exact. Adam starts at h = (w/a - base)/gap, without the regularizer;
 * then beta falls from 20 to 2 along a cosine, which drives h to 0 or 1. At the end of each
 * round of steps h is rounded, and a channel takes the codes where their objective, at their own
 * least-squares scale, is lower: never above round-to-nearest. */
#include "base/blas.h"
#include "quantize/solver.h"

#include <math.h>
#include <string.h>

#define ZETA 1.1f
#define GAMMA (-0.1f)
#define ROUNDS 15
#define ROUND_STEPS 40
#define WARM_ROUNDS 3 /* without the regularizer */
#define BETA_START 20.0
#define BETA_END 2.0
#define LAMBDA 1.0f
#define RATE 0.1f
#define DECAY_MEAN 0.9f /* Adam's moments */
#define DECAY_SQUARE 0.999f
#define ADAM_NOISE 1e-8f

/* One tile; all arrays [n][lanes]. */
typedef struct Relaxation {
    float *v, *mean, *square; /* V, and Adam's moments of its gradient */
    float *base, *gap;        /* the level below w/a, and the step to the next */
    float *stretched;         /* h(V) before it is clipped to 0..1 */
    float *relaxed;           /* q~ */
    float *gradient;          /* H'q~ - g'/a */
    int8_t *candidate, *spare;
    float by_scale[DESCENT_MAX_LANES]; /* 1/a; 0 for a channel that is not live */
    size_t steps;
} Relaxation;

static Relaxation *place_relaxation(size_t n, size_t lanes, Carver *carver)
{
    const size_t bytes = n * lanes * sizeof(float);
    Relaxation relaxation = {0}, *placed = carve(carver, sizeof relaxation);
    float **arrays[] = {&relaxation.v,   &relaxation.mean,      &relaxation.square,  &relaxation.base,
                        &relaxation.gap, &relaxation.stretched, &relaxation.relaxed, &relaxation.gradient};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) *arrays[i] = carve(carver, bytes);
    relaxation.candidate = carve(carver, n * lanes);
    relaxation.spare = carve(carver, n * lanes);
    if (placed) *placed = relaxation;
    return placed;
}

size_t adaround_tile_bytes(size_t n, size_t lanes, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_relaxation(n, lanes, &carver);
    return carver.used;
}

/* sigmoid(v) (zeta - gamma) + gamma */
static float stretched_sigmoid(float v)
{
    return (ZETA - GAMMA) / (1 + expf(-v)) + GAMMA;
}

static float clip(float x, float low, float high)
{
    return fminf(fmaxf(x, low), high);
}

/* The level of base: the highest that is not above x and has a next one. */
static size_t level_below(const Grid *grid, float x)
{
    size_t level = 0;
    while (level + 2 < grid->count && (float)grid->levels[level + 1] <= x) level++;
    return level;
}

static void find_base(float *base, float *gap, const Grid *grid, float x)
{
    const size_t level = level_below(grid, x);
    *base = grid->consecutive ? floorf(x) : (float)grid->levels[level];
    *gap = grid->consecutive ? 1 : (float)(grid->levels[level + 1] - grid->levels[level]);
}

/* V such that h(V) is where w/a lies between its levels. */
static void start_tile(Solver *solver, Descent *descent, size_t worker)
{
    (void)worker;
    const size_t n = descent->n, lanes = descent->lanes, first = solver_first_channel(solver, descent);
    const float limit = (float)grid_largest(descent->grid);
    Carver carver = {.memory = solver_tile_memory(solver, descent)};
    Relaxation *relaxation = place_relaxation(n, lanes, &carver);
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] == 0) continue;
        const float *weights = descent->hessian->problem->weights + (descent->first + c) * n;
        relaxation->by_scale[c] = (float)(1 / solver->rounded_scale[first + c]);
        for (size_t k = 0; k < n; k++) {
            const size_t at = k * lanes + c;
            const float x = weights[k] * relaxation->by_scale[c];
            find_base(&relaxation->base[at], &relaxation->gap[at], descent->grid, x);
            const float fraction = clip((x - relaxation->base[at]) / relaxation->gap[at], 0, 1);
            relaxation->v[at] = -logf((ZETA - GAMMA) / (fraction - GAMMA) - 1);
            relaxation->stretched[at] = fraction;
            relaxation->relaxed[at] = clip(x, -limit, limit);
        }
    }
}

/* gradient [n][lanes] = H'q~ - g'/a. */
static void find_gradient(Relaxation *relaxation, const Descent *descent)
{
    const size_t n = descent->n, lanes = descent->lanes;
    const double unit = descent->hessian->unit;
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < lanes; c++)
            relaxation->gradient[k * lanes + c] =
                (float)(descent->target[k * lanes + c] / unit) * relaxation->by_scale[c];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)lanes, (int)n, 1, descent->hessian->h,
                (int)n, relaxation->relaxed, (int)lanes, -1, relaxation->gradient, (int)lanes);
}

/* d loss / dV of one weight; s: h(V) before it is clipped; beta 0: without the regularizer. */
static float slope(float s, float base, float gap, float gradient, float beta, float limit)
{
    if (s <= 0 || s >= 1) return 0;
    const bool clipped = fabsf(base + gap * s) > limit;
    float by_h = clipped ? 0 : 2 * gradient * gap;
    if (beta > 0) by_h -= copysignf(LAMBDA * 2 * beta * powf(fabsf(2 * s - 1), beta - 1), 2 * s - 1);
    return by_h * (s - GAMMA) * (ZETA - s) / (ZETA - GAMMA);
}

/* One step of Adam on all V, and q~ for the next. */
static void step(Relaxation *relaxation, const Descent *descent, float beta)
{
    const float limit = (float)grid_largest(descent->grid), count = (float)++relaxation->steps;
    const float mean_share = 1 - powf(DECAY_MEAN, count), square_share = 1 - powf(DECAY_SQUARE, count);
    find_gradient(relaxation, descent);
    for (size_t at = 0; at < descent->n * descent->lanes; at++) {
        if (relaxation->by_scale[at % descent->lanes] == 0) continue;
        float *v = &relaxation->v[at], *mean = &relaxation->mean[at], *square = &relaxation->square[at];
        const float base = relaxation->base[at], gap = relaxation->gap[at];
        const float d = slope(relaxation->stretched[at], base, gap, relaxation->gradient[at], beta, limit);
        *mean = DECAY_MEAN * *mean + (1 - DECAY_MEAN) * d;
        *square = DECAY_SQUARE * *square + (1 - DECAY_SQUARE) * d * d;
        *v -= RATE * (*mean / mean_share) / (sqrtf(*square / square_share) + ADAM_NOISE);
        relaxation->stretched[at] = stretched_sigmoid(*v);
        relaxation->relaxed[at] = clip(base + gap * clip(relaxation->stretched[at], 0, 1), -limit, limit);
    }
}

/* beta of a step, 0 in the warm rounds. */
static float beta_of(size_t step)
{
    const double warm = WARM_ROUNDS * ROUND_STEPS, all = ROUNDS * ROUND_STEPS;
    if ((double)step < warm) return 0;
    const double share = ((double)step - warm) / (all - warm);
    return (float)(BETA_END + 0.5 * (BETA_START - BETA_END) * (1 + cos(share * acos(-1.0))));
}

static void run_round(Solver *solver, Descent *descent, size_t worker)
{
    Relaxation *relaxation = solver_tile_memory(solver, descent);
    const float limit = (float)grid_largest(descent->grid);
    for (size_t i = 0; i < ROUND_STEPS; i++) step(relaxation, descent, beta_of(relaxation->steps));
    for (size_t at = 0; at < descent->n * descent->lanes; at++) {
        const float up = relaxation->stretched[at] >= 0.5f ? relaxation->gap[at] : 0;
        relaxation->candidate[at] = (int8_t)clip(relaxation->base[at] + up, -limit, limit);
    }
    descent_offer(descent, relaxation->candidate, relaxation->spare, &solver->scratch[worker]);
}

Status adaround_solve(Solver *solver)
{
    solver_fit(solver);
    solver_each_tile(solver, start_tile);
    Status status = STATUS_OK;
    for (size_t round = 0; round < ROUNDS && status == STATUS_OK; round++) {
        solver_each_tile(solver, run_round);
        status = solver_report(solver, SOLVE_STAGE_CODES, ++solver->solution->epochs);
    }
    return status;
}
