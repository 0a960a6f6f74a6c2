#define _GNU_SOURCE
#include "evaluate/accuracy.h"

#include "base/seconds.h"
#include "base/sizes.h"
#include "evaluate/tally.h"

#include <math.h>
#include <stdlib.h>

#define ROUND_IMAGES 64      /* a worker, between two looks at the caller's wish to cancel */
#define REPORT_SECONDS 0.125 /* between two calls of the progress function */

/* What a worker needs to run tiles. */
typedef struct Bench {
    Workspace *workspace;
    float *input;                 /* [batch][height][width][channels] */
    float *reference, *quantized; /* [batch][classes] */
} Bench;

typedef struct TileResult {
    Tally tally;
    Status status;
    Message message;
} TileResult;

typedef struct Run {
    const Network *network;
    const Weights *const *weights;
    const Dataset *dataset;
    const Normalization *normalization;
    size_t total, classes;
    size_t first_tile, round_tiles; /* tiles of this round; most tiles of a round */
    size_t workers;
    Bench *benches;      /* [workers] */
    TileResult *results; /* [round_tiles] */
} Run;

/* --- checks ----------------------------------------------------------------------------------------- */

static Status check_output(const Network *network, Message *message)
{
    const Value *output = &network->values[network->output];
    size_t vectors = 0;
    for (size_t i = 1; i < output->rank; i++) vectors += output->shape[i] != 1;
    if (output->type == ELEMENT_FLOAT && output->rank >= 2 && output->shape[0] == network->batch &&
        vectors == 1)
        return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "cannot evaluate '%s': its output '%s' is not one score a class", network->path,
                       output->name);
}

Status evaluation_check(const Network *network, const Dataset *dataset, Message *message)
{
    Status status = check_output(network, message);
    if (status != STATUS_OK) return status;
    if (dataset->count == 0)
        return status_fail(message, STATUS_INVALID, "'%s' has no images", dataset->images_path);
    if (dataset->channels == network->channels && dataset->height == network->height &&
        dataset->width == network->width)
        return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "'%s' has images of %zu x %zu with %zu channels, and '%s' takes %zu x %zu with %zu",
                       dataset->images_path, dataset->height, dataset->width, dataset->channels,
                       network->path, network->height, network->width, network->channels);
}

/* --- benches ---------------------------------------------------------------------------------------- */

static float *new_floats(size_t a, size_t b)
{
    size_t bytes;
    if (!size_multiply(&bytes, a, b) || !size_multiply(&bytes, bytes, sizeof(float))) return NULL;
    return calloc(1, bytes);
}

static Status create_bench(Bench *bench, const Run *run, Message *message)
{
    const Network *network = run->network;
    Status status = workspace_create(&bench->workspace, network, message);
    if (status != STATUS_OK) return status;
    bench->input = new_floats(network->values[network->input].elements, 1);
    bench->reference = new_floats(network->batch, run->classes);
    bench->quantized = new_floats(network->batch, run->classes);
    if (bench->input && bench->reference && bench->quantized) return STATUS_OK;
    return status_no_memory(message, "the evaluation");
}

static void free_run(Run *run)
{
    for (size_t i = 0; run->benches && i < run->workers; i++) {
        workspace_free(run->benches[i].workspace);
        free(run->benches[i].input);
        free(run->benches[i].reference);
        free(run->benches[i].quantized);
    }
    free(run->benches);
    free(run->results);
}

