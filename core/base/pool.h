/* SPDX-License-Identifier: MIT */
/* Pool: a team of threads for numbered tasks; the only source of parallelism in the library.
 *
 * Threads take tasks in order, and the caller takes part. Results must depend on the tasks alone, never on
 * the number of threads: a task writes where no other does, and sums over tasks are computed afterwards, in
 * task order. Every thread runs OpenMP libraries single-threaded.
 *
 * Example (Pool *pool, PoolTask *solve_tile, size_t tiles, void *job):
 *     pool_run(pool, tiles, solve_tile, job);
 *
 * One thread at a time may call pool_run(), and tasks may not call it.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/status.h"

#include <stddef.h>

typedef struct Pool Pool;

/* index: 0..count-1, each once. worker: 0..pool_workers()-1, one task at a time on each; 0 is the thread that
 * called pool_run(). */
typedef void PoolTask(void *context, size_t index, size_t worker);

#define POOL_MAX_WORKERS 256

/* workers: threads, the caller included; 0: the number of processors that this process may use. */
Status pool_create(Pool **pool, size_t workers, Message *message);

/* Threads, the caller included. */
size_t pool_workers(const Pool *pool);

/* Runs task(context, i, worker) for i = 0..count-1 and returns when all are done. */
void pool_run(Pool *pool, size_t count, PoolTask *task, void *context);

/* Ends the threads. NULL is allowed. */
void pool_free(Pool *pool);

#endif
