/* SPDX-License-Identifier: MIT */
/* GPTQ: codes by error feedback through the inverse Hessian (Frantar et al., ICLR 2023).
 *
 * Inputs are visited by descending H'_kk. Each weight is rounded at the channel's scale, and the weights not
 * yet visited compensate its error, by U, the upper Cholesky factor of (H' + damping)^-1:
 *
 *     q_k = the level nearest to w_k / a,   e_k = (w_k - a q_k) / U_kk,   w_j -= e_k U_kj for j > k.
 *
 * w starts as a row of (G' + damping W)(H' + damping)^-1, the least-squares weights for the quantized chain's
 * inputs, which is W itself where both chains are the same. The damping starts at a share of the mean
 * diagonal and is raised tenfold until the factorization succeeds. */
#include "base/blas.h"
#include "quantize/grid.h"
#include "quantize/solver.h"

#include <string.h>

#define DAMPING 0.01        /* of the mean diagonal */
#define DAMPING_ATTEMPTS 10 /* each ten times the last */
#define LAZY_BLOCK 64       /* inputs whose errors are fed back at once to those behind the block */

typedef struct Factor {
    size_t *order;   /* [n], inputs in visiting order */
    double *inverse; /* [n][n], (H' + damping)^-1 in visiting order, symmetric */
    double *upper;   /* [n][n], U in visiting order */
    double damping;
} Factor;

static Factor *place_factor(size_t n, Carver *carver)
{
    Factor *factor = carve(carver, sizeof *factor);
    size_t *order = carve(carver, n * sizeof *order);
    double *inverse = carve(carver, n * n * sizeof *inverse), *upper = carve(carver, n * n * sizeof *upper);
    if (factor) *factor = (Factor){order, inverse, upper, 0};
    return factor;
}

size_t gptq_group_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_factor(n, &carver);
    return carver.used;
}

size_t gptq_worker_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    return (2 * n + LAZY_BLOCK) * sizeof(double);
}

/* False where H' + damping is not positive definite. LAPACK is column-major: its lower triangle is our upper.
 */
static bool factorize(Factor *factor, const Hessian *hessian)
{
    size_t n = hessian->problem->n;
    int order = (int)n, info;
    double *a = factor->inverse;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * n + j] =
                hessian_at(hessian, factor->order[i], factor->order[j]) + (i == j ? factor->damping : 0);
    dpotrf_("L", &order, a, &order, &info);
    if (info == 0) dpotri_("L", &order, a, &order, &info);
    if (info != 0) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    memcpy(factor->upper, a, n * n * sizeof *a);
    dpotrf_("L", &order, factor->upper, &order, &info);
    return info == 0;
}

static void factorize_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    const Hessian *hessian = &solver->hessians[group];
    const size_t n = solver->n;
    if (hessian->constant) return; /* its channels stay at round-to-nearest */
    Factor *factor = place_factor(n, &(Carver){.memory = solver->group_memory[group]});
    solver->statuses[group] = hessian_order(factor->order, hessian, NULL);
    if (solver->statuses[group] != STATUS_OK) return;
    factor->damping = DAMPING * hessian->unit;
    for (int attempt = 0; attempt < DAMPING_ATTEMPTS; attempt++, factor->damping *= 10)
        if (factorize(factor, hessian)) return;
    solver->statuses[group] = STATUS_INVALID;
}

/* codes [n] of one channel at its scale; memory: gptq_worker_bytes(). */
static void round_channel(int8_t *codes, const Factor *factor, const Hessian *hessian, size_t channel,
                          double scale, const Grid *grid, double *memory)
{
    size_t n = hessian->problem->n;
    const float *weights = hessian->problem->weights + channel * n;
    double *w = memory, *g = w + n, *errors = g + n;
    for (size_t k = 0; k < n; k++) {
        size_t input = factor->order[k];
        g[k] = cross_term_at(hessian, channel, input) + factor->damping * (double)weights[input];
    }
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)n, 1, factor->inverse, (int)n, g, 1, 0, w, 1);
    for (size_t start = 0; start < n; start += LAZY_BLOCK) {
        size_t rows = size_min(LAZY_BLOCK, n - start), end = start + rows;
        for (size_t k = start; k < end; k++) {
            const double *u = factor->upper + k * n;
            double q = grid_round(grid, w[k] / scale);
            codes[factor->order[k]] = (int8_t)q;
            double error = (w[k] - scale * q) / u[k];
            errors[k - start] = error;
            for (size_t j = k + 1; j < end; j++) w[j] -= error * u[j];
        }
        if (end < n)
            cblas_dgemv(CblasRowMajor, CblasTrans, (int)rows, (int)(n - end), -1,
                        factor->upper + start * n + end, (int)n, errors, 1, 1, w + end, 1);
    }
}

static void round_tile(Solver *solver, Descent *descent, size_t worker)
{
    const Factor *factor = solver->group_memory[descent->group];
    int8_t *codes = solver->solution->codes + solver_first_channel(solver, descent) * solver->n;
    for (size_t c = 0; c < descent->channels; c++)
        if (descent->live[c] != 0)
            round_channel(codes + c * solver->n, factor, descent->hessian, descent->first + c,
                          descent->scale[c], &solver->grid, solver->worker_memory[worker]);
    descent_set_codes(descent, codes);
}

Status gptq_solve(Solver *solver)
{
    pool_run(solver->pool, solver->groups, factorize_group, solver);
    for (size_t g = 0; g < solver->groups; g++) {
        if (solver->statuses[g] == STATUS_MEMORY) return status_no_memory(solver->message, "GPTQ");
        if (solver->statuses[g] != STATUS_OK) {
            Status status =
                status_fail(solver->message, solver->statuses[g], "GPTQ cannot invert the input statistics");
            return status_advise(status, solver->message, REMEDY_RIDGE | REMEDY_METHOD);
        }
    }
    solver_each_tile(solver, round_tile);
    solver_fit(solver);
    return STATUS_OK;
}
