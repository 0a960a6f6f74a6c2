/* SPDX-License-Identifier: MIT */
#include "explore/forecast_run.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "choose/refit.h"
#include "evaluate/network_outputs.h"
#include "explore/cache/layer_keys.h"
#include "explore/layer_solve.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "quantize/sensitivity.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define REFITTED 2       /* layers behind the one at FACTOR_BITS */
#define FACTOR_BITS 2    /* that factors are measured at */
#define SOLVED_BITS 4    /* widths up to here are solved, wider ones estimated */
#define REFIT_IMAGES 512 /* where every image has many rows */
#define MANY_ROWS 16     /* of an image */
#define ERROR_IMAGES 256 /* that output errors are measured on */
#define AGREEMENT_IMAGES 2048
#define OUTPUT_BYTES ((size_t)64 << 20) /* of one set of outputs */
#define ANCHOR_ENDS 8                   /* bits of first and last layers */

/* Shares of the run's progress. */
#define ERRORS_SHARE 0.25
#define FACTORS_SHARE 0.5

typedef struct Run {
    Forecast *forecast;
    const Network *network;
    const Plan *plan;
    const Dataset *images, *evaluation;
    const Normalization *normalization;
    const ForecastOptions *options;
    Message *message;
    Upstream *upstream;
    const Solved **solved; /* [layer_count], at FACTOR_BITS behind float layers; NULL where not needed */
    float *float_outputs;  /* on the images that agreement is counted on; NULL before */
    float *reference;      /* float outputs on the images that errors are measured on; NULL before */
    size_t error_images;
    Calibration *calibration;
    size_t memory;
    size_t layer;       /* at work */
    double reached;     /* fraction of the whole that was told last */
    double from, share; /* of the step at work, in the whole */
} Run;

/* --- progress ---------------------------------------------------------------------------------------- */

/* Never less than what was told before: a step has parts, each of which counts from 0. */
static bool report(Run *run, double fraction)
{
    const ForecastOptions *options = run->options;
    if (!options->progress) return true;
    run->reached = fmax(run->reached, run->from + run->share * fraction);
    return options->progress(options->context, run->forecast, run->layer, run->reached);
}

static bool proceed(void *context, double fraction)
{
    return report(context, fraction);
}

static bool solve_progress(void *context, const SolveProgress *trace, size_t count)
{
    (void)trace;
    (void)count;
    return report(context, 0);
}

static bool pipeline_progress(void *context, const PipelineProgress *progress)
{
    Run *run = context;
    run->layer = progress->layer;
    return report(run, progress->fraction / 2);
}

static void start_step(Run *run, size_t layer, double from, double share)
{
    run->layer = layer;
    run->from = from;
    run->share = share;
}

/* --- errors of layers -------------------------------------------------------------------------------- */

static LayerPlan weights_alone(const Run *run, size_t layer, unsigned bits)
{
    LayerPlan choice = run->plan->layers[layer];
    choice.activation_bits = BITS_FLOAT;
    layer_plan_set_bits(&choice, bits);
    return choice;
}

static MemoKey solved_key(const Run *run, size_t layer, unsigned bits)
{
    const PlanOptions *options = &run->plan->options;
    const MemoKey sums = layer_float_sums_key(options, layer, run->images, run->normalization);
    const LayerPlan choice = weights_alone(run, layer, bits);
    return layer_solved_key(&sums, options, &choice);
}

/* Solves the layer at some bits, or finds it in the memo; the reference is the caller's. */
static Status solve_at(const Solved **solved, Run *run, size_t layer, unsigned bits,
                       const Statistics *statistics)
{
    const ForecastOptions *options = run->options;
    const MemoKey key = solved_key(run, layer, bits);
    const LayerPlan choice = weights_alone(run, layer, bits);
    const SolvedWatch watch = {solve_progress, run};
    *solved = options->memo ? memo_solved(options->memo, &key) : NULL;
    if (*solved) return STATUS_OK;
    Status status = solved_create(solved, run->network, layer, &run->plan->options, &choice, statistics,
                                  &watch, options->pool, run->message);
    if (status == STATUS_OK && options->memo) memo_keep_solved(options->memo, &key, *solved);
    return status;
}

