/* SPDX-License-Identifier: MIT */
/* COMQ: coordinate-wise minimisation from the float weights (Zhang et al., "COMQ: A Backpropagation-Free
 * Algorithm for Post-Training Quantization", IEEE Access 2025; arXiv 2403.07134).
 *
 * Per channel, q starts at w/a, not rounded, with a that of round-to-nearest. A sweep visits the coordinates
 * by descending |w_k| sqrt(H'_kk), the paper's greedy order, and brings each to its best level with the
 * others held:
 *
 *     q_k <- the level nearest to q_k - r_k / H'_kk,      r = H'q - g'/a.
 *
 * After each sweep a = g'.q / q'H'q. Sweeps go on until no code changes, at most SWEEPS (the paper makes 3 or
 * 4). A channel keeps its round-to-nearest codes where COMQ ends above them. */
#include "base/blas.h"
#include "quantize/solver.h"

#include <math.h>
#include <stdlib.h>

#define SWEEPS 20

typedef struct Ranked {
    double size; /* |w_k| sqrt(H'_kk) */
    size_t input;
} Ranked;

/* One channel; all arrays [n]. H' in units of its mean diagonal. */
typedef struct Sweeper {
    Ranked *order;
    double *q, *p, *target; /* q, H'q, g' */
    double scale;
} Sweeper;

static Sweeper *place_sweeper(size_t n, Carver *carver)
{
    Sweeper sweeper = {0}, *placed = carve(carver, sizeof sweeper);
    sweeper.order = carve(carver, n * sizeof *sweeper.order);
    sweeper.q = carve(carver, n * sizeof *sweeper.q);
    sweeper.p = carve(carver, n * sizeof *sweeper.p);
    sweeper.target = carve(carver, n * sizeof *sweeper.target);
    if (placed) *placed = sweeper;
    return placed;
}

size_t comq_worker_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_sweeper(n, &carver);
    return carver.used;
}

typedef struct Candidates {
    int8_t *codes, *spare; /* [n][lanes] */
} Candidates;

static Candidates place_candidates(size_t n, size_t lanes, Carver *carver)
{
    Candidates candidates = {.codes = carve(carver, n * lanes)};
    candidates.spare = carve(carver, n * lanes);
    return candidates;
}

size_t comq_tile_bytes(size_t n, size_t lanes, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    place_candidates(n, lanes, &carver);
    return carver.used;
}

static int compare_ranked(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->input > y->input) - (x->input < y->input);
}

/* q = w/a, but a dead input's code is that of round-to-nearest. */
static void start_channel(Sweeper *sweeper, const Descent *descent, size_t c, const int8_t *rounded,
                          double scale)
{
    const Hessian *hessian = descent->hessian;
    const size_t n = descent->n;
    const float *weights = hessian->problem->weights + (descent->first + c) * n;
    sweeper->scale = scale;
    for (size_t k = 0; k < n; k++) {
        const double w = (double)weights[k];
        sweeper->order[k] = (Ranked){fabs(w) * sqrt((double)hessian->h[k * n + k]), k};
        sweeper->q[k] = hessian_dead(hessian, k) ? rounded[k] : w / scale;
        sweeper->target[k] = descent->target[k * descent->lanes + c] / hessian->unit;
        sweeper->p[k] = 0;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < n; j++) sweeper->p[j] += sweeper->q[k] * (double)hessian->h[k * n + j];
    qsort(sweeper->order, n, sizeof *sweeper->order, compare_ranked);
}

/* Returns how many coordinates moved. */
static size_t sweep(Sweeper *sweeper, const Hessian *hessian, const Grid *grid)
{
    const size_t n = hessian->problem->n;
    size_t moved = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t k = sweeper->order[i].input;
        if (hessian_dead(hessian, k)) continue;
        const float *row = hessian->h + k * n;
        const double r = sweeper->p[k] - sweeper->target[k] / sweeper->scale;
        const double d = grid_round(grid, sweeper->q[k] - r / (double)row[k]) - sweeper->q[k];
        if (d == 0) continue;
        sweeper->q[k] += d;
        for (size_t j = 0; j < n; j++) sweeper->p[j] += d * (double)row[j];
        moved++;
    }
    return moved;
}

/* a = g'.q / q'H'q; false where that is not positive. */
static bool refit(Sweeper *sweeper, const Grid *grid, size_t n)
{
    double gq = 0, qp = 0;
    for (size_t k = 0; k < n; k++) {
        gq += sweeper->target[k] * sweeper->q[k];
        qp += sweeper->p[k] * sweeper->q[k];
    }
    if (!(gq > 0) || !(qp > 0)) return false;
    sweeper->scale = grid_scale(grid, gq / qp);
    return true;
}

static void solve_tile(Solver *solver, Descent *descent, size_t worker)
{
    const size_t n = solver->n, lanes = descent->lanes, first = solver_first_channel(solver, descent);
    Sweeper *sweeper = place_sweeper(n, &(Carver){.memory = solver->worker_memory[worker]});
    const Candidates candidates =
        place_candidates(n, lanes, &(Carver){.memory = solver_tile_memory(solver, descent)});
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] == 0) continue;
        start_channel(sweeper, descent, c, solver->rounded + (first + c) * n,
                      solver->rounded_scale[first + c]);
        for (size_t i = 0; i < SWEEPS && sweep(sweeper, descent->hessian, &solver->grid) > 0; i++)
            if (!refit(sweeper, &solver->grid, n)) break;
        for (size_t k = 0; k < n; k++) candidates.codes[k * lanes + c] = (int8_t)sweeper->q[k];
    }
    descent_offer(descent, candidates.codes, candidates.spare, &solver->scratch[worker]);
}

Status comq_solve(Solver *solver)
{
    solver_fit(solver);
    solver_each_tile(solver, solve_tile);
    return solver_report(solver, SOLVE_STAGE_CODES, ++solver->solution->epochs);
}
