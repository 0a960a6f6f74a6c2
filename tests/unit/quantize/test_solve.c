/* SPDX-License-Identifier: MIT */
/* The optimizer on random problems: the objective never rises, it agrees with a plain twin, threads do not
 * matter. */
#include "app/cli/blas_kernel.h"
#include "base/random.h"
#include "layer_sample.h"
#include "plain_bitsplit.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* |y - a q.x - shift|^2 / |y|^2 over rows first..first+count-1, straight from the rows. */
static double direct_error(const LayerSample *sample, const Solution *solution, size_t first, size_t count)
{
    size_t n = sample->n, m = sample->m, width = sample->groups * n, height = sample->groups * m;
    double error = 0, squares = 0;
    for (size_t row = first; row < first + count; row++)
        for (size_t c = 0; c < height; c++) {
            double sum = (double)solution->bias_shift[c], y = (double)sample->y[row * height + c];
            for (size_t k = 0; k < n; k++)
                sum += (double)solution->scales[c] * solution->codes[c * n + k] *
                       (double)sample->x[row * width + c / m * n + k];
            error += (y - sum) * (y - sum);
            squares += y * y;
        }
    return squares > 0 ? error / squares : 0;
}

/* --- the objective never rises ------------------------------------------------------------------------- */

typedef struct Watch {
    double last;
    SolveStage stage;
    double digit_slack;
} Watch;

static bool watch_objective(void *context, const SolveProgress *progress)
{
    Watch *watch = context;
    /* Between epochs everything is in double; the largest terms are some 1e4 times the objective. */
    const double noise = 1e-11;
    assert_true(progress->objective <= watch->last * (1 + noise) + noise);
    if (progress->stage == SOLVE_STAGE_DIGITS) {
        double previous = watch->last;
        for (unsigned p = progress->bits - 1; p-- > 0;) {
            assert_true(progress->after_digit[p] <= previous * (1 + 1e-6) + watch->digit_slack);
            previous = progress->after_digit[p];
        }
    }
    watch->last = progress->objective;
    watch->stage = progress->stage;
    return true;
}

static void objective_never_rises(void **state)
{
    Pool *pool = *state;
    for (uint64_t seed = 0; seed < 120; seed++) {
        LayerSample sample = layer_sample_random(seed, pool);
        Watch watch = {.last = INFINITY, .digit_slack = 1e-6};
        SolveOptions options = {.method = METHOD_BITSPLIT,
                                .bits = 2 + (unsigned)(seed % 7),
                                .polish = true,
                                .bias_correction = seed % 2,
                                .ridge = seed % 3 ? 0.01 : 0,
                                .progress = watch_objective,
                                .context = &watch};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, sample.groups, &options, pool, NULL), STATUS_OK);
        assert_true(watch.stage == SOLVE_STAGE_CODES);
        if (options.ridge == 0) {
            assert_true(solution.method_error <= solution.rounding_error * (1 + 1e-9) + 1e-11);
            assert_true(solution.polished_error <= solution.method_error * (1 + 1e-9) + 1e-11);
        }
        int limit = (1 << (options.bits - 1)) - 1;
        for (size_t i = 0; i < solution.channels * solution.n; i++)
            assert_in_range(solution.codes[i] + limit, 0, 2 * limit);
        solution_free(&solution);
        layer_sample_free(&sample);
    }
}

/* --- progress is what the solution says ----------------------------------------------------------------- */

typedef struct Ends {
    SolveProgress first, digits, last;
} Ends;

static bool keep_ends(void *context, const SolveProgress *progress)
{
    Ends *ends = context;
    if (progress->stage == SOLVE_STAGE_START) ends->first = *progress;
    if (progress->stage == SOLVE_STAGE_DIGITS) ends->digits = *progress;
    ends->last = *progress;
    return true;
}

