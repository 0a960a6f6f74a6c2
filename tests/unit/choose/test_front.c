/* SPDX-License-Identifier: MIT */
/* The knapsack against enumeration on random small instances, the front against the search within a budget,
 * and what is said where no pick is within the budgets. */
#include "base/random.h"
#include "choose/front.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_SETS 6
#define MOST_CHOICES 5

typedef struct Instance {
    size_t set_count;
    ChoiceSet sets[64];
    Choice choices[64][7];
} Instance;

static uint64_t counter;

static double uniform(void)
{
    return random_uniform(7, 0, 0, counter++);
}

/* Costs are small whole numbers, so that sums tie. */
static void make_instance(Instance *instance, size_t set_count, size_t most_choices, double scale)
{
    instance->set_count = set_count;
    for (size_t s = 0; s < set_count; s++) {
        const size_t count = 1 + (size_t)(uniform() * (double)most_choices);
        for (size_t c = 0; c < count; c++) {
            Choice *choice = &instance->choices[s][c];
            *choice = (Choice){.error = floor(uniform() * 16) / 4};
            for (int k = 0; k < COST_COUNT; k++) choice->costs[k] = floor(uniform() * scale);
        }
        instance->sets[s] = (ChoiceSet){count, instance->choices[s]};
    }
}

/* The least error of all picks within the limits, INFINITY where there is none. */
static double enumerate(const Instance *instance, const CostLimits *limits)
{
    uint8_t picks[MOST_SETS] = {0};
    double least = INFINITY;
    for (;;) {
        const Choice sum = front_sum(instance->sets, instance->set_count, picks);
        bool within = true;
        for (int k = 0; k < COST_COUNT; k++) within &= sum.costs[k] <= limits->most[k];
        if (within) least = fmin(least, sum.error);
        size_t s = 0;
        while (s < instance->set_count && ++picks[s] == instance->sets[s].count) picks[s++] = 0;
        if (s == instance->set_count) return least;
    }
}

static void knapsack_equals_enumeration(void **state)
{
    for (int trial = 0; trial < 400; trial++) {
        Instance instance;
        make_instance(&instance, 1 + (size_t)(uniform() * MOST_SETS), MOST_CHOICES, 12);
        CostLimits limits = cost_limits_none();
        const int limited = 1 + trial % COST_COUNT;
        for (int k = 0; k < limited; k++)
            limits.most[(k + trial) % COST_COUNT] = floor(uniform() * 8 * (double)instance.set_count);
        const double least = enumerate(&instance, &limits);
        uint8_t picks[MOST_SETS];
        Choice point;
        bool proven;
        Message message;
        const Status status =
            front_within(picks, &point, &proven, instance.sets, instance.set_count, &limits, &message);
        assert_int_equal(status, isinf(least) ? STATUS_INVALID : STATUS_OK);
        if (status != STATUS_OK) continue;
        assert_true(proven);
        assert_true(point.error == least);
        for (int k = 0; k < COST_COUNT; k++) assert_true(point.costs[k] <= limits.most[k]);
    }
}

static void front_equals_enumeration(void **state)
{
    for (int trial = 0; trial < 100; trial++) {
        Instance instance;
        Message message;
        Front *front;
        make_instance(&instance, 1 + (size_t)(uniform() * MOST_SETS), MOST_CHOICES, 12);
        assert_int_equal(front_create(&front, instance.sets, instance.set_count, COST_BYTES, &message),
                         STATUS_OK);
        assert_true(front->exact);
        for (double most = 0; most < 12 * MOST_SETS; most++) {
            CostLimits limits = cost_limits_none();
            limits.most[COST_BYTES] = most;
            const double least = enumerate(&instance, &limits);
            const size_t point = front_find(front, most);
            assert_int_equal(point == front->count, isinf(least));
            if (isinf(least)) continue;
            const Choice sum =
                front_sum(instance.sets, instance.set_count, front->picks + point * front->set_count);
            assert_true(front->points[point].error == least);
            assert_memory_equal(&sum, &front->points[point], sizeof sum);
        }
        for (size_t i = 1; i < front->count; i++) {
            assert_true(front->points[i].costs[COST_BYTES] > front->points[i - 1].costs[COST_BYTES]);
            assert_true(front->points[i].error < front->points[i - 1].error);
        }
        front_free(front);
    }
}

