/* SPDX-License-Identifier: MIT */
/* Plan notes: names, notes, deletions and the pin of the visited plans, by their index in snapshots.
 *
 * Used by the interface thread alone: the worker knows nothing of them. Visited plans keep their index while
 * a workspace is open, so that notes are found without comparing plans. Those of a restored exploration are
 * matched with its plans once snapshots show them.
 *
 * Example (PlanNotes *notes, const Exploration *restored, const Snapshot *snapshot, Message *message):
 *     plan_notes_follow(notes, restored, snapshot, message); // with every snapshot
 *     PlanNote *note = plan_notes_edit(notes, 0);
 *     if (note) note->deleted = true;
 *     plan_notes_free(notes);
 */
#ifndef APP_PLAN_NOTES_H
#define APP_PLAN_NOTES_H

#include "report/report_json.h"

/* Zeros: empty. */
typedef struct PlanNotes {
    PlanNote *notes; /* [count] */
    size_t count;
    size_t matched; /* plans of the restored exploration whose notes were taken */
    size_t edits;   /* grows with each change, for saving */
} PlanNotes;

/* Makes room for the snapshot's visited plans, takes the notes of `restored` (NULL: none) over, and brings a
 * deleted plan back that is the current one again. STATUS_MEMORY. */
Status plan_notes_follow(PlanNotes *notes, const Exploration *restored, const Snapshot *snapshot,
                         Message *message);

/* A plan's note, to be changed; NULL where the index is too large. */
PlanNote *plan_notes_edit(PlanNotes *notes, size_t index);

/* Moves the pin to a plan, or takes it away (NO_INDEX). */
void plan_notes_pin(PlanNotes *notes, size_t index);

/* The pinned plan, or NO_INDEX. */
size_t plan_notes_pinned(const PlanNotes *notes);

/* The notes are then empty. */
void plan_notes_free(PlanNotes *notes);

#endif