/* The progress records' errors are without the ridge's term, as the solution's, to the last bit. */
static void progress_ends_at_the_solutions_errors(void **state)
{
    Pool *pool = *state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        LayerSample sample = layer_sample_random(1300 + seed, pool);
        Ends ends = {0};
        SolveOptions options = {.method = METHOD_BITSPLIT,
                                .bits = 2 + (unsigned)(seed % 7),
                                .polish = true,
                                .bias_correction = seed % 2,
                                .ridge = seed % 3 ? 0.3 : 0,
                                .progress = keep_ends,
                                .context = &ends};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, sample.groups, &options, pool, NULL), STATUS_OK);
        assert_true(ends.first.error == solution.rounding_error);
        assert_true(ends.digits.error == solution.method_error);
        assert_true(ends.last.error == solution.polished_error);
        assert_true(ends.last.objective >= ends.last.error * (1 - 1e-9));
        /* the scales are refitted after the last digit */
        assert_true(ends.digits.after_digit[0] >= ends.digits.error_after_digit[0] * (1 - 1e-6) - 1e-6);
        solution_free(&solution);
        layer_sample_free(&sample);
    }
}

/* --- errors are what the rows say ----------------------------------------------------------------------- */

static void errors_match_rows(void **state)
{
    Pool *pool = *state;
    for (uint64_t seed = 0; seed < 42; seed++) { /* all widths, each with all settings below */
        LayerSample sample = layer_sample_random(500 + seed, pool);
        for (Method method = 0; method < METHOD_COUNT; method++) {
            SolveOptions options = {.method = method,
                                    .bits = 2 + (unsigned)(seed % 7),
                                    .polish = seed % 3 == 0,
                                    .bias_correction = seed % 2,
                                    .ridge = 0.01};
            Solution solution;
            assert_int_equal(solve(&solution, sample.problems, sample.groups, &options, pool, NULL),
                             STATUS_OK);
            double reported =
                isnan(solution.polished_error) ? solution.method_error : solution.polished_error;
            /* y is rounded to float, 6e-8 of it, and H was summed in float over tiles of rows */
            assert_float_equal(reported, direct_error(&sample, &solution, 0, sample.rows),
                               2e-6 + 2e-4 * reported);
            double heldout = direct_error(&sample, &solution, sample.rows, sample.heldout);
            assert_float_equal(solution.heldout_error, heldout, 2e-6 + 1e-4 * heldout);
            solution_free(&solution);
        }
        layer_sample_free(&sample);
    }
}

/* --- the plain twin ------------------------------------------------------------------------------------- */

static double plain_objective(const int8_t *codes, const double *h, const double *g, double y2, size_t n)
{
    double gq = 0, qhq = 0;
    for (size_t i = 0; i < n; i++) {
        gq += g[i] * codes[i];
        for (size_t j = 0; j < n; j++) qhq += h[i * n + j] * codes[i] * codes[j];
    }
    return y2 - gq * gq / qhq;
}

/* The blocked solve sweeps in float: a shift within 1e-6 of a half may round the other way and lead that
 * channel to another local optimum, which is rare. */
static void blocked_agrees_with_plain_twin(void **state)
{
    Pool *pool = *state;
    size_t different = 0, all = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        size_t n = random_pick(seed, 1, 2, 200), m = random_pick(seed, 2, 1, 70);
        LayerSample sample = layer_sample_make(seed, 1, m, n, 3 * n, true, pool);
        unsigned bits = 2 + (unsigned)(seed % 7);
        SolveOptions options = {.method = METHOD_BITSPLIT, .bits = bits};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, NULL), STATUS_OK);
        const Problem *problem = sample.problems;
        double blocked = 0, plain = 0;
        int8_t *codes = malloc(n);
        for (size_t c = 0; c < m; c++) {
            if (solution.scales[c] == 0) continue;
            const float *w = sample.w + c * n;
            plain_bitsplit(codes, problem->h, problem->g + c * n, w, n, bits);
            blocked +=
                plain_objective(solution.codes + c * n, problem->h, problem->g + c * n, problem->y2[c], n);
            plain += plain_objective(codes, problem->h, problem->g + c * n, problem->y2[c], n);
            for (size_t k = 0; k < n; k++) different += codes[k] != solution.codes[c * n + k];
            all += n;
        }
        assert_true(fabs(blocked - plain) <= 1e-3 * plain + 1e-9);
        free(codes);
        solution_free(&solution);
        layer_sample_free(&sample);
    }
    assert_true(different * 1000 <= all);
}

