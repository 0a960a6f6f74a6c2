/* SPDX-License-Identifier: MIT */
#include "quantize/solve.h"

#include "base/blas.h"
#include "quantize/grid.h"
#include "quantize/solver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING_STEPS 100
#define HESSIAN_ROWS 256 /* per task */

/* --- the solution --------------------------------------------------------------------------------------- */

static Status allocate_solution(Solution *solution, size_t channels, size_t n, Message *message)
{
    *solution = (Solution){.channels = channels,
                           .n = n,
                           .codes = calloc(channels, n),
                           .scales = calloc(channels, sizeof(float)),
                           .bias_shift = calloc(channels, sizeof(float)),
                           .method_error = NAN,
                           .polished_error = NAN,
                           .heldout_error = NAN};
    if (solution->codes && solution->scales && solution->bias_shift) return STATUS_OK;
    solution_free(solution);
    return status_no_memory(message, "a layer's codes");
}

void solution_free(Solution *solution)
{
    free(solution->codes);
    free(solution->scales);
    free(solution->bias_shift);
    *solution = (Solution){0};
}

/* shift = mean of y - a q.(mean of x) */
static double bias_shift(const Descent *descent, size_t c)
{
    const Hessian *hessian = descent->hessian;
    const Problem *problem = hessian->problem;
    if (!hessian->centred || problem->rows == 0) return 0;
    double projection = 0;
    for (size_t k = 0; k < descent->n; k++)
        projection += hessian->x_mean[k] * descent->codes[k * descent->lanes + c];
    return problem->y_sum[descent->first + c] / (double)problem->rows - descent->scale[c] * projection;
}

/* Adds a channel's codes that differ from those of round-to-nearest. */
static void count_changes(Solution *solution, const int8_t *codes, const int8_t *rounded, size_t n,
                          unsigned digits)
{
    for (size_t k = 0; k < n; k++) {
        if (codes[k] == rounded[k]) continue;
        solution->codes_changed++;
        solution->code_change_sum += (size_t)abs(codes[k] - rounded[k]);
        bool same_sign = (codes[k] < 0) == (rounded[k] < 0);
        int a = abs(codes[k]), b = abs(rounded[k]);
        for (unsigned p = 0; p < digits; p++) {
            int bit_a = (a >> p) & 1, bit_b = (b >> p) & 1;
            solution->digits_changed[p] += bit_a != bit_b || (bit_a && !same_sign);
        }
    }
}

static void store_solution(Solver *solver)
{
    Solution *solution = solver->solution;
    size_t n = solver->n;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) {
        const Descent *descent = &solver->descents[t];
        size_t first = solver_first_channel(solver, descent);
        const unsigned digits = solver->grid.consecutive ? grid_digits(solver->options.bits) : 0;
        solution->flops += descent->flops;
        for (size_t c = 0; c < descent->channels; c++) {
            int8_t *codes = solution->codes + (first + c) * n;
            for (size_t k = 0; k < n; k++) codes[k] = descent->codes[k * descent->lanes + c];
            solution->scales[first + c] = (float)descent->scale[c];
            solution->bias_shift[first + c] = (float)bias_shift(descent, c);
            solution->channels_kept += descent->live[c] == 0 && descent->scale[c] > 0;
            count_changes(solution, codes, solver->rounded + (first + c) * n, n, digits);
        }
    }
}

/* --- round-to-nearest ----------------------------------------------------------------------------------- */

/* codes [n] of weights [n] at a scale; true where one changed. */
static bool round_codes(int8_t *codes, const float *weights, size_t n, double scale, const Grid *grid)
{
    bool changed = false;
    for (size_t k = 0; k < n; k++) {
        int8_t code = (int8_t)grid_round(grid, (double)weights[k] / scale);
        changed |= code != codes[k];
        codes[k] = code;
    }
    return changed;
}

