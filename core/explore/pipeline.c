/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "explore/pipeline.h"

#include "base/memory.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "explore/cache/layer_keys.h"
#include "explore/layer_solve.h"
#include "quantize/calibrate/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Run {
    Pipeline *pipeline;
    const Plan *plan;
    const Dataset *images;
    const Normalization *normalization;
    const PipelineOptions *options;
    Message *message;
    Calibration *calibration;
    Upstream *upstream;       /* these two NULL without a memo */
    LayerKeys *keys;          /* [layer_count] */
    bool *wanted;             /* [layer_count]: to be stopped at */
    bool *settled;            /* [layer_count]: the accumulated error is known */
    uint8_t *weight_bits;     /* [layer_count] */
    uint8_t *activation_bits; /* [layer_count] */
    size_t *solving;          /* [layer_count] */
    size_t memory,
        missing;    /* what calibrating and solving may take; by how much the results alone exceed all */
    size_t layer;   /* being calibrated for or solved */
    size_t sums_of; /* the layer whose statistics alone are asked for, or NO_INDEX */
    Sums *sums;     /* those */
    double fraction;
} Run;

size_t pipeline_bytes(const Network *network)
{
    size_t bytes = 0;
    for (size_t l = 0; l < network->layer_count; l++) bytes += solved_bytes(&network->layers[l]);
    return bytes;
}

/* --- progress ------------------------------------------------------------------------------------------ */

static bool report(void *context, const SolveProgress *trace, size_t count)
{
    const Run *run = context;
    if (!run->options->progress) return true;
    const PipelineProgress progress = {.layer = run->layer,
                                       .layer_count = run->pipeline->layer_count,
                                       .fraction = run->fraction,
                                       .trace = trace,
                                       .trace_count = count};
    return run->options->progress(run->options->context, &progress);
}

static void tell(const Run *run, size_t layer)
{
    if (run->options->layer_known)
        run->options->layer_known(run->options->context, layer, run->pipeline->solved[layer],
                                  run->pipeline->layers[layer].accumulated_error);
}

/* The accumulated errors of layers that the chains have passed. */
static void settle_passed(Run *run)
{
    Pipeline *pipeline = run->pipeline;
    if (run->sums_of != NO_INDEX) return; /* not all layers upstream have their weights */
    for (size_t l = 0; l < pipeline->layer_count; l++) {
        if (run->settled[l] || !calibration_passed(run->calibration, l)) continue;
        double error = calibration_accumulated_error(run->calibration, l);
        run->settled[l] = true;
        pipeline->layers[l].accumulated_error = error;
        if (run->keys) memo_keep_numbers(run->options->memo, &run->keys[l].accumulated, &error, 1);
        tell(run, l);
    }
}

static bool calibrate_progress(void *context, double fraction)
{
    Run *run = context;
    run->fraction = fraction;
    /* NULL while the first images are read */
    if (run->calibration) settle_passed(run);
    return report(run, NULL, 0);
}

/* --- layers -------------------------------------------------------------------------------------------- */

/* Takes the solution's reference over. */
static void adopt(Run *run, size_t index, const Solved *solved)
{
    Pipeline *pipeline = run->pipeline;
    LayerResult *result = &pipeline->layers[index];
    const LayerResult blank = *result;
    *result = solved->result;
    result->method = blank.method;
    result->accumulated_error = blank.accumulated_error;
    pipeline->solved[index] = solved;
    pipeline->weights[index] = solved->weights;
    run->wanted[index] = false;
    tell(run, index);
}

static Status solve_layer(Run *run, size_t index, const Sums *sums)
{
    const Pipeline *pipeline = run->pipeline;
    const SolvedWatch watch = {report, run};
    const Solved *solved;
    const double start = seconds_now();
    run->layer = index;
    Status status =
        solved_create(&solved, pipeline->network, index, &run->plan->options, &run->plan->layers[index],
                      &sums->statistics, &watch, run->options->pool, run->message);
    run->pipeline->solve_seconds += seconds_now() - start;
    if (status != STATUS_OK) return status;
    if (run->keys) memo_keep_solved(run->options->memo, &run->keys[index].solved, solved);
    adopt(run, index, solved);
    return STATUS_OK;
}

