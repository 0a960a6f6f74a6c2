/* SPDX-License-Identifier: MIT */
#include "quantize/methods/admm.h"

#include "base/blas.h"
#include "base/clones.h"

#include <math.h>
#include <string.h>

#define RHO_START 0.02 /* of the mean diagonal */
#define STAGES 8
#define STAGE_STEPS 25
#define OFFER_STEPS 5
#define PROJECTION_STEPS 3

/* --- memory --------------------------------------------------------------------------------------------- */

/* The factor of H' + rho I of a group: R'R, R in the upper triangle [n][n]. */
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

size_t admm_group_bytes(size_t n)
{
    Carver carver = {0};
    place_proximal(n, &carver);
    return carver.used;
}

/* One tile; all arrays [n][lanes]. */
typedef struct Split {
    const Proximal *proximal;
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

size_t admm_tile_bytes(size_t n, size_t lanes)
{
    Carver carver = {0};
    place_split(n, lanes, &carver);
    return carver.used;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

/* w <- (H' + rho I)^-1 (g' + rho (a q - u)) */
static void find_weights(Split *split, const Descent *descent)
{
    const size_t n = descent->n, lanes = descent->lanes;
    const double by_unit = 1 / descent->hessian->unit, rho = split->proximal->rho;
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < lanes; c++) {
            const size_t at = k * lanes + c;
            split->w[at] =
                descent->target[at] * by_unit + rho * (split->scale[c] * split->q[at] - split->u[at]);
        }
    for (int transposed = 1; transposed >= 0; transposed--)
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, transposed ? CblasTrans : CblasNoTrans,
                    CblasNonUnit, (int)n, (int)lanes, 1, split->proximal->factor, (int)n, split->w,
                    (int)lanes);
}

/* q = clip(round((w + u) / a)), and vq = (w + u).q, qq = q.q per channel. w, u, q [n][lanes]; by_scale, vq,
 * qq [lanes]. */
CLONES static void round_all(int8_t *restrict q, double *restrict vq, double *restrict qq,
                             const double *restrict w, const double *restrict u,
                             const double *restrict by_scale, double limit, size_t n, size_t lanes)
{
    memset(vq, 0, lanes * sizeof *vq);
    memset(qq, 0, lanes * sizeof *qq);
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < lanes; c++) {
            const double v = w[k * lanes + c] + u[k * lanes + c];
            double code = rint(v * by_scale[c]);
            code = code < -limit ? -limit : code;
            code = code > limit ? limit : code;
            q[k * lanes + c] = (int8_t)code;
            vq[c] += v * code;
            qq[c] += code * code;
        }
}

/* The same on any grid. */
static void round_to_grid(int8_t *q, double *vq, double *qq, const double *w, const double *u,
                          const double *by_scale, const Grid *grid, size_t n, size_t lanes)
{
    memset(vq, 0, lanes * sizeof *vq);
    memset(qq, 0, lanes * sizeof *qq);
    for (size_t k = 0; k < n; k++)
        for (size_t c = 0; c < lanes; c++) {
            const double v = w[k * lanes + c] + u[k * lanes + c], code = grid_round(grid, v * by_scale[c]);
            q[k * lanes + c] = (int8_t)code;
            vq[c] += v * code;
            qq[c] += code * code;
        }
}

/* The codes and scales nearest to w + u. A channel whose codes are all 0 keeps its scale. */
static void project(Split *split, const Descent *descent)
{
    const size_t lanes = descent->lanes;
    double by_scale[DESCENT_MAX_LANES], vq[DESCENT_MAX_LANES], qq[DESCENT_MAX_LANES];
    for (size_t i = 0; i < PROJECTION_STEPS; i++) {
        for (size_t c = 0; c < lanes; c++) by_scale[c] = split->scale[c] > 0 ? 1 / split->scale[c] : 0;
        if (descent->grid->consecutive)
            round_all(split->q, vq, qq, split->w, split->u, by_scale, grid_largest(descent->grid), descent->n,
                      lanes);
        else
            round_to_grid(split->q, vq, qq, split->w, split->u, by_scale, descent->grid, descent->n, lanes);
        for (size_t c = 0; c < lanes; c++)
            if (vq[c] > 0) split->scale[c] = grid_scale(descent->grid, vq[c] / qq[c]);
    }
}

static void step(Split *split, const Descent *descent)
{
    find_weights(split, descent);
    project(split, descent);
    for (size_t k = 0; k < descent->n; k++)
        for (size_t c = 0; c < descent->lanes; c++) {
            const size_t at = k * descent->lanes + c;
            split->u[at] += split->w[at] - split->scale[c] * split->q[at];
        }
}

/* --- stages --------------------------------------------------------------------------------------------- */

typedef struct GroupJob {
    Solver *solver;
    size_t offset;
} GroupJob;

static Proximal *proximal_of(const GroupJob *job, size_t group)
{
    return (Proximal *)(void *)((char *)job->solver->group_memory[group] + job->offset);
}

/* rho doubles from call to call, and at once where rounding leaves H' indefinite by more than rho. LAPACK is
 * column-major: its lower triangle is our upper one. */
static void factorize_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    const GroupJob *job = context;
    const Hessian *hessian = &job->solver->hessians[group];
    if (hessian->constant) return; /* its channels stay at round-to-nearest */
    Proximal *proximal = proximal_of(job, group);
    const size_t n = job->solver->n;
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

static void start_tile(Solver *solver, Descent *descent, size_t worker)
{
    (void)worker;
    Split *split = solver_tile_memory(solver, descent);
    memcpy(split->q, descent->codes, descent->n * descent->lanes);
    memcpy(split->scale, descent->scale, descent->channels * sizeof *split->scale);
}

static void run_stage(Solver *solver, Descent *descent, size_t worker)
{
    if (descent->hessian->constant) return;
    Split *split = solver_tile_memory(solver, descent);
    for (size_t i = 1; i <= STAGE_STEPS; i++) {
        step(split, descent);
        if (i % OFFER_STEPS == 0) descent_offer(descent, split->q, split->spare, &solver->scratch[worker]);
    }
    for (size_t at = 0; at < descent->n * descent->lanes; at++) split->u[at] /= 2;
}

Status admm_improve(Solver *solver, size_t group_offset, size_t *epochs)
{
    GroupJob job = {solver, group_offset};
    for (size_t g = 0; g < solver->groups; g++)
        place_proximal(solver->n, &(Carver){.memory = (char *)proximal_of(&job, g)});
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) {
        Carver carver = {.memory = solver->tile_memory[t]};
        place_split(solver->n, solver->lanes, &carver)->proximal = proximal_of(&job, t / solver->tiles);
    }
    solver_each_tile(solver, start_tile);
    Status status = STATUS_OK;
    for (size_t stage = 0; stage < STAGES && status == STATUS_OK; stage++) {
        pool_run(solver->pool, solver->groups, factorize_group, &job);
        solver_each_tile(solver, run_stage);
        status = solver_report(solver, SOLVE_STAGE_CODES, ++*epochs);
    }
    return status;
}
