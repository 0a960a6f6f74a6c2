/* SPDX-License-Identifier: MIT */
/* Trials: solves one layer of the explorer's plan at other choices than the plan's. */
#include "explore/explorer_state.h"
#include "explore/layer_solve.h"
#include "network/run/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Trial {
    Explorer *explorer;
    size_t layer;
    Plan *plan;  /* the explorer's, with the choice that is tried */
    bool alone;  /* behind float layers, activations float */
    MemoKey key; /* of `sums` */
    Sums *sums;  /* that the last choice was solved on, held; NULL before the first */
} Trial;

static Status start_trial(Trial *trial, Explorer *explorer, size_t layer)
{
    *trial = (Trial){.explorer = explorer, .layer = layer};
    if (!explorer->taken || layer >= explorer->network->layer_count)
        return status_fail(&explorer->message, STATUS_INVALID, "no plan was pursued, or no such layer");
    explorer->draft.message = (Message){0};
    explorer->draft.layer = layer;
    return plan_copy(&trial->plan, explorer->draft.plan, &explorer->message);
}

static Status end_trial(Trial *trial, Status status, Message *message)
{
    sums_drop(trial->sums);
    plan_drop(trial->plan);
    return explorer_conclude(trial->explorer, status, message);
}

/* The draft shows the plan: layers that the pipeline solves again for their statistics are not shown. */
static bool sums_progress(void *context, const PipelineProgress *progress)
{
    (void)progress;
    return explorer_proceeds(context);
}

/* Sets trial->sums to what the choice is solved on: the last choice's where they are the same. */
static Status find_sums(Trial *trial, const MemoKey *key)
{
    Explorer *explorer = trial->explorer;
    if (trial->sums && memcmp(key, &trial->key, sizeof *key) == 0) return STATUS_OK;
    const PipelineOptions options = {.pool = explorer->options.pool,
                                     .memory = explorer->memory + pipeline_bytes(explorer->network),
                                     .progress = sums_progress,
                                     .context = explorer,
                                     .memo = explorer->memo};
    sums_drop(trial->sums);
    trial->sums = NULL;
    trial->key = *key;
    return pipeline_sums(&trial->sums, trial->layer, explorer->network, trial->plan, explorer->images,
                         &explorer->normalization, &options, &explorer->message);
}

static bool solve_progress(void *context, const SolveProgress *trace, size_t count)
{
    explorer_show_trace(context, trace, count);
    const bool proceeds = explorer_proceeds(context);
    explorer_show_trace(context, NULL, 0); /* it is valid during the call alone */
    return proceeds;
}

static Status solve_choice(const Solved **solved, Trial *trial, const MemoKey *sums, const MemoKey *key)
{
    Explorer *explorer = trial->explorer;
    const SolvedWatch watch = {solve_progress, explorer};
    const PlanOptions *options = &trial->plan->options;
    const LayerPlan *choice = &trial->plan->layers[trial->layer];
    Status status = find_sums(trial, sums);
    if (status == STATUS_OK)
        status =
            layer_solve_check(&explorer->network->layers[trial->layer], options, choice,
                              pool_workers(explorer->options.pool), explorer->memory, &explorer->message);
    if (status != STATUS_OK) return status;
    status = solved_create(solved, explorer->network, trial->layer, options, choice, &trial->sums->statistics,
                           &watch, explorer->options.pool, &explorer->message);
    if (status == STATUS_OK) memo_keep_solved(explorer->memo, key, *solved);
    return status;
}

/* The error of the layer at the trial's choice. Where the method cannot solve it, or memory is lacking, the
 * error is NAN, the snapshot says why, and the trial goes on. */
static Status try_choice(double *error, Trial *trial)
{
    Explorer *explorer = trial->explorer;
    const LayerPlan *choice = &trial->plan->layers[trial->layer];
    const MemoKey sums = trial->alone ? explorer_float_sums_key(explorer, trial->layer)
                                      : explorer_sums_key(explorer, trial->layer, choice);
    const MemoKey key = layer_solved_key(&sums, &trial->plan->options, choice);
    const Solved *solved = memo_solved(explorer->memo, &key);
    Status status = solved ? STATUS_OK : solve_choice(&solved, trial, &sums, &key);
    if (status != STATUS_CANCELLED) *error = solved ? layer_result_error(&solved->result) : NAN;
    solved_drop(solved);
    if (status == STATUS_INVALID || status == STATUS_MEMORY) {
        explorer->draft.message = explorer->message;
        status = STATUS_OK;
    }
    if (status == STATUS_OK && !explorer_proceeds(explorer))
        status = status_fail(&explorer->message, STATUS_CANCELLED, "cancelled");
    return status;
}

