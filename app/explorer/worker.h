/* SPDX-License-Identifier: MIT */
/* Worker: the thread that runs the explorer, and all that crosses between it and the interface.
 *
 * The interface says what is wanted and reads the newest snapshot; neither waits for the other longer than it
 * takes to swap a pointer. The newest plan wins: work on an older one is given up at the next opportunity,
 * some 10 ms later. What is asked for beside the plan (comparing methods, measuring bit widths, exports)
 * waits in a queue: app/explorer/task_queue.h. What the thread does next is decided in
 * app/explorer/worker_state.h. The thread, and the pool that it makes, run at a lower priority than the
 * interface and take no signals but those of a crash.
 *
 * Example (Inputs *inputs, const Exploration *restored, const Plan *plan, Message *message):
 *     Worker *worker;
 *     WorkerNews news;
 *     worker_start(&worker, inputs, restored, true, LADDER_AFTER_ACCURACY, message);
 *     worker_pursue(worker, plan);
 *     worker_take(&news, worker);       // whenever worker_descriptor(worker) is readable
 *     worker_stop(worker);
 *
 * All functions but worker_start() take NULL for a worker that was never started, and do nothing.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/cli/inputs.h"
#include "explore/snapshot.h"
#include "report/report_json.h"

typedef struct Worker Worker;

/* Starts the thread, which opens the pool and the images and then pursues the plan of `inputs`. The network
 * of `inputs` is open; until worker_stop() all the rest of it is the worker's. `restored` is borrowed and may
 * be NULL: visited plans of an earlier run, whose figures hold where they were measured on the same images
 * and `alike` says that the options were the same. `timing`: of the ladder. *worker is unchanged on failure.
 */
Status worker_start(Worker **worker, Inputs *inputs, const Exploration *restored, bool alike,
                    LadderTiming timing, Message *message);

/* Gives up what is under way, and returns when the thread has ended. Exports that were not written are lost.
 */
void worker_stop(Worker *worker);

/* --- what the interface asks for --------------------------------------------------------------------- */

/* The plan to work on from here on; held. */
void worker_pursue(Worker *worker, const Plan *plan);

/* When the ladder of bounds is computed, from now on. */
void worker_time_ladder(Worker *worker, LadderTiming timing);

/* Holds the running task at the next opportunity, or lets it go on. */
void worker_pause(Worker *worker, bool paused);

/* Gives up the plan and all queued tasks, exports among them. */
void worker_cancel(Worker *worker);

/* Goes on with the plan that worker_cancel() gave up. */
void worker_resume(Worker *worker);

/* Asks for one layer of the newest plan to be solved by every method, at every bit width, or over the range
 * of its codes. */
Status worker_compare_methods(Worker *worker, size_t layer, Message *message);
Status worker_measure_widths(Worker *worker, size_t layer, Message *message);
Status worker_measure_clipping(Worker *worker, size_t layer, Message *message);

/* Asks for what plans like the newest one are chosen from (Snapshot.forecast), once the plan and all tasks are done;
 * what was computed before is recalled from the state folder. awaited: the person waits for it, so that the
 * worker counts as busy. */
void worker_foresee(Worker *worker, bool awaited);

/* Writes the plan and its results, in the format that the suffix of `path` names (report/export.h): CSV and
 * JSON once all are complete, ONNX once all layers are solved. The plan is held, the path copied. */
Status worker_export(Worker *worker, const Plan *plan, const char *path, Message *message);

/* --- what the interface looks at --------------------------------------------------------------------- */

/* Readable when there is news to take; -1 without a worker. */
int worker_descriptor(const Worker *worker);

typedef enum NewsKind {
    NEWS_TOLD,
    NEWS_FAILED,
    NEWS_LOST /* a file could not be written, or memory ran out */
} NewsKind;

/* What there is to tell since the last time. */
typedef struct WorkerNews {
    Snapshot *snapshot; /* the newest, with a reference that the caller drops; NULL: none newer */
    Message notice;     /* a file written, a failure; "" */
    NewsKind kind;      /* of the notice */
} WorkerNews;

/* Moves the news to the caller: see WorkerNews. */
void worker_take(WorkerNews *news, Worker *worker);

/* SHA-256 of the images, "" where they are not open. */
typedef struct ImageHashes {
    char calibration[65], evaluation[65];
} ImageHashes;

typedef struct WorkerInfo {
    bool busy;      /* there is something left to do, paused or not */
    bool cancelled; /* the newest plan was given up unfinished, and nothing is under way since */
    size_t exports; /* not written yet */
    bool restored;  /* the snapshot taken last has the visited plans of the earlier run */
    ImageHashes hashes;
} WorkerInfo;

/* All false, 0 and "" without a worker. */
WorkerInfo worker_info(Worker *worker);

#endif
