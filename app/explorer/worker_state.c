/* SPDX-License-Identifier: MIT */
#include "app/explorer/worker_state.h"

PlanState plan_state_after(PlanState state, PlanEvent event)
{
    // clang-format off
    static const PlanState next[PLAN_EVENTS][PLAN_STATES] = {
        /*                  PENDING         SETTLED         CANCELLED       SHELVED */
        [PLAN_WANTED]    = {PLAN_PENDING,   PLAN_PENDING,   PLAN_PENDING,   PLAN_PENDING},
        [PLAN_GIVEN_UP]  = {PLAN_CANCELLED, PLAN_CANCELLED, PLAN_CANCELLED, PLAN_CANCELLED},
        [PLAN_COMPLETED] = {PLAN_SETTLED,   PLAN_SETTLED,   PLAN_SETTLED,   PLAN_SETTLED},
        [PLAN_FAILED]    = {PLAN_SETTLED,   PLAN_SETTLED,   PLAN_CANCELLED, PLAN_SHELVED},
        [PLAN_FOUND]     = {PLAN_PENDING,   PLAN_SETTLED,   PLAN_SETTLED,   PLAN_SETTLED},
        [PLAN_SHOWN]     = {PLAN_PENDING,   PLAN_SETTLED,   PLAN_SHELVED,   PLAN_SHELVED},
        [PLAN_LEFT]      = {PLAN_PENDING,   PLAN_PENDING,   PLAN_PENDING,   PLAN_PENDING},
        [PLAN_NO_IMAGES] = {PLAN_SETTLED,   PLAN_SETTLED,   PLAN_SETTLED,   PLAN_SETTLED},
    };
    // clang-format on
    return next[event][state];
}

WorkerState worker_next(const WorkerFacts *facts)
{
    const Task *question = task_queue_question(facts->tasks);
    /* A question is about a layer of the newest plan: the explorer has to know that plan first. */
    if (question && facts->has_images && !facts->explorer_has_plan) return WORKER_PURSUING;
    if (question) return question->kind == TASK_COMPARE ? WORKER_COMPARING : WORKER_MEASURING;
    if (facts->plan == PLAN_PENDING) return WORKER_PURSUING;
    if (facts->tasks->first) return WORKER_EXPORTING;
    if (facts->plan == PLAN_CANCELLED) return WORKER_SHOWING;
    return facts->foresees && facts->has_images && facts->plan == PLAN_SETTLED ? WORKER_FORESEEING
                                                                               : WORKER_IDLE;
}

bool worker_interrupted(WorkerState state, const WorkerOrders *orders, const TaskQueue *tasks)
{
    if (orders->stop || orders->cancelled || orders->new_plan) return true;
    if (state == WORKER_FORESEEING && tasks->first) return true;
    return state == WORKER_PURSUING && task_queue_question(tasks);
}
