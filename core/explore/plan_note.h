/* SPDX-License-Identifier: MIT */
/* Plan note: what a person says about a visited plan. Kept beside the visited plans, which are the worker's,
 * by whoever owns the interface; saved with them (report/report_json.h).
 *
 * Example (size_t visited_count):
 *     PlanNote *notes = calloc(visited_count, sizeof *notes); // all zeros: nothing was said
 *     snprintf(notes[0].name, sizeof notes[0].name, "baseline");
 */
#ifndef EXPLORE_PLAN_NOTE_H
#define EXPLORE_PLAN_NOTE_H

#include <stdbool.h>

#define PLAN_NAME_BYTES 64 /* with the terminating zero */
#define PLAN_NOTE_BYTES 512

typedef struct PlanNote {
    char name[PLAN_NAME_BYTES], note[PLAN_NOTE_BYTES]; /* UTF-8; "": none */
    bool pinned;  /* at most one plan is: it is drawn in every chart beside the current one */
    bool deleted; /* out of the list; not saved */
} PlanNote;

#endif
