/* SPDX-License-Identifier: MIT */
/* Routes over the codes of two weights, by hand and on random problems. */
#include "base/pool.h"
#include "base/random.h"
#include "quantize/solve.h"
#include "quantize/two_weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#define INPUTS 9
#define OUTPUTS 5
#define ROWS 200

static TwoWeights pair_of(double first, double second, double correlation, unsigned bits)
{
    return (TwoWeights){.known = true,
                        .scale = 1,
                        .weights = {first, second},
                        .h = {{1, correlation}, {correlation, 1}},
                        .bits = bits};
}

/* u = (0.4, 0.45), correlation 0.9. RTN (0, 0) has E(0); (0, 1) and (1, 0) have errors of opposite sign in
 * the two weights, which cancel. */
static void two_weights_by_hand(void **state)
{
    const TwoWeights pair = pair_of(0.4, 0.45, 0.9, 3);
    TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
    assert_int_equal(two_weights_route(steps, &pair, ROUTE_ROUNDING), 1);
    assert_true(steps[0].codes[0] == 0 && steps[0].codes[1] == 0 && steps[0].error == 1);
    const double zero = 0.16 + 2 * 0.9 * 0.18 + 0.2025, moved = 0.16 - 2 * 0.9 * 0.4 * 0.55 + 0.3025;
    assert_true(fabs(two_weights_error(&pair, 0, 1) - moved / zero) < 1e-12);
    const size_t count = two_weights_route(steps, &pair, ROUTE_DIGITS);
    assert_true(count == 2 && steps[1].digit == 0);
    assert_int_equal(two_weights_route(steps, &pair, ROUTE_NEAREST_PLANE), 2);
    assert_true(steps[1].codes[0] + steps[1].codes[1] == 1);
}

/* In the valley of r = 0.95 both weights have to move at once: (1, -1) is better than all neighbours of RTN.
 */
static void digits_get_stuck_where_two_must_move(void **state)
{
    const TwoWeights pair = pair_of(0.45, -0.45, 0.95, 4);
    TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
    size_t count = two_weights_route(steps, &pair, ROUTE_DIGITS);
    const TwoWeightsStep digits = steps[count - 1];
    two_weights_route(steps, &pair, ROUTE_BEST);
    assert_true(steps[0].error <= digits.error);
    for (int i = -1; i <= 1; i++)
        assert_true(two_weights_error(&pair, digits.codes[0] + i, digits.codes[1]) >= digits.error);
}

static void routes_go_down_and_the_best_is_best(void **state)
{
    for (uint64_t k = 0; k < 2000; k++) {
        const unsigned bits = 2 + (unsigned)(random_bits(7, k, 0, 0) % 4);
        const double most = (1 << (bits - 1)) - 1;
        const TwoWeights pair =
            pair_of(most * (2 * random_uniform(7, k, 1, 0) - 1), most * (2 * random_uniform(7, k, 2, 0) - 1),
                    1.9 * random_uniform(7, k, 3, 0) - 0.95, bits);
        TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
        two_weights_route(steps, &pair, ROUTE_BEST);
        const double best = steps[0].error;
        for (TwoWeightsRoute route = 0; route < ROUTE_COUNT; route++) {
            const size_t count = two_weights_route(steps, &pair, route);
            for (size_t i = 0; i < count; i++) {
                assert_true(abs(steps[i].codes[0]) <= (int)most && abs(steps[i].codes[1]) <= (int)most);
                assert_true(steps[i].error >= best * (1 - 1e-12));
                if (i && route == ROUTE_DIGITS) assert_true(steps[i].error < steps[i - 1].error);
            }
        }
    }
}

/* Of a real Problem: the block of H and the weights in units of the scale of round-to-nearest. */
static void a_pair_is_taken_from_the_problem(void **state)
{
    Message message = {0};
    Pool *pool;
    Problem *problems;
    float weights[OUTPUTS * INPUTS], x[ROWS * INPUTS];
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++) weights[i] = (float)(random_uniform(1, i, 0, 0) - 0.5);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < INPUTS; i++)
            x[r * INPUTS + i] = (float)(random_uniform(2, r, 0, 0) + 0.5 * random_uniform(3, r, i, 0));
    assert_int_equal(pool_create(&pool, 1, &message), STATUS_OK);
    assert_int_equal(problems_create(&problems, 1, OUTPUTS, INPUTS, weights, &message), STATUS_OK);
    assert_int_equal(problems_add(problems, 1, x, NULL, ROWS, pool, &message), STATUS_OK);
    problems_finish(problems, 1, true, pool);
    TwoWeights pair;
    assert_int_equal(two_weights_choose(&pair, problems, 1, false, 3, &message), STATUS_OK);
    assert_true(pair.known && pair.channel < OUTPUTS && pair.inputs[0] != pair.inputs[1]);
    int8_t codes[INPUTS];
    const double scale = rounding_start(codes, weights + pair.channel * INPUTS, INPUTS, 3, SOLVE_MAX_EPOCHS);
    for (size_t k = 0; k < 2; k++) {
        assert_true(fabs(pair.weights[k] - weights[pair.channel * INPUTS + pair.inputs[k]] / scale) < 1e-12);
        assert_true(pair.h[k][1 - k] == problems->h[pair.inputs[0] * INPUTS + pair.inputs[1]]);
        assert_true(pair.h[k][k] == problems->h[pair.inputs[k] * INPUTS + pair.inputs[k]]);
    }
    problems_free(problems);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_weights_by_hand),
        cmocka_unit_test(digits_get_stuck_where_two_must_move),
        cmocka_unit_test(routes_go_down_and_the_best_is_best),
        cmocka_unit_test(a_pair_is_taken_from_the_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
