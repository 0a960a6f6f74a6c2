/* K-best nearest plane as a method: quantize/methods/nearest_plane.h over a scan of scales.
 *
 * A coarse scan decodes every channel at scales about that of round-to-nearest with few partial codes, a fine
 * one about the best of them with all. A channel keeps its round-to-nearest codes where none has a lower
 * objective. */
#include "quantize/methods/plane_lanes.h"

#include <math.h>
#include <string.h>

#define COARSE_BEAM 2 /* partial codes of the coarse scan */

/* Where the best scale lies, as multiples of round-to-nearest's: the fewer the levels, the larger. Measured
 * on the networks in data/. */
typedef struct Scan {
    double low, high;
} Scan;

static Scan scan_of(unsigned bits)
{
    static const Scan scans[] = {[2] = {0.8, 1.75}, [3] = {0.8, 1.55}, [4] = {0.8, 1.3}, [5] = {0.85, 1.2}};
    return bits < 5 ? scans[bits] : scans[5];
}

size_t kbest_group_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    Carver carver = {0};
    plane_group_place(n, &carver);
    return carver.used;
}

size_t kbest_worker_bytes(size_t n, const SolveOptions *options)
{
    Carver carver = {0};
    plane_lanes_place(n, effort_row(options->effort), &carver);
    return carver.used;
}

static void solve_chunk(Solver *solver, Descent *descent, PlaneLanes *lanes)
{
    const EffortRow *effort = effort_row(solver->options.effort);
    const size_t n = solver->n, first = solver_first_channel(solver, descent);
    const Scan scan = scan_of(solver->options.bits);
    const double step = pow(scan.high / scan.low, 1.0 / (double)(effort->scales - 1));
    double score[PLANE_CHANNELS], inverse[PLANE_CHANNELS];

    lanes->scales = effort->scales;
    for (size_t lane = 0; lane < lanes->count * effort->scales; lane++) {
        const double base = solver->rounded_scale[first + lanes->channels[lane / effort->scales]];
        lanes->inverse[lane] = 1 / (base * scan.low * pow(step, (double)(lane % effort->scales)));
    }
    plane_lanes_decode(lanes, size_min(COARSE_BEAM, effort->beam), &solver->grid, false);
    for (size_t i = 0; i < lanes->count; i++) {
        const size_t lane = plane_best_lane(lanes, i);
        inverse[i] = lanes->inverse[lane];
        score[i] = lanes->scores[lane];
        memcpy(lanes->fixed + i * n, lanes->codes + lane * n, n); /* the best so far */
    }

    lanes->scales = effort->refined;
    for (size_t lane = 0; lane < lanes->count * effort->refined; lane++) {
        const double steps = (double)(lane % effort->refined) - 0.5 * (double)(effort->refined - 1);
        lanes->inverse[lane] = inverse[lane / effort->refined] * pow(step, 0.5 * steps);
    }
    plane_lanes_decode(lanes, effort->beam, &solver->grid, false);
    for (size_t i = 0; i < lanes->count; i++) {
        const size_t lane = plane_best_lane(lanes, i), c = lanes->channels[i];
        const bool finer = lanes->scores[lane] > score[i];
        const int8_t *codes = finer ? lanes->codes + lane * n : lanes->fixed + i * n;
        if (descent->y2[c] - (finer ? lanes->scores[lane] : score[i]) >= descent->objective[c]) continue;
        for (size_t k = 0; k < n; k++) descent->codes[k * descent->lanes + c] = codes[k];
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
    solver->solution->epochs = 1;
    return solver_report(solver, SOLVE_STAGE_CODES, 1);
}
