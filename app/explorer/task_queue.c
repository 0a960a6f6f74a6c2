/* SPDX-License-Identifier: MIT */
#include "app/explorer/task_queue.h"

#include "report/export.h"

#include <stdlib.h>
#include <string.h>

Task *task_question(TaskKind kind, size_t layer)
{
    Task *task = calloc(1, sizeof *task);
    if (task) *task = (Task){.kind = kind, .layer = layer};
    return task;
}

Task *task_export(const Plan *plan, const char *path)
{
    Task *task = task_question(TASK_EXPORT, 0);
    if (!task) return NULL;
    task->plan = plan_hold(plan);
    task->path = strdup(path);
    if (task->path) return task;
    task_free(task);
    return NULL;
}

void task_free(Task *task)
{
    if (!task) return;
    plan_drop(task->plan);
    free(task->path);
    free(task);
}

void task_queue_add(TaskQueue *queue, Task *task)
{
    Task **end = &queue->first;
    while (*end) end = &(*end)->next;
    *end = task;
}

void task_queue_put_back(TaskQueue *queue, Task *task)
{
    task->next = queue->first;
    queue->first = task;
}

const Task *task_queue_question(const TaskQueue *queue)
{
    const Task *task = queue->first;
    while (task && task->kind == TASK_EXPORT) task = task->next;
    return task;
}

Task *task_queue_take(TaskQueue *queue)
{
    Task **link = &queue->first;
    while (*link && (*link)->kind == TASK_EXPORT) link = &(*link)->next;
    if (!*link) link = &queue->first;
    Task *task = *link;
    if (task) {
        *link = task->next;
        task->next = NULL;
    }
    return task;
}

Task *task_queue_take_network(TaskQueue *queue, const Plan *plan)
{
    for (Task **link = &queue->first, *task; (task = *link); link = &task->next) {
        ExportFormat format;
        if (task->kind != TASK_EXPORT || !plan_equal(task->plan, plan)) continue;
        if (export_format(&format, task->path, NULL) != STATUS_OK || format != EXPORT_ONNX) continue;
        *link = task->next;
        task->next = NULL;
        return task;
    }
    return NULL;
}

size_t task_queue_exports(const TaskQueue *queue)
{
    size_t count = 0;
    for (const Task *task = queue->first; task; task = task->next) count += task->kind == TASK_EXPORT;
    return count;
}

void task_queue_drop_questions(TaskQueue *queue)
{
    while (task_queue_question(queue)) task_free(task_queue_take(queue));
}

void task_queue_clear(TaskQueue *queue)
{
    while (queue->first) task_free(task_queue_take(queue));
}
