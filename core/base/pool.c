/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/pool.h"

#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_DNNL
#include <omp.h>
#endif

struct Pool {
    size_t workers; /* the caller included */
    size_t started;
    pthread_t threads[POOL_MAX_WORKERS];

    pthread_mutex_t lock;
    pthread_cond_t work, done;
    PoolTask *task;
    void *context;
    size_t count, next, running; /* tasks of this round; the next to take; workers inside one */
    unsigned long round;
    bool stop;
};

struct PoolThread {
    Pool *pool;
    size_t worker;
};

/* Thread teams of libraries spin while they wait; two of them on a busy machine are slower than none. */
static void keep_libraries_single_threaded(void)
{
#if HAVE_DNNL
    omp_set_num_threads(1);
#endif
}

/* Takes tasks until none is left. Called, and returns, with the lock held. */
static void take_tasks(Pool *pool, size_t worker)
{
    while (pool->next < pool->count) {
        size_t index = pool->next++;
        PoolTask *task = pool->task;
        void *context = pool->context;
        pool->running++;
        pthread_mutex_unlock(&pool->lock);
        task(context, index, worker);
        pthread_mutex_lock(&pool->lock);
        pool->running--;
    }
    if (pool->running == 0) pthread_cond_signal(&pool->done);
}

static void *thread_main(void *argument)
{
    struct PoolThread self = *(struct PoolThread *)argument;
    free(argument);
    keep_libraries_single_threaded();
    Pool *pool = self.pool;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stop) {
        if (pool->round == seen) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        seen = pool->round;
        take_tasks(pool, self.worker);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static size_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (size_t)count : 1;
}

static bool start_thread(Pool *pool)
{
    struct PoolThread *start = malloc(sizeof *start);
    if (!start) return false;
    *start = (struct PoolThread){pool, pool->started + 1};
    if (pthread_create(&pool->threads[pool->started], NULL, thread_main, start) != 0) {
        free(start);
        return false;
    }
    pool->started++;
    return true;
}

Status pool_create(Pool **result, size_t workers, Message *message)
{
    *result = NULL;
    if (workers == 0) workers = processors();
    if (workers > POOL_MAX_WORKERS) workers = POOL_MAX_WORKERS;
    Pool *pool = calloc(1, sizeof *pool);
    if (!pool) return status_no_memory(message, "the thread pool");
    pool->workers = workers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    keep_libraries_single_threaded();
    while (pool->started + 1 < workers)
        if (!start_thread(pool)) {
            pool_free(pool);
            Status status = status_fail(message, STATUS_MEMORY, "cannot start %zu threads", workers);
            return status_advise(status, message, REMEDY_THREADS);
        }
    *result = pool;
    return STATUS_OK;
}

size_t pool_workers(const Pool *pool)
{
    return pool->workers;
}

void pool_run(Pool *pool, size_t count, PoolTask *task, void *context)
{
    if (count == 0) return;
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->next = 0;
    pool->round++;
    pthread_cond_broadcast(&pool->work);
    take_tasks(pool, 0);
    while (pool->running > 0) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void pool_free(Pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->started; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
