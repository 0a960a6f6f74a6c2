/* SPDX-License-Identifier: MIT */
/* Sensitivity on two inputs, by hand: visited by descending H_kk, the factor's squared diagonal reversed is
 * h_min and det H / h_min. */
#include "app/cli/blas_kernel.h"
#include "quantize/sensitivity.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS 4

static Pool *single;
static const float weights[2] = {0.7f, -0.31f};
static const float rows[ROWS][2] = {{3, 1}, {1, -1}, {2, 0.5f}, {-2, 1}};

static Sensitivity measure(Problem **problems, const float x[ROWS][2], bool bias_correction)
{
    Sensitivity sensitivity;
    assert_int_equal(problems_create(problems, 1, 1, 2, weights, NULL), STATUS_OK);
    assert_int_equal(problems_add(*problems, 1, x[0], NULL, ROWS, single, NULL), STATUS_OK);
    problems_finish(*problems, 1, true, single);
    assert_int_equal(sensitivity_measure(&sensitivity, *problems, 1, bias_correction, single, NULL),
                     STATUS_OK);
    return sensitivity;
}

/* Sums of squares about the means, or about 0. */
static void moments(double h[3], bool centred)
{
    double sums[2] = {0};
    h[0] = h[1] = h[2] = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const double a = (double)rows[i][0], b = (double)rows[i][1];
        h[0] += a * a, h[1] += b * b, h[2] += a * b;
        sums[0] += a, sums[1] += b;
    }
    if (!centred) return;
    h[0] -= sums[0] * sums[0] / ROWS, h[1] -= sums[1] * sums[1] / ROWS, h[2] -= sums[0] * sums[1] / ROWS;
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-6 * fabs(b))) fail_msg("%.9g is not %.9g", a, b);
}

static void two_inputs_by_hand(void **state)
{
    for (int centred = 0; centred < 2; centred++) {
        Problem *problems;
        const Sensitivity got = measure(&problems, rows, centred);
        double h[3];
        moments(h, centred);
        const double variance = h[1] + (h[0] * h[1] - h[2] * h[2]) / h[1];
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++) {
            int8_t codes[2];
            const double scale = rounding_start(codes, weights, 2, bits, SOLVE_MAX_EPOCHS);
            const double a = (double)weights[0] - scale * codes[0], b = (double)weights[1] - scale * codes[1];
            const double error = a * a * h[0] + 2 * a * b * h[2] + b * b * h[1];
            const double residual = bits <= 3 ? (a * a + b * b) / 2 : scale * scale / 12;
            assert_near(got.estimate[bits] + 1, residual * variance / problems->y2[0] + 1);
            assert_near(got.rounding[bits] + 1, error / problems->y2[0] + 1);
        }
        problems_free(problems);
    }
}

/* Outputs that the inputs do not determine: what real weights leave, by the two normal equations. */
static void the_floor_is_the_least_squares_error(void **state)
{
    static const float outputs[ROWS] = {1.5f, -0.2f, 2, 0.7f};
    for (int centred = 0; centred < 2; centred++) {
        Problem *problems;
        Sensitivity got;
        assert_int_equal(problems_create(&problems, 1, 1, 2, weights, NULL), STATUS_OK);
        assert_int_equal(problems_add(problems, 1, rows[0], outputs, ROWS, single, NULL), STATUS_OK);
        problems_finish(problems, 1, false, single);
        assert_int_equal(sensitivity_measure(&got, problems, 1, centred, single, NULL), STATUS_OK);
        double h[3], g[2] = {0}, y2 = 0, means[3] = {0};
        moments(h, centred);
        for (size_t i = 0; i < ROWS && centred; i++) {
            for (size_t k = 0; k < 2; k++) means[k] += (double)rows[i][k] / ROWS;
            means[2] += (double)outputs[i] / ROWS;
        }
        for (size_t i = 0; i < ROWS; i++) {
            const double y = (double)outputs[i] - means[2];
            for (size_t k = 0; k < 2; k++) g[k] += y * ((double)rows[i][k] - means[k]);
            y2 += y * y;
        }
        const double det = h[0] * h[1] - h[2] * h[2];
        const double fit = (g[0] * g[0] * h[1] - 2 * g[0] * g[1] * h[2] + g[1] * g[1] * h[0]) / det;
        assert_near(got.floor, (y2 - fit) / problems->y2[0]);
        assert_true(got.floor > 0);
        problems_free(problems);
        got = measure(&problems, rows, centred); /* the layer's own outputs */
        assert_true(got.floor >= 0 && got.floor < 1e-12);
        problems_free(problems);
    }
}

