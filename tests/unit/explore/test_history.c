/* SPDX-License-Identifier: MIT */
/* The history of plans: undo, redo, and what a push after an undo drops. */
#include "explore/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static Layer layers[2] = {{.first = true}, {.last = true}};
static const Network network = {.layer_count = 2, .layers = layers};

/* A plan of two layers, the first with `bits` weight bits. */
static Plan *plan_of(unsigned bits)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, &network, NULL), STATUS_OK);
    plan->layers[0].weight_bits = (uint8_t)bits;
    return plan;
}

static void push(History *history, const Plan *plan)
{
    assert_int_equal(history_push(history, plan, NULL), STATUS_OK);
    plan_drop(plan);
}

static unsigned bits_now(const History *history)
{
    return history_plan(history)->layers[0].weight_bits;
}

static History *history_of(unsigned first, unsigned last)
{
    History *history;
    const Plan *plan = plan_of(first);
    assert_int_equal(history_create(&history, plan, NULL), STATUS_OK);
    plan_drop(plan);
    for (unsigned bits = first + 1; bits <= last; bits++) push(history, plan_of(bits));
    return history;
}

static void undo_and_redo_walk_all_the_way(void **state)
{
    History *history = history_of(2, 60);
    assert_int_equal(history_undo_count(history), 58);
    for (unsigned bits = 60; bits > 2; bits--) {
        assert_int_equal(bits_now(history), bits);
        assert_true(history_undo(history));
    }
    assert_false(history_undo(history));
    assert_int_equal(bits_now(history), 2);
    assert_int_equal(history_redo_count(history), 58);
    for (unsigned bits = 3; bits <= 60; bits++) {
        assert_true(history_redo(history));
        assert_int_equal(bits_now(history), bits);
    }
    assert_false(history_redo(history));
    history_free(history);
}

static void a_push_drops_what_was_undone(void **state)
{
    History *history = history_of(2, 5);
    history_undo(history);
    history_undo(history);
    push(history, plan_of(8));
    assert_int_equal(bits_now(history), 8);
    assert_int_equal(history_redo_count(history), 0);
    assert_true(history_undo(history));
    assert_int_equal(bits_now(history), 3);
    history_free(history);
}

/* Pushing an equal plan adds no step, and keeps the steps that can be redone. */
static void an_equal_plan_adds_nothing(void **state)
{
    History *history = history_of(2, 4);
    history_undo(history);
    push(history, plan_of(3));
    assert_int_equal(history_undo_count(history), 1);
    assert_int_equal(history_redo_count(history), 1);
    history_free(history);
}

/* An edit is a copy of the current plan; the history shares what is pushed. */
static void plans_are_shared(void **state)
{
    History *history = history_of(2, 2);
    Plan *copy;
    assert_int_equal(plan_copy(&copy, history_plan(history), NULL), STATUS_OK);
    copy->layers[1].weight_bits = 7;
    push(history, copy);
    assert_ptr_equal(history_plan(history), copy);
    assert_int_equal(copy->references, 1);
    assert_int_equal(history_push(history, history_plan(history), NULL), STATUS_OK);
    assert_int_equal(history_undo_count(history), 1);
    history_free(history);
    history_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_and_redo_walk_all_the_way),
        cmocka_unit_test(a_push_drops_what_was_undone),
        cmocka_unit_test(an_equal_plan_adds_nothing),
        cmocka_unit_test(plans_are_shared),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
