/* SPDX-License-Identifier: MIT */
/* Grids: their levels and scales, and the methods on each of them beside plain twins in double, the exact
 * optimum by enumeration, and what every step must keep: the objective never rises, codes are levels, scales
 * are allowed ones. */
#include "base/blas.h"
#include "base/random.h"
#include "layer_sample.h"
#include "quantize/hessian.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_INPUTS 24
#define TOLERANCE 1e-9

typedef struct Width {
    GridKind kind;
    unsigned bits;
} Width;

static const Width widths[] = {{GRID_UNIFORM, 2},      {GRID_UNIFORM, 3},      {GRID_POWER_OF_TWO, 2},
                               {GRID_POWER_OF_TWO, 3}, {GRID_POWER_OF_TWO, 4}, {GRID_TERNARY, 2},
                               {GRID_BINARY, 1}};
#define WIDTHS (sizeof widths / sizeof *widths)

typedef struct Pools {
    Pool *one, *two;
} Pools;

/* --- levels and scales ---------------------------------------------------------------------------------- */

static void levels_are_those_of_the_header(void **state)
{
    static const int8_t powers[] = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};
    static const int8_t ternary[] = {-1, 0, 1}, binary[] = {-1, 1};
    Grid grid = grid_make(GRID_POWER_OF_TWO, 4);
    assert_int_equal(grid.count, 15);
    assert_memory_equal(grid.levels, powers, 15);
    grid = grid_make(GRID_POWER_OF_TWO, 3);
    assert_int_equal(grid.count, 7);
    assert_memory_equal(grid.levels, powers + 4, 7);
    grid = grid_make(GRID_TERNARY, 2);
    assert_int_equal(grid.count, 3);
    assert_memory_equal(grid.levels, ternary, 3);
    assert_true(grid.consecutive && grid.power_of_two_scale);
    grid = grid_make(GRID_BINARY, 1);
    assert_int_equal(grid.count, 2);
    assert_memory_equal(grid.levels, binary, 2);
    assert_false(grid.consecutive);
    for (unsigned bits = 2; bits <= 8; bits++) {
        grid = grid_make(GRID_UNIFORM, bits);
        assert_true(grid.consecutive && !grid.power_of_two_scale);
        assert_int_equal(grid.count, (1u << bits) - 1);
        assert_int_equal(grid.levels[0], -grid_largest(&grid));
    }
}

static void rounding_takes_the_nearest_level(void **state)
{
    for (size_t w = 0; w < WIDTHS; w++) {
        const Grid grid = grid_make(widths[w].kind, widths[w].bits);
        for (uint64_t i = 0; i < 2000; i++) {
            const double x = (random_uniform(1, w, i, 0) - 0.5) * 3 * grid_largest(&grid);
            double nearest = INFINITY;
            for (size_t l = 0; l < grid.count; l++) nearest = fmin(nearest, fabs(grid.levels[l] - x));
            assert_true(fabs(fabs(grid_round(&grid, x) - x) - nearest) <= 1e-6 * nearest + 1e-12);
        }
    }
}

static void power_of_two_scales_are_the_best_ones(void **state)
{
    const Grid grid = grid_make(GRID_TERNARY, 2);
    for (uint64_t i = 0; i < 2000; i++) {
        const double gq = exp(20 * (random_uniform(2, 0, i, 0) - 0.5)), qp = exp(random_uniform(2, 1, i, 0));
        double most = -INFINITY;
        for (int e = -40; e <= 40; e++) most = fmax(most, ldexp(1, e) * (2 * gq - ldexp(1, e) * qp));
        assert_true(fabs(grid_score(&grid, gq, qp) - most) <= TOLERANCE * most);
        const double scale = grid_scale(&grid, gq / qp);
        assert_true(scale * (2 * gq - scale * qp) == grid_score(&grid, gq, qp));
    }
}

/* --- one channel, in double ----------------------------------------------------------------------------- */

