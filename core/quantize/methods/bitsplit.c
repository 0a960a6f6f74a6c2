/* SPDX-License-Identifier: MIT */
/* Bit-split and stitching (Wang et al., ICML 2020): see solve.h. Where the effort asks, digits are decoded by
 * nearest plane as well: one coordinate after another, each making up for the error of those before it, and
 * kept where the objective falls. Coordinate descent sticks where two digits would have to move together. */
#include "quantize/methods/plane_lanes.h"

#define FEEDBACK_ROUNDS 10 /* at most */

size_t bitsplit_group_bytes(size_t n, const SolveOptions *options)
{
    Carver carver = {0};
    plane_group_place(n, &carver);
    return effort_row(options->effort)->feedback ? carver.used : 0;
}

size_t bitsplit_worker_bytes(size_t n, const SolveOptions *options)
{
    return effort_row(options->effort)->feedback ? kbest_worker_bytes(n, options) : 0;
}

static void split(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    descent_split(descent);
}

static void sweep_digit(Solver *solver, Descent *descent, size_t worker)
{
    if (!descent->settled) descent_sweep_digit(descent, solver->digit, &solver->scratch[worker]);
}

/* From the highest digit to the lowest, all tiles in step, so that each digit has one objective. */
static void sweep_digits(Solver *solver)
{
    for (unsigned p = grid_digits(solver->options.bits); p-- > 0;) {
        solver->digit = p;
        solver_each_tile(solver, sweep_digit);
        solver_note_digit(solver, p);
    }
}

/* Decodes digit p of a chunk's channels, the other digits and the scale held. */
static void decode_chunk(Solver *solver, Descent *descent, PlaneLanes *lanes)
{
    const size_t n = solver->n;
    const unsigned p = solver->digit;
    Grid grid = grid_digit(p);
    grid.power_of_two_scale = solver->grid.power_of_two_scale;
    int8_t *digits = descent->digits + p * n * descent->lanes;
    lanes->scales = 1;
    for (size_t i = 0; i < lanes->count; i++) {
        lanes->inverse[i] = 1 / descent->scale[lanes->channels[i]];
        for (size_t k = 0; k < n; k++) {
            const size_t at = k * descent->lanes + lanes->channels[i];
            lanes->fixed[i * n + k] = (int8_t)(descent->codes[at] - (digits[at] * (1 << p)));
        }
    }
    plane_lanes_decode(lanes, effort_row(solver->options.effort)->beam, &grid, true);
    for (size_t i = 0; i < lanes->count; i++) {
        const size_t c = lanes->channels[i];
        if (descent->y2[c] - lanes->scores[i] >= descent->objective[c]) continue;
        for (size_t k = 0; k < n; k++) {
            const size_t at = k * descent->lanes + c;
            if (hessian_dead(descent->hessian, k)) continue;
            descent->codes[at] = lanes->codes[i * n + k];
            digits[at] = (int8_t)((descent->codes[at] - lanes->fixed[i * n + k]) / (1 << p));
        }
    }
}

static void decode_digit(Solver *solver, Descent *descent, size_t worker)
{
    plane_each_chunk(solver, descent, worker, decode_chunk);
    descent_sync(descent, &solver->scratch[worker]);
    descent_refit(descent);
}

Status bitsplit_solve(Solver *solver)
{
    size_t *epochs = &solver->solution->epochs;
    solver_fit(solver);
    solver_each_tile(solver, split);
    Status status = solver_run_epochs(solver, SOLVE_STAGE_DIGITS, sweep_digits, epochs);
    if (!effort_row(solver->options.effort)->feedback || status != STATUS_OK) return status;
    status = plane_factorize_groups(solver);
    for (size_t round = 0; round < FEEDBACK_ROUNDS && status == STATUS_OK; round++) {
        const double before = solver_objective(solver);
        for (unsigned p = grid_digits(solver->options.bits); p-- > 0;) {
            solver->digit = p;
            solver_each_tile(solver, decode_digit);
            solver_note_digit(solver, p);
        }
        const double decoded = solver_objective(solver);
        if (!(before - decoded > SOLVE_TOLERANCE * before)) break;
        ++*epochs;
        status = solver_report(solver, SOLVE_STAGE_DIGITS, *epochs);
        if (status == STATUS_OK) status = solver_run_epochs(solver, SOLVE_STAGE_DIGITS, sweep_digits, epochs);
    }
    return status;
}