double rounding_start_on(int8_t *codes, const float *weights, size_t n, const Grid *grid, size_t steps)
{
    double largest = 0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)weights[k]));
    double scale = largest / grid_largest(grid);
    memset(codes, (int)grid_round(grid, 0), n);
    if (scale == 0) return 0;
    scale = grid_scale(grid, scale);
    round_codes(codes, weights, n, scale, grid);
    for (size_t step = 0; step < steps; step++) {
        double wq = 0, qq = 0;
        for (size_t k = 0; k < n; k++) {
            wq += (double)weights[k] * codes[k];
            qq += (double)codes[k] * codes[k];
        }
        scale = grid_scale(grid, wq / qq);
        if (!round_codes(codes, weights, n, scale, grid)) break;
    }
    return scale;
}

/* Codes [n] at the scale of a range (SolveOptions). */
static double round_at_range(int8_t *codes, const float *weights, size_t n, const Grid *grid, double range)
{
    double largest = 0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)weights[k]));
    memset(codes, (int)grid_round(grid, 0), n);
    if (largest == 0) return 0;
    const double scale = grid_scale(grid, range * largest / grid_largest(grid));
    round_codes(codes, weights, n, scale, grid);
    return scale;
}

double rounding_start(int8_t *codes, const float *weights, size_t n, unsigned bits, size_t steps)
{
    const Grid grid = grid_uniform(bits);
    return rounding_start_on(codes, weights, n, &grid, steps);
}

static void start_rounding(Solver *solver, Descent *descent, size_t worker)
{
    const size_t first = solver_first_channel(solver, descent), n = solver->n;
    const double range = solver->options.range;
    const size_t steps = solver->method->largest_weight ? 0 : ROUNDING_STEPS;
    descent_open(descent);
    for (size_t c = 0; c < descent->channels; c++) {
        size_t channel = first + c;
        const float *weights = descent->hessian->problem->weights + (descent->first + c) * n;
        int8_t *codes = solver->rounded + channel * n;
        double scale = range > 0 ? round_at_range(codes, weights, n, &solver->grid, range)
                                 : rounding_start_on(codes, weights, n, &solver->grid, steps);
        solver->rounded_scale[channel] = descent->scale[c] = scale;
        descent->live[c] = scale > 0 && !descent->hessian->constant;
    }
    descent_set_codes(descent, solver->rounded + first * n);
    descent_sync(descent, &solver->scratch[worker]);
    descent_measure(descent);
}

/* --- held-out rows ------------------------------------------------------------------------------------ */

/* sum over held-out rows of (y - a q.x - shift)^2 for one tile. The codes as floats take the scratch's
 * packed_h. */
static void heldout_tile(Solver *solver, Descent *descent, size_t worker)
{
    const Problem *problem = descent->hessian->problem;
    DescentScratch *scratch = &solver->scratch[worker];
    size_t first = solver_first_channel(solver, descent), n = solver->n, channels = descent->channels;
    const int8_t *codes = solver->solution->codes + first * n;
    for (size_t i = 0; i < channels * n; i++) scratch->packed_h[i] = codes[i];
    double total = 0;
    for (size_t start = 0; start < problem->heldout_rows; start += DESCENT_BLOCK) {
        size_t rows = size_min(DESCENT_BLOCK, problem->heldout_rows - start);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)channels, (int)n, 1,
                    problem->heldout_x + start * problem->heldout_stride, (int)problem->heldout_stride,
                    scratch->packed_h, (int)n, 0, scratch->r, (int)channels);
        for (size_t row = 0; row < rows; row++) {
            const float *y = problem->heldout_y + (start + row) * problem->heldout_y_stride + descent->first;
            for (size_t c = 0; c < channels; c++) {
                double error = (double)y[c] - descent->scale[c] * (double)scratch->r[row * channels + c] -
                               (double)solver->solution->bias_shift[first + c];
                total += error * error;
            }
        }
    }
    solver->heldout[descent - solver->descents] = total;
}

static double heldout_error(Solver *solver)
{
    if (solver->problems->heldout_rows == 0) return NAN;
    solver_each_tile(solver, heldout_tile);
    double error = 0, squares = 0;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) error += solver->heldout[t];
    for (size_t g = 0; g < solver->groups; g++) {
        const Problem *problem = &solver->problems[g];
        for (size_t row = 0; row < problem->heldout_rows; row++)
            for (size_t i = 0; i < problem->m; i++) {
                double y = (double)problem->heldout_y[row * problem->heldout_y_stride + i];
                squares += y * y;
            }
    }
    return error > 0 ? error / squares : 0;
}

