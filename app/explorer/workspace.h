/* SPDX-License-Identifier: MIT */
/* Workspace: a network that is being explored: what it was opened with, the undo history of its plan, and the
 * worker.
 *
 * Used by the interface thread alone. Opening takes milliseconds: the worker opens the images.
 *
 * Example (const Options *options, Message *message):
 *     Workspace *workspace;
 *     workspace_open(&workspace, options, "resnet20.json", message);
 *     workspace_start(workspace, message);
 *     workspace_close(workspace);
 */
#ifndef APP_WORKSPACE_H
#define APP_WORKSPACE_H

#include "app/cli/inputs.h"
#include "app/explorer/plan_notes.h"
#include "app/explorer/worker.h"
#include "explore/history.h"
#include "report/report_json.h"

#define WORKSPACE_TITLE 128

typedef struct Workspace {
    Options options;        /* that `inputs` was opened with */
    ExplorationSource from; /* of an opened exploration: `options` points to its texts */
    Inputs inputs;
    History *history;
    Exploration restored; /* visited plans of an earlier run; the worker borrows it */
    PlanNotes notes;      /* of the visited plans in snapshots */
    Worker *worker;       /* NULL before workspace_start() */
    LadderTiming ladder_timing;
    NormRecord *norms; /* [norm_count], the layers', once they were saved; or NULL */
    size_t norm_count;
    char title[WORKSPACE_TITLE], images_title[WORKSPACE_TITLE];
} Workspace;

/* Opens a network, a description or an exploration; `path` NULL: the one that the options name. Options for
 * images and plan belong to that one: for another, pass workspace_other_options(). *workspace is NULL on
 * failure.
 */
Status workspace_open(Workspace **workspace, const Options *options, const char *path, Message *message);

/* Starts the worker. */
Status workspace_start(Workspace *workspace, Message *message);

/* Takes plan and visited plans of an exploration of the same network, and starts a new worker. On failure
 * nothing changes; only where the worker cannot be started, the exploration is there without one. */
Status workspace_restore(Workspace *workspace, const char *path, Message *message);

/* Writes the exploration in its current state; `snapshot` may be NULL. */
Status workspace_save(Workspace *workspace, const Snapshot *snapshot, const char *path, Message *message);

/* Stops the worker. Drop the workspace's snapshots before. */
void workspace_close(Workspace *workspace);

/* The command line's options without those that belong to its network: for opening another. */
Options workspace_other_options(const Options *options);

#endif
