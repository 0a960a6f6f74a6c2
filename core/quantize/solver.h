/* SPDX-License-Identifier: MIT */
/* Solver: a solve in progress: what a method works on. Private to core/quantize.
 *
 * The channels of all groups are cut into tiles (quantize/descent.h), whose size depends on the problem
 * alone; workers take tiles, and sums over tiles are made in tile order, so that results do not depend on the
 * number of threads. When a method starts, the codes and scales are those of round-to-nearest. It leaves the
 * codes and scales that it finds in the tiles' descents, measured.
 *
 * Example (Solver *solver):
 *     // the whole of a method: coordinate descent on whole codes
 *     solver_fit(solver);
 *     return solver_run_epochs(solver, SOLVE_STAGE_CODES, solver_sweep_codes, &solver->solution->epochs);
 */
#ifndef QUANTIZE_SOLVER_H
#define QUANTIZE_SOLVER_H

#include "quantize/descent.h"
#include "quantize/grid.h"
#include "quantize/methods/polish.h"
#include "quantize/solve.h"

typedef struct Solver {
    const Problem *problems; /* [groups] */
    size_t groups, m, n;
    size_t lanes, tiles; /* channels of a tile; tiles of a group */
    SolveOptions options;
    Grid grid;
    const MethodRow *method;
    Solution *solution;
    Pool *pool;
    Message *message;
    double sum_y2; /* over all channels, uncentred */
    SolveProgress progress;
    unsigned digit; /* being swept */

    void *memory;            /* all that follows */
    Hessian *hessians;       /* [groups] */
    Descent *descents;       /* [groups*tiles] */
    DescentScratch *scratch; /* [workers] */
    void **group_memory;     /* [groups], [workers], [groups*tiles]: the method's own, see method.h */
    void **worker_memory, **tile_memory;
    Polish *polishes;      /* [workers] */
    int8_t *rounded;       /* [groups*m][n], codes of round-to-nearest */
    double *rounded_scale; /* [groups*m] */
    double *heldout;       /* [groups*tiles], squared errors on held-out rows */
    Status *statuses;      /* [groups] */
} Solver;

/* A solver without memory, and the bytes that it needs. */
Solver solver_make(const Problem *problems, size_t groups, size_t m, size_t n, const SolveOptions *options);
size_t solver_bytes(const Solver *solver, size_t workers);

/* Allocates and zeroes solver->memory, which the caller frees. STATUS_MEMORY. */
Status solver_allocate(Solver *solver);

/* Runs a step on every tile. */
typedef void SolverStep(Solver *solver, Descent *descent, size_t worker);
void solver_each_tile(Solver *solver, SolverStep *step);

/* The tile's first channel, counted over all groups. */
static inline size_t solver_first_channel(const Solver *solver, const Descent *descent)
{
    return descent->group * solver->m + descent->first;
}

/* The method's own memory of a tile. */
static inline void *solver_tile_memory(const Solver *solver, const Descent *descent)
{
    return solver->tile_memory[descent - solver->descents];
}

/* Sets the least-squares scale of every live channel's codes. A channel that cannot be fitted (see solve.h)
 * goes back to the codes and scale of round-to-nearest and is not touched again. */
void solver_fit(Solver *solver);

/* Epochs of `sweep`, each followed by a refit of the scales and a progress report, until the objective falls
 * by less than SOLVE_TOLERANCE of itself, or SOLVE_MAX_EPOCHS. STATUS_CANCELLED. */
Status solver_run_epochs(Solver *solver, SolveStage stage, void (*sweep)(Solver *solver), size_t *epochs);

/* Sweeps whole codes of all tiles. */
void solver_sweep_codes(Solver *solver);

/* Polish: epochs of whole codes, then rounds of moves of two codes and iterated local search, as many as the
 * effort says. STATUS_CANCELLED. */
Status solver_polish(Solver *solver, size_t *epochs);

/* The objective of all channels relative to sum_y2, ridge included; 0/0 is 0. */
double solver_objective(const Solver *solver);

/* The reconstruction error of all channels relative to sum_y2, without the ridge; within an epoch too. */
double solver_error(const Solver *solver);

/* Records objective and error after the sweep of a digit. */
void solver_note_digit(Solver *solver, unsigned digit);

/* Reports progress at the end of an epoch (0: the start). STATUS_CANCELLED. */
Status solver_report(Solver *solver, SolveStage stage, size_t epoch);

/* --- the methods: `solve` and the bytes that it needs, as the rows of method.c name them ---------------- */

/* Bit-split and stitching, methods/bitsplit.c. */
Status bitsplit_solve(Solver *solver);
size_t bitsplit_group_bytes(size_t n, const SolveOptions *options);
size_t bitsplit_worker_bytes(size_t n, const SolveOptions *options);

/* Coordinate descent on whole codes, methods/code_descent.c. */
Status code_descent_solve(Solver *solver);

/* GPTQ, methods/gptq.c. */
Status gptq_solve(Solver *solver);
size_t gptq_group_bytes(size_t n, const SolveOptions *options);
size_t gptq_worker_bytes(size_t n, const SolveOptions *options);

/* AdaRound, methods/adaround.c. */
Status adaround_solve(Solver *solver);
size_t adaround_tile_bytes(size_t n, size_t lanes, const SolveOptions *options);

/* EfficientQ, methods/efficientq.c. */
Status efficientq_solve(Solver *solver);
size_t efficientq_group_bytes(size_t n, const SolveOptions *options);
size_t efficientq_tile_bytes(size_t n, size_t lanes, const SolveOptions *options);

/* COMQ, methods/comq.c. */
Status comq_solve(Solver *solver);
size_t comq_worker_bytes(size_t n, const SolveOptions *options);
size_t comq_tile_bytes(size_t n, size_t lanes, const SolveOptions *options);

/* Nearest plane and K-best, methods/kbest.c. */
Status kbest_solve(Solver *solver);
size_t kbest_group_bytes(size_t n, const SolveOptions *options);
size_t kbest_tile_bytes(size_t n, size_t lanes, const SolveOptions *options);
size_t kbest_worker_bytes(size_t n, const SolveOptions *options);

#endif