/* --- small problems by exhaustion ----------------------------------------------------------------------- */

/* No method beats the best of all codes, and bit-split with polish comes close on average. */
static void best_of_all_codes(void **state)
{
    Pool *pool = *state;
    double best_sum = 0, found_sum = 0, rounding_sum = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        size_t n = 5;
        unsigned bits = 3;
        LayerSample sample = layer_sample_make(9000 + seed, 1, 1, n, 60, true, pool);
        const Problem *problem = sample.problems;
        SolveOptions options = {.method = METHOD_BITSPLIT, .bits = bits, .polish = true};
        Solution solution;
        assert_int_equal(solve(&solution, problem, 1, &options, pool, NULL), STATUS_OK);
        double best = problem->y2[0];
        int8_t codes[5];
        for (size_t number = 0; number < 7 * 7 * 7 * 7 * 7; number++) {
            size_t rest = number;
            double gq = 0;
            for (size_t k = 0; k < n; k++, rest /= 7) {
                codes[k] = (int8_t)((int)(rest % 7) - 3);
                gq += problem->g[k] * codes[k];
            }
            if (gq <= 0) continue;
            double objective = plain_objective(codes, problem->h, problem->g, problem->y2[0], n);
            if (objective < best) best = objective;
        }
        double found = solution.polished_error * problem->y2[0];
        if (solution.scales[0] > 0) {
            assert_true(found >= best - 1e-9 * problem->y2[0]);
            best_sum += best;
            found_sum += found;
            rounding_sum += solution.rounding_error * problem->y2[0];
        }
        solution_free(&solution);
        layer_sample_free(&sample);
    }
    assert_true(found_sum < 0.6 * rounding_sum + 0.4 * best_sum);
}

/* --- degenerate cases ----------------------------------------------------------------------------------- */

static void dead_and_zero(void **state)
{
    Pool *pool = *state;
    float w[3][4] = {{0, 0, 0, 0}, {1, -2, 3, 0.5f}, {1, 1, 1, 1}};
    float x[6][4] = {{1, 0, 2, 0}, {2, 0, -1, 0}, {0, 0, 1, 0}, {3, 0, 1, 0}, {1, 0, 1, 0}, {-1, 0, 2, 0}};
    float y[6][3];
    for (size_t row = 0; row < 6; row++) {
        y[row][0] = 1; /* weights are zero, the output is not: nothing to be done */
        y[row][1] = x[row][0] + 3 * x[row][2];
        y[row][2] = -5 * (x[row][0] + x[row][2]); /* g.q < 0: the outputs run against the weights */
    }
    Problem *problem;
    assert_int_equal(problems_create(&problem, 1, 3, 4, &w[0][0], NULL), STATUS_OK);
    assert_int_equal(problems_add(problem, 1, &x[0][0], &y[0][0], 6, pool, NULL), STATUS_OK);
    problems_finish(problem, 1, false, pool);
    int8_t rounded[3][4];
    double scale = 0;
    for (size_t c = 0; c < 3; c++) scale = rounding_start(rounded[c], w[c], 4, 4, 100);
    for (unsigned i = 0; i < METHOD_COUNT * EFFORT_COUNT; i++) {
        const Method method = (Method)(i / EFFORT_COUNT);
        SolveOptions options = {
            .method = method, .effort = (Effort)(i % EFFORT_COUNT), .bits = 4, .polish = true};
        Solution solution;
        assert_int_equal(solve(&solution, problem, 1, &options, pool, NULL), STATUS_OK);
        for (size_t k = 0; k < 4; k++) assert_int_equal(solution.codes[k], 0);
        assert_true(solution.scales[0] == 0);
        if (method == METHOD_ROUND_MINMAX || method == METHOD_ROUND_MSE) {
            assert_int_equal(solution.channels_kept, 0);
        } else if (method == METHOD_BITSPLIT || method == METHOD_CODE_DESCENT) {
            assert_int_equal(solution.channels_kept, 1);
            assert_memory_equal(solution.codes + 8, rounded[2], 4);
            assert_true(solution.scales[2] == (float)scale);
        }
        if (method == METHOD_BITSPLIT) { /* inputs 1 and 3 are dead */
            assert_int_equal(solution.codes[4 + 1], rounded[1][1]);
            assert_int_equal(solution.codes[4 + 3], rounded[1][3]);
        }
        solution_free(&solution);
    }
    problems_free(problem);
}