/* Errors beyond SOLVED_BITS: they fall as the estimates do; by 4 per bit where there is none. */
static void extend_errors(double errors[FORECAST_WIDTHS], const Sensitivity *sensitivity)
{
    const double *estimate = sensitivity->estimate;
    for (unsigned bits = SOLVED_BITS + 1; bits < FORECAST_WIDTHS; bits++) {
        const double ratio = estimate[bits] / estimate[SOLVED_BITS];
        errors[bits] =
            errors[SOLVED_BITS] * (ratio > 0 && ratio < 1 ? ratio : exp2(-2.0 * (bits - SOLVED_BITS)));
    }
}

static Status measure_layer(Run *run, size_t layer, const Statistics *statistics)
{
    LayerForecast *forecast = &run->forecast->layers[layer];
    double errors[FORECAST_WIDTHS] = {[BITS_BINARY] = NAN};
    Status status = STATUS_OK;
    for (unsigned bits = BITS_MIN; bits <= SOLVED_BITS && status == STATUS_OK; bits++) {
        const Solved *solved;
        status = solve_at(&solved, run, layer, bits, statistics);
        if (status != STATUS_OK) return status;
        errors[bits] = layer_result_error(&solved->result);
        if (bits == FACTOR_BITS && !run->solved[layer])
            run->solved[layer] = solved;
        else
            solved_drop(solved);
    }
    if (run->plan->layers[layer].weight_bits == BITS_BINARY) {
        const Solved *solved;
        status = solve_at(&solved, run, layer, BITS_BINARY, statistics);
        if (status != STATUS_OK) return status;
        errors[BITS_BINARY] = layer_result_error(&solved->result);
        solved_drop(solved);
    }
    Sensitivity sensitivity;
    status = sensitivity_measure(&sensitivity, statistics->problems, statistics->groups,
                                 run->plan->options.bias_correction, run->options->pool, run->message);
    if (status != STATUS_OK) return status;
    extend_errors(errors, &sensitivity);
    memcpy(forecast->errors, errors, sizeof errors);
    return STATUS_OK;
}

static bool errors_known(const LayerForecast *layer)
{
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX; bits++)
        if (isnan(layer->errors[bits])) return false;
    return true;
}

/* What solving a layer takes at most beside its statistics. */
static size_t solving_bytes(const Run *run, size_t layer)
{
    const Layer *of = &run->network->layers[layer];
    const size_t workers = pool_workers(run->options->pool);
    size_t bytes =
        size_max(sensitivity_bytes(of->groups, of->m, of->n, workers), refit_bytes(of->groups, of->m, of->n));
    for (unsigned bits = BITS_MIN; bits <= SOLVED_BITS; bits++) {
        const LayerPlan choice = weights_alone(run, layer, bits);
        bytes = size_max(bytes, layer_solve_bytes(of, &run->plan->options, &choice, workers));
    }
    return bytes;
}

typedef struct Stops {
    bool *wanted;    /* [layer_count] */
    size_t *solving; /* [layer_count] */
    uint8_t *activation_bits;
    const Weights **weights;
} Stops;

static void stops_free(Stops *stops)
{
    free(stops->wanted);
    free(stops->solving);
    free(stops->activation_bits);
    free(stops->weights);
}

static Status stops_create(Stops *stops, const Run *run)
{
    const size_t count = run->network->layer_count;
    *stops = (Stops){.wanted = calloc(count + 1, sizeof *stops->wanted),
                     .solving = calloc(count + 1, sizeof *stops->solving),
                     .activation_bits = calloc(count + 1, sizeof *stops->activation_bits),
                     .weights = calloc(count + 1, sizeof *stops->weights)};
    if (!stops->wanted || !stops->solving || !stops->activation_bits || !stops->weights)
        return status_no_memory(run->message, "the forecast");
    for (size_t l = 0; l < count; l++) stops->solving[l] = solving_bytes(run, l);
    return STATUS_OK;
}

