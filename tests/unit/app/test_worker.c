/* SPDX-License-Identifier: MIT */
/* What the worker does next, without its thread. */
#include "app/explorer/worker_state.h"
#include "scratch.h"

static TaskQueue queue_of(const char *kinds)
{
    TaskQueue queue = {0};
    for (; *kinds; kinds++) {
        Task *task = *kinds == 'e'   ? task_export(NULL, "plan.csv")
                     : *kinds == 'c' ? task_question(TASK_COMPARE, 1)
                                     : task_question(TASK_MEASURE, 2);
        assert_non_null(task);
        task_queue_add(&queue, task);
    }
    return queue;
}

static void questions_are_taken_before_exports(void **state)
{
    static const TaskKind order[] = {TASK_COMPARE, TASK_MEASURE, TASK_EXPORT, TASK_EXPORT};
    TaskQueue queue = queue_of("ecem");
    assert_int_equal(task_queue_exports(&queue), 2);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        Task *task = task_queue_take(&queue);
        assert_int_equal(task->kind, order[i]);
        task_free(task);
    }
    assert_null(task_queue_take(&queue));
}

static void an_interrupted_export_stays_the_first(void **state)
{
    TaskQueue queue = queue_of("ee");
    Task *first = task_queue_take(&queue);
    task_queue_put_back(&queue, first);
    assert_ptr_equal(queue.first, first);
    assert_int_equal(task_queue_exports(&queue), 2);
    task_queue_clear(&queue);
}

static void dropped_questions_leave_exports(void **state)
{
    TaskQueue queue = queue_of("cemc");
    task_queue_drop_questions(&queue);
    assert_null(task_queue_question(&queue));
    assert_int_equal(task_queue_exports(&queue), 1);
    task_queue_clear(&queue);
}

static void what_comes_next(void **state)
{
    static const struct {
        PlanState plan;
        bool has_images, explorer_has_plan;
        const char *tasks;
        WorkerState next;
    } cases[] = {
        {PLAN_PENDING, true, false, "", WORKER_PURSUING},
        {PLAN_PENDING, true, true, "e", WORKER_PURSUING},
        {PLAN_PENDING, true, true, "ec", WORKER_COMPARING},
        {PLAN_PENDING, true, true, "em", WORKER_MEASURING},
        {PLAN_PENDING, true, false, "c", WORKER_PURSUING},
        {PLAN_SETTLED, true, true, "", WORKER_IDLE},
        {PLAN_SETTLED, true, true, "e", WORKER_EXPORTING},
        {PLAN_SETTLED, false, false, "e", WORKER_EXPORTING},
        {PLAN_SETTLED, false, false, "c", WORKER_COMPARING}, /* which says that there are no images */
        {PLAN_CANCELLED, true, false, "", WORKER_SHOWING},
        {PLAN_CANCELLED, true, false, "m", WORKER_PURSUING},
        {PLAN_CANCELLED, true, false, "e", WORKER_EXPORTING},
        {PLAN_SHELVED, true, true, "", WORKER_IDLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TaskQueue queue = queue_of(cases[i].tasks);
        const WorkerFacts facts = {.plan = cases[i].plan,
                                   .has_images = cases[i].has_images,
                                   .explorer_has_plan = cases[i].explorer_has_plan,
                                   .tasks = &queue};
        if (worker_next(&facts) != cases[i].next) print_error("case %zu\n", i);
        assert_int_equal(worker_next(&facts), cases[i].next);
        task_queue_clear(&queue);
    }
}

static void what_interrupts_a_task(void **state)
{
    TaskQueue none = {0}, question = queue_of("c"), export = queue_of("e");
    const WorkerOrders quiet = {0}, stop = {.stop = true}, cancelled = {.cancelled = true},
                       changed = {.new_plan = true};
    for (WorkerState running = WORKER_PURSUING; running <= WORKER_EXPORTING; running++) {
        assert_false(worker_interrupted(running, &quiet, &none));
        assert_false(worker_interrupted(running, &quiet, &export));
        assert_true(worker_interrupted(running, &stop, &none));
        assert_true(worker_interrupted(running, &cancelled, &none));
        assert_true(worker_interrupted(running, &changed, &none));
        assert_int_equal(worker_interrupted(running, &quiet, &question), running == WORKER_PURSUING);
    }
    task_queue_clear(&question);
    task_queue_clear(&export);
}

/* A sequence of events, and the state after each. */
static void a_plan_is_cancelled_and_resumed(void **state)
{
    static const struct {
        PlanEvent event;
        PlanState after;
    } story[] = {
        {PLAN_GIVEN_UP, PLAN_CANCELLED}, {PLAN_FAILED, PLAN_CANCELLED}, {PLAN_SHOWN, PLAN_SHELVED},
        {PLAN_GIVEN_UP, PLAN_CANCELLED}, {PLAN_SHOWN, PLAN_SHELVED},    {PLAN_FAILED, PLAN_SHELVED},
        {PLAN_WANTED, PLAN_PENDING},     {PLAN_SHOWN, PLAN_PENDING},    {PLAN_FOUND, PLAN_PENDING},
        {PLAN_COMPLETED, PLAN_SETTLED},  {PLAN_LEFT, PLAN_PENDING},     {PLAN_FAILED, PLAN_SETTLED},
        {PLAN_GIVEN_UP, PLAN_CANCELLED}, {PLAN_FOUND, PLAN_SETTLED},    {PLAN_NO_IMAGES, PLAN_SETTLED},
    };
    PlanState plan = PLAN_PENDING;
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        plan = plan_state_after(plan, story[i].event);
        if (plan != story[i].after) print_error("event %zu\n", i);
        assert_int_equal(plan, story[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_taken_before_exports),
        cmocka_unit_test(an_interrupted_export_stays_the_first),
        cmocka_unit_test(dropped_questions_leave_exports),
        cmocka_unit_test(what_comes_next),
        cmocka_unit_test(what_interrupts_a_task),
        cmocka_unit_test(a_plan_is_cancelled_and_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
