/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "evaluate/accuracy.h"

#include "base/random.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "evaluate/judge.h"
#include "evaluate/tally.h"
#include "network/run/run.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_SEED 0x6f72646572 /* of the order in which images are evaluated */
#define ROUND_IMAGES 16         /* per worker, between two progress reports */

/* What a worker needs to run tiles. */
typedef struct Worker {
    Workspace *workspace;
    float *input;                 /* [batch][height][width][channels] */
    float *reference, *quantized; /* [batch][classes] */
    ImageChanges *changes;        /* of the tiles that it took; NULL if nobody asks */
} Worker;

typedef struct TileResult {
    Tally tally;
    Status status;
    Message message;
} TileResult;

typedef struct Run {
    Reference *reference;
    const Network *network; /* the reference's */
    const Dataset *dataset; /* the reference's */
    const Weights *const *weights;
    size_t total, classes;
    size_t *order; /* [total]: the images */
    Judge judge;
    Judged *judged; /* [images of the dataset]: the quantized network's; NULL for tasks that are not judged by
                       image */
    size_t first_tile, round_tiles; /* tiles of this round; most tiles of a round */
    atomic_size_t next;             /* tile of the round */
    size_t end;                     /* tiles of this round */
    size_t worker_count;
    Worker *workers;     /* [worker_count] */
    TileResult *results; /* [round_tiles] */
} Run;

/* --- workers ---------------------------------------------------------------------------------------- */

static float *new_floats(size_t a, size_t b)
{
    size_t bytes;
    if (!size_multiply(&bytes, a, b) || !size_multiply(&bytes, bytes, sizeof(float))) return NULL;
    return calloc(1, bytes);
}

static void free_run(Run *run)
{
    for (size_t i = 0; run->workers && i < run->worker_count; i++) {
        workspace_free(run->workers[i].workspace);
        free(run->workers[i].input);
        free(run->workers[i].reference);
        free(run->workers[i].quantized);
        free(run->workers[i].changes);
    }
    for (size_t i = 0; run->judged && i < run->dataset->count; i++) judged_free(&run->judged[i]);
    free(run->judged);
    free(run->workers);
    free(run->results);
    free(run->order);
}

static Status prepare_run(Run *run, Message *message)
{
    const Network *network = run->network;
    Status status = STATUS_OK;
    run->workers = calloc(run->worker_count, sizeof *run->workers);
    run->results = calloc(run->round_tiles, sizeof *run->results);
    const bool judges = judge_has(run->judge.task);
    run->order = malloc((run->total + 1) * sizeof *run->order);
    run->judged = judges ? calloc(run->dataset->count, sizeof *run->judged) : NULL;
    if (!run->workers || !run->results || !run->order || (judges && !run->judged))
        return status_no_memory(message, "the evaluation");
    random_order(run->order, run->total, ORDER_SEED, 0, 0);
    run->judge.order = run->order;
    for (size_t i = 0; status == STATUS_OK && i < run->worker_count; i++) {
        Worker *worker = &run->workers[i];
        worker->input = new_floats(network->values[network->input].elements, 1);
        worker->reference = new_floats(network->batch, run->classes);
        worker->quantized = new_floats(network->batch, run->classes);
        const bool asked = run->weights && run->reference->changes && run->judge.task->kind == TASK_CLASSIFY;
        worker->changes = asked ? calloc(1, sizeof *worker->changes) : NULL;
        status = worker->input && worker->reference && worker->quantized && (worker->changes || !asked)
                     ? workspace_create(&worker->workspace, network, message)
                     : status_no_memory(message, "the evaluation");
    }
    return status;
}

/* As many workers as there are threads for, and as fit below the ceiling beside the outputs to be cached. */
static Status plan_memory(Run *run, const Pool *pool, Message *message)
{
    const Network *network = run->network;
    const Reference *reference = run->reference;
    const size_t outputs = (reference->capacity - reference->known) * run->classes * sizeof(float);
    const size_t worker = workspace_bytes(network) +
                          network->values[network->input].elements * sizeof(float) +
                          2 * network->batch * run->classes * sizeof(float) + run->dataset->reading_bytes;
    const size_t memory = reference->memory ? reference->memory : SIZE_MAX;
    run->worker_count = size_min(pool_workers(pool), (memory - size_min(outputs, memory)) / worker);
    if (run->worker_count) return STATUS_OK;
    Status status =
        status_fail(message, STATUS_MEMORY,
                    "evaluating '%s' takes %zu MiB on one thread, above the %zu MiB that are left",
                    network->path, size_mib(outputs + worker), size_mib(memory));
    return status_advise_memory(status, message, REMEDY_MEMORY, outputs + worker, memory);
}