/* --- what is known ------------------------------------------------------------------------------------- */

static Status make_keys(Run *run, const Network *network)
{
    Status status = upstream_create(&run->upstream, network, run->message);
    if (status != STATUS_OK) return status;
    run->keys = calloc(network->layer_count + 1, sizeof *run->keys);
    if (!run->keys) return status_no_memory(run->message, "the pipeline");
    layer_keys(run->keys, network, run->upstream, run->plan, run->images, run->normalization);
    return STATUS_OK;
}

static void recall_layers(Run *run)
{
    Pipeline *pipeline = run->pipeline;
    for (size_t l = 0; l < pipeline->layer_count; l++) {
        double *accumulated = &pipeline->layers[l].accumulated_error;
        run->settled[l] = memo_numbers(accumulated, run->options->memo, &run->keys[l].accumulated, 1);
        const Solved *solved = run->wanted[l] ? memo_solved(run->options->memo, &run->keys[l].solved) : NULL;
        if (solved)
            adopt(run, l, solved);
        else if (run->settled[l])
            tell(run, l);
    }
}

/* Layers whose statistics are known need no chains. */
static Status solve_from_memo(Run *run)
{
    Status status = STATUS_OK;
    for (size_t l = 0; status == STATUS_OK && l < run->pipeline->layer_count; l++) {
        Sums *sums = run->wanted[l] ? memo_sums(run->options->memo, &run->keys[l].sums) : NULL;
        if (sums)
            status = layer_solve_check(&run->pipeline->network->layers[l], &run->plan->options,
                                       &run->plan->layers[l], pool_workers(run->options->pool), run->memory,
                                       run->message);
        if (sums && status == STATUS_OK) status = solve_layer(run, l, sums);
        sums_drop(sums);
    }
    return status;
}

static bool all_true(const bool *flags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!flags[i]) return false;
    return true;
}

/* Whether the chains have to be run, for a layer's solution or an accumulated error. */
static bool needs_chains(const Run *run)
{
    for (size_t l = 0; l < run->pipeline->layer_count; l++)
        if (run->wanted[l]) return true;
    return !run->options->solutions_only && !all_true(run->settled, run->pipeline->layer_count);
}

/* --- the chains ---------------------------------------------------------------------------------------- */

static Status stop_at(Run *run, size_t index)
{
    Statistics statistics;
    Sums *sums;
    calibration_take(&statistics, run->calibration);
    Status status = sums_create(&sums, &statistics, run->message);
    if (status != STATUS_OK) return status;
    if (run->keys) memo_keep_sums(run->options->memo, &run->keys[index].sums, sums);
    if (index == run->sums_of) {
        run->sums = sums;
        return STATUS_OK;
    }
    status = solve_layer(run, index, sums);
    sums_drop(sums);
    if (status == STATUS_OK) calibration_continue(run->calibration, run->pipeline->weights[index]);
    return status;
}

static Status run_layers(Run *run)
{
    while (!run->sums) {
        const Problem *problems;
        const double start = seconds_now();
        size_t layer;
        Status status = calibration_next(run->calibration, &layer, &problems, run->message);
        run->pipeline->calibrate_seconds += seconds_now() - start;
        if (status != STATUS_OK) return status;
        if (layer == NO_INDEX) break;
        status = stop_at(run, layer);
        if (status != STATUS_OK) return status;
    }
    settle_passed(run);
    return STATUS_OK;
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static bool all_finite(const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

static Status check_finite(const Network *network, const Plan *plan, Message *message)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        if (plan->layers[i].weight_bits == BITS_FLOAT) continue;
        const Layer *layer = &network->layers[i];
        size_t outputs = layer->groups * layer->m;
        const char *what = !all_finite(layer->weights, outputs * layer->n) ? "weight"
                           : !all_finite(layer->bias, outputs)             ? "bias"
                                                                           : NULL;
        if (what)
            return status_fail(message, STATUS_INVALID,
                               "network '%s', layer '%s': a %s is not finite: leave the layer in float or "
                               "repair the file",
                               network->path, layer->name, what);
    }
    return STATUS_OK;
}

