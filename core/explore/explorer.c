/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "explore/explorer.h"

#include "base/memory.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "explore/explorer_state.h"
#include "quantize/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_SECONDS (1.0 / 30)

/* --- creating --------------------------------------------------------------------------------------- */

/* The memo has a quarter. The float network's outputs stay too, and the results of two plans: the last one's,
 * and those of the one before, which snapshots may still show. The rest is for one stage at a time. */
static void divide_memory(Explorer *explorer)
{
    const size_t memory = explorer->options.memory ? explorer->options.memory : memory_of_machine() / 2;
    const size_t stays = size_min(reference_bytes(memory) + 2 * pipeline_bytes(explorer->network), memory);
    explorer->memo_memory = memory / 4;
    explorer->memory = memory - size_min(stays + explorer->memo_memory, memory - 1);
}

static Status allocate(Explorer *explorer, Message *message)
{
    const size_t layers = explorer->network->layer_count;
    explorer->keys = calloc(layers + 1, sizeof *explorer->keys);
    explorer->steps = calloc(layers + 1, sizeof *explorer->steps);
    explorer->norms = calloc(explorer->network->node_count + 1, sizeof *explorer->norms);
    explorer->draft.layers = calloc(layers + 1, sizeof *explorer->draft.layers);
    if (!explorer->keys || !explorer->steps || !explorer->norms || !explorer->draft.layers)
        return status_no_memory(message, "the explorer");
    Status status = memo_create(&explorer->memo, explorer->memo_memory, message);
    return status == STATUS_OK ? upstream_create(&explorer->upstream, explorer->network, message) : status;
}

static void set_plan(Explorer *explorer, const Plan *plan)
{
    plan_hold(plan);
    plan_drop(explorer->draft.plan);
    explorer->draft.plan = plan;
    explorer->draft.totals = plan_totals(plan, explorer->network);
}

static Status publish_first(Explorer *explorer, const Plan *plan, Message *message)
{
    Snapshot *draft = &explorer->draft;
    draft->layer_count = explorer->network->layer_count;
    draft->node_count = explorer->network->node_count;
    draft->layer = draft->visit = NO_INDEX;
    draft->activity = ACTIVITY_OPENING;
    explorer_forget_layers(explorer);
    for (size_t s = 0; s < STAGE_COUNT; s++) explorer->seconds[s] = NAN;
    explorer->started = seconds_now();
    set_plan(explorer, plan);
    Status status = explorer_publish(explorer);
    return status == STATUS_OK ? status : status_copy(message, status, &explorer->message);
}

Status explorer_create(Explorer **result, const Network *network, const Plan *plan,
                       const ExplorerOptions *options, Message *message)
{
    *result = NULL;
    Explorer *explorer = calloc(1, sizeof *explorer);
    if (!explorer) return status_no_memory(message, "the explorer");
    explorer->network = network;
    explorer->options = *options;
    if (options->publish_seconds == 0) explorer->options.publish_seconds = PUBLISH_SECONDS;
    divide_memory(explorer);
    Status status = allocate(explorer, message);
    if (status == STATUS_OK) status = publish_first(explorer, plan, message);
    if (status == STATUS_OK)
        *result = explorer;
    else
        explorer_free(explorer);
    return status;
}

void explorer_free(Explorer *explorer)
{
    if (!explorer) return;
    for (size_t l = 0; explorer->draft.layers && l < explorer->draft.layer_count; l++)
        solved_drop(explorer->draft.layers[l].solved);
    free(explorer->draft.layers);
    plan_drop(explorer->draft.plan);
    pipeline_free(explorer->pipeline);
    reference_free(explorer->reference);
    changed_images_drop(explorer->draft.changes);
    ledger_drop(explorer->draft.ledger);
    visited_free(&explorer->visited);
    forecast_free(&explorer->draft.forecast);
    memo_free(explorer->memo);
    upstream_free(explorer->upstream);
    free(explorer->keys);
    free(explorer->steps);
    free(explorer->norms);
    free(explorer);
}

void explorer_lack_images(Explorer *explorer, const Message *reason)
{
    explorer->no_images = *reason;
}

