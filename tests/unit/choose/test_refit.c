/* SPDX-License-Identifier: MIT */
/* A re-fit against its normal equations solved plainly, and the same bytes with any number of threads. */
#include "app/cli/blas_kernel.h"
#include "base/random.h"
#include "choose/refit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUPS 3
#define M 37 /* more than one tile of channels */
#define N 11
#define ROWS 300

static float weights[GROUPS * M * N], x[ROWS * GROUPS * N], y[ROWS * GROUPS * M];

static Pool *start_pool(size_t workers)
{
    Pool *pool;
    assert_int_equal(pool_create(&pool, workers, NULL), STATUS_OK);
    return pool;
}

/* Inputs with means, correlated, and outputs of other inputs near them. */
static Problem *make_problems(Pool *pool)
{
    Problem *problems;
    for (size_t i = 0; i < GROUPS * M * N; i++) weights[i] = (float)random_uniform(1, i, 0, 0) - 0.5f;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t k = 0; k < GROUPS * N; k++)
            x[r * GROUPS * N + k] = (float)(random_uniform(2, r, k, 0) + random_uniform(2, r, k / 2, 1));
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < GROUPS * M; c++) {
            double sum = 0.3 * random_uniform(3, r, c, 0);
            for (size_t k = 0; k < N; k++)
                sum += (double)weights[c * N + k] * (double)x[r * GROUPS * N + c / M * N + k] * 0.9;
            y[r * GROUPS * M + c] = (float)sum;
        }
    assert_int_equal(problems_create(&problems, GROUPS, M, N, weights, NULL), STATUS_OK);
    assert_int_equal(problems_add(problems, GROUPS, x, y, ROWS, pool, NULL), STATUS_OK);
    problems_finish(problems, GROUPS, false, pool);
    return problems;
}

/* Solves a [N][N] z = b by Gauss's elimination with pivots. */
static void solve_plainly(double a[N][N], double b[N])
{
    for (size_t k = 0; k < N; k++) {
        size_t pivot = k;
        for (size_t i = k; i < N; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k])) pivot = i;
        for (size_t j = 0; j < N; j++) {
            const double swap = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        const double swap = b[k];
        b[k] = b[pivot];
        b[pivot] = swap;
        for (size_t i = k + 1; i < N; i++) {
            const double factor = a[i][k] / a[k][k];
            for (size_t j = k; j < N; j++) a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    }
    for (size_t k = N; k-- > 0;) {
        for (size_t j = k + 1; j < N; j++) b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
}

/* The rows themselves, less their means: (X'X + lambda I) dw = X'(y - X w). */
static void fit_channel(double changed[N], double *shift, size_t channel, double ridge)
{
    const size_t group = channel / M;
    double x_mean[N] = {0}, y_mean = 0, h[N][N] = {{0}}, trace = 0;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t k = 0; k < N; k++) x_mean[k] += (double)x[r * GROUPS * N + group * N + k] / ROWS;
        y_mean += (double)y[r * GROUPS * M + channel] / ROWS;
    }
    memset(changed, 0, N * sizeof *changed);
    for (size_t r = 0; r < ROWS; r++) {
        double row[N], left = (double)y[r * GROUPS * M + channel] - y_mean;
        for (size_t k = 0; k < N; k++) {
            row[k] = (double)x[r * GROUPS * N + group * N + k] - x_mean[k];
            left -= (double)weights[channel * N + k] * row[k];
        }
        for (size_t k = 0; k < N; k++) {
            changed[k] += left * row[k];
            for (size_t j = 0; j < N; j++) h[k][j] += row[k] * row[j];
        }
    }
    for (size_t k = 0; k < N; k++) trace += h[k][k];
    for (size_t k = 0; k < N; k++) h[k][k] += ridge * trace / N;
    solve_plainly(h, changed);
    *shift = y_mean;
    for (size_t k = 0; k < N; k++) {
        changed[k] += (double)weights[channel * N + k];
        *shift -= changed[k] * x_mean[k];
    }
}

static void refit_equals_normal_equations(void **state)
{
    static float fitted[GROUPS * M * N], shift[GROUPS * M];
    Pool *pool = start_pool(2);
    Problem *problems = make_problems(pool);
    assert_int_equal(refit_weights(fitted, shift, problems, GROUPS, 0.1, pool, NULL), STATUS_OK);
    for (size_t c = 0; c < GROUPS * M; c++) {
        double expected[N], expected_shift;
        fit_channel(expected, &expected_shift, c, 0.1);
        for (size_t k = 0; k < N; k++) assert_true(fabs((double)fitted[c * N + k] - expected[k]) < 2e-5);
        assert_true(fabs((double)shift[c] - expected_shift) < 2e-4);
    }
    problems_free(problems);
    pool_free(pool);
}

/* Of the weights, by the rows themselves. */
static void errors_are_those_of_the_rows(void **state)
{
    Pool *pool = start_pool(2);
    Problem *problems = make_problems(pool);
    double error, sum = 0, signal = 0;
    assert_int_equal(refit_error(&error, weights, problems, GROUPS, pool, NULL), STATUS_OK);
    for (size_t c = 0; c < GROUPS * M; c++) {
        double left[ROWS], mean = 0;
        for (size_t r = 0; r < ROWS; r++) {
            left[r] = (double)y[r * GROUPS * M + c];
            signal += left[r] * left[r];
            for (size_t k = 0; k < N; k++)
                left[r] -= (double)weights[c * N + k] * (double)x[r * GROUPS * N + c / M * N + k];
            mean += left[r] / ROWS;
        }
        for (size_t r = 0; r < ROWS; r++) sum += (left[r] - mean) * (left[r] - mean);
    }
    assert_true(fabs(error / (sum / signal) - 1) < 1e-4);
    problems_free(problems);
    pool_free(pool);
}

static void threads_change_nothing(void **state)
{
    static float fitted[2][GROUPS * M * N], shift[2][GROUPS * M];
    for (size_t i = 0; i < 2; i++) {
        Pool *pool = start_pool(1 + 2 * i);
        Problem *problems = make_problems(pool);
        assert_int_equal(refit_weights(fitted[i], shift[i], problems, GROUPS, 0.3, pool, NULL), STATUS_OK);
        problems_free(problems);
        pool_free(pool);
    }
    assert_memory_equal(fitted[0], fitted[1], sizeof fitted[0]);
    assert_memory_equal(shift[0], shift[1], sizeof shift[0]);
}

/* Inputs that are always the same say nothing of the weights: the bias alone moves. */
static void constant_inputs_leave_weights(void **state)
{
    static const float w[] = {1, 2}, same[] = {1, 1, 1, 1, 1, 1}, outputs[] = {5, 5, 5};
    Pool *pool = start_pool(1);
    Problem *problems;
    float fitted[2], shift;
    assert_int_equal(problems_create(&problems, 1, 1, 2, w, NULL), STATUS_OK);
    assert_int_equal(problems_add(problems, 1, same, outputs, 3, pool, NULL), STATUS_OK);
    problems_finish(problems, 1, false, pool);
    assert_int_equal(refit_weights(fitted, &shift, problems, 1, 0.1, pool, NULL), STATUS_OK);
    assert_memory_equal(fitted, w, sizeof w);
    assert_true(shift == 2);
    problems_free(problems);
    pool_free(pool);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refit_equals_normal_equations),
        cmocka_unit_test(errors_are_those_of_the_rows),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(constant_inputs_leave_weights),
    };
    if (blas_kernel_choose(argv, NULL) != STATUS_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
