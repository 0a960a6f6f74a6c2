/* SPDX-License-Identifier: MIT */
#include "quantize/solver.h"

#include "quantize/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- memory --------------------------------------------------------------------------------------------- */

/* Channels side by side: a function of the problem alone, and so that a small layer makes two tiles. */
static size_t lanes_for(size_t m)
{
    if (m >= 128) return 64;
    return m > 32 ? 32 : 16;
}

Solver solver_make(const Problem *problems, size_t groups, size_t m, size_t n, const SolveOptions *options)
{
    size_t lanes = lanes_for(m);
    return (Solver){.problems = problems,
                    .groups = groups,
                    .m = m,
                    .n = n,
                    .lanes = lanes,
                    .tiles = size_ceil_div(m, lanes),
                    .options = *options,
                    .grid = grid_make(options->grid, options->bits),
                    .method = method_row(options->method)};
}

/* Counts the bytes that the solver needs, or sets its pointers. */
static void place(Solver *solver, size_t workers, Carver *carver)
{
    const size_t groups = solver->groups, tiles = groups * solver->tiles, channels = groups * solver->m;
    const size_t n = solver->n;
    const MethodRow *method = solver->method;
    solver->hessians = carve(carver, groups * sizeof *solver->hessians);
    solver->group_memory = carve(carver, groups * sizeof *solver->group_memory);
    solver->statuses = carve(carver, groups * sizeof *solver->statuses);
    solver->descents = carve(carver, tiles * sizeof *solver->descents);
    solver->heldout = carve(carver, tiles * sizeof *solver->heldout);
    solver->rounded = carve(carver, channels * n);
    solver->rounded_scale = carve(carver, channels * sizeof *solver->rounded_scale);
    solver->scratch = carve(carver, workers * sizeof *solver->scratch);
    solver->worker_memory = carve(carver, workers * sizeof *solver->worker_memory);
    solver->tile_memory = carve(carver, tiles * sizeof *solver->tile_memory);
    solver->polishes = carve(carver, workers * sizeof *solver->polishes);
    for (size_t g = 0; g < groups; g++) {
        Hessian hessian = {0};
        hessian.x_mean = carve(carver, n * sizeof *hessian.x_mean);
        hessian.h = carve(carver, n * n * sizeof *hessian.h);
        hessian.reach = carve(carver, n * sizeof *hessian.reach);
        hessian.inverse = carve(carver, n * sizeof *hessian.inverse);
        void *memory = carve(carver, method->group_bytes ? method->group_bytes(n, &solver->options) : 0);
        if (!carver->memory) continue;
        hessian.problem = &solver->problems[g];
        solver->hessians[g] = hessian;
        solver->group_memory[g] = memory;
    }
    for (size_t t = 0; t < tiles; t++) {
        Descent descent = {.group = t / solver->tiles,
                           .first = t % solver->tiles * solver->lanes,
                           .n = n,
                           .lanes = solver->lanes,
                           .bits = solver->options.bits};
        descent.channels = size_min(solver->lanes, solver->m - descent.first);
        descent_place(&descent, carver);
        const size_t bytes = method->tile_bytes ? method->tile_bytes(n, solver->lanes, &solver->options) : 0;
        void *memory = carve(carver, bytes);
        if (!carver->memory) continue;
        solver->tile_memory[t] = memory;
        descent.hessian = &solver->hessians[descent.group];
        descent.grid = &solver->grid;
        descent.fixed_scale = solver->options.range > 0;
        solver->descents[t] = descent;
    }
    for (size_t w = 0; w < workers; w++) {
        DescentScratch scratch;
        descent_scratch_place(&scratch, n, solver->lanes, carver);
        void *memory = carve(carver, method->worker_bytes ? method->worker_bytes(n, &solver->options) : 0);
        Polish polish;
        polish_place(&polish, n, carver);
        if (!carver->memory) continue;
        polish.grid = &solver->grid;
        solver->polishes[w] = polish;
        solver->scratch[w] = scratch;
        solver->worker_memory[w] = memory;
    }
}