void explorer_set_images(Explorer *explorer, const Dataset *calibration, const Dataset *evaluation,
                         const Normalization *normalization)
{
    if (explorer->images) { /* other images: no result holds any more */
        Snapshot *draft = &explorer->draft;
        pipeline_free(explorer->pipeline);
        explorer->pipeline = NULL;
        visited_free(&explorer->visited);
        explorer_forget_layers(explorer);
        draft->visit = NO_INDEX;
        draft->ladder = (Ladder){0};
        draft->ladder_current = draft->accuracy_current = false;
        draft->accuracy = draft->reference = (Evaluation){0};
        explorer_show_changes(explorer, NULL);
    }
    explorer->images = calibration;
    explorer->evaluation = evaluation;
    explorer->normalization = *normalization;
    reference_free(explorer->reference);
    explorer->reference = NULL;
}

Status explorer_restore(Explorer *explorer, const VisitedPlan *const *visited, size_t count, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = visited_restore(&explorer->visited, explorer->network, visited[i], message);
    return status;
}

void explorer_restore_norms(Explorer *explorer, const NormRecord *records, size_t count)
{
    norm_records_recall(explorer->norms, explorer->network, records, count);
}

/* --- reconstruction errors -------------------------------------------------------------------------- */

static void layer_known(void *context, size_t index, const Solved *solved, double accumulated_error)
{
    Explorer *explorer = context;
    LayerSnapshot *layer = &explorer->draft.layers[index];
    if (solved && solved != layer->solved)
        explorer_show_solved(explorer, index, solved_hold(solved));
    else if (solved)
        layer->state = LAYER_SOLVED;
    layer->accumulated_error = accumulated_error;
    explorer_show_trace(explorer, NULL, 0);
    explorer->changed = true;
    explorer_publish_if_due(explorer);
}

/* While calibrating, the layer at work is the first that waits. */
static bool errors_progress(void *context, const PipelineProgress *progress)
{
    Explorer *explorer = context;
    Snapshot *draft = &explorer->draft;
    size_t layer = progress->layer;
    if (!progress->trace)
        for (layer = 0; layer < draft->layer_count; layer++)
            if (draft->layers[layer].state == LAYER_WAITING ||
                draft->layers[layer].state == LAYER_CALIBRATING)
                break;
    draft->layer = layer < draft->layer_count ? layer : NO_INDEX;
    if (draft->layer != NO_INDEX)
        draft->layers[layer].state = progress->trace ? LAYER_SOLVING : LAYER_CALIBRATING;
    explorer_show_trace(explorer, progress->trace, progress->trace_count);
    explorer_set_activity(explorer, progress->trace ? ACTIVITY_SOLVING : ACTIVITY_CALIBRATING,
                          progress->fraction);
    const bool proceeds = explorer_proceeds(explorer);
    explorer_show_trace(explorer, NULL, 0); /* it is valid during the call alone */
    return proceeds;
}

static Status run_pipeline(Pipeline **pipeline, Explorer *explorer, bool solutions_only)
{
    const PipelineOptions options = {.pool = explorer->options.pool,
                                     .memory = explorer->memory + pipeline_bytes(explorer->network),
                                     .progress = errors_progress,
                                     .layer_known = layer_known,
                                     .context = explorer,
                                     .memo = explorer->memo,
                                     .solutions_only = solutions_only};
    return pipeline_run(pipeline, explorer->network, explorer->draft.plan, explorer->images,
                        &explorer->normalization, &options, &explorer->message);
}

/* Where all layers are solved from cached statistics, pursue_accumulated() computes the accumulated errors
 * later. */
static Status pursue_errors(Explorer *explorer)
{
    Snapshot *draft = &explorer->draft;
    explorer_start_stage(explorer, STAGE_ERRORS, ACTIVITY_CALIBRATING);
    Status status = run_pipeline(&explorer->pipeline, explorer, true);
    if (status != STATUS_OK) return status;
    const char *note = explorer->pipeline->note;
    status_fail(&draft->message, STATUS_OK, "%s", note ? note : "");
    if (draft->visit == NO_INDEX)
        status = visited_add(&draft->visit, &explorer->visited, explorer->network, draft->plan,
                             &explorer->message);
    explorer_end_stage(explorer);
    return status;
}

/* Runs the chains for the accumulated errors that are not known. */
static Status pursue_accumulated(Explorer *explorer)
{
    Pipeline *whole;
    if (explorer->pipeline->settled) return STATUS_OK;
    explorer_start_stage(explorer, STAGE_ERRORS, ACTIVITY_CALIBRATING);
    Status status = run_pipeline(&whole, explorer, false);
    if (status != STATUS_OK) return status;
    pipeline_free(explorer->pipeline);
    explorer->pipeline = whole;
    explorer_end_stage(explorer);
    return STATUS_OK;
}