static Status check_inputs(const Network *network, const Plan *plan, Message *message)
{
    for (size_t i = 0; i < network->layer_count; i++)
        if (network->layers[i].first && plan->layers[i].activation_bits != BITS_FLOAT)
            return status_fail(
                message, STATUS_INVALID,
                "layer '%s' reads the network's input, which stays float: leave its activation "
                "width empty, or float",
                network->layers[i].name);
    return STATUS_OK;
}

static void plan_layers(Run *run)
{
    const Pipeline *pipeline = run->pipeline;
    const size_t workers = pool_workers(run->options->pool);
    for (size_t i = 0; i < pipeline->layer_count; i++) {
        const Layer *layer = &pipeline->network->layers[i];
        const LayerPlan *choice = &run->plan->layers[i];
        pipeline->layers[i] = layer_result(choice);
        run->weight_bits[i] = choice->weight_bits;
        run->activation_bits[i] = choice->activation_bits;
        run->wanted[i] = !layer_plan_stays_float(choice);
        run->solving[i] = layer_solve_bytes(layer, &run->plan->options, choice, workers);
    }
}

static Status start_calibration(Run *run)
{
    const PlanOptions *plan = &run->plan->options;
    CalibrationOptions options = {
        .independent = plan->mode == MODE_INDEPENDENT,
        .seed = plan->seed,
        .images = plan->calibration_images,
        .rows = plan->rows,
        .wanted = run->wanted,
        .weights = (const Weights *const *)run->pipeline->weights,
        .activation_bits = run->activation_bits,
        .weight_bits = run->weight_bits,
        .error_compensated = plan->error_compensated,
        .memory = run->memory,
        .solving = run->solving,
        .pool = run->options->pool,
        .proceed = calibrate_progress,
        .context = run,
    };
    double start = seconds_now();
    Status status = calibration_create(&run->calibration, run->pipeline->network, run->images,
                                       run->normalization, &options, run->message);
    run->pipeline->calibrate_seconds += seconds_now() - start;
    return status;
}

static void count_images(Run *run)
{
    Pipeline *pipeline = run->pipeline;
    calibration_split(&pipeline->images, &pipeline->heldout_images, run->plan->options.calibration_images,
                      run->images->count);
    if (pipeline->heldout_images == 0)
        pipeline->note = "no calibration images are left to hold out: held-out errors are missing";
}

/* What is left beside the results. */
static void plan_memory(Run *run)
{
    const PipelineOptions *options = run->options;
    const size_t memory = options->memory ? options->memory : memory_of_machine() / 2;
    const size_t results = pipeline_bytes(run->pipeline->network);
    run->memory = memory - size_min(results, memory);
    run->missing = results - size_min(results, memory);
}

static Status allocate_run(Run *run, const Network *network)
{
    Pipeline *pipeline = calloc(1, sizeof *pipeline);
    run->pipeline = pipeline;
    if (!pipeline) return status_no_memory(run->message, "the pipeline");
    size_t count = network->layer_count;
    pipeline->network = network;
    pipeline->layer_count = count;
    pipeline->layers = calloc(count + 1, sizeof *pipeline->layers);
    pipeline->solved = calloc(count + 1, sizeof *pipeline->solved);
    pipeline->weights = calloc(count + 1, sizeof *pipeline->weights);
    run->wanted = calloc(count + 1, sizeof *run->wanted);
    run->settled = calloc(count + 1, sizeof *run->settled);
    run->solving = calloc(count + 1, sizeof *run->solving);
    run->weight_bits = calloc(count + 1, sizeof *run->weight_bits);
    run->activation_bits = calloc(count + 1, sizeof *run->activation_bits);
    if (!pipeline->layers || !pipeline->solved || !pipeline->weights || !run->wanted || !run->settled ||
        !run->solving || !run->weight_bits || !run->activation_bits)
        return status_no_memory(run->message, "the pipeline");
    plan_layers(run);
    plan_memory(run);
    count_images(run);
    return STATUS_OK;
}