static Status calibrate(Run *run, const Stops *stops, bool independent, size_t images)
{
    const PlanOptions *plan = &run->plan->options;
    const CalibrationOptions options = {.independent = independent,
                                        .seed = plan->seed,
                                        .images = images,
                                        .rows = plan->rows,
                                        .wanted = stops->wanted,
                                        .weights = stops->weights,
                                        .activation_bits = stops->activation_bits,
                                        .error_compensated = plan->error_compensated,
                                        .memory = run->memory,
                                        .solving = stops->solving,
                                        .pool = run->options->pool,
                                        .proceed = proceed,
                                        .context = run};
    return calibration_create(&run->calibration, run->network, run->images, run->normalization, &options,
                              run->message);
}

/* Calls `visit` with the statistics of every layer that is wanted. */
static Status visit_layers(Run *run, Status (*visit)(Run *run, size_t layer, const Statistics *statistics))
{
    for (;;) {
        const Problem *problems;
        size_t layer;
        Statistics statistics;
        Status status = calibration_next(run->calibration, &layer, &problems, run->message);
        if (status != STATUS_OK || layer == NO_INDEX) return status;
        run->layer = layer;
        calibration_take(&statistics, run->calibration);
        status = visit(run, layer, &statistics);
        statistics_free(&statistics);
        if (status != STATUS_OK)
            return status_context(run->message, status, "layer '%s'", run->network->layers[layer].name);
        if (!report(run, 0)) return status_fail(run->message, STATUS_CANCELLED, "cancelled");
    }
}

static void end_calibration(Run *run)
{
    calibration_free(run->calibration);
    run->calibration = NULL;
}

/* Layers whose errors are known need their solution only for a factor that is not. */
static Status measure_errors(Run *run)
{
    Stops stops;
    bool any = false;
    Status status = stops_create(&stops, run);
    for (size_t l = 0; status == STATUS_OK && l < run->network->layer_count; l++) {
        const LayerForecast *layer = &run->forecast->layers[l];
        const MemoKey key = solved_key(run, l, FACTOR_BITS);
        if (isnan(layer->factor) && errors_known(layer) && run->options->memo)
            run->solved[l] = memo_solved(run->options->memo, &key);
        stops.wanted[l] = !errors_known(layer) || (isnan(layer->factor) && !run->solved[l]);
        any |= stops.wanted[l];
    }
    start_step(run, NO_INDEX, 0, ERRORS_SHARE);
    if (status == STATUS_OK && any) {
        status = calibrate(run, &stops, true, run->plan->options.calibration_images);
        if (status == STATUS_OK) status = visit_layers(run, measure_layer);
        end_calibration(run);
    }
    stops_free(&stops);
    return status;
}

/* --- errors of inputs -------------------------------------------------------------------------------- */

/* The error that float weights re-fitted to the quantized input leave. */
static Status measure_input(Run *run, size_t layer, const Statistics *statistics)
{
    const Problem *problems = statistics->problems;
    const size_t channels = statistics->groups * problems->m;
    double *error = &run->forecast->layers[layer].input_errors[run->plan->layers[layer].activation_bits];
    float *weights = malloc((channels * problems->n + 1) * sizeof *weights);
    float *shift = malloc((channels + 1) * sizeof *shift);
    Status status = weights && shift ? STATUS_OK : status_no_memory(run->message, "a re-fit");
    if (status == STATUS_OK)
        status = refit_weights(weights, shift, problems, statistics->groups,
                               refit_ridge(problems->rows, problems->n), run->options->pool, run->message);
    if (status == STATUS_OK)
        status = refit_error(error, weights, problems, statistics->groups, run->options->pool, run->message);
    free(weights);
    free(shift);
    return status;
}

