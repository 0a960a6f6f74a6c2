/* SPDX-License-Identifier: MIT */
#include "evaluate/network_outputs.h"

#include "base/sizes.h"
#include "network/run/run.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct Worker {
    Workspace *workspace;
    float *input, *output; /* of one tile */
    Status status;         /* of its first tile that failed */
    Message message;
} Worker;

typedef struct Run {
    const Network *network;
    const Dataset *dataset;
    const Normalization *normalization;
    const Weights *const *weights;
    size_t images;
    float *outputs;
    size_t worker_count;
    Worker *workers; /* [worker_count] */
    atomic_size_t next;
    Cancellation cancellation; /* counts tiles */
} Run;

static Status prepare_worker(Worker *worker, const Network *network, Message *message)
{
    worker->input = calloc(network->values[network->input].elements, sizeof *worker->input);
    worker->output = calloc(network->batch * network->output_elements, sizeof *worker->output);
    if (!worker->input || !worker->output) return status_no_memory(message, "a tile of images");
    return workspace_create(&worker->workspace, network, message);
}

static void free_workers(Run *run)
{
    for (size_t i = 0; run->workers && i < run->worker_count; i++) {
        workspace_free(run->workers[i].workspace);
        free(run->workers[i].input);
        free(run->workers[i].output);
    }
    free(run->workers);
}

static Status run_tile(Run *run, Worker *worker, size_t tile)
{
    const Network *network = run->network;
    const size_t first = tile * network->batch, count = size_min(network->batch, run->images - first);
    const size_t inputs = network->values[network->input].elements / network->batch;
    Status status =
        dataset_read(run->dataset, worker->input, first, count, run->normalization, &worker->message);
    for (size_t i = count * inputs; i < network->batch * inputs; i++) worker->input[i] = 0;
    if (status == STATUS_OK)
        status = network_run(network, worker->output, worker->input, run->weights, worker->workspace,
                             &worker->message);
    if (status == STATUS_OK)
        memcpy(run->outputs + first * network->output_elements, worker->output,
               count * network->output_elements * sizeof *worker->output);
    return status;
}

/* One task per worker: each takes tiles while there are some. */
static void worker_task(void *context, size_t index, size_t thread)
{
    Run *run = context;
    Worker *worker = &run->workers[index];
    const size_t tiles = run->cancellation.total;
    for (size_t tile; worker->status == STATUS_OK && (tile = atomic_fetch_add(&run->next, 1)) < tiles;) {
        worker->status = cancellation_check(&run->cancellation, thread == 0, &worker->message);
        if (worker->status == STATUS_OK) worker->status = run_tile(run, worker, tile);
        atomic_fetch_add(&run->cancellation.done, 1);
    }
}

static Status run_tiles(Run *run, const OutputsOptions *options, Message *message)
{
    const Network *network = run->network;
    const size_t worker =
        workspace_bytes(network) + network->values[network->input].elements * sizeof(float) +
        network->batch * network->output_elements * sizeof(float) + run->dataset->reading_bytes;
    const size_t most = options->memory ? size_max(options->memory / worker, 1) : SIZE_MAX;
    run->worker_count = size_min(size_min(pool_workers(options->pool), run->cancellation.total), most);
    run->workers = calloc(run->worker_count + 1, sizeof *run->workers);
    if (!run->workers) return status_no_memory(message, "the network's outputs");
    for (size_t i = 0; i < run->worker_count; i++) {
        Status status = prepare_worker(&run->workers[i], network, message);
        if (status != STATUS_OK) return status;
    }
    pool_run(options->pool, run->worker_count, worker_task, run);
    for (size_t i = 0; i < run->worker_count; i++)
        if (run->workers[i].status != STATUS_OK)
            return status_copy(message, run->workers[i].status, &run->workers[i].message);
    return STATUS_OK;
}

Status outputs_run(float **outputs, const Network *network, const Dataset *dataset,
                   const Normalization *normalization, const Weights *const *weights,
                   const OutputsOptions *options, Message *message)
{
    *outputs = NULL;
    size_t bytes;
    Run run = {.network = network,
               .dataset = dataset,
               .normalization = normalization,
               .weights = weights,
               .images = size_min(options->images, dataset->count),
               .cancellation = {.proceed = options->proceed, .context = options->context}};
    run.cancellation.total = size_ceil_div(run.images, network->batch);
    if (size_multiply(&bytes, run.images, network->output_elements) &&
        size_multiply(&bytes, bytes, sizeof(float)))
        run.outputs = malloc(bytes + 1);
    Status status =
        run.outputs ? run_tiles(&run, options, message) : status_no_memory(message, "the network's outputs");
    free_workers(&run);
    if (status == STATUS_OK)
        *outputs = run.outputs;
    else
        free(run.outputs);
    return status;
}

double outputs_error(const float *reference, const float *quantized, size_t images, size_t elements)
{
    double error = 0, signal = 0;
    for (size_t i = 0; i < images * elements; i++) {
        const double value = (double)reference[i], change = (double)quantized[i] - value;
        error += change * change;
        signal += value * value;
    }
    return signal > 0 ? error / signal : NAN;
}
