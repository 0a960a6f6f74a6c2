/* SPDX-License-Identifier: MIT */
#include "explore/history.h"

#include <stdlib.h>

struct History {
    const Plan **plans; /* [count], held, oldest first */
    size_t count, room, now;
};

static Status make_room(History *history, Message *message)
{
    if (history->now + 1 < history->room) return STATUS_OK;
    const size_t room = 2 * history->room + 8;
    const Plan **plans = reallocarray(history->plans, room, sizeof(const Plan *));
    if (!plans) return status_no_memory(message, "the history of plans");
    history->plans = plans;
    history->room = room;
    return STATUS_OK;
}

Status history_create(History **result, const Plan *plan, Message *message)
{
    *result = NULL;
    History *history = calloc(1, sizeof *history);
    if (!history) return status_no_memory(message, "the history of plans");
    Status status = make_room(history, message);
    if (status != STATUS_OK) {
        free(history);
        return status;
    }
    history->plans[history->count++] = plan_hold(plan);
    *result = history;
    return STATUS_OK;
}

void history_free(History *history)
{
    if (!history) return;
    for (size_t i = 0; i < history->count; i++) plan_drop(history->plans[i]);
    free(history->plans);
    free(history);
}

const Plan *history_plan(const History *history)
{
    return history->plans[history->now];
}

Status history_push(History *history, const Plan *plan, Message *message)
{
    if (plan_equal(plan, history_plan(history))) return STATUS_OK;
    Status status = make_room(history, message);
    if (status != STATUS_OK) return status;
    while (history->count > history->now + 1) plan_drop(history->plans[--history->count]);
    history->plans[history->count++] = plan_hold(plan);
    history->now++;
    return STATUS_OK;
}

bool history_undo(History *history)
{
    if (history->now == 0) return false;
    history->now--;
    return true;
}

bool history_redo(History *history)
{
    if (history->now + 1 == history->count) return false;
    history->now++;
    return true;
}

size_t history_undo_count(const History *history)
{
    return history->now;
}

size_t history_redo_count(const History *history)
{
    return history->count - history->now - 1;
}
