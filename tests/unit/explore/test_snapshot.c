/* SPDX-License-Identifier: MIT */
/* Snapshots: copies that share what is immutable, references, the Pareto front. */
#include "base/random.h"
#include "explore/pareto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static VisitedPlan *make_visit(size_t bytes, size_t right, size_t images)
{
    VisitedPlan *visit = calloc(1, sizeof *visit);
    assert_non_null(visit);
    visit->references = 1;
    visit->totals.bytes = bytes;
    visit->evaluated = images > 0;
    visit->accuracy.images = images;
    visit->accuracy.labelled = true;
    visit->accuracy.quantized.top1_correct = right;
    return visit;
}

static Solved *make_solved(void)
{
    Solved *solved = calloc(1, sizeof *solved);
    assert_non_null(solved);
    solved->references = 1;
    return solved;
}

/* --- copies --------------------------------------------------------------------------------------------- */

static void copies_stay_as_they_were(void **state)
{
    Layer only = {.m = 1};
    const Network network = {.layer_count = 1, .layers = &only};
    Plan *plan;
    assert_int_equal(plan_create(&plan, &network, NULL), STATUS_OK);
    Solved *solved = make_solved();
    VisitedPlan *visit = make_visit(10, 5, 10);
    LayerSnapshot layer = {.state = LAYER_SOLVED, .solved = solved, .accumulated_error = 0.5};
    SolveProgress trace[2] = {{.epoch = 0}, {.epoch = 1, .objective = 0.25}};
    LayerNorm norm = {.upper = 3};
    LadderStep step = {.hybrid = 7};
    const Snapshot draft = {.number = 9,
                            .plan = plan,
                            .layer_count = 1,
                            .layers = &layer,
                            .trace = trace,
                            .trace_count = 2,
                            .node_count = 1,
                            .norms = &norm,
                            .ladder = {.images = 4, .layer_count = 1, .steps = &step},
                            .visited = &visit,
                            .visited_count = 1};
    Snapshot *snapshot;
    assert_int_equal(snapshot_create(&snapshot, &draft, NULL), STATUS_OK);
    layer.accumulated_error = 1;
    trace[1].objective = norm.upper = step.hybrid = 0;
    assert_int_equal(snapshot->number, 9);
    assert_ptr_equal(snapshot->plan, plan);
    assert_int_equal(plan->references, 2);
    assert_true(snapshot->layers[0].accumulated_error == 0.5 && snapshot->trace[1].objective == 0.25);
    assert_true(snapshot->norms[0].upper == 3 && snapshot->ladder.steps[0].hybrid == 7);
    assert_ptr_equal(snapshot->layers[0].solved, solved);
    assert_int_equal(solved->references, 2);
    assert_int_equal(visit->references, 2);
    assert_ptr_equal(snapshot_hold(snapshot), snapshot);
    snapshot_drop(snapshot);
    assert_int_equal(solved->references, 2);
    snapshot_drop(snapshot);
    assert_int_equal(solved->references, 1);
    assert_int_equal(visit->references, 1);
    assert_int_equal(plan->references, 1);
    plan_drop(plan);
    solved_drop(solved);
    visited_plan_drop(visit);
    snapshot_drop(NULL);
    solved_drop(NULL);
    visited_plan_drop(NULL);
}

static void an_empty_draft_is_copied(void **state)
{
    const Snapshot draft = {0};
    Snapshot *snapshot;
    assert_int_equal(snapshot_create(&snapshot, &draft, NULL), STATUS_OK);
    assert_null(snapshot->layers);
    assert_null(snapshot->norms);
    snapshot_drop(snapshot);
}

/* --- the front ------------------------------------------------------------------------------------------ */

static void expect_front(VisitedPlan **visits, size_t count, const bool *expected)
{
    bool front[8];
    const Snapshot snapshot = {.visited = visits, .visited_count = count};
    pareto_front(front, &snapshot, NULL, PARETO_WEIGHT_BYTES);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(front[i], expected[i]);
        visited_plan_drop(visits[i]);
    }
}

static void the_front_is_what_nothing_beats(void **state)
{
    VisitedPlan *visits[] = {
        make_visit(100, 90, 100),                          /* larger than the next, and no better */
        make_visit(80, 90, 100),  make_visit(80, 90, 100), /* equal to it: neither beats the other */
        make_visit(80, 85, 100),                           /* as large, worse */
        make_visit(60, 50, 100),  make_visit(200, 95, 100), make_visit(10, 0, 0), /* not evaluated */
    };
    expect_front(visits, 7, (const bool[]){false, true, true, false, true, true, false});
}

