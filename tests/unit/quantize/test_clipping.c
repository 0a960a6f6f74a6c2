/* SPDX-License-Identifier: MIT */
/* Clipping: the parts of round-to-nearest's error beside a plain twin, and solving at a range. */
#include "quantize/clipping.h"

#include "base/blas.h"
#include "layer_sample.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define M 6
#define N 20

typedef struct Twin {
    double rounding, clipping, error, weight_rounding, weight_clipping;
} Twin;

/* d'Hd of the centred H, from the rows themselves: the squared change of a channel's output less its mean. */
static double output_energy(const LayerSample *sample, const double *d)
{
    double sum = 0, squares = 0;
    for (size_t row = 0; row < sample->rows; row++) {
        double y = 0;
        for (size_t k = 0; k < N; k++) y += d[k] * (double)sample->x[row * N + k];
        sum += y;
        squares += y * y;
    }
    return squares - sum * sum / (double)sample->rows;
}

/* Adds one channel at a range. */
static void add_channel(Twin *twin, const LayerSample *sample, size_t c, double range, const Grid *grid)
{
    const float *w = sample->w + c * N;
    double largest = 0, s[N], t[N], both[N];
    const double top = grid->levels[grid->count - 1], below = grid->levels[grid->count - 2];
    for (size_t k = 0; k < N; k++) largest = fmax(largest, fabs((double)w[k]));
    if (largest == 0) return;
    double scale = range * largest / top;
    if (grid->power_of_two_scale) {
        const double low = exp2(floor(log2(scale)));
        scale = scale - low < 2 * low - scale ? low : 2 * low;
    }
    for (size_t k = 0; k < N; k++) {
        double nearest = grid->levels[0];
        for (size_t l = 1; l < grid->count; l++)
            if (fabs(grid->levels[l] - (double)w[k] / scale) < fabs(nearest - (double)w[k] / scale))
                nearest = grid->levels[l];
        if (grid->consecutive) nearest = fmin(fmax(rint((double)w[k] / scale), -top), top);
        const bool clipped = fabs((double)w[k]) > scale * (top + (top - below) / 2);
        both[k] = (double)w[k] - scale * nearest;
        s[k] = clipped ? 0 : both[k];
        t[k] = clipped ? both[k] : 0;
        twin->weight_rounding += s[k] * s[k];
        twin->weight_clipping += t[k] * t[k];
    }
    twin->rounding += output_energy(sample, s);
    twin->clipping += output_energy(sample, t);
    twin->error += output_energy(sample, both);
}

static const struct {
    GridKind kind;
    unsigned bits;
} widths[] = {
    {GRID_UNIFORM, 2}, {GRID_UNIFORM, 3}, {GRID_POWER_OF_TWO, 4}, {GRID_TERNARY, 2}, {GRID_BINARY, 1}};

static void near(double found, double plain)
{
    if (!(fabs(found - plain) <= 1e-4 * plain + 1e-9)) fail_msg("%.9g, not %.9g", found, plain);
}

static void parts_agree_with_plain_twin(void **state)
{
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        const Grid grid = grid_make(widths[w].kind, widths[w].bits);
        LayerSample sample = layer_sample_make(40 + w, 1, M, N, 200, false, *state);
        Clipping clipping;
        double outputs = 0, squares = 0;
        assert_int_equal(clipping_measure(&clipping, sample.problems, 1, &grid, true, *state, NULL),
                         STATUS_OK);
        for (size_t c = 0; c < M; c++) outputs += sample.problems->y2[c];
        for (size_t i = 0; i < M * N; i++) squares += (double)sample.w[i] * (double)sample.w[i];
        for (size_t i = 0; i < CLIPPING_RANGES; i++) {
            Twin twin = {0};
            for (size_t c = 0; c < M; c++) add_channel(&twin, &sample, c, clipping_range(i), &grid);
            near(clipping.weight_rounding[i], twin.weight_rounding / squares);
            near(clipping.weight_clipping[i], twin.weight_clipping / squares);
            near(clipping.rounding[i], twin.rounding / outputs);
            near(clipping.clipping[i], twin.clipping / outputs);
            near(clipping.error[i], twin.error / outputs);
            assert_true(isnan(clipping.solved[i]) && isnan(clipping.heldout[i]));
        }
        layer_sample_free(&sample);
    }
}

/* From the largest weight on nothing is clipped; the narrower the range, the more. */
static void narrow_ranges_clip_more(void **state)
{
    const Grid grid = grid_make(GRID_UNIFORM, 3);
    LayerSample sample = layer_sample_make(60, 1, M, N, 200, false, *state);
    Clipping clipping;
    assert_int_equal(clipping_measure(&clipping, sample.problems, 1, &grid, true, *state, NULL), STATUS_OK);
    for (size_t i = 0; i < CLIPPING_RANGES; i++) {
        if (clipping_range(i) > 1 - 1e-9) assert_true(clipping.weight_clipping[i] == 0);
        if (i > 0) assert_true(clipping.weight_clipping[i] <= clipping.weight_clipping[i - 1]);
    }
    assert_true(clipping.weight_clipping[0] > clipping.weight_rounding[0]);
    assert_true(clipping.weight_rounding[CLIPPING_RANGES - 1] > clipping.weight_rounding[0]);
    layer_sample_free(&sample);
}

/* Scales stay those of the range, round-to-nearest there has the error of both parts, and methods are below.
 */
static void solving_keeps_the_range(void **state)
{
    const Method methods[] = {METHOD_ROUND_MSE, METHOD_CODE_DESCENT, METHOD_GPTQ_POLISH, METHOD_BITSPLIT};
    const Grid grid = grid_make(GRID_UNIFORM, 3);
    LayerSample sample = layer_sample_make(70, 1, M, N, 300, false, *state);
    Clipping clipping;
    assert_int_equal(clipping_measure(&clipping, sample.problems, 1, &grid, true, *state, NULL), STATUS_OK);
    for (size_t i = 0; i < CLIPPING_RANGES; i++)
        for (size_t method = 0; method < 4; method++) {
            const SolveOptions options = {.method = methods[method],
                                          .bits = 3,
                                          .polish = true,
                                          .bias_correction = true,
                                          .range = clipping_range(i)};
            Solution solution;
            assert_int_equal(solve(&solution, sample.problems, 1, &options, *state, NULL), STATUS_OK);
            near(solution.rounding_error, clipping.error[i]);
            const double final =
                isnan(solution.polished_error) ? solution.method_error : solution.polished_error;
            if (method > 0) assert_true(final < solution.rounding_error);
            for (size_t c = 0; c < M; c++) {
                double largest = 0;
                for (size_t k = 0; k < N; k++) largest = fmax(largest, fabs((double)sample.w[c * N + k]));
                near((double)solution.scales[c], clipping_range(i) * largest / 3);
            }
            solution_free(&solution);
        }
    layer_sample_free(&sample);
}

static int start_pool(void **state)
{
    Pool *pool;
    if (blas_start(NULL) != STATUS_OK || pool_create(&pool, 2, NULL) != STATUS_OK) return -1;
    *state = pool;
    return 0;
}

static int stop_pool(void **state)
{
    pool_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_agree_with_plain_twin),
        cmocka_unit_test(narrow_ranges_clip_more),
        cmocka_unit_test(solving_keeps_the_range),
    };
    return cmocka_run_group_tests_name("clipping", tests, start_pool, stop_pool);
}
