#include "quantize/solve.h"

#include "base/blas.h"
#include "base/sizes.h"
#include "quantize/descent.h"
#include "quantize/gptq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING_STEPS 100

/* --- the weight-space start -------------------------------------------------------------------------- */

static double largest_magnitude(const float *weights, size_t n)
{
    double largest = 0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)weights[k]));
    return largest;
}

/* Rounds the weights at `scale`; true where a code changed. */
static bool round_codes(int8_t *codes, const float *weights, size_t n, double scale, double limit)
{
    bool changed = false;
    for (size_t k = 0; k < n; k++) {
        int8_t code = (int8_t)fmin(fmax(rint((double)weights[k] / scale), -limit), limit);
        changed |= code != codes[k];
        codes[k] = code;
    }
    return changed;
}

double rounding_start(int8_t *codes, const float *weights, size_t n, unsigned bits, size_t steps)
{
    double limit = (double)((1 << (bits - 1)) - 1), scale = largest_magnitude(weights, n) / limit;
    memset(codes, 0, n);
    if (scale == 0) return 0;
    round_codes(codes, weights, n, scale, limit);
    for (size_t step = 0; step < steps; step++) {
        double wq = 0, qq = 0;
        for (size_t k = 0; k < n; k++) {
            wq += (double)weights[k] * codes[k];
            qq += (double)codes[k] * codes[k];
        }
        scale = wq / qq;
        if (!round_codes(codes, weights, n, scale, limit)) break;
    }
    return scale;
}

/* --- a solve in progress ----------------------------------------------------------------------------- */

typedef struct Solver {
    const Problem *problems;
    size_t groups, m, n, lanes;
    size_t tiles; /* a group */
    SolveOptions options;
    Solution *solution;
    Pool *pool;
    Message *message;

    void *memory; /* all that follows */
    Curvature *curvatures;
    GptqFactor *factors;     /* NULL where the method needs none */
    Descent *descents;       /* [groups*tiles] */
    DescentScratch *scratch; /* [workers] */
    void **gptq_scratch;     /* [workers] */
    int8_t *rounded;         /* [channels][n] */
    double *rounded_scale;   /* [channels] */
    double *heldout;         /* [groups*tiles] */
    Status *statuses;        /* [groups] */
    SolveProgress progress;
    unsigned digit; /* being swept */
    double sum_y2;
} Solver;

/* Channels side by side: a function of the problem alone, and so that a small layer makes two tiles. */
static size_t lanes_for(size_t m)
{
    if (m >= 128) return 64;
    return m > 32 ? 32 : 16;
}

static bool is_gptq(Method method)
{
    return method == METHOD_GPTQ || method == METHOD_GPTQ_POLISH;
}

/* --- memory: one allocation, carved up ------------------------------------------------------------------ */

/* Adds `bytes` to *total at a multiple of 64 and returns where they start in `memory`, which may be NULL to
 * count. */
static void *reserve(char *memory, size_t *total, size_t bytes)
{
    void *here = memory ? memory + *total : NULL;
    *total += size_ceil_div(bytes, 64) * 64;
    return here;
}

static void place_group(Solver *solver, char *memory, size_t *total, size_t group)
{
    size_t n = solver->n;
    void *mean = reserve(memory, total, n * sizeof(double));
    void *h = reserve(memory, total, n * n * sizeof(float));
    void *inverse = reserve(memory, total, n * sizeof(float));
    void *factor = is_gptq(solver->options.method) ? reserve(memory, total, gptq_factor_bytes(n)) : NULL;
    if (!memory) return;
    solver->curvatures[group] =
        (Curvature){.problem = &solver->problems[group], .x_mean = mean, .h = h, .inverse = inverse};
    if (factor) gptq_factor_place(&solver->factors[group], factor, n);
}

static void place_tile(Solver *solver, char *memory, size_t *total, size_t tile)
{
    void *arrays = reserve(memory, total, descent_bytes(solver->n, solver->lanes, solver->options.bits));
    if (!memory) return;
    size_t group = tile / solver->tiles, first = tile % solver->tiles * solver->lanes;
    solver->descents[tile] = (Descent){.curvature = &solver->curvatures[group],
                                       .first = first,
                                       .channels = size_min(solver->lanes, solver->m - first),
                                       .n = solver->n,
                                       .lanes = solver->lanes,
                                       .bits = solver->options.bits};
    descent_place(&solver->descents[tile], arrays);
}

