/* Workspace: a network that is being explored: what it was opened with, the history of its plan, and the
 * worker.
 *
 * The interface thread's. Opening takes milliseconds: images are the worker's.
 *
 *     workspace_open(&workspace, &options, "resnet20.json", message);
 *     workspace_start(workspace, message);
 *     ...
 *     workspace_close(workspace);
 */
#ifndef APP_WORKSPACE_H
#define APP_WORKSPACE_H

#include "app/cli/inputs.h"
#include "app/explorer/worker.h"
#include "explore/history.h"
#include "report/report_json.h"

#define WORKSPACE_TITLE 128

typedef struct Workspace {
    Options options;        /* the inputs's */
    ExplorationSource from; /* where an exploration was opened: what `options` points to */
    Inputs inputs;
    History *history;
    Exploration restored; /* the worker's, once it runs */
    Worker *worker;       /* NULL before workspace_start() */
    char title[WORKSPACE_TITLE], images_title[WORKSPACE_TITLE];
} Workspace;

/* Opens a network, a description or an exploration; `path` NULL: what the options say. Options for images,
 * their preparation and the plan hold for the network that they were given with: the caller leaves them away
 * for another. *workspace is NULL on failure. */
Status workspace_open(Workspace **workspace, const Options *options, const char *path, Message *message);

Status workspace_start(Workspace *workspace, Message *message);

/* Goes on from an exploration of the same network: its plan, its visits, and the worker anew. On failure all
 * is as it was, but where the worker cannot be started: then the exploration is there without one. */
Status workspace_restore(Workspace *workspace, const char *path, Message *message);

/* Writes the exploration as it stands; `snapshot` may be NULL. */
Status workspace_save(const Workspace *workspace, const Snapshot *snapshot, const char *path,
                      Message *message);

/* Stops the worker. Snapshots of this workspace are to be dropped before. */
void workspace_close(Workspace *workspace);

/* The command line's options without those that belong to its network. */
Options workspace_other_options(const Options *options);

#endif