/* Constant inputs leave only rounding noise in the centred sums, and scales fitted to it are arbitrary. The
 * bias compensates the difference of the means. */
static void constant_inputs_keep_rounding(void **state)
{
    Pool *pool = *state;
    enum { M = 5, N = 12 };
    for (size_t rows = 1; rows <= 3000; rows += 2999) {
        LayerSample sample = layer_sample_make(11, 1, M, N, rows, false, pool);
        Problem *problem;
        assert_int_equal(problems_create(&problem, 1, M, N, sample.w, NULL), STATUS_OK);
        for (size_t row = 1; row < rows; row++) memcpy(sample.x + row * N, sample.x, N * sizeof *sample.x);
        assert_int_equal(problems_add(problem, 1, sample.x, NULL, rows, pool, NULL), STATUS_OK);
        problems_finish(problem, 1, true, pool);
        for (unsigned i = 0; i < METHOD_COUNT * EFFORT_COUNT; i++) {
            const Method method = (Method)(i / EFFORT_COUNT);
            SolveOptions options = {.method = method,
                                    .effort = (Effort)(i % EFFORT_COUNT),
                                    .bits = 4,
                                    .polish = true,
                                    .bias_correction = true,
                                    .ridge = 0.1};
            Solution solution;
            assert_int_equal(solve(&solution, problem, 1, &options, pool, NULL), STATUS_OK);
            size_t steps = method == METHOD_ROUND_MINMAX ? 0 : 100;
            for (size_t c = 0; c < M; c++) {
                int8_t rounded[N];
                double scale = rounding_start(rounded, sample.w + c * N, N, 4, steps);
                assert_memory_equal(solution.codes + c * N, rounded, N);
                assert_true(solution.scales[c] == (float)scale);
            }
            solution_free(&solution);
        }
        problems_free(problem);
        layer_sample_free(&sample);
    }
}

/* Errors of sums that are not finite would compare as smaller than any. */
static void sums_must_be_finite(void **state)
{
    Pool *pool = *state;
    const float bad[] = {NAN, INFINITY, 1e30f};
    for (size_t i = 0; i < 6; i++) {
        LayerSample sample = layer_sample_make(5, 1, 4, 6, 40, true, pool);
        (i < 3 ? sample.x : sample.y)[7] = bad[i % 3];
        assert_int_equal(problems_add(sample.problems, 1, sample.x, sample.y, 40, pool, NULL), STATUS_OK);
        problems_finish(sample.problems, 1, false, pool);
        bool fits = i == 5; /* a single large output is no overflow: y2 is summed in double */
        for (Method method = 0; method < METHOD_COUNT; method++) {
            SolveOptions options = {.method = method, .bits = 4, .polish = true, .bias_correction = true};
            Solution solution;
            Message message = {0};
            assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, &message),
                             fits ? STATUS_OK : STATUS_INVALID);
            assert_int_equal(message.remedies, fits ? 0 : REMEDY_NORMALIZATION | REMEDY_FLOAT_LAYER);
            solution_free(&solution);
        }
        layer_sample_free(&sample);
    }
}

static bool cancel_at_third(void *context, const SolveProgress *progress)
{
    (void)progress;
    return ++*(int *)context < 3;
}

static void cancelled_between_epochs(void **state)
{
    Pool *pool = *state;
    LayerSample sample = layer_sample_make(3, 1, 20, 60, 200, false, pool);
    int calls = 0;
    SolveOptions options = {
        .method = METHOD_BITSPLIT, .bits = 4, .polish = true, .progress = cancel_at_third, .context = &calls};
    Solution solution;
    Message message;
    assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, &message), STATUS_CANCELLED);
    assert_int_equal(calls, 3);
    assert_null(solution.codes);
    layer_sample_free(&sample);
}

