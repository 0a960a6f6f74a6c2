/* SPDX-License-Identifier: MIT */
/* AdaRound, EfficientQ and COMQ: plain twins of the last two, one channel at a time in double, and what all
 * three must reach on random problems. */
#include "base/blas.h"
#include "layer_sample.h"
#include "quantize/solve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_INPUTS 24

/* One channel; h and g over h's mean diagonal. */
typedef struct Channel {
    size_t n;
    double h[MOST_INPUTS][MOST_INPUTS], g[MOST_INPUTS], w[MOST_INPUTS], scale, limit;
    int8_t rounded[MOST_INPUTS];
} Channel;

static Channel make_channel(const Problem *problem, size_t c, unsigned bits)
{
    Channel channel = {.n = problem->n, .limit = (1 << (bits - 1)) - 1};
    double unit = 0;
    for (size_t k = 0; k < problem->n; k++) unit += problem->h[k * problem->n + k] / (double)problem->n;
    for (size_t i = 0; i < problem->n; i++) {
        channel.g[i] = problem->g[c * problem->n + i] / unit;
        channel.w[i] = (double)problem->weights[c * problem->n + i];
        for (size_t j = 0; j < problem->n; j++) channel.h[i][j] = problem->h[i * problem->n + j] / unit;
    }
    channel.scale = rounding_start(channel.rounded, problem->weights + c * problem->n, problem->n, bits, 100);
    return channel;
}

static double clip_round(double x, double limit)
{
    return fmin(fmax(rint(x), -limit), limit);
}

/* (g.q)^2 / q'hq, and the least-squares scale. */
static double score(const Channel *channel, const double *q, double *scale)
{
    double gq = 0, qhq = 0;
    for (size_t i = 0; i < channel->n; i++) {
        gq += channel->g[i] * q[i];
        for (size_t j = 0; j < channel->n; j++) qhq += channel->h[i][j] * q[i] * q[j];
    }
    if (!(gq > 0) || !(qhq > 0)) return 0;
    *scale = gq / qhq;
    return gq * gq / qhq;
}

static double rounding_score(const Channel *channel)
{
    double q[MOST_INPUTS], scale;
    for (size_t k = 0; k < channel->n; k++) q[k] = channel->rounded[k];
    return score(channel, q, &scale);
}

/* --- COMQ ----------------------------------------------------------------------------------------------- */

/* The coordinate not yet visited of the largest |w_k| sqrt(H_kk). */
static size_t next_coordinate(const Channel *channel, const bool *visited)
{
    size_t best = MOST_INPUTS;
    double most = -1;
    for (size_t k = 0; k < channel->n; k++) {
        const double size = fabs(channel->w[k]) * sqrt(channel->h[k][k]);
        if (visited[k] || size <= most) continue;
        most = size;
        best = k;
    }
    return best;
}

static double plain_comq(const Channel *channel)
{
    double q[MOST_INPUTS], scale = channel->scale;
    for (size_t k = 0; k < channel->n; k++)
        q[k] = channel->h[k][k] > 0 ? channel->w[k] / scale : channel->rounded[k];
    for (bool moved = true; moved;) {
        bool visited[MOST_INPUTS] = {false};
        moved = false;
        for (size_t i = 0; i < channel->n; i++) {
            const size_t k = next_coordinate(channel, visited);
            visited[k] = true;
            if (channel->h[k][k] == 0) continue;
            double r = -channel->g[k] / scale;
            for (size_t j = 0; j < channel->n; j++) r += channel->h[k][j] * q[j];
            const double next = clip_round(q[k] - r / channel->h[k][k], channel->limit);
            moved |= next != q[k];
            q[k] = next;
        }
        if (score(channel, q, &scale) == 0) break;
    }
    return fmax(score(channel, q, &scale), rounding_score(channel));
}

/* --- EfficientQ ----------------------------------------------------------------------------------------- */

#define STEPS 200
#define STAGE_STEPS 25
#define OFFER_STEPS 5
#define RHO_START 0.02

/* x <- (h + rho I)^-1 x by Gauss elimination; the matrix is positive definite. */
static void solve_shifted(double *x, const Channel *channel, double rho)
{
    double a[MOST_INPUTS][MOST_INPUTS];
    const size_t n = channel->n;
    memcpy(a, channel->h, sizeof a);
    for (size_t k = 0; k < n; k++) a[k][k] += rho;
    for (size_t k = 0; k < n; k++)
        for (size_t i = k + 1; i < n; i++) {
            const double factor = a[i][k] / a[k][k];
            for (size_t j = k; j < n; j++) a[i][j] -= factor * a[k][j];
            x[i] -= factor * x[k];
        }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) x[k] -= a[k][j] * x[j];
        x[k] /= a[k][k];
    }
}