size_t solver_bytes(const Solver *solver, size_t workers)
{
    Solver counted = *solver;
    Carver carver = {0};
    place(&counted, workers, &carver);
    return carver.used;
}

Status solver_allocate(Solver *solver)
{
    const size_t workers = pool_workers(solver->pool), bytes = solver_bytes(solver, workers);
    solver->memory = aligned_alloc(64, bytes);
    if (!solver->memory) return status_no_memory(solver->message, "a layer's optimizer");
    memset(solver->memory, 0, bytes);
    place(solver, workers, &(Carver){.memory = solver->memory});
    return STATUS_OK;
}

/* --- tiles ---------------------------------------------------------------------------------------------- */

typedef struct TileJob {
    Solver *solver;
    SolverStep *step;
} TileJob;

static void run_tile(void *context, size_t index, size_t worker)
{
    const TileJob *job = context;
    job->step(job->solver, &job->solver->descents[index], worker);
}

void solver_each_tile(Solver *solver, SolverStep *step)
{
    TileJob job = {solver, step};
    pool_run(solver->pool, solver->groups * solver->tiles, run_tile, &job);
}

static void fit_tile(Solver *solver, Descent *descent, size_t worker)
{
    const size_t first = solver_first_channel(solver, descent);
    descent_sync(descent, &solver->scratch[worker]);
    descent_refit(descent);
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] != 0) continue;
        const int8_t *rounded = solver->rounded + (first + c) * solver->n;
        for (size_t k = 0; k < solver->n; k++) descent->codes[k * descent->lanes + c] = rounded[k];
        descent->scale[c] = solver->rounded_scale[first + c];
    }
    descent_sync(descent, &solver->scratch[worker]);
    descent_measure(descent);
}

void solver_fit(Solver *solver)
{
    solver_each_tile(solver, fit_tile);
}

/* --- sums over tiles, in tile order --------------------------------------------------------------------- */

static double relative(const Solver *solver, double error)
{
    return error > 0 ? error / solver->sum_y2 : 0;
}

static double total_objective(const Solver *solver)
{
    double total = 0;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) {
        const Descent *descent = &solver->descents[t];
        for (size_t c = 0; c < descent->channels; c++) total += descent->objective[c];
        total -= descent->gain;
    }
    return total;
}

double solver_objective(const Solver *solver)
{
    return relative(solver, total_objective(solver));
}

/* ridge * |w - a q|^2, which the objective has on top of the error on the rows. */
static double ridge_term(const Descent *descent, size_t c)
{
    const Hessian *hessian = descent->hessian;
    const float *weights = hessian->problem->weights + (descent->first + c) * descent->n;
    double sum = 0;
    for (size_t k = 0; k < descent->n; k++) {
        double d = (double)weights[k] - descent->scale[c] * descent->codes[k * descent->lanes + c];
        sum += d * d;
    }
    return hessian->ridge * sum;
}

double solver_error(const Solver *solver)
{
    double total = 0;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) {
        const Descent *descent = &solver->descents[t];
        for (size_t c = 0; c < descent->channels; c++)
            total += fmax(descent->objective[c] - ridge_term(descent, c), 0);
        total -= descent->gain;
    }
    return relative(solver, total);
}

void solver_note_digit(Solver *solver, unsigned digit)
{
    solver->progress.after_digit[digit] = solver_objective(solver);
    if (solver->options.progress) solver->progress.error_after_digit[digit] = solver_error(solver);
}

/* --- epochs --------------------------------------------------------------------------------------------- */