/* One pass per width, over the layers whose error at it is not known. */
static Status measure_inputs_at(Run *run, unsigned bits)
{
    Stops stops;
    Plan *plan = NULL;
    bool any = false;
    const Plan *const kept = run->plan;
    Status status = stops_create(&stops, run);
    if (status == STATUS_OK) status = plan_copy(&plan, kept, run->message);
    for (size_t l = 0; status == STATUS_OK && l < run->network->layer_count; l++) {
        const bool wide = run->options->activation_widths & 1u << bits;
        const bool asked = wide || kept->layers[l].activation_bits == bits;
        stops.wanted[l] =
            asked && !run->network->layers[l].first && isnan(run->forecast->layers[l].input_errors[bits]);
        stops.activation_bits[l] = stops.wanted[l] ? (uint8_t)bits : BITS_FLOAT;
        plan->layers[l].activation_bits = (uint8_t)bits;
        any |= stops.wanted[l];
    }
    if (status == STATUS_OK && any) {
        run->plan = plan;
        status = calibrate(run, &stops, true, plan->options.calibration_images);
        if (status == STATUS_OK) status = visit_layers(run, measure_input);
        end_calibration(run);
        run->plan = kept;
    }
    plan_drop(plan);
    stops_free(&stops);
    return status;
}

static Status measure_inputs(Run *run)
{
    Status status = STATUS_OK;
    start_step(run, NO_INDEX, ERRORS_SHARE, 0);
    for (unsigned bits = BITS_MIN; bits <= BITS_MAX && status == STATUS_OK; bits++)
        status = measure_inputs_at(run, bits);
    return status;
}

/* --- factors ----------------------------------------------------------------------------------------- */

/* A layer at 2 bits, and what is re-fitted behind it. */
typedef struct Probe {
    size_t count;
    size_t refitted[REFITTED];
    Weights *weights[REFITTED]; /* of those */
    Stops stops;
} Probe;

static void probe_free(Probe *probe)
{
    for (size_t i = 0; i < REFITTED; i++) weights_free(probe->weights[i]);
    stops_free(&probe->stops);
}

/* Float weights that bring the layer's output back, from the statistics of the stop. */
static Status refit_layer(Weights **packed, Run *run, size_t index, const Problem *problems)
{
    const Layer *layer = &run->network->layers[index];
    const size_t channels = layer->groups * layer->m;
    float *weights = malloc((channels * layer->n + 1) * sizeof *weights);
    float *bias = malloc((channels + 1) * sizeof *bias);
    Status status = weights && bias ? STATUS_OK : status_no_memory(run->message, "a re-fit");
    if (status == STATUS_OK)
        status = refit_weights(weights, bias, problems, layer->groups,
                               refit_ridge(problems->rows, problems->n), run->options->pool, run->message);
    for (size_t c = 0; status == STATUS_OK && c < channels; c++) bias[c] += layer->bias[c];
    if (status == STATUS_OK)
        status = weights_create(packed, run->network, index, weights, bias, run->message);
    free(weights);
    free(bias);
    return status;
}

/* The chains are left after the last re-fit. */
static Status refit_behind(Run *run, Probe *probe)
{
    for (size_t done = 0; done < probe->count; done++) {
        const Problem *problems;
        size_t layer;
        Status status = calibration_next(run->calibration, &layer, &problems, run->message);
        if (status != STATUS_OK || layer == NO_INDEX) return status;
        status = refit_layer(&probe->weights[done], run, layer, problems);
        if (status != STATUS_OK) return status;
        probe->stops.weights[layer] = probe->weights[done];
        calibration_continue(run->calibration, probe->weights[done]);
    }
    return STATUS_OK;
}

static size_t rows_of_image(const Network *network, size_t layer)
{
    size_t rows = 0;
    for (size_t u = 0; u < network->layers[layer].use_count; u++)
        rows += network_rows(network, network->layers[layer].uses[u]);
    return rows;
}