typedef struct Channel {
    size_t n;
    double h[MOST_INPUTS][MOST_INPUTS], g[MOST_INPUTS];
    const float *weights;
    Grid grid;
} Channel;

static Channel make_channel(const Problem *problem, size_t c, Width width)
{
    Channel channel = {.n = problem->n,
                       .weights = problem->weights + c * problem->n,
                       .grid = grid_make(width.kind, width.bits)};
    for (size_t i = 0; i < problem->n; i++) {
        channel.g[i] = problem->g[c * problem->n + i];
        for (size_t j = 0; j < problem->n; j++) channel.h[i][j] = problem->h[i * problem->n + j];
    }
    return channel;
}

/* The best scale that the grid allows, by trying; 0 where there is none. */
static double plain_scale(const Channel *channel, double gq, double qhq)
{
    if (!(gq > 0) || !(qhq > 0)) return 0;
    if (!channel->grid.power_of_two_scale) return gq / qhq;
    double best = 0, most = 0;
    for (int e = -60; e <= 60; e++) {
        const double a = ldexp(1, e), score = a * (2 * gq - a * qhq);
        if (score > most) most = score, best = a;
    }
    return best;
}

/* What codes lower the objective by, at the best scale. */
static double plain_score(const Channel *channel, const int8_t *q, double *scale)
{
    double gq = 0, qhq = 0;
    for (size_t i = 0; i < channel->n; i++) {
        gq += channel->g[i] * q[i];
        for (size_t j = 0; j < channel->n; j++) qhq += channel->h[i][j] * q[i] * q[j];
    }
    const double a = plain_scale(channel, gq, qhq);
    if (scale && a > 0) *scale = a;
    return a > 0 ? a * (2 * gq - a * qhq) : 0;
}

static int8_t plain_level(const Grid *grid, double x)
{
    int8_t nearest = grid->levels[0];
    for (size_t l = 1; l < grid->count; l++)
        if (fabs(grid->levels[l] - x) < fabs(nearest - x)) nearest = grid->levels[l];
    return nearest;
}

static double plain_rounding(int8_t *q, const Channel *channel)
{
    double largest = 0, scale;
    for (size_t k = 0; k < channel->n; k++) largest = fmax(largest, fabs((double)channel->weights[k]));
    scale = plain_scale(channel, largest / channel->grid.levels[channel->grid.count - 1], 1);
    for (bool changed = true; changed && scale > 0;) {
        double wq = 0, qq = 0;
        changed = false;
        for (size_t k = 0; k < channel->n; k++) {
            const int8_t code = plain_level(&channel->grid, (double)channel->weights[k] / scale);
            changed |= code != q[k];
            q[k] = code;
            wq += (double)channel->weights[k] * code;
            qq += code * code;
        }
        if (changed) scale = plain_scale(channel, wq, qq);
    }
    return scale;
}

/* Coordinate descent on whole codes: each in turn to its best level, then the best scale. */
static double plain_descent(const Channel *channel)
{
    int8_t q[MOST_INPUTS] = {0};
    double scale = plain_rounding(q, channel);
    if (plain_score(channel, q, &scale) == 0) return 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t k = 0; k < channel->n; k++) {
            double r = -channel->g[k] / scale;
            for (size_t j = 0; j < channel->n; j++) r += channel->h[k][j] * q[j];
            if (channel->h[k][k] == 0) continue;
            const int8_t code =
                plain_level(&channel->grid, q[k] - r * (1 - HESSIAN_SHORT) / channel->h[k][k]);
            changed |= code != q[k];
            q[k] = code;
        }
        if (plain_score(channel, q, &scale) == 0) break;
    }
    return plain_score(channel, q, NULL);
}

/* --- solving -------------------------------------------------------------------------------------------- */

static Solution solve_on(const LayerSample *sample, SolveOptions options, Width width, Pool *pool)
{
    Solution solution;
    Message message = {0};
    options.grid = width.kind;
    options.bits = width.bits;
    if (solve(&solution, sample->problems, 1, &options, pool, &message) != STATUS_OK)
        fail_msg("%s on %s: %s", method_name(options.method), grid_name(width.kind), message.text);
    return solution;
}