/* --- tiles ------------------------------------------------------------------------------------------ */

/* A tile's images, in the worker's input; what fills it up is zeros. */
static Status read_images(const Run *run, const Worker *worker, const size_t *images, size_t count,
                          Message *message)
{
    const size_t elements = run->network->values[run->network->input].elements;
    const size_t image = elements / run->network->batch;
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = dataset_read(run->dataset, worker->input + i * image, images[i], 1,
                              &run->reference->normalization, message);
    memset(worker->input + count * image, 0, (elements - count * image) * sizeof *worker->input);
    return status;
}

/* *outputs [count][classes]: the float network's, from the cache, or computed and cached where there is room.
 * Each tile writes to its own part; `known` changes only between rounds. */
static Status reference_outputs(const float **outputs, const Run *run, const Worker *worker, size_t first,
                                size_t count, Message *message)
{
    const Reference *reference = run->reference;
    if (first + count <= reference->known) {
        *outputs = reference->outputs + first * run->classes;
        return STATUS_OK;
    }
    *outputs = worker->reference;
    Status status =
        network_run(run->network, worker->reference, worker->input, NULL, worker->workspace, message);
    if (status != STATUS_OK || first >= reference->capacity) return status;
    size_t room = size_min(count, reference->capacity - first);
    memcpy(reference->outputs + first * run->classes, worker->reference,
           room * run->classes * sizeof *worker->reference);
    return STATUS_OK;
}

static Status check_label(size_t label, const Run *run, size_t image, Message *message)
{
    if (label < run->classes) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "'%s': image %zu has label %zu, and '%s' has %zu classes",
                       run->dataset->images_path, image, label, run->network->path, run->classes);
}

/* A classifier's image. */
static Status score_image(Tally *tally, const Run *run, const Worker *worker, size_t image,
                          const float *reference, const float *quantized, Message *message)
{
    const Dataset *dataset = run->dataset;
    const size_t label = dataset->labelled ? dataset_label(dataset, image) : TALLY_UNLABELLED;
    if (dataset->labelled) {
        Status status = check_label(label, run, image, message);
        if (status != STATUS_OK) return status;
    }
    tally_image(tally, reference, quantized, run->classes, label);
    if (worker->changes) changes_add(worker->changes, image, label, reference, quantized, run->classes);
    return STATUS_OK;
}

/* An image of another task. */
static Status measure_image(Tally *tally, const Run *run, size_t image, const float *reference,
                            const float *quantized, Message *message)
{
    Judged *known = &run->reference->judged[image];
    Status status = STATUS_OK;
    if (run->judged && !known->done)
        status = judge_image(known, &run->judge, image, reference, reference, message);
    if (status == STATUS_OK && run->judged && quantized)
        status = judge_image(&run->judged[image], &run->judge, image, quantized, reference, message);
    tally_outputs(tally, run->judge.task, reference, quantized, run->classes);
    return status;
}

static Status evaluate_tile(Tally *tally, const Run *run, const Worker *worker, size_t tile, Message *message)
{
    const Network *network = run->network;
    const size_t first = tile * network->batch, count = size_min(network->batch, run->total - first);
    const size_t *images = run->order + first;
    const float *reference;
    Status status = read_images(run, worker, images, count, message);
    if (status == STATUS_OK) status = reference_outputs(&reference, run, worker, first, count, message);
    if (status == STATUS_OK && run->weights)
        status =
            network_run(network, worker->quantized, worker->input, run->weights, worker->workspace, message);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        const float *quantized = run->weights ? worker->quantized + i * run->classes : NULL;
        const float *own = reference + i * run->classes;
        status = run->judge.task->kind == TASK_CLASSIFY
                     ? score_image(tally, run, worker, images[i], own, quantized, message)
                     : measure_image(tally, run, images[i], own, quantized, message);
    }
    return status;
}

/* One task per worker: each takes tiles while there are some. */
static void worker_task(void *context, size_t index, size_t thread)
{
    (void)thread;
    Run *run = context;
    for (size_t tile; (tile = atomic_fetch_add(&run->next, 1)) < run->end;) {
        TileResult *result = &run->results[tile];
        result->tally = (Tally){0};
        result->status = evaluate_tile(&result->tally, run, &run->workers[index], run->first_tile + tile,
                                       &result->message);
    }
}

/* --- rounds ----------------------------------------------------------------------------------------- */