static Status prepare_run(Run *run, Message *message)
{
    run->benches = calloc(run->workers, sizeof *run->benches);
    run->results = calloc(run->round_tiles, sizeof *run->results);
    if (!run->benches || !run->results) return status_no_memory(message, "the evaluation");
    for (size_t i = 0; i < run->workers; i++) {
        Status status = create_bench(&run->benches[i], run, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* --- tiles ------------------------------------------------------------------------------------------ */

static Status label_of(size_t *label, const Run *run, size_t image, Message *message)
{
    *label = TALLY_UNLABELLED;
    if (!run->dataset->labelled) return STATUS_OK;
    *label = dataset_label(run->dataset, image);
    if (*label < run->classes) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "'%s': image %zu has label %zu, and '%s' has %zu classes",
                       run->dataset->images_path, image, *label, run->network->path, run->classes);
}

static Status tally_tile(Tally *tally, const Run *run, const Bench *bench, size_t first, size_t count,
                         Message *message)
{
    for (size_t i = 0; i < count; i++) {
        size_t label;
        Status status = label_of(&label, run, first + i, message);
        if (status != STATUS_OK) return status;
        const float *quantized = run->weights ? bench->quantized + i * run->classes : NULL;
        tally_image(tally, bench->reference + i * run->classes, quantized, run->classes, label);
    }
    return STATUS_OK;
}

static Status evaluate_tile(Tally *tally, const Run *run, const Bench *bench, size_t tile, Message *message)
{
    const Network *network = run->network;
    size_t first = tile * network->batch;
    size_t count = size_min(network->batch, run->total - first);
    size_t image = network->values[network->input].elements / network->batch;
    dataset_read(run->dataset, bench->input, first, count, run->normalization);
    for (size_t i = count * image; i < network->batch * image; i++) bench->input[i] = 0;
    Status status = network_run(network, bench->reference, bench->input, NULL, bench->workspace, message);
    if (status == STATUS_OK && run->weights)
        status =
            network_run(network, bench->quantized, bench->input, run->weights, bench->workspace, message);
    if (status != STATUS_OK) return status;
    return tally_tile(tally, run, bench, first, count, message);
}

static void tile_task(void *context, size_t index, size_t worker)
{
    Run *run = context;
    TileResult *result = &run->results[index];
    result->tally = (Tally){0};
    result->status =
        evaluate_tile(&result->tally, run, &run->benches[worker], run->first_tile + index, &result->message);
}

/* --- rounds ----------------------------------------------------------------------------------------- */

static Status run_round(Tally *sum, Run *run, size_t tiles, Pool *pool, Message *message)
{
    pool_run(pool, tiles, tile_task, run);
    for (size_t i = 0; i < tiles; i++) {
        if (run->results[i].status != STATUS_OK)
            return status_fail(message, run->results[i].status, "%s", run->results[i].message.text);
        tally_add(sum, &run->results[i].tally);
    }
    return STATUS_OK;
}

static Status run_all(Evaluation *evaluation, Run *run, Pool *pool, EvaluationProgress *progress,
                      void *context, Message *message)
{
    Tally sum = {0};
    size_t tiles = size_ceil_div(run->total, run->network->batch);
    double start = seconds_now(), reported = start;
    for (; run->first_tile < tiles; run->first_tile += run->round_tiles) {
        size_t count = size_min(run->round_tiles, tiles - run->first_tile);
        Status status = run_round(&sum, run, count, pool, message);
        if (status != STATUS_OK) return status;
        tally_report(evaluation, &sum);
        double time = seconds_now();
        evaluation->seconds = time - start;
        if (!progress || time - reported < REPORT_SECONDS) continue;
        reported = time;
        if (!progress(context, evaluation)) return status_fail(message, STATUS_CANCELLED, "cancelled");
    }
    return STATUS_OK;
}

Status evaluation_run(Evaluation *evaluation, const Network *network, const Weights *const *weights,
                      const Dataset *dataset, const Normalization *normalization, size_t limit, Pool *pool,
                      EvaluationProgress *progress, void *context, Message *message)
{
    *evaluation = (Evaluation){0};
    Status status = evaluation_check(network, dataset, message);
    if (status != STATUS_OK) return status;
    Run run = {.network = network,
               .weights = weights,
               .dataset = dataset,
               .normalization = normalization,
               .total = limit ? size_min(limit, dataset->count) : dataset->count,
               .classes = network->output_elements,
               .round_tiles = pool_workers(pool) * size_max(ROUND_IMAGES / network->batch, 1),
               .workers = pool_workers(pool)};
    *evaluation = (Evaluation){.total = run.total,
                               .labelled = dataset->labelled,
                               .compared = weights != NULL,
                               .classes = run.classes};
    status = prepare_run(&run, message);
    if (status == STATUS_OK) status = run_all(evaluation, &run, pool, progress, context, message);
    free_run(&run);
    return status;
}
