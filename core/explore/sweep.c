/* SPDX-License-Identifier: MIT */
#include "explore/sweep.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "explore/layer_solve.h"
#include "quantize/calibrate/calibrate.h"

#include <math.h>
#include <stdlib.h>

typedef struct Run {
    Sensitivity *sensitivities;
    const Network *network;
    const PlanOptions *plan;
    const SweepOptions *options;
    Message *message;
    Calibration *calibration;
    size_t layer; /* being looked at */
    double fraction;
} Run;

/* --- progress ------------------------------------------------------------------------------------------ */

/* `newest` is NULL while calibrating. */
static bool report(void *context, const SolveProgress *newest)
{
    const Run *run = context;
    if (!run->options->progress) return true;
    const PipelineProgress progress = {.layer = run->layer,
                                       .layer_count = run->network->layer_count,
                                       .fraction = run->fraction,
                                       .trace = newest,
                                       .trace_count = newest != NULL};
    return run->options->progress(run->options->context, &progress);
}

static bool calibrate_progress(void *context, double fraction)
{
    Run *run = context;
    run->fraction = fraction;
    return report(run, NULL);
}

/* --- layers -------------------------------------------------------------------------------------------- */

static SolveOptions solve_options(Run *run, unsigned bits, size_t rows, size_t n)
{
    const LayerPlan choice = {.weight_bits = (uint8_t)bits,
                              .method = (uint8_t)effort_row(run->plan->effort)->method};
    SolveOptions options = layer_solve_options(run->plan, &choice, rows, n);
    options.progress = report;
    options.context = run;
    return options;
}

static Status measure_width(Run *run, Sensitivity *sensitivity, const Problem *problems, unsigned bits)
{
    SolveOptions options = solve_options(run, bits, problems->rows, problems->n);
    Solution solution;
    Status status = solve(&solution, problems, run->network->layers[run->layer].groups, &options,
                          run->options->pool, run->message);
    if (status != STATUS_OK) return status;
    sensitivity->measured[bits] = layer_final_error(&solution);
    sensitivity->heldout[bits] = solution.heldout_error;
    solution_free(&solution);
    return STATUS_OK;
}

static Status sweep_layer(Run *run, const Problem *problems)
{
    Sensitivity *sensitivity = &run->sensitivities[run->layer];
    const Layer *layer = &run->network->layers[run->layer];
    Status status = sensitivity_measure(sensitivity, problems, layer->groups, run->plan->bias_correction,
                                        run->options->pool, run->message);
    if (run->options->measure)
        for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS && status == STATUS_OK; bits++)
            status = measure_width(run, sensitivity, problems, bits);
    if (status != STATUS_OK) return status_context(run->message, status, "layer '%s'", layer->name);
    if (!run->options->known) return STATUS_OK;
    return run->options->known(run->options->context, run->layer, sensitivity, run->message);
}

static Status sweep_layers(Run *run)
{
    for (;;) {
        const Problem *problems;
        size_t layer;
        Status status = calibration_next(run->calibration, &layer, &problems, run->message);
        if (status != STATUS_OK || layer == NO_INDEX) return status;
        run->layer = layer;
        status = sweep_layer(run, problems);
        if (status != STATUS_OK) return status;
    }
}

/* --- the whole ----------------------------------------------------------------------------------------- */

/* Bytes beside the Problems: the estimate's are given back before a width is solved. */
static size_t layer_bytes(Run *run, const Layer *layer)
{
    size_t workers = pool_workers(run->options->pool);
    size_t bytes = sensitivity_bytes(layer->groups, layer->m, layer->n, workers);
    if (!run->options->measure) return bytes;
    for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++) {
        SolveOptions options = solve_options(run, bits, 0, layer->n);
        bytes = size_max(bytes, solve_bytes(layer->groups, layer->m, layer->n, &options, workers));
    }
    return bytes;
}

static Status start_calibration(Run *run, const Dataset *dataset, const Normalization *normalization,
                                const bool *wanted, const size_t *solving)
{
    CalibrationOptions options = {
        .independent = true,
        .seed = run->plan->seed,
        .images = run->plan->calibration_images,
        .rows = run->plan->rows,
        .wanted = wanted,
        .memory = run->options->memory ? run->options->memory : memory_of_machine() / 2,
        .solving = solving,
        .pool = run->options->pool,
        .proceed = calibrate_progress,
        .context = run,
    };
    return calibration_create(&run->calibration, run->network, dataset, normalization, &options,
                              run->message);
}

Status sweep_run(Sensitivity *sensitivities, const Network *network, const PlanOptions *plan,
                 const Dataset *dataset, const Normalization *normalization, const SweepOptions *options,
                 Message *message)
{
    Run run = {.sensitivities = sensitivities,
               .network = network,
               .plan = plan,
               .options = options,
               .message = message};
    Status status = STATUS_OK;
    bool *wanted = calloc(network->layer_count + 1, sizeof *wanted);
    size_t *solving = calloc(network->layer_count + 1, sizeof *solving);
    if (!wanted || !solving) {
        status = status_no_memory(message, "the sweep");
        goto out;
    }
    for (size_t l = 0; l < network->layer_count; l++) {
        wanted[l] = true;
        solving[l] = layer_bytes(&run, &network->layers[l]);
    }
    status = start_calibration(&run, dataset, normalization, wanted, solving);
    if (status == STATUS_OK) status = sweep_layers(&run);
out:
    calibration_free(run.calibration);
    free(wanted);
    free(solving);
    return status;
}
