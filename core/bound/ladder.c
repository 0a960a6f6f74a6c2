#define _GNU_SOURCE
#include "bound/ladder.h"

#include "base/seconds.h"
#include "base/sizes.h"
#include "bound/ladder_tile.h"

#include <math.h>
#include <stdlib.h>

#define HYBRID_SLACK 1e-9   /* sums of doubles */
#define SPECTRAL_SLACK 1e-4 /* the tails run in float */
#define SPECTRAL_FLOOR 1e-6 /* times |F_0|, likewise */

/* --- the run ---------------------------------------------------------------------------------------- */

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

/* Backwards from the output. */
static void find_needed(bool *needed, const Network *network)
{
    const Value *values = network->values;
    if (values[network->output].producer != NETWORK_NONE) needed[values[network->output].producer] = true;
    for (size_t i = network->node_count; i-- > 0;)
        for (size_t k = 0; needed[i] && k < network->nodes[i].input_count; k++) {
            size_t producer = values[network->nodes[i].inputs[k]].producer;
            if (producer != NETWORK_NONE) needed[producer] = true;
        }
}

static void find_steps(LadderRun *run)
{
    const Network *network = run->network;
    find_needed(run->needed, network);
    for (size_t i = 0; i < network->node_count; i++) {
        size_t layer = network->nodes[i].layer;
        run->step_of[i] = NETWORK_NONE;
        if (!run->needed[i] || layer == NETWORK_NONE || !run->weights[layer]) continue;
        run->step_of[i] = run->step_count;
        run->steps[run->step_count++] = i;
    }
}

static void *new_table(size_t rows, size_t columns, size_t size)
{
    size_t cells;
    return size_multiply(&cells, rows, columns) ? calloc(size_max(cells, 1), size) : NULL;
}

static Status prepare_run(LadderRun *run, Message *message)
{
    const Network *network = run->network;
    run->steps = calloc(network->node_count + 1, sizeof *run->steps);
    run->step_of = calloc(network->node_count + 1, sizeof *run->step_of);
    run->needed = calloc(network->node_count + 1, sizeof *run->needed);
    if (!run->steps || !run->step_of || !run->needed) return status_no_memory(message, "the ladder");
    find_steps(run);
    run->samples = new_table(run->step_count, run->images, sizeof *run->samples);
    run->alone = new_table(network->layer_count, run->images, sizeof *run->alone);
    run->all = new_table(1, run->images, sizeof *run->all);
    if (run->samples && run->alone && run->all) return STATUS_OK;
    return status_no_memory(message, "the ladder");
}

static void free_run(LadderRun *run)
{
    free(run->steps);
    free(run->step_of);
    free(run->needed);
    free(run->samples);
    free(run->alone);
    free(run->all);
}

/* --- tiles on the pool ------------------------------------------------------------------------------ */

typedef struct TileOutcome {
    Status status;
    Message message;
} TileOutcome;

typedef struct TileJob {
    const LadderRun *run;
    size_t workers, first, round; /* tiles: of this round the first; the most of a round */
    LadderBench *benches;         /* [workers] */
    TileOutcome *outcomes;        /* [round] */
} TileJob;

static void tile_task(void *context, size_t index, size_t worker)
{
    TileJob *job = context;
    TileOutcome *outcome = &job->outcomes[index];
    outcome->status = ladder_tile(job->run, &job->benches[worker], job->first + index, &outcome->message);
}

static Status run_rounds(TileJob *job, Pool *pool, LadderProgress *progress, void *context, Message *message)
{
    const size_t tiles = size_ceil_div(job->run->images, job->run->network->batch);
    for (; job->first < tiles; job->first += job->round) {
        size_t count = size_min(job->round, tiles - job->first);
        pool_run(pool, count, tile_task, job);
        for (size_t i = 0; i < count; i++)
            if (job->outcomes[i].status != STATUS_OK)
                return status_fail(message, job->outcomes[i].status, "%s", job->outcomes[i].message.text);
        if (progress && !progress(context, (double)(job->first + count) / (double)tiles))
            return status_fail(message, STATUS_CANCELLED, "cancelled");
    }
    return STATUS_OK;
}

/* The largest factors of all workers, into the first one's. */
static void join_factors(TileJob *job)
{
    const size_t nodes = job->run->network->node_count;
    for (size_t w = 1; w < job->workers; w++)
        for (size_t i = 0; i < nodes; i++)
            for (size_t side = 0; side < 2; side++) {
                double factor = job->benches[w].factors[i][side], *most = &job->benches[0].factors[i][side];
                if (factor > *most || isnan(factor)) *most = factor;
            }
}

