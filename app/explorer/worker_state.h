/* SPDX-License-Identifier: MIT */
/* Worker state: what the worker's thread does next, and what becomes of the newest plan, as pure functions.
 *
 * No thread and no lock: app/explorer/worker.c calls these with its lock held, tests call them as they are.
 *
 * The newest plan is in one of four states:
 *
 *     PENDING    to be solved, bounded and evaluated, or under way
 *     SETTLED    finished: its results are complete, or it failed
 *     CANCELLED  given up by the person; the screen still shows another plan
 *     SHELVED    given up by the person; the screen shows what is known of it
 *
 *              complete, failed
 *     PENDING ------------------> SETTLED
 *        |  ^                        ^
 * cancel |  | new plan, resume       | an export completed it
 *        v  |                        |
 *     CANCELLED -- shown --> SHELVED +
 *
 * A new plan makes every state PENDING, and cancelling makes every state CANCELLED. plan_state_after() has
 * the whole table.
 *
 * The thread opens the images first, then takes one task after another until it is told to stop:
 *
 *     OPENING --> IDLE <--> PURSUING, SHOWING, COMPARING, MEASURING, EXPORTING, FORESEEING
 *
 * In which order tasks are taken is the order of the tests in worker_next().
 */
#ifndef APP_WORKER_STATE_H
#define APP_WORKER_STATE_H

#include "app/explorer/task_queue.h"

typedef enum PlanState { PLAN_PENDING, PLAN_SETTLED, PLAN_CANCELLED, PLAN_SHELVED, PLAN_STATES } PlanState;

typedef enum PlanEvent {
    PLAN_WANTED,    /* a new plan, or the person resumes a cancelled one */
    PLAN_GIVEN_UP,  /* the person cancels */
    PLAN_COMPLETED, /* pursuing it came to its end */
    PLAN_FAILED,    /* pursuing it failed */
    PLAN_FOUND,     /* its results turn out to be complete: an export needed them */
    PLAN_SHOWN,     /* the screen shows what is known of it */
    PLAN_LEFT,      /* an export moved the explorer to another plan */
    PLAN_NO_IMAGES, /* there is nothing to work on */
    PLAN_EVENTS
} PlanEvent;

/* The state of the newest plan after an event. */
PlanState plan_state_after(PlanState state, PlanEvent event);

typedef enum WorkerState {
    WORKER_OPENING,
    WORKER_IDLE,
    WORKER_PURSUING,  /* solves, bounds and evaluates the newest plan */
    WORKER_SHOWING,   /* shows what is known of a plan that was cancelled before it was pursued */
    WORKER_COMPARING, /* compares methods on a layer */
    WORKER_MEASURING, /* measures a layer at every bit width, or over the range of its codes */
    WORKER_EXPORTING,
    WORKER_FORESEEING /* computes what plans are chosen from; anything else comes first */
} WorkerState;

/* What the next state depends on. */
typedef struct WorkerFacts {
    PlanState plan;
    bool has_images;
    bool explorer_has_plan; /* the explorer's plan is the newest one */
    bool foresees;          /* what plans are chosen from is asked for, and not known */
    const TaskQueue *tasks;
} WorkerFacts;

/* What the thread does next; WORKER_IDLE: wait. For COMPARING and MEASURING the task is the first question of
 * the queue, for EXPORTING the first task. */
WorkerState worker_next(const WorkerFacts *facts);

/* What the thread may be told while a task runs. */
typedef struct WorkerOrders {
    bool stop;      /* the program ends */
    bool cancelled; /* the person gave up the running task */
    bool new_plan;  /* there is a plan newer than the one that is worked on */
} WorkerOrders;

/* Whether the running task is to end as soon as it can. A question about a layer interrupts the pursuit of
 * the plan, which goes on afterwards. */
bool worker_interrupted(WorkerState state, const WorkerOrders *orders, const TaskQueue *tasks);

#endif
