/* SPDX-License-Identifier: MIT */
/* History: the plans of one person's edits, for undo and redo without limit. It shares the plans (plan.h).
 *
 * Example (const Plan *plan, const Plan *changed, Message *message):
 *     History *history;
 *     history_create(&history, plan, message);
 *     history_push(history, changed, message); // drops what was undone
 *     if (history_undo(history)) plan = history_plan(history);
 *     history_free(history);
 */
#ifndef EXPLORE_HISTORY_H
#define EXPLORE_HISTORY_H

#include "explore/plan.h"

typedef struct History History;

/* A history of one plan. *history is NULL on failure (STATUS_MEMORY). */
Status history_create(History **history, const Plan *plan, Message *message);
void history_free(History *history); /* NULL is allowed */

/* The current plan. The reference is the history's: hold the plan to keep it beyond the next push. */
const Plan *history_plan(const History *history);

/* Makes `plan` the current one and forgets what was undone. A plan equal to the current one adds nothing.
 * Nothing changes on failure (STATUS_MEMORY). */
Status history_push(History *history, const Plan *plan, Message *message);

/* Step to the plan before or after; false where there is none. */
bool history_undo(History *history);
bool history_redo(History *history);

/* Steps that can be undone and redone. */
size_t history_undo_count(const History *history);
size_t history_redo_count(const History *history);

#endif
