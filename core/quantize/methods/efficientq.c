/* EfficientQ: ADMM between float weights and the grid (Zhang and Chung, "EfficientQ: An efficient and
 * accurate post-training neural network quantization method for medical image segmentation", Medical Image
 * Analysis 2024).
 *
 * Per channel, min over w of w'H'w - 2 g'.w subject to w = a q is split by scaled ADMM:
 *
 *     w <- (H' + rho I)^-1 (g' + rho (a q - u)),
 *     (a, q) <- the grid's projection of w + u: q = clip(round((w + u)/a)), a = (w + u).q / q.q, in turn,
 *     u <- u + w - a q.
 *
 * H' in units of its mean diagonal. One Cholesky factor per rho serves all channels; rho doubles every
 * STAGE_STEPS steps, and u halves with it. Every OFFER_STEPS steps a channel takes the codes where their
 * objective, at their own least-squares scale, is lower than before: the best round's codes are kept, never
 * above round-to-nearest. */
#include "base/blas.h"
#include "quantize/solver.h"

#include <math.h>
#include <string.h>

#define RHO_START 0.02 /* of the mean diagonal */
#define STAGES 8
#define STAGE_STEPS 25
#define OFFER_STEPS 5
#define PROJECTION_STEPS 3

/* One tile; all arrays [n][lanes]. */
typedef struct Split {
    double *w, *u; /* w, or the right side of its equation; u */
    int8_t *q, *spare;
    double scale[DESCENT_MAX_LANES]; /* a */
} Split;

static Split *place_split(size_t n, size_t lanes, Carver *carver)
{
    Split split = {0}, *placed = carve(carver, sizeof split);
    split.w = carve(carver, n * lanes * sizeof *split.w);
    split.u = carve(carver, n * lanes * sizeof *split.u);
    split.q = carve(carver, n * lanes);
    split.spare = carve(carver, n * lanes);
    if (placed) *placed = split;
    return placed;
}

size_t efficientq_tile_bytes(size_t n, size_t lanes, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_split(n, lanes, &carver);
    return carver.used;
}

/* The factor of H' + rho I of a group: [n][n]. */
typedef struct Proximal {
    double *factor;
    double rho;
} Proximal;

static Proximal *place_proximal(size_t n, Carver *carver)
{
    Proximal proximal = {0}, *placed = carve(carver, sizeof proximal);
    proximal.factor = carve(carver, n * n * sizeof *proximal.factor);
    if (placed) *placed = proximal;
    return placed;
}

size_t efficientq_group_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_proximal(n, &carver);
    return carver.used;
}

/* LAPACK is column-major: its lower triangle is our upper one, H' + rho I = R'R. rho doubles from call to
 * call; while rounding leaves H' indefinite by more than rho, it doubles at once. */
static void factorize_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    const Hessian *hessian = &solver->hessians[group];
    const size_t n = solver->n;
    if (hessian->constant) return; /* its channels stay at round-to-nearest */
    Proximal *proximal = solver->group_memory[group];
    const int order = (int)n;
    for (int info = 1; info != 0;) {
        proximal->rho = proximal->rho > 0 ? 2 * proximal->rho : RHO_START;
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++)
                proximal->factor[i * n + j] =
                    hessian_at(hessian, i, j) / hessian->unit + (i == j ? proximal->rho : 0);
        dpotrf_("L", &order, proximal->factor, &order, &info);
    }
}

/* Starts at round-to-nearest. */
static void start_tile(Solver *solver, Descent *descent, size_t worker)
{
    (void)worker;
    Split *split =
        place_split(descent->n, descent->lanes, &(Carver){.memory = solver_tile_memory(solver, descent)});
    memcpy(split->q, descent->codes, descent->n * descent->lanes);
    memcpy(split->scale, descent->scale, descent->channels * sizeof *split->scale);
}

/* w <- (H' + rho I)^-1 (g' + rho (a q - u)) */
static void find_weights(Split *split, const Descent *descent, const Proximal *proximal)
{
    const size_t n = descent->n, lanes = descent->lanes;
    const double by_unit = 1 / descent->hessian->unit;
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < lanes; c++) {
            const size_t at = k * lanes + c;
            const double on_grid = split->scale[c] * split->q[at];
            split->w[at] = descent->target[at] * by_unit + proximal->rho * (on_grid - split->u[at]);
        }
    for (int transposed = 1; transposed >= 0; transposed--)
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, transposed ? CblasTrans : CblasNoTrans,
                    CblasNonUnit, (int)n, (int)lanes, 1, proximal->factor, (int)n, split->w, (int)lanes);
}

/* The scale of channel c and its codes, for w + u. */
static void project_channel(Split *split, const Descent *descent, size_t c)
{
    const size_t n = descent->n, lanes = descent->lanes;
    const double limit = grid_limit(descent->bits);
    for (size_t i = 0; i < PROJECTION_STEPS; i++) {
        double vq = 0, qq = 0;
        for (size_t k = 0; k < n; k++) {
            const size_t at = k * lanes + c;
            const double v = split->w[at] + split->u[at], q = grid_nearest(v / split->scale[c], limit);
            split->q[at] = (int8_t)q;
            vq += v * q;
            qq += q * q;
        }
        if (!(vq > 0)) break; /* all codes are 0: the scale stays */
        split->scale[c] = vq / qq;
    }
}

static void step(Split *split, const Descent *descent, const Proximal *proximal)
{
    find_weights(split, descent, proximal);
    for (size_t c = 0; c < descent->channels; c++)
        if (descent->live[c] != 0) project_channel(split, descent, c);
    for (size_t k = 0; k < descent->n; k++)
        for (size_t c = 0; c < descent->lanes; c++) {
            const size_t at = k * descent->lanes + c;
            split->u[at] += split->w[at] - split->scale[c] * split->q[at];
        }
}

static void run_stage(Solver *solver, Descent *descent, size_t worker)
{
    if (descent->hessian->constant) return;
    Split *split = solver_tile_memory(solver, descent);
    for (size_t i = 1; i <= STAGE_STEPS; i++) {
        step(split, descent, solver->group_memory[descent->group]);
        if (i % OFFER_STEPS == 0) descent_offer(descent, split->q, split->spare, &solver->scratch[worker]);
    }
    for (size_t at = 0; at < descent->n * descent->lanes; at++) split->u[at] /= 2;
}

Status efficientq_solve(Solver *solver)
{
    solver_fit(solver);
    solver_each_tile(solver, start_tile);
    for (size_t g = 0; g < solver->groups; g++)
        place_proximal(solver->n, &(Carver){.memory = solver->group_memory[g]});
    Status status = STATUS_OK;
    for (size_t stage = 0; stage < STAGES && status == STATUS_OK; stage++) {
        pool_run(solver->pool, solver->groups, factorize_group, solver);
        solver_each_tile(solver, run_stage);
        status = solver_report(solver, SOLVE_STAGE_CODES, ++solver->solution->epochs);
    }
    return status;
}
