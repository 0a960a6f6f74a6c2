/* SPDX-License-Identifier: MIT */
#include "app/explorer/plan_notes.h"

#include <stdlib.h>

static Status make_room(PlanNotes *notes, size_t count, Message *message)
{
    if (count <= notes->count) return STATUS_OK;
    PlanNote *grown = reallocarray(notes->notes, count, sizeof *grown);
    if (!grown) return status_no_memory(message, "the notes of visited plans");
    for (size_t i = notes->count; i < count; i++) grown[i] = (PlanNote){0};
    notes->notes = grown;
    notes->count = count;
    return STATUS_OK;
}

/* Restored plans stand first and in their order, an equal one only once: the search is short. */
static void match(PlanNotes *notes, const Exploration *restored, const Snapshot *snapshot)
{
    for (size_t at = 0; notes->matched < restored->visited_count; notes->matched++) {
        const Plan *plan = restored->visited[notes->matched]->plan;
        size_t i = at;
        while (i < snapshot->visited_count && !plan_equal(snapshot->visited[i]->plan, plan)) i++;
        if (i == snapshot->visited_count) continue;
        notes->notes[i] = restored->notes[notes->matched];
        at = i + 1;
    }
}

Status plan_notes_follow(PlanNotes *notes, const Exploration *restored, const Snapshot *snapshot,
                         Message *message)
{
    Status status = make_room(notes, snapshot->visited_count, message);
    if (status != STATUS_OK) return status;
    if (snapshot->visited_count > 0 && restored && restored->notes) match(notes, restored, snapshot);
    if (snapshot->visit != NO_INDEX && notes->count > snapshot->visit)
        notes->notes[snapshot->visit].deleted = false;
    return STATUS_OK;
}

PlanNote *plan_notes_edit(PlanNotes *notes, size_t index)
{
    if (index >= notes->count) return NULL;
    notes->edits++;
    return &notes->notes[index];
}

void plan_notes_pin(PlanNotes *notes, size_t index)
{
    notes->edits++;
    for (size_t i = 0; i < notes->count; i++) notes->notes[i].pinned = i == index;
}

size_t plan_notes_pinned(const PlanNotes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->notes[i].pinned) return i;
    return NO_INDEX;
}

void plan_notes_free(PlanNotes *notes)
{
    free(notes->notes);
    *notes = (PlanNotes){0};
}
