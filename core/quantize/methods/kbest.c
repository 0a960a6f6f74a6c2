/* SPDX-License-Identifier: MIT */
/* K-best nearest plane as a method: quantize/methods/nearest_plane.h over a scan of scales.
 *
 * A coarse scan decodes every channel at scales around that of round-to-nearest, one partial code each; a
 * fine scan around the best of them keeps all the partial codes that the effort allows. Scales that are
 * powers of two are few: they are decoded once, with all partial codes. A channel keeps its round-to-nearest
 * codes where no scale has a lower objective. Where the effort asks, ADMM goes on from there
 * (quantize/methods/admm.h): with hundreds of inputs it often finds lower codes than a beam, and each channel
 * keeps the better ones. */
#include "quantize/methods/admm.h"
#include "quantize/methods/plane_lanes.h"

#include <math.h>
#include <string.h>

/* Where the best scale lies, as multiples of round-to-nearest's: the fewer the levels, the larger. Measured
 * on the networks in data/. */
typedef struct Scan {
    double low, high;
} Scan;

static Scan scan_of(GridKind grid, unsigned bits)
{
    static const Scan uniform[] = {[2] = {0.8, 1.75}, [3] = {0.8, 1.55}, [4] = {0.8, 1.3}, [5] = {0.85, 1.2}};
    static const Scan others[] = {[GRID_POWER_OF_TWO] = {0.7, 1.45}, [GRID_BINARY] = {0.8, 1.6}};
    if (grid != GRID_UNIFORM && grid != GRID_TERNARY && bits != 2) return others[grid];
    return uniform[bits < 5 ? bits : 5];
}

/* Powers of two: round-to-nearest's scale, and those beside it. */
#define SCAN_POWERS 3

static size_t plane_bytes(size_t n)
{
    Carver carver = {0};
    plane_group_place(n, &carver);
    return carver.used;
}

size_t kbest_group_bytes(size_t n, const SolveOptions *options)
{
    return plane_bytes(n) + (effort_row(options->effort)->admm ? admm_group_bytes(n) : 0);
}

size_t kbest_tile_bytes(size_t n, size_t lanes, const SolveOptions *options)
{
    return effort_row(options->effort)->admm ? admm_tile_bytes(n, lanes) : 0;
}

size_t kbest_worker_bytes(size_t n, const SolveOptions *options)
{
    Carver carver = {0};
    plane_lanes_place(n, effort_row(options->effort), &carver);
    return carver.used;
}

/* What has been found for a chunk's channels: the codes are in lanes->fixed. */
typedef struct Found {
    double score[PLANE_CHANNELS], inverse[PLANE_CHANNELS];
} Found;

/* Keeps the best lane of each channel where it is better than what has been found. */
static void keep_best(Found *found, PlaneLanes *lanes)
{
    const size_t n = lanes->plane->n;
    for (size_t i = 0; i < lanes->count; i++) {
        const size_t lane = plane_best_lane(lanes, i);
        if (!(lanes->scores[lane] > found->score[i])) continue;
        found->score[i] = lanes->scores[lane];
        found->inverse[i] = lanes->inverse[lane];
        memcpy(lanes->fixed + i * n, lanes->codes + lane * n, n);
    }
}

/* Decodes every channel at `count` scales, `steps` apart, about 1/found->inverse. */
static void scan_about(Found *found, PlaneLanes *lanes, size_t count, double steps, size_t beam,
                       const Grid *grid)
{
    lanes->scales = count;
    for (size_t lane = 0; lane < lanes->count * count; lane++) {
        const double from_middle = (double)(lane % count) - 0.5 * (double)(count - 1);
        lanes->inverse[lane] = found->inverse[lane / count] / pow(steps, from_middle);
    }
    plane_lanes_decode(lanes, beam, grid, false);
    keep_best(found, lanes);
}

static void solve_chunk(Solver *solver, Descent *descent, PlaneLanes *lanes)
{
    const EffortRow *effort = effort_row(solver->options.effort);
    const size_t n = solver->n, first = solver_first_channel(solver, descent);
    const Scan scan = scan_of(solver->grid.kind, solver->options.bits);
    const bool powers = solver->grid.power_of_two_scale;
    const double middle = powers ? 1 : sqrt(scan.low * scan.high);
    const double step = powers ? 2 : pow(scan.high / scan.low, 1.0 / (double)size_max(effort->scales - 1, 1));
    Found found = {0};
    for (size_t i = 0; i < lanes->count; i++)
        found.inverse[i] = 1 / (solver->rounded_scale[first + lanes->channels[i]] * middle);
    if (powers)
        scan_about(&found, lanes, size_min(SCAN_POWERS, effort->scales), step, plane_beam(effort, n),
                   &solver->grid);
    else
        scan_about(&found, lanes, effort->scales, step, 1, &solver->grid);
    if (!powers && effort->refined > 0)
        scan_about(&found, lanes, effort->refined, sqrt(step), plane_beam(effort, n), &solver->grid);
    for (size_t i = 0; i < lanes->count; i++) {
        const size_t c = lanes->channels[i];
        if (found.score[i] == 0 || descent->y2[c] - found.score[i] >= descent->objective[c]) continue;
        for (size_t k = 0; k < n; k++)
            if (!hessian_dead(descent->hessian, k))
                descent->codes[k * descent->lanes + c] = lanes->fixed[i * n + k];
    }
}

static void decode_tile(Solver *solver, Descent *descent, size_t worker)
{
    plane_each_chunk(solver, descent, worker, solve_chunk);
}

Status kbest_solve(Solver *solver)
{
    solver_fit(solver);
    Status status = plane_factorize_groups(solver);
    if (status != STATUS_OK) return status;
    solver_each_tile(solver, decode_tile);
    solver_fit(solver);
    size_t *epochs = &solver->solution->epochs;
    status = solver_report(solver, SOLVE_STAGE_CODES, ++*epochs);
    if (status != STATUS_OK || !effort_row(solver->options.effort)->admm) return status;
    return admm_improve(solver, plane_bytes(solver->n), epochs);
}