/* Sets the figures that are made of all images so far. */
static Status report_judged(Evaluation *evaluation, const Run *run, bool last, Pool *pool, Message *message)
{
    const Judged *sides[2] = {run->reference->judged, run->weights ? run->judged : NULL};
    const size_t count = evaluation->images;
    const bool classes = last && run->judge.task->classes <= EVALUATION_CLASSES;
    Status status = STATUS_OK;
    for (size_t side = 0; status == STATUS_OK && side < 2; side++) {
        if (!sides[side]) continue;
        status = judge_figures(evaluation->figures[side], &run->judge, sides[side], count, message);
        if (status == STATUS_OK && classes)
            status = judge_classes(evaluation->class_figures[side], &run->judge, sides[side], count, message);
    }
    if (classes) evaluation->class_count = run->judge.task->classes;
    if (status != STATUS_OK || !last) return status;
    return judge_intervals(&evaluation->intervals, &run->judge, sides[0], sides[1], count, pool, message);
}

static Status run_all(Evaluation *evaluation, Run *run, Pool *pool, EvaluationProgress *progress,
                      void *context, Message *message)
{
    Reference *reference = run->reference;
    Tally sum = {0};
    size_t tiles = size_ceil_div(run->total, run->network->batch);
    const double start = seconds_now();
    for (; run->first_tile < tiles; run->first_tile += run->round_tiles) {
        run->end = size_min(run->round_tiles, tiles - run->first_tile);
        atomic_store(&run->next, 0);
        pool_run(pool, run->worker_count, worker_task, run);
        for (size_t i = 0; i < run->end; i++) {
            if (run->results[i].status != STATUS_OK)
                return status_copy(message, run->results[i].status, &run->results[i].message);
            tally_add(&sum, &run->results[i].tally);
        }
        reference->known = size_max(reference->known, size_min(sum.images, reference->capacity));
        tally_report(evaluation, &sum);
        if (run->judged) {
            const bool last = sum.images == run->total;
            Status status = report_judged(evaluation, run, last, pool, message);
            if (status != STATUS_OK) return status;
        }
        evaluation->seconds = seconds_now() - start;
        if (progress && !progress(context, evaluation))
            return status_fail(message, STATUS_CANCELLED, "cancelled");
    }
    for (size_t i = 0; i < run->worker_count; i++)
        if (run->workers[i].changes) changes_merge(reference->changes, run->workers[i].changes);
    return STATUS_OK;
}

/* Float outputs of another order are of no use. */
static void prepare_reference(Reference *reference, size_t total)
{
    if (reference->total != total) reference->known = 0;
    reference->total = total;
}

double evaluation_change(const Evaluation *evaluation)
{
    const size_t headline = task_headline(evaluation->task);
    const double from = evaluation->figures[0][headline], to = evaluation->figures[1][headline];
    if (evaluation->task == TASK_CLASSIFY)
        return ((double)evaluation->gained - (double)evaluation->lost) / (double)evaluation->images;
    return evaluation->task == TASK_NONE || from < 0 || to < 0 ? (double)NAN : to - from;
}

/* Nothing is known yet. */
static void forget_figures(Evaluation *evaluation)
{
    const Interval unknown = {NAN, NAN};
    for (size_t side = 0; side < 2; side++)
        for (size_t f = 0; f < TASK_FIGURES; f++) evaluation->figures[side][f] = NAN;
    for (size_t f = 0; f < TASK_INTERVALS; f++)
        evaluation->intervals.reference[f] = evaluation->intervals.quantized[f] =
            evaluation->intervals.change[f] = unknown;
}

Status evaluation_run(Evaluation *evaluation, Reference *reference, const Weights *const *weights,
                      size_t limit, Pool *pool, EvaluationProgress *progress, void *context, Message *message)
{
    const Network *network = reference->network;
    const Dataset *dataset = reference->dataset;
    Run run = {.reference = reference,
               .network = network,
               .dataset = dataset,
               .weights = weights,
               .total = limit ? size_min(limit, dataset->count) : dataset->count,
               .classes = reference->classes,
               .judge = {.task = &reference->task, .dataset = dataset},
               .round_tiles = pool_workers(pool) * size_max(ROUND_IMAGES / network->batch, 1)};
    *evaluation =
        (Evaluation){.total = run.total,
                     .labelled = dataset->labelled,
                     .compared = weights != NULL,
                     .classes = reference->task.kind == TASK_CLASSIFY ? run.classes : reference->task.classes,
                     .task = reference->task.kind,
                     .has_truth = dataset->has_truth,
                     .slice_count = reference->task.slice_count};
    for (size_t s = 0; s < evaluation->slice_count; s++)
        memcpy(evaluation->slices[s].name, reference->task.slices[s].name, TASK_NAME);
    forget_figures(evaluation);
    prepare_reference(reference, run.total);
    Status status = plan_memory(&run, pool, message);
    if (status == STATUS_OK) status = prepare_run(&run, message);
    if (status == STATUS_OK) status = run_all(evaluation, &run, pool, progress, context, message);
    free_run(&run);
    return status;
}
