/* SPDX-License-Identifier: MIT */
#include "quantize/methods/plane_lanes.h"

#include <math.h>
#include <string.h>

size_t plane_beam(const EffortRow *effort, size_t n)
{
    const double more = fmin(fmax(PLANE_BEAM_INPUTS / (double)n, 1), PLANE_BEAM_MORE);
    return effort->beam > 1 ? size_min((size_t)((double)effort->beam * more), PLANE_MOST_BEAM) : 1;
}

Plane *plane_group_place(size_t n, Carver *carver)
{
    Plane plane, *placed = carve(carver, sizeof plane);
    plane_place(&plane, n, carver);
    if (placed) *placed = plane;
    return placed;
}

PlaneLanes *plane_lanes_place(size_t n, const EffortRow *effort, Carver *carver)
{
    const size_t count = PLANE_CHANNELS * size_max(effort->scales, effort->refined);
    PlaneLanes lanes = {0}, *placed = carve(carver, sizeof lanes);
    plane_scratch_place(&lanes.scratch, n, count, plane_beam(effort, n), carver);
    lanes.centres = carve(carver, PLANE_CHANNELS * n * sizeof *lanes.centres);
    lanes.inverse = carve(carver, count * sizeof *lanes.inverse);
    lanes.costs = carve(carver, count * sizeof *lanes.costs);
    lanes.scores = carve(carver, count * sizeof *lanes.scores);
    lanes.codes = carve(carver, count * n);
    lanes.fixed = carve(carver, PLANE_CHANNELS * n);
    if (placed) *placed = lanes;
    return placed;
}

static void factorize_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    if (solver->hessians[group].constant) return; /* its channels stay at round-to-nearest */
    Plane *plane = plane_group_place(solver->n, &(Carver){.memory = solver->group_memory[group]});
    solver->statuses[group] = plane_factorize(plane, &solver->hessians[group], NULL);
}

Status plane_factorize_groups(Solver *solver)
{
    pool_run(solver->pool, solver->groups, factorize_group, solver);
    for (size_t g = 0; g < solver->groups; g++) {
        if (solver->statuses[g] == STATUS_MEMORY) return status_no_memory(solver->message, "nearest plane");
        if (solver->statuses[g] != STATUS_OK)
            return status_fail(solver->message, solver->statuses[g],
                               "nearest plane cannot factorize the Hessian of the calibration rows");
    }
    return STATUS_OK;
}

void plane_each_chunk(Solver *solver, Descent *descent, size_t worker,
                      void (*each)(Solver *solver, Descent *descent, PlaneLanes *lanes))
{
    if (descent->hessian->constant) return;
    PlaneLanes *lanes = plane_lanes_place(solver->n, effort_row(solver->options.effort),
                                          &(Carver){.memory = solver->worker_memory[worker]});
    lanes->plane = solver->group_memory[descent->group];
    lanes->descent = descent;
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] != 0) lanes->channels[lanes->count++] = c;
        if (lanes->count < PLANE_CHANNELS && c + 1 < descent->channels) continue;
        for (size_t i = 0; i < lanes->count; i++)
            lanes->squares[i] = plane_target(lanes->centres + i * solver->n, lanes->plane, descent->hessian,
                                             descent->first + lanes->channels[i]);
        if (lanes->count > 0) each(solver, descent, lanes);
        lanes->count = 0;
    }
}

void plane_lanes_decode(PlaneLanes *lanes, size_t beam, const Grid *grid, bool fixed)
{
    const size_t n = lanes->plane->n, count = lanes->count * lanes->scales;
    const Descent *descent = lanes->descent;
    const double unit = descent->hessian->unit;
    for (size_t lane = 0; lane < count; lane++) {
        const double *centres = lanes->centres + lane / lanes->scales * n;
        for (size_t i = 0; i < n; i++)
            lanes->scratch.centres[lane * n + i] = (float)(centres[i] * lanes->inverse[lane]);
    }
    if (fixed) plane_subtract(lanes->plane, lanes->fixed, count, &lanes->scratch);
    plane_decode(lanes->codes, lanes->costs, lanes->plane, count, beam, grid, &lanes->scratch);
    for (size_t lane = 0; lane < count; lane++) {
        const size_t channel = lane / lanes->scales, c = lanes->channels[channel];
        int8_t *codes = lanes->codes + lane * n;
        double gq = 0;
        for (size_t k = 0; k < n; k++) {
            if (fixed) codes[k] = (int8_t)(codes[k] + lanes->fixed[channel * n + k]);
            gq += codes[k] * descent->target[k * descent->lanes + c];
        }
        gq /= unit;
        const double inverse = lanes->inverse[lane];
        const double qp = lanes->costs[lane] - lanes->squares[channel] * inverse * inverse + 2 * gq * inverse;
        lanes->scores[lane] = gq > 0 && qp > 0 ? unit * grid_score(grid, gq, qp) : 0;
    }
}

size_t plane_best_lane(const PlaneLanes *lanes, size_t channel)
{
    size_t best = channel * lanes->scales;
    for (size_t lane = best; lane < (channel + 1) * lanes->scales; lane++)
        if (lanes->scores[lane] > lanes->scores[best]) best = lane;
    return best;
}