static void codes_are_levels(const Solution *solution, Width width)
{
    const Grid grid = grid_make(width.kind, width.bits);
    for (size_t i = 0; i < solution->channels * solution->n; i++)
        assert_int_equal(plain_level(&grid, solution->codes[i]), solution->codes[i]);
    for (size_t c = 0; c < solution->channels; c++) {
        const double scale = (double)solution->scales[c];
        assert_true(scale >= 0 &&
                    (scale == 0 || !grid.power_of_two_scale || exp2(rint(log2(scale))) == scale));
    }
}

static void rounding_and_descent_agree_with_plain_twins(void **state)
{
    const Pools *pools = *state;
    size_t different = 0, all = 0;
    for (uint64_t seed = 0; seed < 5 * WIDTHS; seed++) {
        const Width width = widths[seed % WIDTHS];
        const size_t n = random_pick(seed, 1, 2, MOST_INPUTS), m = 6;
        LayerSample sample = layer_sample_make(100 + seed, 1, m, n, 4 * n + 20, true, pools->two);
        Solution rounded = solve_on(&sample, (SolveOptions){.method = METHOD_ROUND_MSE}, width, pools->two);
        Solution moved = solve_on(&sample, (SolveOptions){.method = METHOD_CODE_DESCENT}, width, pools->two);
        codes_are_levels(&rounded, width);
        codes_are_levels(&moved, width);
        for (size_t c = 0; c < m; c++) {
            const Channel channel = make_channel(sample.problems, c, width);
            int8_t q[MOST_INPUTS] = {0};
            const double scale = plain_rounding(q, &channel);
            assert_true(fabs(scale - (double)rounded.scales[c]) <= 1e-6 * scale);
            if (scale > 0) assert_memory_equal(q, rounded.codes + c * n, n);
            const double plain = plain_descent(&channel);
            if (plain == 0) continue;
            const double found = plain_score(&channel, moved.codes + c * n, NULL);
            if (!(fabs(found - plain) <= 1e-6 * plain)) different++;
            all++;
        }
        solution_free(&rounded);
        solution_free(&moved);
        layer_sample_free(&sample);
    }
    assert_true(all > 100);
    if (20 * different > all) fail_msg("%zu of %zu channels differ", different, all);
}

/* --- the exact optimum ---------------------------------------------------------------------------------- */

static double exact_score(const Channel *channel)
{
    size_t places[MOST_INPUTS] = {0};
    double most = 0;
    for (;;) {
        int8_t q[MOST_INPUTS];
        for (size_t k = 0; k < channel->n; k++) q[k] = channel->grid.levels[places[k]];
        most = fmax(most, plain_score(channel, q, NULL));
        size_t k = 0;
        while (k < channel->n && ++places[k] == channel->grid.count) places[k++] = 0;
        if (k == channel->n) return most;
    }
}

/* As many inputs as leave about 2^12 codes. */
static size_t inputs_for(Width width)
{
    const double levels = (double)grid_make(width.kind, width.bits).count;
    return (size_t)(12 / log2(levels));
}