/* --- threads -------------------------------------------------------------------------------------------- */

/* Three blocks of inputs and three tiles of channels, the last of each not full. */
static void threads_change_no_byte(void **state)
{
    (void)state;
    const size_t workers[] = {1, 2, 4};
    for (Method method = 0; method < METHOD_COUNT; method++) {
        Solution reference = {0};
        for (size_t i = 0; i < 3; i++) {
            Pool *pool;
            assert_int_equal(pool_create(&pool, workers[i], NULL), STATUS_OK);
            LayerSample sample = layer_sample_make(77, 1, 37, 150, 1500, true, pool);
            SolveOptions options = {
                .method = method, .bits = 4, .polish = true, .bias_correction = true, .ridge = 0.01};
            Solution solution;
            assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, NULL), STATUS_OK);
            if (i == 0) {
                reference = solution;
            } else {
                assert_memory_equal(solution.codes, reference.codes, solution.channels * solution.n);
                assert_memory_equal(solution.scales, reference.scales, solution.channels * sizeof(float));
                assert_true(solution.method_error == reference.method_error);
                assert_true(solution.heldout_error == reference.heldout_error);
                solution_free(&solution);
            }
            layer_sample_free(&sample);
            pool_free(pool);
        }
        solution_free(&reference);
    }
}

/* --- GPTQ
 * --------------------------------------------------------------------------------------------------- */

/* Without correlation between inputs there is no error to feed back: GPTQ is rounding. */
static void gptq_without_correlation_rounds(void **state)
{
    Pool *pool = *state;
    enum { N = 9, M = 5 };
    float w[M * N], x[N * N] = {0};
    for (size_t i = 0; i < M * N; i++) w[i] = (float)random_normal(5, i, 0);
    for (size_t k = 0; k < N; k++) x[k * N + k] = 1 + (float)k;
    Problem *problem;
    assert_int_equal(problems_create(&problem, 1, M, N, w, NULL), STATUS_OK);
    assert_int_equal(problems_add(problem, 1, x, NULL, N, pool, NULL), STATUS_OK);
    problems_finish(problem, 1, true, pool);
    SolveOptions options = {.method = METHOD_GPTQ, .bits = 4};
    Solution solution;
    assert_int_equal(solve(&solution, problem, 1, &options, pool, NULL), STATUS_OK);
    assert_int_equal(solution.codes_changed, 0);
    solution_free(&solution);
    problems_free(problem);
}

static void gptq_beats_rounding(void **state)
{
    Pool *pool = *state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        LayerSample sample = layer_sample_make(seed, 1, 40, 150, 1000, true, pool);
        SolveOptions options = {.method = METHOD_GPTQ_POLISH, .bits = 4};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, NULL), STATUS_OK);
        assert_true(solution.method_error < 0.8 * solution.rounding_error);
        assert_true(solution.polished_error <= solution.method_error);
        solution_free(&solution);
        layer_sample_free(&sample);
    }
}

static int start_pool(void **state)
{
    Pool *pool;
    if (blas_kernel_choose(NULL, NULL) != STATUS_OK || pool_create(&pool, 2, NULL) != STATUS_OK) return -1;
    *state = pool;
    return 0;
}

static int stop_pool(void **state)
{
    pool_free(*state);
    return 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_never_rises),
        cmocka_unit_test(progress_ends_at_the_solutions_errors),
        cmocka_unit_test(errors_match_rows),
        cmocka_unit_test(blocked_agrees_with_plain_twin),
        cmocka_unit_test(best_of_all_codes),
        cmocka_unit_test(dead_and_zero),
        cmocka_unit_test(constant_inputs_keep_rounding),
        cmocka_unit_test(sums_must_be_finite),
        cmocka_unit_test(cancelled_between_epochs),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(gptq_without_correlation_rounds),
        cmocka_unit_test(gptq_beats_rounding),
    };
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests_name("solve", tests, start_pool, stop_pool);
}