/* Few images have enough rows of a convolution; a dense layer has one row per image. */
static size_t refit_images(const Run *run, const Probe *probe)
{
    const size_t images = run->plan->options.calibration_images;
    for (size_t i = 0; i < probe->count; i++)
        if (rows_of_image(run->network, probe->refitted[i]) < MANY_ROWS) return images;
    return size_min(images, REFIT_IMAGES);
}

static Status probe_outputs(Run *run, size_t layer, const Weights *const *weights)
{
    const OutputsOptions options = {.pool = run->options->pool,
                                    .images = run->error_images,
                                    .memory = run->memory,
                                    .proceed = proceed,
                                    .context = run};
    const size_t elements = run->network->output_elements;
    float *outputs;
    Status status =
        outputs_run(&outputs, run->network, run->images, run->normalization, weights, &options, run->message);
    if (status != STATUS_OK) return status;
    const double error = outputs_error(run->reference, outputs, run->error_images, elements);
    const double own = run->forecast->layers[layer].errors[FACTOR_BITS];
    run->forecast->layers[layer].factor = own > 0 ? error / own : 0;
    free(outputs);
    return STATUS_OK;
}

static Status measure_factor(Run *run, size_t layer)
{
    Probe probe = {0};
    const size_t layers = run->network->layer_count;
    Status status = stops_create(&probe.stops, run);
    for (size_t l = layer + 1; status == STATUS_OK && l < layers && probe.count < REFITTED; l++) {
        if (run->plan->options.mode != MODE_SEQUENTIAL || !upstream_of(run->upstream, l, layer)) continue;
        probe.stops.wanted[l] = true;
        probe.refitted[probe.count++] = l;
    }
    if (status == STATUS_OK) probe.stops.weights[layer] = run->solved[layer]->weights;
    if (status == STATUS_OK && probe.count) {
        status = calibrate(run, &probe.stops, false, refit_images(run, &probe));
        if (status == STATUS_OK) status = refit_behind(run, &probe);
        end_calibration(run);
    }
    if (status == STATUS_OK) status = probe_outputs(run, layer, probe.stops.weights);
    probe_free(&probe);
    return status;
}

/* The float network's outputs on the front of the calibration set, as many as fit. */
static Status run_reference(Run *run)
{
    const size_t bytes = run->network->output_elements * sizeof(float);
    const OutputsOptions options = {.pool = run->options->pool,
                                    .images = size_max(size_min(run->error_images, OUTPUT_BYTES / bytes), 1),
                                    .memory = run->memory,
                                    .proceed = proceed,
                                    .context = run};
    run->error_images = options.images;
    return outputs_run(&run->reference, run->network, run->images, run->normalization, NULL, &options,
                       run->message);
}

static Status measure_factors(Run *run)
{
    const size_t layers = run->network->layer_count;
    Status status = STATUS_OK;
    for (size_t l = 0; l < layers && status == STATUS_OK; l++) {
        if (!isnan(run->forecast->layers[l].factor)) continue;
        start_step(run, l, ERRORS_SHARE + FACTORS_SHARE * (double)l / (double)layers,
                   FACTORS_SHARE / (double)layers);
        status = measure_factor(run, l);
        solved_drop(run->solved[l]);
        run->solved[l] = NULL;
    }
    return status;
}

/* --- anchors ----------------------------------------------------------------------------------------- */

void forecast_widths(LayerWidths *widths, const Plan *plan)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        widths[l] = (LayerWidths){plan->layers[l].weight_bits, plan->layers[l].activation_bits};
}

size_t forecast_images(size_t count)
{
    return size_min(size_max(count / 2, 1), AGREEMENT_IMAGES);
}