/* The bytes that the solver needs; with `memory`, its pointers are set as well. */
static size_t place_solver(Solver *solver, char *memory, size_t workers)
{
    size_t total = 0, tiles = solver->groups * solver->tiles, channels = solver->groups * solver->m;
    bool gptq = is_gptq(solver->options.method);
    solver->curvatures = reserve(memory, &total, solver->groups * sizeof *solver->curvatures);
    solver->factors = reserve(memory, &total, gptq ? solver->groups * sizeof *solver->factors : 0);
    solver->statuses = reserve(memory, &total, solver->groups * sizeof *solver->statuses);
    solver->descents = reserve(memory, &total, tiles * sizeof *solver->descents);
    solver->heldout = reserve(memory, &total, tiles * sizeof *solver->heldout);
    solver->rounded = reserve(memory, &total, channels * solver->n);
    solver->rounded_scale = reserve(memory, &total, channels * sizeof *solver->rounded_scale);
    solver->scratch = reserve(memory, &total, workers * sizeof *solver->scratch);
    solver->gptq_scratch = reserve(memory, &total, workers * sizeof *solver->gptq_scratch);
    for (size_t g = 0; g < solver->groups; g++) place_group(solver, memory, &total, g);
    for (size_t t = 0; t < tiles; t++) place_tile(solver, memory, &total, t);
    for (size_t w = 0; w < workers; w++) {
        void *arrays = reserve(memory, &total, descent_scratch_bytes(solver->n, solver->lanes));
        void *gptq_arrays = reserve(memory, &total, gptq ? gptq_scratch_bytes(solver->n) : 0);
        if (!memory) continue;
        descent_scratch_place(&solver->scratch[w], arrays, solver->n, solver->lanes);
        solver->gptq_scratch[w] = gptq_arrays;
    }
    return total;
}

static Solver make_solver(const Problem *problems, size_t groups, size_t m, size_t n,
                          const SolveOptions *options)
{
    size_t lanes = lanes_for(m);
    return (Solver){.problems = problems,
                    .groups = groups,
                    .m = m,
                    .n = n,
                    .lanes = lanes,
                    .tiles = size_ceil_div(m, lanes),
                    .options = *options};
}

size_t solve_bytes(size_t groups, size_t m, size_t n, const SolveOptions *options, size_t workers)
{
    Solver solver = make_solver(NULL, groups, m, n, options);
    return place_solver(&solver, NULL, workers);
}

static Status allocate_solver(Solver *solver)
{
    size_t workers = pool_workers(solver->pool), bytes = place_solver(solver, NULL, workers);
    solver->memory = aligned_alloc(64, bytes);
    if (!solver->memory) return status_no_memory(solver->message, "a layer's optimizer");
    memset(solver->memory, 0, bytes);
    place_solver(solver, solver->memory, workers);
    return STATUS_OK;
}

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

/* --- tasks: one a tile -------------------------------------------------------------------------------- */

typedef void TileStep(Solver *solver, Descent *descent, size_t worker);

typedef struct TileJob {
    Solver *solver;
    TileStep *step;
} TileJob;

static void run_tile(void *context, size_t index, size_t worker)
{
    const TileJob *job = context;
    job->step(job->solver, &job->solver->descents[index], worker);
}

static void each_tile(Solver *solver, TileStep *step)
{
    TileJob job = {solver, step};
    pool_run(solver->pool, solver->groups * solver->tiles, run_tile, &job);
}

/* The tile's first channel, counted over all groups. */
static size_t first_channel(const Solver *solver, const Descent *descent)
{
    size_t group = (size_t)(descent->curvature - solver->curvatures);
    return group * solver->m + descent->first;
}

static void start_curvature(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    curvature_start(&solver->curvatures[group], solver->options.bias_correction, solver->options.ridge);
}

#define CURVATURE_ROWS 256

static void fill_curvature(void *context, size_t index, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    size_t panels = size_ceil_div(solver->n, CURVATURE_ROWS), first = index % panels * CURVATURE_ROWS;
    curvature_rows(&solver->curvatures[index / panels], first, size_min(CURVATURE_ROWS, solver->n - first));
}

static void factorize_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    Solver *solver = context;
    if (solver->curvatures[group].constant) return;
    solver->statuses[group] = gptq_factorize(&solver->factors[group], &solver->curvatures[group], NULL);
}

