/* Subject: a network that is being explored: what it was opened with, the history of its plan, and the
 * worker.
 *
 * The interface thread's. Opening takes milliseconds: images are the worker's.
 *
 *     subject_open(&subject, &options, "resnet20.json", message);
 *     subject_start(subject, message);
 *     ...
 *     subject_close(subject);
 */
#ifndef APP_SUBJECT_H
#define APP_SUBJECT_H

#include "app/cli/inputs.h"
#include "app/explorer/worker.h"
#include "explore/history.h"
#include "report/exploration_json.h"

#define STUDY_TITLE 128

typedef struct Subject {
    Options options;        /* the inputs's */
    ExplorationSource from; /* where an exploration was opened: what `options` points to */
    Inputs inputs;
    History *history;
    Exploration restored; /* the worker's, once it runs */
    Worker *worker;       /* NULL before subject_start() */
    char title[STUDY_TITLE], images_title[STUDY_TITLE];
} Subject;

/* Opens a network, a description or an exploration; `path` NULL: what the options say. Options for images,
 * their preparation and the plan hold for the network that they were given with: the caller leaves them away
 * for another. *subject is NULL on failure. */
Status subject_open(Subject **subject, const Options *options, const char *path, Message *message);

Status subject_start(Subject *subject, Message *message);

/* Goes on from an exploration of the same network: its plan, its visits, and the worker anew. On failure all
 * is as it was, but where the worker cannot be started: then the exploration is there without one. */
Status subject_restore(Subject *subject, const char *path, Message *message);

/* Writes the exploration as it stands; `snapshot` may be NULL. */
Status subject_save(const Subject *subject, const Snapshot *snapshot, const char *path, Message *message);

/* Stops the worker. Snapshots of this subject are to be dropped before. */
void subject_close(Subject *subject);

/* The command line's options without those that belong to its network. */
Options subject_other_options(const Options *options);

#endif
