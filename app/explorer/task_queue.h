/* SPDX-License-Identifier: MIT */
/* Task queue: what the person asked the worker for, beside the newest plan: questions about a layer, and
 * exports.
 *
 * Questions are answered before exports; tasks of one kind in the order in which they were asked. The queue
 * has no lock of its own.
 */
#ifndef APP_TASK_QUEUE_H
#define APP_TASK_QUEUE_H

#include "explore/plan.h"

typedef enum TaskKind {
    TASK_COMPARE,  /* a question: compare methods on a layer */
    TASK_MEASURE,  /* a question: measure a layer at every bit width */
    TASK_CLIPPING, /* a question: measure a layer over the range of its codes */
    TASK_EXPORT
} TaskKind;

typedef struct Task {
    struct Task *next;
    TaskKind kind;
    size_t layer;     /* of a question */
    const Plan *plan; /* to export, held; NULL for a question */
    char *path;       /* to export to; NULL for a question */
} Task;

/* NULL when out of memory. */
Task *task_question(TaskKind kind, size_t layer);

/* Holds the plan and copies the path. NULL when out of memory. */
Task *task_export(const Plan *plan, const char *path);

/* NULL is allowed. */
void task_free(Task *task);

typedef struct TaskQueue {
    Task *first; /* NULL: empty */
} TaskQueue;

/* Owns `task` from here on. */
void task_queue_add(TaskQueue *queue, Task *task);

/* Puts a task that was interrupted back as the first. */
void task_queue_put_back(TaskQueue *queue, Task *task);

/* The first question, which stays in the queue; NULL: there is none. */
const Task *task_queue_question(const TaskQueue *queue);

/* Takes the first question out, or with none the first task. NULL where the queue is empty. */
Task *task_queue_take(TaskQueue *queue);

/* Takes the first export of an equal plan out that needs the layers' solutions alone, which is ONNX. NULL:
 * there is none. */
Task *task_queue_take_network(TaskQueue *queue, const Plan *plan);

/* Number of exports in the queue. */
size_t task_queue_exports(const TaskQueue *queue);

/* Frees the questions, or all tasks. */
void task_queue_drop_questions(TaskQueue *queue);
void task_queue_clear(TaskQueue *queue);

#endif