/* Codes and scale of rounding, and what they cost. */
static void start_rounding(Solver *solver, Descent *descent, size_t worker)
{
    size_t first = first_channel(solver, descent), n = solver->n;
    size_t steps = solver->options.method == METHOD_ROUND_MINMAX ? 0 : ROUNDING_STEPS;
    descent_open(descent);
    for (size_t c = 0; c < descent->channels; c++) {
        size_t channel = first + c;
        const float *weights = descent->curvature->problem->weights + (descent->first + c) * n;
        double scale = rounding_start(solver->rounded + channel * n, weights, n, solver->options.bits, steps);
        solver->rounded_scale[channel] = descent->scale[c] = scale;
        descent->live[c] = scale > 0 && !descent->curvature->constant;
    }
    descent_set_codes(descent, solver->rounded + first * n);
    descent_sync(descent, &solver->scratch[worker]);
    descent_measure(descent);
}

static void refit(Solver *solver, Descent *descent, size_t worker)
{
    descent_sync(descent, &solver->scratch[worker]);
    descent_refit(descent);
}

static void start_gptq(Solver *solver, Descent *descent, size_t worker)
{
    size_t first = first_channel(solver, descent), n = solver->n;
    size_t group = (size_t)(descent->curvature - solver->curvatures);
    int8_t *codes = solver->solution->codes + first * n;
    for (size_t c = 0; c < descent->channels; c++)
        if (descent->live[c] != 0)
            gptq_channel(codes + c * n, &solver->factors[group], descent->curvature, descent->first + c,
                         descent->scale[c], descent->bits, solver->gptq_scratch[worker]);
    descent_set_codes(descent, codes);
    refit(solver, descent, worker);
}

/* A channel that could not be fitted goes back to its rounded codes and scale. */
static void restore_kept(Solver *solver, Descent *descent, size_t worker)
{
    size_t first = first_channel(solver, descent);
    for (size_t c = 0; c < descent->channels; c++) {
        if (descent->live[c] != 0) continue;
        const int8_t *rounded = solver->rounded + (first + c) * solver->n;
        for (size_t k = 0; k < solver->n; k++) descent->codes[k * descent->lanes + c] = rounded[k];
        descent->scale[c] = solver->rounded_scale[first + c];
    }
    descent_sync(descent, &solver->scratch[worker]);
    descent_measure(descent);
}

static void split_digits(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    descent_split(descent);
}

static void unsettle(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    descent->settled = false;
}

static void start_epoch(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    if (!descent->settled) descent_start_epoch(descent);
}

static void sweep_digit(Solver *solver, Descent *descent, size_t worker)
{
    if (!descent->settled) descent_sweep_digit(descent, solver->digit, &solver->scratch[worker]);
}

static void sweep_codes(Solver *solver, Descent *descent, size_t worker)
{
    if (!descent->settled) descent_sweep_codes(descent, &solver->scratch[worker]);
}

static void close_epoch(Solver *solver, Descent *descent, size_t worker)
{
    descent->changed = 0;
    if (descent->settled) return;
    refit(solver, descent, worker);
    descent->settled = descent->changed == 0;
}

/* --- sums over tiles, in their order -------------------------------------------------------------------- */

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

static size_t total_changed(const Solver *solver)
{
    size_t total = 0;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) total += solver->descents[t].changed;
    return total;
}

/* Relative to y2; 0/0 is 0. */
static double relative(const Solver *solver, double error)
{
    return error > 0 ? error / solver->sum_y2 : 0;
}

/* ridge * |w - a q|^2, which the objective has on top of the error on the rows. */
static double ridge_term(const Descent *descent, size_t c)
{
    const Curvature *curvature = descent->curvature;
    const float *weights = curvature->problem->weights + (descent->first + c) * descent->n;
    double sum = 0;
    for (size_t k = 0; k < descent->n; k++) {
        double d = (double)weights[k] - descent->scale[c] * descent->codes[k * descent->lanes + c];
        sum += d * d;
    }
    return curvature->ridge * sum;
}

/* The error on the rows, without ridge. */
static double reported_error(const Solver *solver)
{
    double total = 0;
    for (size_t t = 0; t < solver->groups * solver->tiles; t++) {
        const Descent *descent = &solver->descents[t];
        for (size_t c = 0; c < descent->channels; c++)
            total += fmax(descent->objective[c] - ridge_term(descent, c), 0);
    }
    return relative(solver, total);
}

