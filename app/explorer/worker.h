/* Worker: the thread that owns the explorer, and all that crosses between it and the interface.
 *
 * The interface says what is wanted and reads the newest snapshot; neither waits for the other longer than it
 * takes to swap a pointer. The newest plan wins: work on an older one is given up at the next piece. What is
 * asked for beside it (methods, widths, exports) waits in a queue. The thread, and the pool that it makes,
 * run at a lower priority than the interface and take no signals but those of a crash.
 *
 *     worker_start(&worker, &inputs, restored, message);
 *     worker_pursue(worker, plan);
 *     ... poll(worker_descriptor(worker)) ... worker_take(&news, worker) ...
 *     worker_stop(worker);
 *
 * All but worker_start() take NULL for a worker that was never started, and do nothing.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/cli/inputs.h"
#include "explore/snapshot.h"
#include "report/exploration_json.h"

typedef struct Worker Worker;

/* The inputs is opened but for its pool and images, which the worker opens; until worker_stop() they are the
 * worker's. `restored` may be NULL, and is read alone: visits of an earlier run, kept with their figures
 * where those were measured `alike` and are of the same images. */
Status worker_start(Worker **worker, Inputs *inputs, const Exploration *restored, bool alike,
                    Message *message);

/* Gives up what is under way, and returns when the thread has ended. Exports that were not written are lost.
 */
void worker_stop(Worker *worker);

/* Readable when there is news to take; -1 without a worker. */
int worker_descriptor(const Worker *worker);

typedef enum NewsKind {
    NEWS_TOLD,
    NEWS_FAILED,
    NEWS_LOST /* a file that was asked for, or what there was no memory for */
} NewsKind;

/* What there is to tell since the last time. */
typedef struct WorkerNews {
    Snapshot *snapshot; /* the newest, with a reference that the caller drops; NULL: none newer */
    Message notice;     /* a file written, a failure; "" */
    NewsKind kind;      /* of the notice */
} WorkerNews;

void worker_take(WorkerNews *news, Worker *worker);

/* The plan to work on from here on. */
void worker_pursue(Worker *worker, const Plan *plan);

void worker_pause(Worker *worker, bool paused);

/* Gives up the plan and all that waits. worker_take_up() goes on. */
void worker_cancel(Worker *worker);
void worker_take_up(Worker *worker);

/* Whether the newest plan was given up unfinished, and nothing is under way since. */
bool worker_cancelled(Worker *worker);

Status worker_compare_methods(Worker *worker, size_t layer, Message *message);
Status worker_measure_widths(Worker *worker, size_t layer, Message *message);

/* Writes the plan and its results when they are complete: JSON where `path` ends in .json, the quantized
 * network where it ends in .onnx, CSV elsewhere. */
Status worker_export(Worker *worker, const Plan *plan, const char *path, Message *message);

/* Exports that are not written yet. */
size_t worker_exports(Worker *worker);

/* SHA-256 of the images, "" where they are not open. */
typedef struct ImageHashes {
    char calibration[65], evaluation[65];
} ImageHashes;

ImageHashes worker_image_hashes(Worker *worker);

/* Whether the visits of the earlier run are in the snapshot that was taken last. */
bool worker_restored(Worker *worker);

/* Whether there is anything left to do, paused or not. */
bool worker_busy(Worker *worker);

#endif