Status solver_report(Solver *solver, SolveStage stage, size_t epoch)
{
    SolveProgress *progress = &solver->progress;
    if (!solver->options.progress) return STATUS_OK;
    progress->stage = stage;
    progress->epoch = epoch;
    progress->bits = solver->options.bits;
    progress->objective = solver_objective(solver);
    progress->error = solver_error(solver);
    progress->codes_changed = 0;
    for (size_t t = 0; epoch && t < solver->groups * solver->tiles; t++)
        progress->codes_changed += solver->descents[t].changed;
    if (solver->options.progress(solver->options.context, progress)) return STATUS_OK;
    return status_fail(solver->message, STATUS_CANCELLED, "cancelled");
}

/* A tile that has settled, no code of which changed in an epoch, rests until the next stage. */
static void start_epoch(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    if (!descent->settled) descent_start_epoch(descent);
}

static void sweep_codes(Solver *solver, Descent *descent, size_t worker)
{
    if (!descent->settled) descent_sweep_codes(descent, &solver->scratch[worker]);
}

static void close_epoch(Solver *solver, Descent *descent, size_t worker)
{
    descent->changed = 0;
    if (descent->settled) return;
    descent_sync(descent, &solver->scratch[worker]);
    descent_refit(descent);
    descent->settled = descent->changed == 0;
}

void solver_sweep_codes(Solver *solver)
{
    solver_each_tile(solver, sweep_codes);
}

Status solver_run_epochs(Solver *solver, SolveStage stage, void (*sweep)(Solver *solver), size_t *epochs)
{
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) solver->descents[t].settled = false;
    double before = total_objective(solver);
    for (size_t epoch = 1; epoch <= SOLVE_MAX_EPOCHS; epoch++) {
        solver_each_tile(solver, start_epoch);
        sweep(solver);
        solver_each_tile(solver, close_epoch);
        Status status = solver_report(solver, stage, ++*epochs);
        if (status != STATUS_OK) return status;
        double after = total_objective(solver);
        if (!(before - after > SOLVE_TOLERANCE * before)) break;
        before = after;
    }
    return STATUS_OK;
}

/* --- polish ----------------------------------------------------------------------------------------------
 */

static void move_pairs(Solver *solver, Descent *descent, size_t worker)
{
    Polish *polish = &solver->polishes[worker];
    descent->changed = 0;
    if (descent->settled) return;
    polish->hessian = descent->hessian;
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] == 0) continue;
        polish_load(polish, descent, c);
        polish_singles(polish, POLISH_SWEEPS);
        if (polish_pairs(polish) > 0) polish_singles(polish, POLISH_SWEEPS);
        polish_store(descent, c, polish);
    }
    close_epoch(solver, descent, worker);
}

static void search_on(Solver *solver, Descent *descent, size_t worker)
{
    Polish *polish = &solver->polishes[worker];
    const size_t kicks = effort_row(solver->options.effort)->kicks;
    polish->hessian = descent->hessian;
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] == 0) continue;
        polish_load(polish, descent, c);
        if (polish_search(polish, kicks, solver_first_channel(solver, descent) + c) > 0)
            polish_store(descent, c, polish);
    }
    descent->settled = false;
    close_epoch(solver, descent, worker);
}

Status solver_polish(Solver *solver, size_t *epochs)
{
    const EffortRow *effort = effort_row(solver->options.effort);
    Status status = solver_run_epochs(solver, SOLVE_STAGE_CODES, solver_sweep_codes, epochs);
    if (effort->pairs > 0)
        for (size_t t = 0; t < solver->groups * solver->tiles; t++) solver->descents[t].settled = false;
    for (size_t round = 0; round < effort->pairs && status == STATUS_OK; round++) {
        const double before = total_objective(solver);
        solver_each_tile(solver, move_pairs);
        status = solver_report(solver, SOLVE_STAGE_CODES, ++*epochs);
        if (!(before - total_objective(solver) > SOLVE_TOLERANCE * before)) break;
    }
    if (effort->kicks == 0 || status != STATUS_OK) return status;
    solver_each_tile(solver, search_on);
    return solver_report(solver, SOLVE_STAGE_CODES, ++*epochs);
}