static Status create_job(TileJob *job, Message *message)
{
    job->benches = calloc(job->workers, sizeof *job->benches);
    job->outcomes = calloc(job->round, sizeof *job->outcomes);
    if (!job->benches || !job->outcomes) return status_no_memory(message, "the ladder");
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < job->workers; i++)
        status = ladder_bench_create(&job->benches[i], job->run->network, message);
    return status;
}

static void free_job(TileJob *job)
{
    for (size_t i = 0; job->benches && i < job->workers; i++) ladder_bench_free(&job->benches[i]);
    free(job->benches);
    free(job->outcomes);
}

/* Fills the run's samples, and `lipschitz` with the factors that were met. */
static Status run_tiles(Lipschitz *lipschitz, const LadderRun *run, const LayerNorm *norms, Pool *pool,
                        LadderProgress *progress, void *context, Message *message)
{
    TileJob job = {.run = run, .workers = pool_workers(pool), .round = 2 * pool_workers(pool)};
    Status status = create_job(&job, message);
    if (status == STATUS_OK) status = run_rounds(&job, pool, progress, context, message);
    if (status == STATUS_OK) {
        join_factors(&job);
        status = lipschitz_create(lipschitz, run->network, norms, (const double(*)[2])job.benches[0].factors,
                                  message);
    }
    free_job(&job);
    return status;
}

/* --- summing ---------------------------------------------------------------------------------------- */

/* lambda e, where nothing costs nothing. */
static double cost(double lambda, double error)
{
    return error == 0 ? 0 : lambda * error;
}

/* Adds a step to its layer's row; `local` and `signal` are the row's squared sums so far. */
static void add_step(LadderStep *row, double *local, double *signal, const LadderRun *run, size_t step,
                     const Lipschitz *lipschitz)
{
    size_t output = run->network->nodes[run->steps[step]].output;
    StepSample sum = {0};
    row->hybrid_correct = 0;
    for (size_t i = 0; i < run->images; i++) {
        const StepSample *sample = &run->samples[step * run->images + i];
        sum.local += sample->local;
        sum.signal += sample->signal;
        sum.change += sample->change;
        row->hybrid_correct += sample->correct;
    }
    *local += sum.local;
    *signal += sum.signal;
    row->quantized = true;
    row->local_error = *local == 0 ? 0 : *local / *signal;
    row->spectral += cost(lipschitz->spectral[output], sqrt(sum.local));
    row->frobenius += cost(lipschitz->frobenius[output], sqrt(sum.local));
    row->hybrid += sqrt(sum.change);
}

static double alone_of(const LadderRun *run, size_t layer)
{
    double sum = 0;
    for (size_t i = 0; i < run->images; i++) sum += run->alone[layer * run->images + i];
    return sqrt(sum);
}

static double lambda_of(const LadderRun *run, size_t layer, const Lipschitz *lipschitz)
{
    double most = 0;
    for (size_t i = 0; i < run->network->layers[layer].site_count; i++) {
        size_t output = run->network->nodes[run->network->layers[layer].sites[i]].output;
        most = fmax(most, lipschitz->spectral[output]);
    }
    return most;
}

static void sum_layers(Ladder *ladder, const LadderRun *run, const Lipschitz *lipschitz)
{
    for (size_t l = 0; l < ladder->layer_count; l++) {
        LadderStep *row = &ladder->steps[l];
        double local = 0, signal = 0;
        for (size_t s = 0; s < run->step_count; s++)
            if (run->network->nodes[run->steps[s]].layer == l)
                add_step(row, &local, &signal, run, s, lipschitz);
        if (!row->quantized) row->hybrid_correct = l ? ladder->steps[l - 1].hybrid_correct : ladder->correct;
        row->lambda = lambda_of(run, l, lipschitz);
        row->alone = alone_of(run, l);
        ladder->frobenius += row->frobenius;
        ladder->spectral += row->spectral;
        ladder->hybrid += row->hybrid;
        bool most = row->quantized && (ladder->costliest == NETWORK_NONE ||
                                       row->hybrid > ladder->steps[ladder->costliest].hybrid);
        if (most) ladder->costliest = l;
    }
}