static double plain_efficientq(const Channel *channel)
{
    const size_t n = channel->n;
    double q[MOST_INPUTS], w[MOST_INPUTS], u[MOST_INPUTS] = {0}, rho = RHO_START, scale = channel->scale,
                                           spare;
    for (size_t k = 0; k < n; k++) q[k] = channel->rounded[k];
    double best = score(channel, q, &scale);
    for (size_t i = 1; i <= STEPS; i++) {
        for (size_t k = 0; k < n; k++) w[k] = channel->g[k] + rho * (scale * q[k] - u[k]);
        solve_shifted(w, channel, rho);
        for (int turn = 0; turn < 3; turn++) {
            double vq = 0, qq = 0;
            for (size_t k = 0; k < n; k++) {
                q[k] = clip_round((w[k] + u[k]) / scale, channel->limit);
                vq += (w[k] + u[k]) * q[k];
                qq += q[k] * q[k];
            }
            if (!(vq > 0)) break;
            scale = vq / qq;
        }
        for (size_t k = 0; k < n; k++) u[k] += w[k] - scale * q[k];
        if (i % OFFER_STEPS == 0) best = fmax(best, score(channel, q, &spare));
        if (i % STAGE_STEPS != 0) continue;
        rho *= 2;
        for (size_t k = 0; k < n; k++) u[k] /= 2;
    }
    return best;
}

/* --- beside the twins ----------------------------------------------------------------------------------- */

/* Channels whose score is not the twin's, of all that are live: rounding of a value near a half may go the
 * other way. Inputs of noise alone, so that none is dead. */
static void compare_with_twin(Method method, double (*twin)(const Channel *channel), Pool *pool)
{
    size_t different = 0, all = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        const unsigned bits = 2 + (unsigned)(seed % 4);
        const size_t n = random_pick(seed, 1, 2, MOST_INPUTS), m = 6;
        LayerSample sample = layer_sample_make(800 + seed, 1, m, n, 4 * n + 20, true, pool);
        const SolveOptions options = {.method = method, .bits = bits};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, 1, &options, pool, NULL), STATUS_OK);
        for (size_t c = 0; c < m; c++) {
            const Channel channel = make_channel(sample.problems, c, bits);
            double q[MOST_INPUTS], scale = 0;
            for (size_t k = 0; k < n; k++) q[k] = solution.codes[c * n + k];
            if (channel.scale == 0 || rounding_score(&channel) == 0) continue;
            const double found = score(&channel, q, &scale), plain = twin(&channel);
            assert_true(fabs(scale - (double)solution.scales[c]) <= 1e-5 * scale);
            if (!(fabs(found - plain) <= 1e-6 * plain)) different++;
            all++;
        }
        solution_free(&solution);
        layer_sample_free(&sample);
    }
    assert_true(all > 100);
    if (20 * different > all) fail_msg("%zu of %zu channels differ", different, all);
}

static void comq_agrees_with_plain_twin(void **state)
{
    compare_with_twin(METHOD_COMQ, plain_comq, *state);
}

static void efficientq_agrees_with_plain_twin(void **state)
{
    compare_with_twin(METHOD_EFFICIENTQ, plain_efficientq, *state);
}

/* AdaRound decides between the two levels around w/a; a channel may also keep its nearest one. */
static void adaround_rounds_down_or_up(void **state)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        const unsigned bits = 2 + (unsigned)(seed % 4);
        LayerSample sample = layer_sample_make(900 + seed, 1, 6, MOST_INPUTS, 100, true, *state);
        const SolveOptions options = {.method = METHOD_ADAROUND, .bits = bits};
        Solution solution;
        assert_int_equal(solve(&solution, sample.problems, 1, &options, *state, NULL), STATUS_OK);
        for (size_t c = 0; c < 6; c++) {
            const Channel channel = make_channel(sample.problems, c, bits);
            for (size_t k = 0; channel.scale > 0 && k < MOST_INPUTS; k++) {
                const double x = channel.w[k] / channel.scale, code = solution.codes[c * MOST_INPUTS + k];
                assert_true(code == fmin(fmax(floor(x), -channel.limit), channel.limit) ||
                            code == fmin(fmax(floor(x) + 1, -channel.limit), channel.limit));
            }
        }
        solution_free(&solution);
        layer_sample_free(&sample);
    }
}

/* Never above round-to-nearest on any problem, and well below it on the whole. */
static void all_are_below_rounding(void **state)
{
    const Method methods[] = {METHOD_ADAROUND, METHOD_EFFICIENTQ, METHOD_COMQ};
    double rounding[3] = {0}, found[3] = {0};
    for (uint64_t seed = 0; seed < 12; seed++) {
        LayerSample sample = layer_sample_make(seed, 1, 20, 90, 400, true, *state);
        for (size_t i = 0; i < 3; i++) {
            const SolveOptions options = {
                .method = methods[i], .bits = 2 + (unsigned)(seed % 3), .bias_correction = true};
            Solution solution;
            assert_int_equal(solve(&solution, sample.problems, 1, &options, *state, NULL), STATUS_OK);
            assert_true(solution.method_error <= solution.rounding_error * (1 + 1e-9));
            rounding[i] += solution.rounding_error;
            found[i] += solution.method_error;
            solution_free(&solution);
        }
        layer_sample_free(&sample);
    }
    for (size_t i = 0; i < 3; i++) assert_true(found[i] < 0.8 * rounding[i]);
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
        cmocka_unit_test(comq_agrees_with_plain_twin),
        cmocka_unit_test(efficientq_agrees_with_plain_twin),
        cmocka_unit_test(adaround_rounds_down_or_up),
        cmocka_unit_test(all_are_below_rounding),
    };
    return cmocka_run_group_tests_name("methods", tests, start_pool, stop_pool);
}
