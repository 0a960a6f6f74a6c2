/* SPDX-License-Identifier: MIT */
/* What holds for every method at every effort: the objective never rises, no code is below the exact optimum,
 * the number of threads changes no byte. On random problems and on the layers of lenet5. */
#include "fashion_fixture.h"
#include "layer_sample.h"
#include "quantize/calibrate/calibrate.h"
#include "quantize/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double final_error(const Solution *solution)
{
    return isnan(solution->polished_error) ? solution->method_error : solution->polished_error;
}

/* GPTQ starts afresh and may end above round-to-nearest. */
static bool improves_on_rounding(Method method)
{
    return method != METHOD_GPTQ && method != METHOD_GPTQ_POLISH;
}

/* --- never up ------------------------------------------------------------------------------------------- */

typedef struct Watch {
    double last;
    bool from_rounding; /* the method's first record is compared with that of round-to-nearest */
    size_t records;
} Watch;

static bool watch_objective(void *context, const SolveProgress *progress)
{
    Watch *watch = context;
    const bool compared = watch->from_rounding || watch->records >= 2;
    if (compared && !(progress->objective <= watch->last * (1 + 1e-9) + 1e-11))
        fail_msg("the objective rises from %.12g to %.12g, stage %d, epoch %zu", watch->last,
                 progress->objective, progress->stage, progress->epoch);
    watch->last = progress->objective;
    watch->records++;
    return true;
}

/* Solves with all that is checked of one solve; the caller frees the solution. */
static void solve_watched(Solution *solution, const Problem *problems, size_t groups, SolveOptions options,
                          Pool *pool)
{
    Watch watch = {.last = INFINITY, .from_rounding = improves_on_rounding(options.method)};
    options.progress = watch_objective;
    options.context = &watch;
    Message message = {0};
    if (solve(solution, problems, groups, &options, pool, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    assert_true(watch.records >= 1);
    const double slack = 1e-11;
    if (options.ridge == 0) { /* errors leave the ridge's term out */
        if (improves_on_rounding(options.method))
            assert_true(solution->method_error <= solution->rounding_error * (1 + 1e-9) + slack);
        if (!isnan(solution->polished_error))
            assert_true(solution->polished_error <= solution->method_error * (1 + 1e-9) + slack);
    }
    const int limit = (1 << (options.bits - 1)) - 1;
    for (size_t i = 0; i < solution->channels * solution->n; i++)
        assert_in_range(solution->codes[i] + limit, 0, 2 * limit);
}

/* Dead and constant inputs, channels of zeros, and fewer rows than inputs among them. */
static void objective_never_rises(void **state)
{
    const Bench *bench = *state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        const size_t groups = seed % 5 == 4 ? 3 : 1, n = random_pick(seed, 1, 1, 40);
        LayerSample sample = layer_sample_make(seed, groups, random_pick(seed, 2, 1, 12), n,
                                               random_pick(seed, 3, 2, 60), seed % 2, bench->pool);
        for (Method method = 0; method < METHOD_COUNT; method++)
            for (Effort effort = 0; effort < EFFORT_COUNT; effort++) {
                Solution solution;
                const SolveOptions options = {.method = method,
                                              .effort = effort,
                                              .bits = 2 + (unsigned)(seed % 4),
                                              .polish = seed % 4 != 3,
                                              .bias_correction = seed % 3,
                                              .ridge = seed % 2 ? 0.05 : 0};
                solve_watched(&solution, sample.problems, groups, options, bench->pool);
                solution_free(&solution);
            }
        layer_sample_free(&sample);
    }
}

/* --- the exact optimum ---------------------------------------------------------------------------------- */

/* The least objective of all codes of one channel, each at its least-squares scale, of y2. */
static double exact_optimum(const Problem *problem, unsigned bits)
{
    const size_t n = problem->n;
    const int limit = (1 << (bits - 1)) - 1, levels = 2 * limit + 1;
    double score = 0;
    size_t count = 1;
    for (size_t k = 0; k < n; k++) count *= (size_t)levels;
    for (size_t number = 0; number < count; number++) {
        int q[8];
        size_t rest = number;
        double gq = 0, qhq = 0;
        for (size_t k = 0; k < n; k++, rest /= (size_t)levels) {
            q[k] = (int)(rest % (size_t)levels) - limit;
            gq += problem->g[k] * q[k];
        }
        if (gq <= 0) continue;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) qhq += problem->h[i * n + j] * q[i] * q[j];
        if (qhq > 0) score = fmax(score, gq * gq / qhq);
    }
    return (problem->y2[0] - score) / problem->y2[0];
}