static void sum_images(Ladder *ladder, const LadderRun *run)
{
    double output = 0, error = 0;
    for (size_t i = 0; i < run->images; i++) {
        output += run->all[i].output;
        error += run->all[i].error;
        ladder->kept += run->all[i].kept;
        ladder->correct += run->all[i].correct;
    }
    ladder->output_norm = sqrt(output);
    ladder->measured = sqrt(error);
}

/* --- certificates and the invariant ----------------------------------------------------------------- */

static void certify_image(Ladder *ladder, const LadderRun *run, size_t image, const Lipschitz *lipschitz)
{
    double spectral = 0, hybrid = 0;
    for (size_t s = 0; s < run->step_count; s++) {
        const StepSample *sample = &run->samples[s * run->images + image];
        size_t output = run->network->nodes[run->steps[s]].output;
        spectral += cost(lipschitz->spectral[output], sqrt(sample->local));
        hybrid += sqrt(sample->change);
    }
    const ImageSample *sample = &run->all[image];
    spectral = spectral * (1 + SPECTRAL_SLACK) + SPECTRAL_FLOOR * sqrt(sample->output);
    ladder->certified_spectral += spectral < sample->margin * M_SQRT1_2;
    ladder->certified_hybrid += hybrid * (1 + HYBRID_SLACK) < sample->margin * M_SQRT1_2;
    ladder->certified_measured += sqrt(sample->error) < sample->margin * M_SQRT1_2;
}

/* Written so that NAN violates. */
static const char *find_violation(const Ladder *ladder)
{
    if (!(ladder->measured <= ladder->hybrid * (1 + HYBRID_SLACK))) return "measured is above hybrid";
    if (!(ladder->hybrid <= ladder->spectral * (1 + SPECTRAL_SLACK) + SPECTRAL_FLOOR * ladder->output_norm))
        return "hybrid is above spectral";
    if (!(ladder->spectral <= ladder->frobenius * (1 + HYBRID_SLACK))) return "spectral is above Frobenius";
    if (ladder->certified_measured > ladder->kept) return "a certified image changed its prediction";
    return NULL;
}

static void finish(Ladder *ladder, const LadderRun *run, const Lipschitz *lipschitz)
{
    sum_images(ladder, run);
    sum_layers(ladder, run, lipschitz);
    for (size_t i = 0; i < run->images; i++) certify_image(ladder, run, i, lipschitz);
    if (!isfinite(ladder->spectral) && lipschitz->culprit != NETWORK_NONE) {
        ladder->culprit = run->network->nodes[lipschitz->culprit].name;
        ladder->reason = lipschitz->reason;
    }
    ladder->violation = find_violation(ladder);
}

/* --- the whole -------------------------------------------------------------------------------------- */

Status ladder_create(Ladder *ladder, const Network *network, const Weights *const *weights,
                     const LayerNorm *norms, const Dataset *dataset, const Normalization *normalization,
                     size_t count, Pool *pool, LadderProgress *progress, void *context, Message *message)
{
    const double start = seconds_now();
    LadderRun run = {.network = network,
                     .weights = weights,
                     .dataset = dataset,
                     .normalization = normalization,
                     .images = size_min(count, dataset->count)};
    Lipschitz lipschitz = {0};
    *ladder = (Ladder){.images = run.images,
                       .labelled = dataset->labelled,
                       .layer_count = network->layer_count,
                       .costliest = NETWORK_NONE};
    Status status = check_images(network, dataset, run.images, message);
    if (status == STATUS_OK) status = prepare_run(&run, message);
    if (status == STATUS_OK) {
        ladder->steps = calloc(network->layer_count + 1, sizeof *ladder->steps);
        if (!ladder->steps) status = status_no_memory(message, "the ladder");
    }
    if (status == STATUS_OK) status = run_tiles(&lipschitz, &run, norms, pool, progress, context, message);
    if (status == STATUS_OK) finish(ladder, &run, &lipschitz);
    lipschitz_free(&lipschitz);
    free_run(&run);
    ladder->seconds = seconds_now() - start;
    if (status != STATUS_OK) ladder_free(ladder);
    return status;
}

void ladder_free(Ladder *ladder)
{
    free(ladder->steps);
    *ladder = (Ladder){0};
}

double ladder_share(const Ladder *ladder, size_t layer)
{
    const LadderStep *step = &ladder->steps[layer];
    const bool finite = isfinite(ladder->spectral);
    const double part = finite ? step->spectral : step->hybrid,
                 sum = finite ? ladder->spectral : ladder->hybrid;
    return sum == 0 ? 0 : part / sum;
}