/* The images that agreement is predicted on: outputs that are no scores have none. */
static size_t agreement_images(const Run *run, const Dataset *images)
{
    const Value *output = &run->network->values[run->network->output];
    size_t vectors = 0;
    for (size_t i = 1; i < output->rank; i++) vectors += output->shape[i] != 1;
    if (vectors != 1) return 0;
    const size_t most = OUTPUT_BYTES / sizeof(float) / run->network->output_elements;
    const size_t asked = run->options->evaluation_images,
                 count = asked ? size_min(asked, images->count) : images->count;
    return size_min(run->evaluation ? forecast_images(count) : images->count,
                    size_min(most, AGREEMENT_IMAGES));
}

/* Counts how the anchor's outputs agree with the float ones. */
static Status count_agreement(Run *run, Anchor *anchor, const Weights *const *weights)
{
    const Dataset *images = run->evaluation ? run->evaluation : run->images;
    Forecast *forecast = run->forecast;
    const OutputsOptions options = {.pool = run->options->pool,
                                    .images = agreement_images(run, images),
                                    .memory = run->memory,
                                    .proceed = proceed,
                                    .context = run};
    if (!options.images) return STATUS_OK;
    const bool labelled = run->evaluation && images->labelled;
    float *za = NULL;
    size_t *labels = calloc(options.images + 1, sizeof *labels);
    Status status = labels ? STATUS_OK : status_no_memory(run->message, "the forecast");
    for (size_t i = 0; status == STATUS_OK && labelled && i < options.images; i++)
        labels[i] = dataset_label(images, i);
    if (status == STATUS_OK && !run->float_outputs)
        status = outputs_run(&run->float_outputs, run->network, images, run->normalization, NULL, &options,
                             run->message);
    if (status == STATUS_OK)
        status = outputs_run(&za, run->network, images, run->normalization, weights, &options, run->message);
    if (status == STATUS_OK) {
        anchor_count(anchor, &forecast->float_correct, run->float_outputs, za, options.images,
                     run->network->output_elements, labelled ? labels : NULL);
        forecast->images = options.images;
        forecast->labelled = labelled;
    }
    free(za);
    free(labels);
    return status;
}

static Status measure_anchor(Run *run, Anchor *anchor, const Weights *const *weights, const Plan *plan)
{
    const OutputsOptions options = {.pool = run->options->pool,
                                    .images = run->error_images,
                                    .memory = run->memory,
                                    .proceed = proceed,
                                    .context = run};
    LayerWidths *widths = calloc(plan->layer_count + 1, sizeof *widths);
    if (!widths) return status_no_memory(run->message, "the forecast");
    forecast_widths(widths, plan);
    anchor->sum = forecast_sum(run->forecast, widths);
    free(widths);
    float *outputs;
    Status status =
        outputs_run(&outputs, run->network, run->images, run->normalization, weights, &options, run->message);
    if (status != STATUS_OK) return status;
    anchor->measured =
        outputs_error(run->reference, outputs, run->error_images, run->network->output_elements);
    free(outputs);
    return count_agreement(run, anchor, weights);
}

/* Runs the plan of `bits` everywhere but in layers that stay float, and in the first and last ones. */
static Status run_anchor(Run *run, unsigned bits)
{
    Plan *plan;
    Pipeline *pipeline = NULL;
    Anchor anchor = {.weight_bits = bits};
    const PipelineOptions options = {.pool = run->options->pool,
                                     .memory = run->options->memory,
                                     .progress = pipeline_progress,
                                     .context = run,
                                     .memo = run->options->memo};
    Status status = plan_copy(&plan, run->plan, run->message);
    if (status != STATUS_OK) return status;
    plan_set_bits(plan, run->network, bits, ANCHOR_ENDS, ANCHOR_ENDS);
    for (size_t l = 0; l < plan->layer_count; l++)
        if (run->plan->layers[l].weight_bits == BITS_FLOAT) layer_plan_set_bits(&plan->layers[l], BITS_FLOAT);
    status =
        pipeline_run(&pipeline, run->network, plan, run->images, run->normalization, &options, run->message);
    if (status == STATUS_OK)
        status = measure_anchor(run, &anchor, (const Weights *const *)pipeline->weights, plan);
    if (status == STATUS_OK) run->forecast->anchors[run->forecast->anchor_count++] = anchor;
    pipeline_free(pipeline);
    plan_drop(plan);
    return status;
}