static void no_code_is_below_the_optimum(void **state)
{
    const Bench *bench = *state;
    size_t reached = 0, all = 0;
    for (uint64_t seed = 0; all < 100 || seed < 140; seed++) {
        const unsigned bits = all < 100 ? 2 : 3;
        const size_t n = random_pick(seed, 1, 2, bits == 2 ? 8 : 5);
        LayerSample sample = layer_sample_make(7000 + seed, 1, 1, n, 60, true, bench->pool);
        const double best = exact_optimum(sample.problems, bits);
        for (Method method = 0; method < METHOD_COUNT; method++)
            for (Effort effort = 0; effort < EFFORT_COUNT; effort++) {
                Solution solution;
                const SolveOptions options = {
                    .method = method, .effort = effort, .bits = bits, .polish = true};
                solve_watched(&solution, sample.problems, 1, options, bench->pool);
                const bool live = solution.scales[0] > 0;
                const double error = final_error(&solution);
                assert_true(error >= best * (1 - 1e-9) - 1e-12);
                if (live && bits == 2 && method == METHOD_KBEST && effort == EFFORT_DEFAULT) {
                    reached += error <= best * (1 + 1e-6) + 1e-10;
                    all++;
                }
                solution_free(&solution);
            }
        layer_sample_free(&sample);
    }
    if (10 * reached < 9 * all) fail_msg("the optimum is reached in %zu of %zu problems", reached, all);
}

/* --- lenet5 --------------------------------------------------------------------------------------------- */

/* Weights of a layer that takes too long for a unit test at every effort. */
#define LARGE 1000

static void solve_layer(const Problem *problems, size_t groups, Pool *pool)
{
    for (Method method = 0; method < METHOD_COUNT; method++)
        for (Effort effort = 0; effort < EFFORT_COUNT; effort++) {
            if (effort != EFFORT_DEFAULT && problems->m * problems->n > LARGE) continue;
            Solution solution;
            const SolveOptions options = {.method = method,
                                          .effort = effort,
                                          .bits = (method + effort) % 2 ? 2 : 4,
                                          .polish = true,
                                          .bias_correction = true};
            solve_watched(&solution, problems, groups, options, pool);
            solution_free(&solution);
        }
}

static void objective_never_rises_on_lenet5(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("lenet5");
    bool wanted[16];
    const size_t solving[16] = {0};
    memset(wanted, true, sizeof wanted);
    assert_true(network->layer_count <= 16);
    const CalibrationOptions options = {.independent = true,
                                        .images = 64,
                                        .rows = 1000,
                                        .wanted = wanted,
                                        .memory = (size_t)1 << 30,
                                        .solving = solving,
                                        .pool = bench->pool};
    Calibration *calibration;
    assert_int_equal(calibration_create(&calibration, network, bench->images, &normalization, &options, NULL),
                     STATUS_OK);
    size_t layer = 0, layers = 0;
    for (const Problem *problems;
         calibration_next(calibration, &layer, &problems, NULL) == STATUS_OK && layer != NO_INDEX; layers++)
        solve_layer(problems, network->layers[layer].groups, bench->pool);
    assert_int_equal(layers, network->layer_count);
    calibration_free(calibration);
    network_free(network);
}

/* --- threads -------------------------------------------------------------------------------------------- */

static void threads_change_no_byte(void **state)
{
    (void)state;
    const size_t workers[] = {1, 2, 4};
    for (Method method = 0; method < METHOD_COUNT; method++)
        for (Effort effort = 0; effort < EFFORT_COUNT; effort++) {
            Solution solutions[3];
            for (size_t i = 0; i < 3; i++) {
                Pool *pool;
                assert_int_equal(pool_create(&pool, workers[i], NULL), STATUS_OK);
                LayerSample sample = layer_sample_make(77, 2, 21, 40, 120, true, pool);
                const SolveOptions options = {.method = method,
                                              .effort = effort,
                                              .bits = 3,
                                              .polish = true,
                                              .bias_correction = true,
                                              .ridge = 0.01};
                assert_int_equal(solve(&solutions[i], sample.problems, 2, &options, pool, NULL), STATUS_OK);
                layer_sample_free(&sample);
                pool_free(pool);
            }
            for (size_t i = 1; i < 3; i++) {
                const Solution *one = &solutions[0], *other = &solutions[i];
                assert_memory_equal(other->codes, one->codes, one->channels * one->n);
                assert_memory_equal(other->scales, one->scales, one->channels * sizeof(float));
                assert_true(final_error(other) == final_error(one));
                assert_true(other->heldout_error == one->heldout_error);
            }
            for (size_t i = 0; i < 3; i++) solution_free(&solutions[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_never_rises),
        cmocka_unit_test(no_code_is_below_the_optimum),
        cmocka_unit_test(objective_never_rises_on_lenet5),
        cmocka_unit_test(threads_change_no_byte),
    };
    return cmocka_run_group_tests_name("codes", tests, start, stop);
}