Status explorer_compare_methods(Explorer *explorer, size_t layer, Message *message)
{
    Trial trial;
    Status status = start_trial(&trial, explorer, layer);
    if (status == STATUS_OK && trial.plan->layers[layer].weight_bits == BITS_FLOAT)
        status = status_fail(&explorer->message, STATUS_INVALID, "layer '%s' stays float: give it a width",
                             explorer->network->layers[layer].name);
    for (size_t m = 0; status == STATUS_OK && m < METHOD_COUNT; m++) {
        const LayerPlan *own = &trial.plan->layers[layer];
        if (!method_takes_grid((Method)m, (GridKind)own->grid, own->weight_bits)) continue;
        trial.plan->layers[layer].method = (uint8_t)m;
        explorer_set_activity(explorer, ACTIVITY_COMPARING, (double)m / METHOD_COUNT);
        status = try_choice(&explorer->draft.layers[layer].methods[m], &trial);
    }
    return end_trial(&trial, status, message);
}

/* The estimates from the same statistics, once they are there. */
static Status estimate_alone(Trial *trial)
{
    Explorer *explorer = trial->explorer;
    const PlanOptions *options = &trial->plan->options;
    const MemoKey sums = explorer_float_sums_key(explorer, trial->layer);
    const MemoKey key = layer_estimate_key(&sums, options);
    Sensitivity estimates;
    Status status = find_sums(trial, &sums);
    if (status != STATUS_OK) return status;
    status = sensitivity_measure(&estimates, trial->sums->statistics.problems, trial->sums->statistics.groups,
                                 options->bias_correction, explorer->options.pool, &explorer->message);
    if (status != STATUS_OK) return status;
    memo_keep_numbers(explorer->memo, &key, (const double *)&estimates, sizeof estimates / sizeof(double));
    explorer_show_estimates(explorer, trial->layer, &estimates, false);
    return STATUS_OK;
}

Status explorer_measure_widths(Explorer *explorer, size_t layer, Message *message)
{
    Trial trial;
    Status status = start_trial(&trial, explorer, layer);
    trial.alone = true;
    if (status == STATUS_OK) {
        explorer_set_activity(explorer, ACTIVITY_COMPARING, 0);
        trial.plan->options.mode = MODE_INDEPENDENT;
        trial.plan->layers[layer].activation_bits = BITS_FLOAT;
        if (trial.plan->layers[layer].weight_bits == BITS_FLOAT)
            layer_plan_set_bits(&trial.plan->layers[layer], BITS_MIN);
        status = estimate_alone(&trial);
    }
    for (unsigned bits = BITS_BINARY; status == STATUS_OK && bits <= BITS_MAX; bits++) {
        if (!grid_has_bits((GridKind)trial.plan->layers[layer].grid, bits)) continue;
        trial.plan->layers[layer].weight_bits = (uint8_t)bits;
        explorer_set_activity(explorer, ACTIVITY_COMPARING,
                              (double)(bits - BITS_BINARY) / (BITS_MAX - BITS_BINARY + 1));
        status = try_choice(&explorer->draft.layers[layer].local[bits], &trial);
    }
    return end_trial(&trial, status, message);
}

/* --- clipping ranges ----------------------------------------------------------------------------------- */

#define CLIPPING_IMAGES 500 /* evaluated per range, at most */

static bool clipping_progress(void *context, const SolveProgress *progress)
{
    (void)progress;
    return explorer_proceeds(context);
}

static bool clipping_evaluated(void *context, const Evaluation *so_far)
{
    (void)so_far;
    return explorer_proceeds(context);
}

/* Solves at the i-th range. STATUS_INVALID and STATUS_MEMORY are the caller's to judge. */
static Status solve_at_range(Solution *solution, Trial *trial, size_t i)
{
    Explorer *explorer = trial->explorer;
    const Statistics *statistics = &trial->sums->statistics;
    const LayerPlan *choice = &trial->plan->layers[trial->layer];
    SolveOptions options = layer_solve_options(&trial->plan->options, choice, statistics->problems->rows,
                                               statistics->problems->n);
    options.effort = EFFORT_FAST;
    options.range = clipping_range(i);
    options.progress = clipping_progress;
    options.context = explorer;
    return solve(solution, statistics->problems, statistics->groups, &options, explorer->options.pool,
                 &explorer->message);
}

/* The layer's weights by a solution, its input in float. */
static Status make_weights(Weights **weights, const Trial *trial, const Solution *solution)
{
    Explorer *explorer = trial->explorer;
    const Layer *layer = &explorer->network->layers[trial->layer];
    const size_t channels = layer->groups * layer->m, count = channels * layer->n;
    float *values = malloc(count * sizeof *values), *bias = malloc(channels * sizeof *bias);
    Status status = STATUS_OK;
    if (values && bias) {
        for (size_t k = 0; k < count; k++)
            values[k] = solution->scales[k / layer->n] * (float)solution->codes[k];
        for (size_t c = 0; c < channels; c++) bias[c] = layer->bias[c] + solution->bias_shift[c];
        status = weights_create(weights, explorer->network, trial->layer, values, bias, &explorer->message);
    } else {
        status = status_no_memory(&explorer->message, "a layer's weights");
    }
    free(values);
    free(bias);
    return status;
}