static void free_run(Run *run)
{
    calibration_free(run->calibration);
    upstream_free(run->upstream);
    free(run->keys);
    free(run->wanted);
    free(run->settled);
    free(run->solving);
    free(run->weight_bits);
    free(run->activation_bits);
}

static Status run_chains(Run *run)
{
    Status status = start_calibration(run);
    if (status == STATUS_OK) status = run_layers(run);
    if (run->calibration) run->pipeline->spilled_bytes = calibration_spilled_bytes(run->calibration);
    return status;
}

static Status run_all(Run *run, const Network *network)
{
    Status status = plan_check_grids(run->plan, network, run->message);
    if (status == STATUS_OK) status = check_finite(network, run->plan, run->message);
    if (status == STATUS_OK) status = check_inputs(network, run->plan, run->message);
    if (status == STATUS_OK) status = allocate_run(run, network);
    if (status == STATUS_OK && run->options->memo) {
        status = make_keys(run, network);
        if (status == STATUS_OK) recall_layers(run);
        if (status == STATUS_OK) status = solve_from_memo(run);
    }
    if (status == STATUS_OK && needs_chains(run)) status = run_chains(run);
    if (status == STATUS_OK) run->pipeline->settled = all_true(run->settled, network->layer_count);
    return status;
}

Status pipeline_run(Pipeline **result, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Normalization *normalization, const PipelineOptions *options, Message *message)
{
    *result = NULL;
    Run run = {.plan = plan,
               .images = calibration,
               .normalization = normalization,
               .options = options,
               .message = message,
               .sums_of = NO_INDEX};
    Status status = run_all(&run, network);
    free_run(&run);
    if (status == STATUS_MEMORY && message && message->memory_missing) message->memory_missing += run.missing;
    if (status == STATUS_OK)
        *result = run.pipeline;
    else
        pipeline_free(run.pipeline);
    return status;
}

/* Stops at the layer, and before it at those that its rows depend on and that are not known. */
static void want_layer(Run *run, size_t layer)
{
    for (size_t l = 0; l < run->pipeline->layer_count; l++)
        run->wanted[l] &= run->plan->options.mode == MODE_SEQUENTIAL && upstream_of(run->upstream, layer, l);
    run->wanted[layer] = true;
}

static Status find_sums(Run *run, const Network *network)
{
    Status status = plan_check_grids(run->plan, network, run->message);
    if (status == STATUS_OK) status = check_finite(network, run->plan, run->message);
    if (status == STATUS_OK) status = check_inputs(network, run->plan, run->message);
    if (status == STATUS_OK) status = allocate_run(run, network);
    if (status == STATUS_OK) status = make_keys(run, network);
    if (status != STATUS_OK) return status;
    run->sums = memo_sums(run->options->memo, &run->keys[run->sums_of].sums);
    if (run->sums) return STATUS_OK;
    recall_layers(run);
    want_layer(run, run->sums_of);
    status = solve_from_memo(run);
    return status == STATUS_OK ? run_chains(run) : status;
}

Status pipeline_sums(Sums **sums, size_t layer, const Network *network, const Plan *plan,
                     const Dataset *calibration, const Normalization *normalization,
                     const PipelineOptions *options, Message *message)
{
    Run run = {.plan = plan,
               .images = calibration,
               .normalization = normalization,
               .options = options,
               .message = message,
               .sums_of = layer};
    Status status = find_sums(&run, network);
    free_run(&run);
    pipeline_free(run.pipeline);
    *sums = run.sums;
    return status;
}

void pipeline_free(Pipeline *pipeline)
{
    if (!pipeline) return;
    for (size_t i = 0; pipeline->solved && i < pipeline->layer_count; i++) solved_drop(pipeline->solved[i]);
    free(pipeline->layers);
    free(pipeline->solved);
    free(pipeline->weights);
    free(pipeline);
}