/* No method passes it, and nearest plane reaches it in at least nine of ten channels. */
static void no_method_passes_the_exact_optimum(void **state)
{
    const Pools *pools = *state;
    for (size_t w = 0; w < WIDTHS; w++) {
        const Width width = widths[w];
        const size_t n = inputs_for(width), m = 8;
        size_t reached = 0, all = 0;
        for (uint64_t seed = 0; seed < 4; seed++) {
            LayerSample sample = layer_sample_make(300 + 10 * w + seed, 1, m, n, 60, true, pools->two);
            double exact[8];
            for (size_t c = 0; c < m; c++) {
                const Channel channel = make_channel(sample.problems, c, width);
                exact[c] = exact_score(&channel);
            }
            for (size_t method = 0; method < METHOD_COUNT; method++) {
                if (!method_takes_grid((Method)method, width.kind, width.bits)) continue;
                const SolveOptions options = {
                    .method = (Method)method, .effort = EFFORT_DEFAULT, .polish = true};
                Solution solution = solve_on(&sample, options, width, pools->two);
                codes_are_levels(&solution, width);
                for (size_t c = 0; c < m; c++) {
                    const Channel channel = make_channel(sample.problems, c, width);
                    const double found = plain_score(&channel, solution.codes + c * n, NULL);
                    assert_true(found <= exact[c] * (1 + TOLERANCE));
                    if (method != METHOD_KBEST || exact[c] == 0) continue;
                    reached += found >= exact[c] * (1 - 1e-6);
                    all++;
                }
                solution_free(&solution);
            }
            layer_sample_free(&sample);
        }
        if (10 * reached < 9 * all)
            fail_msg("%s at %u bits: %zu of %zu", grid_name(width.kind), width.bits, reached, all);
    }
}

/* --- what every step keeps ------------------------------------------------------------------------------ */

typedef struct Watch {
    double objective;
    size_t rises;
} Watch;

static bool watch_objective(void *context, const SolveProgress *progress)
{
    Watch *watch = context;
    watch->rises += progress->objective > watch->objective * (1 + 1e-6) + 1e-12;
    watch->objective = progress->objective;
    return true;
}

/* GPTQ alone may end above round-to-nearest. */
static void objectives_never_rise_and_threads_change_nothing(void **state)
{
    const Pools *pools = *state;
    for (size_t w = 0; w < WIDTHS; w++)
        for (size_t method = 0; method < METHOD_COUNT; method++) {
            const Width width = widths[w];
            if (!method_takes_grid((Method)method, width.kind, width.bits)) continue;
            LayerSample sample = layer_sample_make(500 + w, 1, 20, 70, 300, true, pools->two);
            Watch watch = {.objective = INFINITY};
            SolveOptions options = {.method = (Method)method,
                                    .effort = EFFORT_DEFAULT,
                                    .polish = true,
                                    .bias_correction = true,
                                    .ridge = 0.1,
                                    .progress = watch_objective,
                                    .context = &watch};
            Solution solution = solve_on(&sample, options, width, pools->two);
            const bool gptq = method == METHOD_GPTQ || method == METHOD_GPTQ_POLISH;
            if (watch.rises > 0 && !gptq)
                fail_msg("%s rises on %s", method_name((Method)method), grid_name(width.kind));
            watch.objective = INFINITY;
            Solution alone = solve_on(&sample, options, width, pools->one);
            assert_memory_equal(alone.codes, solution.codes, solution.channels * solution.n);
            assert_memory_equal(alone.scales, solution.scales, solution.channels * sizeof(float));
            codes_are_levels(&solution, width);
            solution_free(&solution);
            solution_free(&alone);
            layer_sample_free(&sample);
        }
}

/* The score after codes k and l moved by `up` and `right` levels; 0 where the grid ends. */
static double score_beside(const Channel *channel, const int8_t *codes, size_t k, int up, size_t l, int right)
{
    int8_t q[MOST_INPUTS];
    const size_t ends[] = {k, l};
    const int steps[] = {up, right};
    memcpy(q, codes, channel->n);
    for (size_t i = 0; i < 2; i++) {
        const size_t level = grid_nearest_level(&channel->grid, q[ends[i]]);
        if ((steps[i] < 0 && level == 0) || (steps[i] > 0 && level + 1 == channel->grid.count)) return 0;
        q[ends[i]] = channel->grid.levels[level + (size_t)(steps[i] + 1) - 1];
    }
    return plain_score(channel, q, NULL);
}