/* Estimates the sensitivities of all layers whose statistics the memo holds. */
static Status pursue_estimates(Explorer *explorer)
{
    const PlanOptions *options = &explorer->draft.plan->options;
    Status status = STATUS_OK;
    for (size_t l = 0; status == STATUS_OK && l < explorer->network->layer_count; l++) {
        const MemoKey key = layer_estimate_key(&explorer->keys[l].sums, options);
        const size_t count = sizeof(Sensitivity) / sizeof(double);
        Sensitivity estimates;
        if (memo_numbers((double *)&estimates, explorer->memo, &key, count)) continue;
        Sums *sums = memo_sums(explorer->memo, &explorer->keys[l].sums);
        if (!sums) continue;
        status = sensitivity_measure(&estimates, sums->statistics.problems, sums->statistics.groups,
                                     options->bias_correction, explorer->options.pool, &explorer->message);
        sums_drop(sums);
        if (status != STATUS_OK) break;
        memo_keep_numbers(explorer->memo, &key, (const double *)&estimates, count);
        explorer_show_estimates(explorer, l, &estimates, true);
        if (!explorer_proceeds(explorer))
            status = status_fail(&explorer->message, STATUS_CANCELLED, "cancelled");
    }
    return status;
}

/* Whether a stage goes on. `ladder`: it is the ladder's, or the norms'. */
static bool stage_proceeds(Explorer *explorer, bool ladder)
{
    if (!explorer_proceeds(explorer)) return false;
    explorer->overtaken = explorer_ladder_is_next(explorer) != ladder;
    return !explorer->overtaken;
}

/* --- bounds ----------------------------------------------------------------------------------------- */

static bool norms_proceed(void *context, double fraction)
{
    Explorer *explorer = context;
    if (fraction != explorer->draft.fraction) explorer_set_activity(explorer, ACTIVITY_NORMS, fraction);
    return stage_proceeds(explorer, true);
}

/* Norms that are known stay known when the stage is cancelled. */
static Status pursue_norms(Explorer *explorer)
{
    const NormOptions options = {.pool = explorer->options.pool,
                                 .memory = explorer->memory,
                                 .proceed = norms_proceed,
                                 .context = explorer};
    if (explorer->draft.norms) return STATUS_OK;
    explorer_start_stage(explorer, STAGE_NORMS, ACTIVITY_NORMS);
    Status status = network_norms(explorer->norms, explorer->network, &options, &explorer->message);
    if (status != STATUS_OK) return status;
    explorer->draft.norms = explorer->norms;
    explorer_end_stage(explorer);
    return STATUS_OK;
}

static bool ladder_progress(void *context, const Ladder *so_far, double fraction)
{
    explorer_show_ladder(context, so_far, fraction);
    explorer_set_activity(context, ACTIVITY_BOUNDING, fraction);
    return true;
}

static bool ladder_proceed(void *context, double fraction)
{
    (void)fraction;
    return stage_proceeds(context, true);
}

static Status pursue_ladder(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    const LadderOptions options = {.pool = explorer->options.pool,
                                   .images = explorer->options.ladder_images,
                                   .memory = explorer->memory,
                                   .progress = ladder_progress,
                                   .proceed = ladder_proceed,
                                   .context = explorer};
    Ladder ladder;
    if (!explorer_wants_ladder(explorer) || explorer->visited.findings[visit].has_ladder) return STATUS_OK;
    Status status = pursue_norms(explorer);
    if (status != STATUS_OK) return status;
    explorer_start_stage(explorer, STAGE_LADDER, ACTIVITY_BOUNDING);
    status = ladder_create(&ladder, explorer->network, (const Weights *const *)explorer->pipeline->weights,
                           explorer->norms, explorer->images, &explorer->normalization, &options,
                           &explorer->message);
    if (status != STATUS_OK) return status;
    explorer_show_ladder(explorer, &ladder, 1);
    explorer_end_stage(explorer);
    return visited_set_ladder(&explorer->visited, visit, &ladder, &explorer->message);
}

/* --- accuracy --------------------------------------------------------------------------------------- */