static Status run_anchors(Run *run)
{
    static const unsigned widths[FORECAST_ANCHORS] = {4, 3, 2};
    const double from = ERRORS_SHARE + FACTORS_SHARE;
    Status status = STATUS_OK;
    const size_t most =
        run->options->anchors ? size_min(run->options->anchors, FORECAST_ANCHORS) : FORECAST_ANCHORS;
    for (size_t a = run->forecast->anchor_count; a < most && status == STATUS_OK; a++) {
        const double share = (1 - from) / FORECAST_ANCHORS;
        start_step(run, NO_INDEX, from + share * (double)a, share);
        status = run_anchor(run, widths[a]);
    }
    return status;
}

/* --- the whole --------------------------------------------------------------------------------------- */

void forecast_key(char hex[65], const Network *network, const Plan *plan, const Dataset *calibration,
                  const Dataset *evaluation, size_t evaluation_images, const Normalization *normalization)
{
    SHA2_CTX hash;
    SHA256Init(&hash);
    SHA256Update(&hash, (const uint8_t *)network->sha256, sizeof network->sha256);
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *choice = &plan->layers[l];
        LayerPlan narrow = *choice;
        narrow.activation_bits = BITS_FLOAT;
        layer_plan_set_bits(&narrow, FACTOR_BITS);
        const MemoKey sums = layer_float_sums_key(&plan->options, l, calibration, normalization);
        const MemoKey solved = layer_solved_key(&sums, &plan->options, &narrow);
        const uint8_t rest[] = {choice->activation_bits, choice->weight_bits == BITS_FLOAT,
                                plan->options.mode == MODE_SEQUENTIAL, plan->options.error_compensated};
        SHA256Update(&hash, solved.bytes, sizeof solved.bytes);
        SHA256Update(&hash, rest, sizeof rest);
    }
    const uint64_t count = evaluation_images;
    if (evaluation) {
        SHA256Update(&hash, (const uint8_t *)&count, sizeof count);
        SHA256Update(&hash, (const uint8_t *)evaluation->sha256, strlen(evaluation->sha256));
        SHA256Update(&hash, (const uint8_t *)evaluation->preparation, strlen(evaluation->preparation));
    }
    SHA256End(&hash, hex);
}

static Status run_all(Run *run)
{
    run->solved = calloc(run->network->layer_count + 1, sizeof *run->solved);
    if (!run->solved) return status_no_memory(run->message, "the forecast");
    Status status = upstream_create(&run->upstream, run->network, run->message);
    if (status == STATUS_OK) status = measure_errors(run);
    if (status == STATUS_OK) status = measure_inputs(run);
    if (status == STATUS_OK) status = run_reference(run);
    if (status == STATUS_OK) status = measure_factors(run);
    return status == STATUS_OK ? run_anchors(run) : status;
}

Status forecast_run(Forecast *forecast, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Dataset *evaluation, const Normalization *normalization,
                    const ForecastOptions *options, Message *message)
{
    Run run = {.forecast = forecast,
               .network = network,
               .plan = plan,
               .images = calibration,
               .evaluation = evaluation,
               .normalization = normalization,
               .options = options,
               .message = message,
               .error_images = size_min(ERROR_IMAGES, calibration->count),
               .memory = options->memory ? options->memory : memory_of_machine() / 2};
    Status status = run_all(&run);
    for (size_t l = 0; run.solved && l < network->layer_count; l++) solved_drop(run.solved[l]);
    free(run.solved);
    free(run.float_outputs);
    free(run.reference);
    upstream_free(run.upstream);
    return status;
}