/* 9 of 10 is as good as 90 of 100, and better than 899 of 1000. */
static void accuracies_of_different_images_compare_by_share(void **state)
{
    VisitedPlan *visits[] = {make_visit(50, 9, 10), make_visit(50, 90, 100), make_visit(50, 899, 1000)};
    expect_front(visits, 3, (const bool[]){true, true, false});
}

/* By weight bytes, plans of other activation bits are not compared; by BitOps they are. */
static void each_set_of_activation_bits_has_its_front(void **state)
{
    const Layer layers[2] = {{.m = 1, .n = 1, .groups = 1, .first = true}, {.m = 1, .n = 1, .groups = 1}};
    const Network network = {.layer_count = 2, .layers = layers};
    VisitedPlan *visits[3] = {make_visit(100, 90, 100), make_visit(80, 95, 100), make_visit(90, 80, 100)};
    const unsigned activation_bits[3] = {8, BITS_FLOAT, 8};
    for (size_t i = 0; i < 3; i++) {
        Plan *plan;
        assert_int_equal(plan_create(&plan, &network, NULL), STATUS_OK);
        plan_set_activation_bits(plan, &network, activation_bits[i]);
        visits[i]->plan = plan;
        visits[i]->totals.bitops = (double[]){10, 10, 5}[i];
        visits[i]->activation_bytes = (size_t[]){8, 32, 8}[i];
        visits[i]->totals.average_weight_bits = (double[]){4, 3, 4}[i];
    }
    const Snapshot snapshot = {.visited = visits, .visited_count = 3};
    static const bool expected[PARETO_AXES][3] = {[PARETO_WEIGHT_BYTES] = {true, true, true},
                                                  [PARETO_BITOPS] = {false, true, true},
                                                  [PARETO_ACTIVATION_BYTES] = {true, true, false},
                                                  [PARETO_WEIGHT_BITS] = {true, true, false}};
    bool front[3];
    for (ParetoAxis axis = 0; axis < PARETO_AXES; axis++) {
        pareto_front(front, &snapshot, NULL, axis);
        for (size_t i = 0; i < 3; i++)
            if (front[i] != expected[axis][i]) fail_msg("plan %zu by %s", i, pareto_axis_name(axis));
    }
    /* Without the plan that beat it, the first is on the front; a plan left out is not. */
    pareto_front(front, &snapshot, (const bool[]){false, true, false}, PARETO_BITOPS);
    assert_true(front[0] && !front[1] && front[2]);
    for (size_t i = 0; i < 3; i++) visited_plan_drop(visits[i]);
}

/* Without labels, the agreement stands for the accuracy. */
static void the_agreement_counts_without_labels(void **state)
{
    VisitedPlan *visits[2] = {make_visit(100, 0, 100), make_visit(80, 0, 100)};
    for (size_t i = 0; i < 2; i++) {
        visits[i]->accuracy.labelled = false;
        visits[i]->accuracy.agreeing = 95 - 10 * i;
    }
    expect_front(visits, 2, (const bool[]){true, true});
}

/* Every visit that is not on the front is beaten by one that is; none on it is. */
static void random_fronts_are_minimal(void **state)
{
    for (size_t round = 0; round < 200; round++) {
        VisitedPlan *visits[6];
        bool front[6];
        for (size_t i = 0; i < 6; i++)
            visits[i] = make_visit(random_bits(1, round, i, 0) % 5 + 1, random_bits(2, round, i, 0) % 5, 5);
        const Snapshot snapshot = {.visited = visits, .visited_count = 6};
        pareto_front(front, &snapshot, NULL, PARETO_WEIGHT_BYTES);
        for (size_t i = 0; i < 6; i++) {
            bool beaten = false;
            for (size_t k = 0; k < 6; k++) {
                const size_t a = visits[k]->totals.bytes, b = visits[i]->totals.bytes;
                const size_t x = visits[k]->accuracy.quantized.top1_correct,
                             y = visits[i]->accuracy.quantized.top1_correct;
                beaten |= front[k] && a <= b && x >= y && (a < b || x > y);
            }
            assert_int_equal(front[i], !beaten);
        }
        for (size_t i = 0; i < 6; i++) visited_plan_drop(visits[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_set_of_activation_bits_has_its_front),
        cmocka_unit_test(the_agreement_counts_without_labels),
        cmocka_unit_test(copies_stay_as_they_were),
        cmocka_unit_test(an_empty_draft_is_copied),
        cmocka_unit_test(the_front_is_what_nothing_beats),
        cmocka_unit_test(accuracies_of_different_images_compare_by_share),
        cmocka_unit_test(random_fronts_are_minimal),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