static bool accuracy_progress(void *context, const Evaluation *so_far)
{
    explorer_show_accuracy(context, so_far);
    explorer_set_activity(context, ACTIVITY_EVALUATING, (double)so_far->images / (double)so_far->total);
    return stage_proceeds(context, false);
}

/* Reads the pictures of changed images. Without them, the figures stand all the same. */
static void keep_changes(Explorer *explorer, const ImageChanges *changes)
{
    ChangedImages *images;
    if (changed_images_create(&images, changes, explorer->evaluation, NULL) != STATUS_OK) return;
    explorer_show_changes(explorer, images);
    visited_set_changes(&explorer->visited, explorer->draft.visit, images);
}

static Status pursue_accuracy(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    Evaluation evaluation;
    ImageChanges changes = {0};
    if (!explorer->evaluation || explorer->visited.findings[visit].has_accuracy) return STATUS_OK;
    explorer_start_stage(explorer, STAGE_ACCURACY, ACTIVITY_EVALUATING);
    Status status = STATUS_OK;
    if (!explorer->reference)
        status = reference_create(&explorer->reference, explorer->network, explorer->evaluation,
                                  &explorer->normalization, reference_bytes(explorer->options.memory),
                                  &explorer->message);
    if (status != STATUS_OK) return status;
    Reference *reference = explorer->reference;
    const size_t unknown = reference->capacity - reference->known;
    reference->memory = explorer->memory + unknown * reference->classes * sizeof(float);
    reference->changes = &changes;
    status = evaluation_run(&evaluation, reference, (const Weights *const *)explorer->pipeline->weights,
                            explorer->options.evaluation_images, explorer->options.pool, accuracy_progress,
                            explorer, &explorer->message);
    reference->changes = NULL;
    if (status != STATUS_OK) return status;
    keep_changes(explorer, &changes);
    explorer_show_accuracy(explorer, &evaluation);
    explorer_end_stage(explorer);
    return visited_set_accuracy(&explorer->visited, visit, &evaluation, &explorer->message);
}

/* --- the ledger of the changed images ----------------------------------------------------------------- */

static bool ledger_proceed(void *context, double fraction)
{
    Explorer *explorer = context;
    explorer_set_activity(explorer, ACTIVITY_BOUNDING, fraction);
    if (!explorer_proceeds(explorer)) return false;
    explorer->overtaken = !explorer_wants_ladder(explorer);
    return !explorer->overtaken;
}

static Status create_ledger(Ledger **ledger, Explorer *explorer, const ChangedImages *changes)
{
    const LedgerOptions options = {.pool = explorer->options.pool,
                                   .memory = explorer->memory,
                                   .proceed = ledger_proceed,
                                   .context = explorer};
    size_t images[2 * CHANGES_MOST], rivals[2 * CHANGES_MOST];
    for (size_t i = 0; i < changes->count; i++) {
        images[i] = changes->images[i].image;
        rivals[i] = changes->images[i].rival;
    }
    return ledger_create(ledger, explorer->network, (const Weights *const *)explorer->pipeline->weights,
                         explorer->evaluation, &explorer->normalization, images, rivals, changes->count,
                         &options, &explorer->message);
}

/* Which layer moved the answer on the images that changed or only just held. Where there is no ladder, there
 * is no ledger: both run the hybrids. */
static Status pursue_ledger(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    const Findings *findings = &explorer->visited.findings[visit];
    Ledger *ledger;
    if (!explorer_wants_ladder(explorer) || findings->ledger || !findings->changes ||
        findings->changes->count == 0)
        return STATUS_OK;
    explorer_start_stage(explorer, STAGE_LEDGER, ACTIVITY_BOUNDING);
    Status status = create_ledger(&ledger, explorer, findings->changes);
    if (status != STATUS_OK) return status;
    explorer_show_ledger(explorer, ledger);
    visited_set_ledger(&explorer->visited, visit, ledger);
    explorer_end_stage(explorer);
    return STATUS_OK;
}

/* --- plans ------------------------------------------------------------------------------------------ */