/* Correlated inputs: the second can compensate the first. */
static void a_singular_matrix_is_no_failure(void **state)
{
    static const float same[ROWS][2] = {{1, 1}, {2, 2}, {-1, -1}, {3, 3}};
    Problem *problems;
    const Sensitivity got = measure(&problems, same, false);
    int8_t codes[2];
    const double scale = rounding_start(codes, weights, 2, 4, SOLVE_MAX_EPOCHS);
    const double expected = scale * scale / 12 * 15 / problems->y2[0];
    assert_true(fabs(got.estimate[4] - expected) < 1e-5 * expected);
    problems_free(problems);
}

/* All rows equal: the centred sums are rounding noise of float sums. */
static void inputs_that_do_not_vary_cost_nothing(void **state)
{
    enum { INPUTS = 24, OUTPUTS = 3, MANY = 1500 };
    static float some[OUTPUTS * INPUTS], x[MANY * INPUTS];
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++) some[i] = (float)(i * 37 % 41) / 41 - 0.4f;
    for (size_t i = 0; i < MANY * INPUTS; i++) x[i] = 0.1f + 1.7f * (float)(i % INPUTS);
    for (size_t count = 1; count <= MANY; count += MANY - 1) {
        Problem *problems;
        Sensitivity got;
        assert_int_equal(problems_create(&problems, 1, OUTPUTS, INPUTS, some, NULL), STATUS_OK);
        assert_int_equal(problems_add(problems, 1, x, NULL, count, single, NULL), STATUS_OK);
        problems_finish(problems, 1, true, single);
        assert_int_equal(sensitivity_measure(&got, problems, 1, true, single, NULL), STATUS_OK);
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
            assert_true(got.estimate[bits] == 0 && got.rounding[bits] == 0);
        assert_int_equal(sensitivity_measure(&got, problems, 1, false, single, NULL), STATUS_OK);
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
            assert_true(got.estimate[bits] > 0 && got.rounding[bits] > 0);
        problems_free(problems);
    }
}

/* A matrix that cannot be factorized leaves its own estimate unknown, and no other. */
static void an_indefinite_sum_leaves_the_estimate_unknown(void **state)
{
    Problem *problems;
    Sensitivity got = measure(&problems, rows, false);
    const double rounding = got.rounding[4];
    assert_true(rounding > 0);
    double *h = problems->h;
    h[1] = h[2] = 100 * (h[0] + h[3]);
    assert_int_equal(sensitivity_measure(&got, problems, 1, false, single, NULL), STATUS_OK);
    for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
        assert_true(isnan(got.estimate[bits]) && isfinite(got.rounding[bits]));
    problems->y2[0] = NAN;
    assert_int_equal(sensitivity_measure(&got, problems, 1, false, single, NULL), STATUS_INVALID);
    problems_free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_inputs_by_hand),
        cmocka_unit_test(the_floor_is_the_least_squares_error),
        cmocka_unit_test(a_singular_matrix_is_no_failure),
        cmocka_unit_test(inputs_that_do_not_vary_cost_nothing),
        cmocka_unit_test(an_indefinite_sum_leaves_the_estimate_unknown),
    };
    if (blas_kernel_choose(NULL, NULL) != STATUS_OK || pool_create(&single, 1, NULL) != STATUS_OK) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pool_free(single);
    return failed;
}
