/* SPDX-License-Identifier: MIT */
#include "bound/ladder_run.h"

#include "base/sizes.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* --- steps and stages ------------------------------------------------------------------------------- */

static Status check_images(const Network *network, const Dataset *dataset, size_t count, Message *message)
{
    if (dataset->channels != network->channels || dataset->height != network->height ||
        dataset->width != network->width)
        return status_fail(
            message, STATUS_INVALID,
            "'%s' has images of %zu x %zu with %zu channels, and '%s' takes %zu x %zu with %zu",
            dataset->images_path, dataset->height, dataset->width, dataset->channels, network->path,
            network->height, network->width, network->channels);
    if (count == 0)
        return status_fail(message, STATUS_INVALID, "no images for the ladder in '%s'", dataset->images_path);
    return STATUS_OK;
}

/* Whether two nodes' outputs have the same height and width; values of another rank than 4 have none. */
static bool same_size(const Network *network, size_t a, size_t b)
{
    const Value *first = &network->values[network->nodes[a].output];
    const Value *second = &network->values[network->nodes[b].output];
    if (first->rank != second->rank) return false;
    if (first->rank != 4) return true;
    const size_t axis = first->channels_last ? 1 : 2;
    return first->channels_last == second->channels_last && first->shape[axis] == second->shape[axis] &&
           first->shape[axis + 1] == second->shape[axis + 1];
}

/* A stage is a run of consecutive steps whose outputs have the same height and width. */
static Status find_stages(LadderRun *run, Message *message)
{
    run->stage_ends = calloc(run->step_count + 1, sizeof *run->stage_ends);
    if (!run->stage_ends) return status_no_memory(message, "the ladder");
    for (size_t s = 0; s < run->step_count; s++) {
        run->stage_ends[s] =
            s + 1 == run->step_count || !same_size(run->network, run->steps[s], run->steps[s + 1]);
        run->stages += run->stage_ends[s];
    }
    return STATUS_OK;
}