static Status take_plan(Explorer *explorer, const Plan *plan)
{
    if (!explorer->images && explorer->no_images.text[0])
        return status_copy(&explorer->message, STATUS_INVALID, &explorer->no_images);
    if (!explorer->images)
        return status_fail(&explorer->message, STATUS_INVALID, "no calibration images are open");
    if (plan->layer_count != explorer->network->layer_count)
        return status_fail(&explorer->message, STATUS_INVALID,
                           "the plan has %zu layers, network '%s' has %zu: it is of another network",
                           plan->layer_count, explorer->network->path, explorer->network->layer_count);
    set_plan(explorer, plan);
    pipeline_free(explorer->pipeline);
    explorer->pipeline = NULL;
    explorer->taken = true;
    explorer->complete = false;
    explorer->draft.message = (Message){0};
    layer_keys(explorer->keys, explorer->network, explorer->upstream, plan, explorer->images,
               &explorer->normalization);
    explorer_recall(explorer);
    return STATUS_OK;
}

/* One stage behind the errors. *over: nothing is left. */
static Status pursue_next(bool *over, Explorer *explorer)
{
    bool *awaited = explorer->awaited;
    const bool ladder = explorer_ladder_is_next(explorer);
    *over = false;
    if (!ladder && awaited[STAGE_ACCURACY]) return pursue_accuracy(explorer);
    Status status = pursue_estimates(explorer);
    if (status == STATUS_OK && ladder) return pursue_ladder(explorer);
    if (status == STATUS_OK) status = pursue_accumulated(explorer);
    if (status == STATUS_OK && awaited[STAGE_LEDGER]) status = pursue_ledger(explorer);
    if (status != STATUS_OK) return status;
    awaited[STAGE_LEDGER] = false;
    *over = !awaited[STAGE_ACCURACY] && !awaited[STAGE_LADDER];
    return STATUS_OK;
}

/* A stage that is given up for another one is come back to. */
static Status pursue_rest(Explorer *explorer)
{
    Status status = STATUS_OK;
    for (bool over = false; status == STATUS_OK && !over;) {
        status = pursue_next(&over, explorer);
        if (status == STATUS_CANCELLED && explorer->overtaken) status = STATUS_OK;
        explorer->overtaken = false;
    }
    return status;
}

static Status pursue_all(Explorer *explorer, const Plan *plan, bool errors_only)
{
    Status status = take_plan(explorer, plan);
    if (status == STATUS_OK) status = pursue_errors(explorer);
    return status == STATUS_OK && !errors_only ? pursue_rest(explorer) : status;
}

/* A stage that lacks memory gets the memo's, for good. */
static Status pursue(Explorer *explorer, const Plan *plan, bool errors_only, Message *message)
{
    Status status = pursue_all(explorer, plan, errors_only);
    if (status == STATUS_MEMORY && explorer->memo_memory > 0) {
        memo_limit(explorer->memo, 0);
        explorer->memory += explorer->memo_memory;
        explorer->memo_memory = 0;
        status = pursue_all(explorer, plan, errors_only);
    }
    explorer->complete = status == STATUS_OK && !errors_only;
    return explorer_conclude(explorer, status, message);
}

Status explorer_pursue(Explorer *explorer, const Plan *plan, Message *message)
{
    return pursue(explorer, plan, false, message);
}

Status explorer_solve(Explorer *explorer, const Plan *plan, Message *message)
{
    return pursue(explorer, plan, true, message);
}

void explorer_time_ladder(Explorer *explorer, LadderTiming timing)
{
    explorer->draft.ladder_timing = timing;
    explorer->complete = false;
    explorer->changed = true;
    if (explorer->taken) explorer_await(explorer);
}

Status explorer_set_aside(Explorer *explorer, const Plan *plan, Message *message)
{
    Status status = take_plan(explorer, plan);
    return explorer_conclude(explorer, status == STATUS_OK ? STATUS_CANCELLED : status, message);
}

/* --- for reports ------------------------------------------------------------------------------------ */

const Pipeline *explorer_pipeline(const Explorer *explorer)
{
    return explorer->pipeline;
}

/* What is known of the plan that `pipeline` is of, or NULL. */
static const Findings *findings_of(const Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    return explorer->pipeline && visit != NO_INDEX ? &explorer->visited.findings[visit] : NULL;
}

const Ladder *explorer_ladder(const Explorer *explorer)
{
    const Findings *findings = findings_of(explorer);
    return findings && findings->has_ladder && explorer_wants_ladder(explorer) ? &findings->ladder : NULL;
}

const Evaluation *explorer_accuracy(const Explorer *explorer)
{
    const Findings *findings = findings_of(explorer);
    if (!findings || !findings->has_accuracy) return NULL;
    return &explorer->visited.visited[explorer->draft.visit]->accuracy;
}