/* As a network has them: sizes of layers far apart, errors that fall by four per bit. */
static void make_network(Instance *instance, size_t layers)
{
    instance->set_count = layers;
    for (size_t s = 0; s < layers; s++) {
        const double weights = floor(exp(uniform() * 8) * 40) * 8, error = exp(6 * uniform() - 3);
        for (unsigned c = 0; c < 7; c++)
            instance->choices[s][c] =
                (Choice){.error = error * pow(0.25, c) * (1 + 0.2 * uniform()),
                         .costs = {[COST_BYTES] = weights / 8 * (c + 2) + 64,
                                   [COST_BITOPS] = weights * (c + 2) * exp(3 * uniform())}};
        instance->sets[s] = (ChoiceSet){7, instance->choices[s]};
    }
}

/* No pick of the front is better, where it is thinned, and none is worse by much. */
static void large_instances(void **state)
{
    static Instance instance;
    make_network(&instance, 54);
    Message message;
    Front *front;
    assert_int_equal(front_create(&front, instance.sets, 54, COST_BYTES, &message), STATUS_OK);
    const double low = front->points[0].costs[COST_BYTES],
                 high = front->points[front->count - 1].costs[COST_BYTES];
    for (int i = 1; i < 12; i++) {
        CostLimits limits = cost_limits_none();
        limits.most[COST_BYTES] = low + (high - low) * i / 12;
        uint8_t picks[54];
        Choice point;
        bool proven;
        assert_int_equal(front_within(picks, &point, &proven, instance.sets, 54, &limits, &message),
                         STATUS_OK);
        const Choice *other = &front->points[front_find(front, limits.most[COST_BYTES])];
        assert_true(proven);
        assert_true(point.error <= other->error);
        assert_true(point.error >= other->error * (front->exact ? 1 : 0.99));
        limits.most[COST_BITOPS] = 0.9 * point.costs[COST_BITOPS];
        Choice both;
        assert_int_equal(front_within(picks, &both, &proven, instance.sets, 54, &limits, &message),
                         STATUS_OK);
        assert_true(both.error >= point.error);
        assert_true(both.costs[COST_BITOPS] <= limits.most[COST_BITOPS]);
    }
    front_free(front);
}

static void unreachable_budgets(void **state)
{
    Instance instance = {.set_count = 2};
    instance.choices[0][0] = (Choice){1, {1024, 8}};
    instance.choices[0][1] = (Choice){0, {2048, 4}};
    instance.choices[1][0] = (Choice){1, {512, 1}};
    instance.sets[0] = (ChoiceSet){2, instance.choices[0]};
    instance.sets[1] = (ChoiceSet){1, instance.choices[1]};
    CostLimits limits = cost_limits_none();
    uint8_t picks[2];
    Choice point;
    bool proven;
    Message message;
    limits.most[COST_BYTES] = 1000;
    assert_int_equal(front_within(picks, &point, &proven, instance.sets, 2, &limits, &message),
                     STATUS_INVALID);
    assert_string_equal(
        message.text, "a budget of 1000 bytes is below the smallest plan, which takes 1536 bytes (1.5 KiB)");
    limits.most[COST_BYTES] = 2000;
    limits.most[COST_BITOPS] = 4;
    assert_int_equal(front_within(picks, &point, &proven, instance.sets, 2, &limits, &message),
                     STATUS_INVALID);
    assert_string_equal(message.text, "a budget of bitops=4 is below the smallest plan, which takes 5");
    limits.most[COST_BITOPS] = 6;
    assert_int_equal(front_within(picks, &point, &proven, instance.sets, 2, &limits, &message),
                     STATUS_INVALID);
    assert_string_equal(message.text, "no plan is within all budgets at once: each alone can be reached");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knapsack_equals_enumeration),
        cmocka_unit_test(front_equals_enumeration),
        cmocka_unit_test(large_instances),
        cmocka_unit_test(unreachable_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