/* --- epochs ------------------------------------------------------------------------------------------- */

static bool report(Solver *solver, SolveStage stage, size_t epoch)
{
    if (!solver->options.progress) return true;
    solver->progress.stage = stage;
    solver->progress.epoch = epoch;
    solver->progress.objective = relative(solver, total_objective(solver));
    solver->progress.codes_changed = epoch ? total_changed(solver) : 0;
    solver->progress.bits = solver->options.bits;
    return solver->options.progress(solver->options.context, &solver->progress);
}

static void sweep_all(Solver *solver, SolveStage stage)
{
    if (stage == SOLVE_STAGE_CODES) {
        each_tile(solver, sweep_codes);
        return;
    }
    for (unsigned p = solver->options.bits - 1; p-- > 0;) {
        solver->digit = p;
        each_tile(solver, sweep_digit);
        solver->progress.after_digit[p] = relative(solver, total_objective(solver));
    }
}

/* Epochs until the objective falls by less than SOLVE_TOLERANCE of itself. */
static Status run_epochs(Solver *solver, SolveStage stage, size_t *epochs)
{
    double before = total_objective(solver);
    for (size_t epoch = 1; epoch <= SOLVE_MAX_EPOCHS; epoch++) {
        each_tile(solver, start_epoch);
        sweep_all(solver, stage);
        each_tile(solver, close_epoch);
        *epochs = epoch;
        if (!report(solver, stage, epoch)) return status_fail(solver->message, STATUS_CANCELLED, "cancelled");
        double after = total_objective(solver);
        if (!(before - after > SOLVE_TOLERANCE * before)) break;
        before = after;
    }
    return STATUS_OK;
}

/* --- held-out rows ------------------------------------------------------------------------------------ */

/* sum over held-out rows of (y - a q.x - shift)^2 for one tile. The codes as floats take the scratch's
 * packed_h. */