/* After the most thorough polish no code and no two codes gain by going to their next levels. */
static void polish_ends_where_no_pair_gains(void **state)
{
    const Pools *pools = *state;
    for (size_t w = 0; w < WIDTHS; w++) {
        const Width width = widths[w];
        const size_t n = 14, m = 6;
        LayerSample sample = layer_sample_make(700 + w, 1, m, n, 80, true, pools->two);
        const SolveOptions options = {.method = METHOD_KBEST, .effort = EFFORT_THOROUGH, .polish = true};
        Solution solution = solve_on(&sample, options, width, pools->two);
        for (size_t c = 0; c < m; c++) {
            const Channel channel = make_channel(sample.problems, c, width);
            const int8_t *codes = solution.codes + c * n;
            const double score = plain_score(&channel, codes, NULL);
            for (size_t k = 0; score > 0 && k < n; k++)
                for (size_t l = 0; l < k; l++)
                    for (int step = 0; step < 9; step++)
                        assert_true(score_beside(&channel, codes, k, step / 3 - 1, l, step % 3 - 1) <=
                                    score * (1 + 1e-6));
        }
        solution_free(&solution);
        layer_sample_free(&sample);
    }
}

static void digits_need_whole_numbers(void **state)
{
    const Pools *pools = *state;
    LayerSample sample = layer_sample_make(1, 1, 4, 6, 40, true, pools->two);
    for (size_t w = 0; w < WIDTHS; w++) {
        const SolveOptions options = {
            .method = METHOD_BITSPLIT, .grid = widths[w].kind, .bits = widths[w].bits};
        const bool able = grid_make(widths[w].kind, widths[w].bits).consecutive;
        Solution solution;
        Message message = {0};
        assert_int_equal(method_takes_grid(METHOD_BITSPLIT, widths[w].kind, widths[w].bits), able);
        assert_int_equal(solve(&solution, sample.problems, 1, &options, pools->two, &message),
                         able ? STATUS_OK : STATUS_INVALID);
        if (!able) {
            assert_non_null(strstr(message.text, grid_name(widths[w].kind)));
            assert_non_null(strstr(message.text, "nearest-plane"));
            assert_true(message.remedies & REMEDY_METHOD);
        }
        solution_free(&solution);
    }
    layer_sample_free(&sample);
}

/* Weights that are 0 have scale 0, and codes of the grid. */
static void zero_weights_stay_zero(void **state)
{
    const Pools *pools = *state;
    LayerSample sample = layer_sample_make(2, 1, 4, 6, 40, true, pools->two);
    memset(sample.w, 0, 6 * sizeof *sample.w);
    for (size_t w = 0; w < WIDTHS; w++)
        for (size_t method = 0; method < METHOD_COUNT; method++) {
            if (!method_takes_grid((Method)method, widths[w].kind, widths[w].bits)) continue;
            const SolveOptions options = {.method = (Method)method, .effort = EFFORT_DEFAULT, .polish = true};
            Solution solution = solve_on(&sample, options, widths[w], pools->two);
            assert_true(solution.scales[0] == 0);
            codes_are_levels(&solution, widths[w]);
            solution_free(&solution);
        }
    layer_sample_free(&sample);
}

static int start_pools(void **state)
{
    static Pools pools;
    if (blas_start(NULL) != STATUS_OK || pool_create(&pools.one, 1, NULL) != STATUS_OK ||
        pool_create(&pools.two, 2, NULL) != STATUS_OK)
        return -1;
    *state = &pools;
    return 0;
}

static int stop_pools(void **state)
{
    Pools *pools = *state;
    pool_free(pools->one);
    pool_free(pools->two);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_those_of_the_header),
        cmocka_unit_test(rounding_takes_the_nearest_level),
        cmocka_unit_test(power_of_two_scales_are_the_best_ones),
        cmocka_unit_test(rounding_and_descent_agree_with_plain_twins),
        cmocka_unit_test(no_method_passes_the_exact_optimum),
        cmocka_unit_test(objectives_never_rise_and_threads_change_nothing),
        cmocka_unit_test(polish_ends_where_no_pair_gains),
        cmocka_unit_test(digits_need_whole_numbers),
        cmocka_unit_test(zero_weights_stay_zero),
    };
    return cmocka_run_group_tests_name("grids", tests, start_pools, stop_pools);
}