/* Finds the nodes that the output depends on, and the steps and stages among them. */
static Status find_steps(LadderRun *run, Message *message)
{
    const Network *network = run->network;
    const Value *values = network->values;
    run->steps = calloc(network->node_count + 1, sizeof *run->steps);
    run->step_of = calloc(network->node_count + 1, sizeof *run->step_of);
    run->needed = calloc(network->node_count + 1, sizeof *run->needed);
    if (!run->steps || !run->step_of || !run->needed) return status_no_memory(message, "the ladder");
    if (values[network->output].producer != NO_INDEX) run->needed[values[network->output].producer] = true;
    for (size_t i = network->node_count; i-- > 0;)
        for (size_t k = 0; run->needed[i] && k < network->nodes[i].input_count; k++) {
            size_t producer = values[network->nodes[i].inputs[k]].producer;
            if (producer != NO_INDEX) run->needed[producer] = true;
        }
    for (size_t i = 0; i < network->node_count; i++) {
        size_t layer = network->nodes[i].layer;
        run->step_of[i] = NO_INDEX;
        if (!run->needed[i] || layer == NO_INDEX || !run->weights[layer]) continue;
        run->step_of[i] = run->step_count;
        run->steps[run->step_count++] = i;
    }
    return find_stages(run, message);
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* rows * columns cells, zeroed; NULL where they overflow or do not fit. */
static void *new_table(size_t rows, size_t columns, size_t size)
{
    size_t cells;
    return size_multiply(&cells, rows, columns) ? calloc(size_max(cells, 1), size) : NULL;
}

static Status refuse(const LadderRun *run, size_t samples, size_t worker, size_t ceiling, Message *message)
{
    size_t needed;
    if (!size_add(&needed, samples, worker)) needed = SIZE_MAX;
    Status status = status_fail(
        message, STATUS_MEMORY,
        "the ladder of '%s' on %zu images takes %zu MiB on one thread, above the %zu MiB that are left",
        run->network->path, run->images, size_mib(needed), size_mib(ceiling));
    return status_advise_memory(status, message,
                                worker < ceiling ? REMEDY_MEMORY | REMEDY_LADDER_IMAGES : REMEDY_MEMORY,
                                needed, ceiling);
}

/* As many workers as there are threads and tiles for, and as fit below the ceiling. */
static Status plan_memory(size_t *workers, size_t *bytes, LadderRun *run, Pool *pool, size_t memory,
                          Message *message)
{
    const size_t tiles = size_ceil_div(run->images, run->network->batch);
    const size_t image = run->step_count * sizeof *run->samples +
                         run->network->layer_count * (sizeof *run->alone + sizeof *run->pulls) +
                         sizeof *run->all;
    const size_t ceiling = memory ? memory : SIZE_MAX;
    size_t worker, samples;
    if (!size_multiply(&samples, image, run->images)) samples = SIZE_MAX;
    Status status = ladder_worker_bytes(&worker, run, message);
    if (status != STATUS_OK) return status;
    worker += run->dataset->reading_bytes;
    const size_t fit = samples < ceiling ? (ceiling - samples) / worker : 0;
    *workers = size_min(fit, size_min(tiles, pool_workers(pool)));
    if (*workers == 0) return refuse(run, samples, worker, memory, message);
    *bytes = samples + *workers * worker;
    return STATUS_OK;
}

/* --- tiles on the pool ------------------------------------------------------------------------------ */

typedef struct TileOutcome {
    Status status;
    Message message;
} TileOutcome;

typedef struct TileJob {
    LadderRun *run;
    size_t worker_count;
    LadderWorker *workers; /* [worker_count] */
    TileOutcome *outcomes; /* [worker_count] */
    atomic_size_t next;    /* tile */
    size_t end;            /* of the round */
} TileJob;

/* One task per worker: each takes tiles while there are some. Thread 0 is the caller's. */
static void worker_task(void *context, size_t index, size_t thread)
{
    TileJob *job = context;
    TileOutcome *outcome = &job->outcomes[index];
    for (size_t tile; outcome->status == STATUS_OK && (tile = atomic_fetch_add(&job->next, 1)) < job->end;) {
        outcome->status = ladder_tile(job->run, &job->workers[index], tile, thread == 0, &outcome->message);
        atomic_fetch_add(&job->run->cancellation.done, 1);
    }
}

/* Factors of products over all workers: the largest. */
static void merge_factors(TileJob *job)
{
    double(*factors)[2] = job->workers[0].factors;
    for (size_t b = 1; b < job->worker_count; b++)
        for (size_t i = 0; i < 2 * job->run->network->node_count; i++) {
            const double factor = job->workers[b].factors[i / 2][i % 2];
            double *most = &factors[i / 2][i % 2];
            if (factor > *most || isnan(factor)) *most = factor;
        }
    job->run->factors = (const double(*)[2])factors;
}

/* Differences of infinite outputs are not numbers. */
static Status check_outputs(const LadderRun *run, size_t images, Message *message)
{
    for (size_t i = 0; i < images; i++) {
        if (isfinite(run->all[i].output) && isfinite(run->all[i].error)) continue;
        Status status = status_fail(
            message, STATUS_INVALID,
            "outputs on image %zu are not finite, of the float network or of the quantized one", i);
        return status_advise(status, message, REMEDY_NORMALIZATION);
    }
    return STATUS_OK;
}

/* Two tiles per worker in a round. */
static Status run_rounds(TileJob *job, Pool *pool, LadderRound *after, void *context, Message *message)
{
    LadderRun *run = job->run;
    const size_t batch = run->network->batch, tiles = size_ceil_div(run->images, batch);
    for (size_t first = 0, end; first < tiles; first = end) {
        end = size_min(first + 2 * job->worker_count, tiles);
        atomic_store(&job->next, first);
        job->end = end;
        pool_run(pool, job->worker_count, worker_task, job);
        for (size_t i = 0; i < job->worker_count; i++)
            if (job->outcomes[i].status != STATUS_OK)
                return status_copy(message, job->outcomes[i].status, &job->outcomes[i].message);
        merge_factors(job);
        const size_t images = size_min(end * batch, run->images);
        Status status = check_outputs(run, images, message);
        if (status == STATUS_OK) status = after(context, run, images, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* --- the run -------------------------------------------------------------------------------------------- */

static Status run_tiles(LadderRun *run, Pool *pool, size_t memory, LadderRound *after, void *context,
                        Message *message)
{
    TileJob job = {.run = run};
    Status status = plan_memory(&job.worker_count, &run->bytes, run, pool, memory, message);
    if (status != STATUS_OK) return status;
    run->samples = new_table(run->step_count, run->images, sizeof *run->samples);
    run->alone = new_table(run->network->layer_count, run->images, sizeof *run->alone);
    run->pulls = new_table(run->network->layer_count, run->images, sizeof *run->pulls);
    run->all = new_table(1, run->images, sizeof *run->all);
    job.workers = calloc(job.worker_count, sizeof *job.workers);
    job.outcomes = calloc(job.worker_count, sizeof *job.outcomes);
    if (!run->samples || !run->alone || !run->pulls || !run->all || !job.workers || !job.outcomes)
        status = status_no_memory(message, "the ladder");
    for (size_t i = 0; status == STATUS_OK && i < job.worker_count; i++)
        status = ladder_worker_create(&job.workers[i], run->network, false, message);
    if (status == STATUS_OK) status = run_rounds(&job, pool, after, context, message);
    for (size_t i = 0; job.workers && i < job.worker_count; i++) ladder_worker_free(&job.workers[i]);
    free(job.workers);
    free(job.outcomes);
    run->factors = NULL;
    return status;
}

Status ladder_run(LadderRun *run, Pool *pool, size_t memory, LadderRound *after, void *context,
                  Message *message)
{
    Status status = check_images(run->network, run->dataset, run->images, message);
    if (status == STATUS_OK) status = find_steps(run, message);
    run->cancellation.total = size_ceil_div(run->images, run->network->batch);
    return status == STATUS_OK ? run_tiles(run, pool, memory, after, context, message) : status;
}

void ladder_run_free(LadderRun *run)
{
    free(run->steps);
    free(run->step_of);
    free(run->needed);
    free(run->stage_ends);
    free(run->samples);
    free(run->alone);
    free(run->pulls);
    free(run->all);
}