static void heldout_tile(Solver *solver, Descent *descent, size_t worker)
{
    const Problem *problem = descent->curvature->problem;
    DescentScratch *scratch = &solver->scratch[worker];
    size_t first = first_channel(solver, descent), n = solver->n, channels = descent->channels;
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
    each_tile(solver, heldout_tile);
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

/* --- the whole ----------------------------------------------------------------------------------------- */

/* shift = mean of y - a q.(mean of x) */
static double bias_shift(const Descent *descent, size_t c)
{
    const Curvature *curvature = descent->curvature;
    const Problem *problem = curvature->problem;
    if (!curvature->centred || problem->rows == 0) return 0;
    double projection = 0;
    for (size_t k = 0; k < descent->n; k++)
        projection += curvature->x_mean[k] * descent->codes[k * descent->lanes + c];
    return problem->y_sum[descent->first + c] / (double)problem->rows - descent->scale[c] * projection;
}

static void count_changes(Solution *solution, const int8_t *codes, const int8_t *rounded, size_t n,
                          unsigned bits)
{
    for (size_t k = 0; k < n; k++) {
        if (codes[k] == rounded[k]) continue;
        solution->codes_changed++;
        solution->code_change_sum += (size_t)abs(codes[k] - rounded[k]);
        bool same_sign = (codes[k] < 0) == (rounded[k] < 0);
        int a = abs(codes[k]), b = abs(rounded[k]);
        for (unsigned p = 0; p + 1 < bits; p++) {
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
        size_t first = first_channel(solver, descent);
        solution->flops += descent->flops;
        for (size_t c = 0; c < descent->channels; c++) {
            int8_t *codes = solution->codes + (first + c) * n;
            for (size_t k = 0; k < n; k++) codes[k] = descent->codes[k * descent->lanes + c];
            solution->scales[first + c] = (float)descent->scale[c];
            solution->bias_shift[first + c] = (float)bias_shift(descent, c);
            solution->channels_kept += descent->live[c] == 0 && descent->scale[c] > 0;
            count_changes(solution, codes, solver->rounded + (first + c) * n, n, solver->options.bits);
        }
    }
}

static Status factorize(Solver *solver)
{
    Status status = STATUS_OK;
    pool_run(solver->pool, solver->groups, factorize_group, solver);
    for (size_t g = 0; g < solver->groups && status == STATUS_OK; g++) status = solver->statuses[g];
    if (status == STATUS_MEMORY) return status_no_memory(solver->message, "GPTQ");
    if (status == STATUS_OK) return STATUS_OK;
    return status_fail(solver->message, status,
                       "GPTQ cannot invert the input statistics: use --ridge or another --method");
}

static Status start_method(Solver *solver)
{
    Method method = solver->options.method;
    if (method_is_rounding(method)) return STATUS_OK;
    if (is_gptq(method)) {
        Status status = factorize(solver);
        if (status != STATUS_OK) return status;
        each_tile(solver, start_gptq);
    } else {
        each_tile(solver, refit);
    }
    each_tile(solver, restore_kept);
    return STATUS_OK;
}

static Status run_method(Solver *solver)
{
    Solution *solution = solver->solution;
    Method method = solver->options.method;
    Status status = start_method(solver);
    if (status != STATUS_OK) return status;
    if (method == METHOD_BITSPLIT) {
        each_tile(solver, split_digits);
        status = run_epochs(solver, SOLVE_STAGE_DIGITS, &solution->epochs);
    } else if (method == METHOD_CODE_DESCENT) {
        status = run_epochs(solver, SOLVE_STAGE_CODES, &solution->epochs);
    }
    if (status != STATUS_OK) return status;
    solution->method_error = reported_error(solver);
    if (method != METHOD_GPTQ_POLISH && !(method == METHOD_BITSPLIT && solver->options.polish))
        return STATUS_OK;
    each_tile(solver, unsettle);
    status = run_epochs(solver, SOLVE_STAGE_CODES, &solution->polish_epochs);
    solution->polished_error = reported_error(solver);
    return status;
}

/* |h_ij| <= sqrt(h_ii h_jj): H's diagonal stands for all of it. Weights may have been multiplied by scales.
 */
static bool sums_are_finite(const Problem *problem)
{
    size_t n = problem->n, m = problem->m;
    bool finite = true;
    for (size_t k = 0; k < n; k++) finite &= isfinite(problem->h[k * n + k]) != 0;
    for (size_t i = 0; i < m; i++) finite &= isfinite(problem->y2[i]) != 0;
    for (size_t i = 0; i < m * n; i++) finite &= isfinite(problem->g[i]) && isfinite(problem->weights[i]);
    return finite;
}

static Status check_sums(const Solver *solver)
{
    for (size_t g = 0; g < solver->groups; g++)
        if (!sums_are_finite(&solver->problems[g]))
            return status_fail(solver->message, STATUS_INVALID,
                               "its inputs or outputs on the calibration images are not finite, or too large "
                               "to sum or scale: check --mean and --std, or leave the layer in float");
    return STATUS_OK;
}

static Status run_solver(Solver *solver)
{
    Status status = check_sums(solver);
    if (status == STATUS_OK) status = allocate_solver(solver);
    if (status != STATUS_OK) return status;
    for (size_t g = 0; g < solver->groups; g++)
        for (size_t i = 0; i < solver->m; i++) solver->sum_y2 += solver->problems[g].y2[i];
    pool_run(solver->pool, solver->groups, start_curvature, solver);
    pool_run(solver->pool, solver->groups * size_ceil_div(solver->n, CURVATURE_ROWS), fill_curvature, solver);
    each_tile(solver, start_rounding);
    solver->solution->sum_y2 = solver->sum_y2;
    solver->solution->rounding_error = reported_error(solver);
    if (!report(solver, SOLVE_STAGE_START, 0))
        return status_fail(solver->message, STATUS_CANCELLED, "cancelled");
    status = run_method(solver);
    if (status != STATUS_OK) return status;
    store_solution(solver);
    solver->solution->heldout_error = heldout_error(solver);
    return STATUS_OK;
}

Status solve(Solution *solution, const Problem *problems, size_t groups, const SolveOptions *options,
             Pool *pool, Message *message)
{
    *solution = (Solution){0};
    Solver solver = make_solver(problems, groups, problems->m, problems->n, options);
    solver.solution = solution;
    solver.pool = pool;
    solver.message = message;
    Status status = allocate_solution(solution, groups * problems->m, problems->n, message);
    if (status == STATUS_OK) status = run_solver(&solver);
    free(solver.memory);
    if (status != STATUS_OK) solution_free(solution);
    return status;
}