/* The accuracy of the plan with the layer's codes from a solution. */
static Status evaluate_range(ClippingStudy *study, Trial *trial, const Solution *solution, size_t i)
{
    Explorer *explorer = trial->explorer;
    const size_t count = explorer->network->layer_count, most = explorer->options.evaluation_images;
    const size_t images = most > 0 && most < CLIPPING_IMAGES ? most : CLIPPING_IMAGES;
    const Weights **all = malloc((count + 1) * sizeof *all);
    Weights *own = NULL;
    Evaluation evaluation;
    Status status =
        all ? make_weights(&own, trial, solution) : status_no_memory(&explorer->message, "weights");
    if (status == STATUS_OK) {
        for (size_t l = 0; l < count; l++) all[l] = explorer->pipeline->weights[l];
        all[trial->layer] = own;
        status = evaluation_run(&evaluation, explorer->reference, all, images, explorer->options.pool,
                                clipping_evaluated, explorer, &explorer->message);
    }
    if (status == STATUS_OK && evaluation.images > 0) {
        study->images = evaluation.images;
        study->labelled = evaluation.labelled;
        study->accuracy[i] =
            (double)(evaluation.labelled ? evaluation.quantized.top1_correct : evaluation.agreeing) /
            (double)evaluation.images;
    }
    weights_free(own);
    free(all);
    return status;
}

static Status study_range(ClippingStudy *study, Trial *trial, size_t i)
{
    Explorer *explorer = trial->explorer;
    const bool evaluates = explorer->reference && explorer->pipeline && explorer->draft.accuracy_current;
    Solution solution;
    Status status = solve_at_range(&solution, trial, i);
    if (status != STATUS_OK) return status;
    study->errors.solved[i] = layer_final_error(&solution);
    study->errors.heldout[i] = solution.heldout_error;
    if (evaluates) status = evaluate_range(study, trial, &solution, i);
    solution_free(&solution);
    explorer->changed = true;
    if (status == STATUS_OK && !explorer_proceeds(explorer))
        status = status_fail(&explorer->message, STATUS_CANCELLED, "cancelled");
    return status;
}

static Status start_clipping(Trial *trial, const MemoKey *sums)
{
    Explorer *explorer = trial->explorer;
    const Layer *layer = &explorer->network->layers[trial->layer];
    LayerPlan *choice = &trial->plan->layers[trial->layer];
    ClippingStudy *study = &explorer->draft.layers[trial->layer].clipping;
    if (choice->weight_bits == BITS_FLOAT)
        return status_fail(&explorer->message, STATUS_INVALID, "layer '%s' stays float: give it a width",
                           layer->name);
    trial->plan->options.mode = MODE_INDEPENDENT;
    *choice = explorer_clipping_choice(choice);
    Status status = find_sums(trial, sums);
    if (status == STATUS_OK)
        status = layer_solve_check(layer, &trial->plan->options, choice, pool_workers(explorer->options.pool),
                                   explorer->memory, &explorer->message);
    if (status != STATUS_OK) return status;
    const Grid grid = grid_make((GridKind)choice->grid, choice->weight_bits);
    status =
        clipping_measure(&study->errors, trial->sums->statistics.problems, layer->groups, &grid,
                         trial->plan->options.bias_correction, explorer->options.pool, &explorer->message);
    explorer->changed = true;
    return status;
}

Status explorer_measure_clipping(Explorer *explorer, size_t layer, Message *message)
{
    Trial trial;
    Status status = start_trial(&trial, explorer, layer);
    if (status != STATUS_OK) return end_trial(&trial, status, message);
    const MemoKey sums = explorer_float_sums_key(explorer, layer);
    ClippingStudy *study = &explorer->draft.layers[layer].clipping;
    const PlanOptions options = trial.plan->options;
    trial.alone = true;
    explorer_set_activity(explorer, ACTIVITY_COMPARING, 0);
    status = start_clipping(&trial, &sums);
    for (size_t i = 0; i < CLIPPING_RANGES && status == STATUS_OK; i++) {
        explorer_set_activity(explorer, ACTIVITY_COMPARING, (double)i / CLIPPING_RANGES);
        status = study_range(study, &trial, i);
    }
    if (status == STATUS_OK) {
        const MemoKey key = layer_clipping_key(&sums, &options, &trial.plan->layers[layer]);
        memo_keep_numbers(explorer->memo, &key, (const double *)&study->errors,
                          sizeof study->errors / sizeof(double));
    }
    return end_trial(&trial, status, message);
}