/* --- solving -------------------------------------------------------------------------------------------- */

size_t solve_bytes(size_t groups, size_t m, size_t n, const SolveOptions *options, size_t workers)
{
    const Solver solver = solver_make(NULL, groups, m, n, options);
    return solver_bytes(&solver, workers);
}

static void prepare_hessian(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    hessian_prepare(&solver->hessians[group], solver->options.bias_correction, solver->options.ridge);
}

static void fill_hessian(void *context, size_t index, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    size_t panels = size_ceil_div(solver->n, HESSIAN_ROWS), first = index % panels * HESSIAN_ROWS;
    hessian_fill_rows(&solver->hessians[index / panels], first, size_min(HESSIAN_ROWS, solver->n - first));
}

/* |h_ij| <= sqrt(h_ii h_jj): H's diagonal stands for all of it. Weights may have been multiplied by scales.
 */
static Status check_sums(const Solver *solver)
{
    const size_t n = solver->n, m = solver->m;
    for (size_t g = 0; g < solver->groups; g++) {
        const Problem *problem = &solver->problems[g];
        bool finite = true;
        for (size_t k = 0; k < n; k++) finite &= isfinite(problem->h[k * n + k]) != 0;
        for (size_t i = 0; i < m; i++) finite &= isfinite(problem->y2[i]) != 0;
        for (size_t i = 0; i < m * n; i++) finite &= isfinite(problem->g[i]) && isfinite(problem->weights[i]);
        if (finite) continue;
        Status status = status_fail(solver->message, STATUS_INVALID,
                                    "its inputs or outputs on the calibration images are not finite, or too "
                                    "large to sum or scale");
        return status_advise(status, solver->message, REMEDY_NORMALIZATION | REMEDY_FLOAT_LAYER);
    }
    return STATUS_OK;
}

static Status run_solver(Solver *solver)
{
    Solution *solution = solver->solution;
    const MethodRow *method = solver->method;
    Status status =
        method_check_grid(solver->options.method, solver->grid.kind, solver->options.bits, solver->message);
    if (status == STATUS_OK) status = check_sums(solver);
    if (status == STATUS_OK) status = solver_allocate(solver);
    if (status != STATUS_OK) return status;
    for (size_t g = 0; g < solver->groups; g++)
        for (size_t i = 0; i < solver->m; i++) solver->sum_y2 += solver->problems[g].y2[i];
    pool_run(solver->pool, solver->groups, prepare_hessian, solver);
    pool_run(solver->pool, solver->groups * size_ceil_div(solver->n, HESSIAN_ROWS), fill_hessian, solver);
    solver_each_tile(solver, start_rounding);
    solution->sum_y2 = solver->sum_y2;
    solution->rounding_error = solver_error(solver);
    status = solver_report(solver, SOLVE_STAGE_START, 0);
    if (status == STATUS_OK && method->solve) status = method->solve(solver);
    if (status != STATUS_OK) return status;
    solution->method_error = solver_error(solver);
    if (method->polish == POLISH_ALWAYS || (method->polish == POLISH_IF_ASKED && solver->options.polish)) {
        status = solver_polish(solver, &solution->polish_epochs);
        if (status != STATUS_OK) return status;
        solution->polished_error = solver_error(solver);
    }
    store_solution(solver);
    solution->heldout_error = heldout_error(solver);
    return STATUS_OK;
}

Status solve(Solution *solution, const Problem *problems, size_t groups, const SolveOptions *options,
             Pool *pool, Message *message)
{
    *solution = (Solution){0};
    Solver solver = solver_make(problems, groups, problems->m, problems->n, options);
    solver.solution = solution;
    solver.pool = pool;
    solver.message = message;
    Status status = allocate_solution(solution, groups * problems->m, problems->n, message);
    if (status == STATUS_OK) status = run_solver(&solver);
    free(solver.memory);
    if (status != STATUS_OK) solution_free(solution);
    return status;
}
