/* SPDX-License-Identifier: MIT */
#include "explore/explorer_state.h"

#include "base/seconds.h"
#include "quantize/sensitivity.h"

#include <math.h>
#include <string.h>

#define FRACTION_TO_TRUST 0.02 /* of a stage, before its time left is estimated from it */

/* --- publishing ------------------------------------------------------------------------------------- */

/* Of this stage, by its progress or by the last time; of the stages that are awaited, by the last time. */
static double seconds_left(const Explorer *explorer, double now)
{
    const double fraction = explorer->draft.fraction, passed = now - explorer->started;
    const double before = explorer->seconds[explorer->stage];
    double left = fraction > FRACTION_TO_TRUST ? passed * (1 - fraction) / fraction
                  : isnan(before)              ? NAN
                                               : fmax(before - passed, 0);
    for (size_t s = 0; s < STAGE_COUNT; s++)
        if (explorer->awaited[s] && s != explorer->stage) left += explorer->seconds[s];
    return left;
}

Status explorer_publish(Explorer *explorer)
{
    Snapshot *draft = &explorer->draft, *snapshot;
    const double now = seconds_now();
    draft->number++;
    draft->layers_done = 0;
    for (size_t l = 0; l < draft->layer_count; l++)
        draft->layers_done += draft->layers[l].state == LAYER_SOLVED || draft->layers[l].state == LAYER_FLOAT;
    draft->visited = explorer->visited.visited;
    draft->visited_count = explorer->visited.count;
    draft->seconds_left = draft->activity >= ACTIVITY_IDLE ? 0 : seconds_left(explorer, now);
    Status status = snapshot_create(&snapshot, draft, &explorer->message);
    if (status != STATUS_OK) return status;
    explorer->published = now;
    explorer->changed = false;
    if (explorer->options.publish)
        explorer->options.publish(explorer->options.context, snapshot);
    else
        snapshot_drop(snapshot);
    return STATUS_OK;
}

void explorer_publish_if_due(Explorer *explorer)
{
    if (explorer->changed && seconds_now() - explorer->published >= explorer->options.publish_seconds)
        (void)explorer_publish(explorer);
}

bool explorer_proceeds(Explorer *explorer)
{
    explorer_publish_if_due(explorer);
    return !explorer->options.proceed || explorer->options.proceed(explorer->options.context);
}

void explorer_set_activity(Explorer *explorer, Activity activity, double fraction)
{
    explorer->draft.activity = activity;
    explorer->draft.fraction = fraction;
    explorer->changed = true;
}

void explorer_start_stage(Explorer *explorer, Stage stage, Activity activity)
{
    explorer->stage = stage;
    explorer->started = seconds_now();
    explorer->draft.layer = NO_INDEX;
    explorer_set_activity(explorer, activity, 0);
}

void explorer_end_stage(Explorer *explorer)
{
    explorer->seconds[explorer->stage] = seconds_now() - explorer->started;
    explorer->awaited[explorer->stage] = false;
}

Status explorer_conclude(Explorer *explorer, Status status, Message *message)
{
    Snapshot *draft = &explorer->draft;
    const bool failed = status != STATUS_OK && status != STATUS_CANCELLED;
    explorer_show_trace(explorer, NULL, 0);
    draft->layer = NO_INDEX;
    explorer_set_activity(explorer,
                          failed               ? ACTIVITY_FAILED
                          : explorer->complete ? ACTIVITY_IDLE
                                               : ACTIVITY_CANCELLED,
                          1);
    for (size_t l = 0; l < draft->layer_count; l++)
        if (draft->layers[l].state == LAYER_CALIBRATING || draft->layers[l].state == LAYER_SOLVING)
            draft->layers[l].state = LAYER_WAITING;
    if (failed) draft->message = explorer->message;
    const Status published = explorer_publish(explorer);
    if (status == STATUS_OK) status = published;
    return status == STATUS_OK ? status : status_copy(message, status, &explorer->message);
}

/* --- showing results in the draft ------------------------------------------------------------------- */

void explorer_show_trace(Explorer *explorer, const SolveProgress *trace, size_t count)
{
    explorer->draft.trace = (SolveProgress *)trace;
    explorer->draft.trace_count = count;
    explorer->changed |= count > 0;
}

void explorer_show_solved(Explorer *explorer, size_t index, const Solved *solved)
{
    LayerSnapshot *layer = &explorer->draft.layers[index];
    const LayerResult *result = &solved->result;
    solved_drop(layer->solved);
    layer->solved = solved;
    layer->state = LAYER_SOLVED;
    if (result->bits == BITS_FLOAT) return;
    layer->measured[result->bits] = layer->methods[result->method] = layer_result_error(result);
    const MemoKey alone = explorer_float_sums_key(explorer, index);
    if (memcmp(&alone, &explorer->keys[index].sums, sizeof alone) == 0)
        layer->local[result->bits] = layer_result_error(result);
}

void explorer_show_estimates(Explorer *explorer, size_t index, const Sensitivity *estimates, bool of_plan)
{
    LayerSnapshot *layer = &explorer->draft.layers[index];
    if (of_plan) layer->input_floor = estimates->floor;
    if (of_plan && layer->swept) return;
    memcpy(layer->estimate, estimates->estimate, sizeof layer->estimate);
    memcpy(layer->rounding_estimate, estimates->rounding, sizeof layer->rounding_estimate);
    layer->swept = !of_plan;
    explorer->changed = true;
}

void explorer_show_ladder(Explorer *explorer, const Ladder *ladder, double fraction)
{
    Snapshot *draft = &explorer->draft;
    draft->ladder = *ladder;
    memcpy(explorer->steps, ladder->steps, ladder->layer_count * sizeof *explorer->steps);
    draft->ladder.steps = explorer->steps;
    draft->ladder_current = true;
    draft->ladder_fraction = fraction;
    explorer->changed = true;
}

void explorer_show_accuracy(Explorer *explorer, const Evaluation *accuracy)
{
    Snapshot *draft = &explorer->draft;
    draft->accuracy = *accuracy;
    draft->accuracy_current = true;
    if (accuracy->images >= draft->reference.images) {
        draft->reference = *accuracy;
        draft->reference.compared = false;
    }
    explorer->changed = true;
}

static void forget_widths(LayerSnapshot *layer)
{
    layer->swept = false;
    layer->input_floor = NAN;
    for (size_t b = 0; b <= SOLVE_MAX_BITS; b++)
        layer->estimate[b] = layer->rounding_estimate[b] = layer->measured[b] = layer->local[b] = NAN;
}

static ClippingStudy unknown_clipping(void)
{
    ClippingStudy study = {.errors = clipping_unknown()};
    for (size_t i = 0; i < CLIPPING_RANGES; i++) study.accuracy[i] = NAN;
    return study;
}

/* The choice that the errors by clipping range are solved with. */
LayerPlan explorer_clipping_choice(const LayerPlan *choice)
{
    LayerPlan solved = *choice;
    solved.method = METHOD_GPTQ_POLISH;
    solved.activation_bits = BITS_FLOAT;
    return solved;
}

static void recall_clipping(Explorer *explorer, size_t index)
{
    const LayerPlan choice = explorer_clipping_choice(&explorer->draft.plan->layers[index]);
    const MemoKey sums = explorer_float_sums_key(explorer, index);
    const MemoKey key = layer_clipping_key(&sums, &explorer->draft.plan->options, &choice);
    ClippingStudy *study = &explorer->draft.layers[index].clipping;
    *study = unknown_clipping();
    if (choice.weight_bits != BITS_FLOAT)
        memo_numbers((double *)&study->errors, explorer->memo, &key, sizeof study->errors / sizeof(double));
}

void explorer_show_changes(Explorer *explorer, ChangedImages *changes)
{
    changed_images_hold(changes);
    changed_images_drop(explorer->draft.changes);
    explorer->draft.changes = changes;
    explorer->draft.changes_current = changes != NULL;
    explorer_show_ledger(explorer, NULL);
}

void explorer_show_ledger(Explorer *explorer, Ledger *ledger)
{
    ledger_hold(ledger);
    ledger_drop(explorer->draft.ledger);
    explorer->draft.ledger = ledger;
    explorer->changed = true;
}

void explorer_forget_layers(Explorer *explorer)
{
    for (size_t l = 0; l < explorer->draft.layer_count; l++) {
        LayerSnapshot *layer = &explorer->draft.layers[l];
        solved_drop(layer->solved);
        *layer = (LayerSnapshot){.accumulated_error = NAN};
        forget_widths(layer);
        for (size_t m = 0; m < METHOD_COUNT; m++) layer->methods[m] = NAN;
        layer->clipping = unknown_clipping();
    }
}

/* --- recalling -------------------------------------------------------------------------------------- */

/* Per-channel input scales depend on the weight bits; other statistics do not. */
MemoKey explorer_sums_key(const Explorer *explorer, size_t index, const LayerPlan *choice)
{
    const Plan *plan = explorer->draft.plan;
    if (!plan->options.error_compensated || choice->activation_bits == BITS_FLOAT)
        return explorer->keys[index].sums;
    return layer_sums_key(explorer->upstream, plan, index, choice, explorer->images,
                          &explorer->normalization);
}

MemoKey explorer_float_sums_key(const Explorer *explorer, size_t index)
{
    return layer_float_sums_key(&explorer->draft.plan->options, index, explorer->images,
                                &explorer->normalization);
}

/* The error of the layer solved from those sums; NAN where that was never done. */
static double recall_solve(Explorer *explorer, const MemoKey *sums, LayerPlan choice)
{
    const MemoKey key = layer_solved_key(sums, &explorer->draft.plan->options, &choice);
    const Solved *solved = memo_solved(explorer->memo, &key);
    const double error = solved ? layer_result_error(&solved->result) : NAN;
    solved_drop(solved);
    return error;
}

/* The layer's error had the plan `choice` for it. */
static double recall_error(Explorer *explorer, size_t index, LayerPlan choice)
{
    const MemoKey sums = explorer_sums_key(explorer, index, &choice);
    return recall_solve(explorer, &sums, choice);
}

/* What is known by bit width: in the plan, and behind float layers. */
static void recall_widths(Explorer *explorer, size_t index)
{
    const PlanOptions *options = &explorer->draft.plan->options;
    const MemoKey alone = explorer_float_sums_key(explorer, index);
    const MemoKey keys[] = {layer_estimate_key(&explorer->keys[index].sums, options),
                            layer_estimate_key(&alone, options)};
    LayerSnapshot *layer = &explorer->draft.layers[index];
    LayerPlan choice = explorer->draft.plan->layers[index];
    Sensitivity estimates;
    forget_widths(layer);
    for (size_t i = 0; i < 2; i++)
        if (memo_numbers((double *)&estimates, explorer->memo, &keys[i], sizeof estimates / sizeof(double)))
            explorer_show_estimates(explorer, index, &estimates, i == 0);
    for (unsigned bits = BITS_BINARY; bits <= BITS_MAX; bits++) {
        if (!grid_has_bits((GridKind)choice.grid, bits)) continue;
        choice.weight_bits = (uint8_t)bits;
        layer->measured[bits] = recall_error(explorer, index, choice);
        layer->local[bits] = recall_solve(explorer, &alone, choice);
    }
}

static void recall_layer(Explorer *explorer, size_t index)
{
    const LayerPlan choice = explorer->draft.plan->layers[index];
    const LayerKeys *keys = &explorer->keys[index];
    LayerSnapshot *layer = &explorer->draft.layers[index];
    layer->accumulated_error = NAN;
    memo_numbers(&layer->accumulated_error, explorer->memo, &keys->accumulated, 1);

    recall_widths(explorer, index);
    recall_clipping(explorer, index);
    LayerPlan other = choice;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        other.method = (uint8_t)m;
        layer->methods[m] = choice.weight_bits == BITS_FLOAT ? NAN : recall_error(explorer, index, other);
    }
    layer->state = layer_plan_stays_float(&choice) ? LAYER_FLOAT : LAYER_WAITING;
    if (layer->state == LAYER_FLOAT) {
        solved_drop(layer->solved);
        layer->solved = NULL;
        return;
    }
    const Solved *solved = memo_solved(explorer->memo, &keys->solved);
    if (solved) explorer_show_solved(explorer, index, solved);
}

bool explorer_wants_ladder(const Explorer *explorer)
{
    return explorer->options.ladder_images > 0 && explorer->draft.ladder_timing != LADDER_OFF;
}

bool explorer_ladder_is_next(const Explorer *explorer)
{
    if (!explorer->awaited[STAGE_LADDER]) return false;
    return explorer->draft.ladder_timing == LADDER_AT_ONCE || !explorer->awaited[STAGE_ACCURACY];
}

void explorer_await(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    const Findings *findings = visit == NO_INDEX ? &(Findings){0} : &explorer->visited.findings[visit];
    explorer->awaited[STAGE_LADDER] = !findings->has_ladder && explorer_wants_ladder(explorer);
    explorer->awaited[STAGE_NORMS] = explorer->awaited[STAGE_LADDER] && !explorer->draft.norms;
    explorer->awaited[STAGE_ACCURACY] = explorer->evaluation && !findings->has_accuracy;
    explorer->awaited[STAGE_LEDGER] =
        explorer->evaluation && explorer_wants_ladder(explorer) && !findings->ledger;
}

/* Ladder and accuracy that are not known stay those of the plan before, and are marked so. */
void explorer_recall(Explorer *explorer)
{
    Snapshot *draft = &explorer->draft;
    for (size_t l = 0; l < draft->layer_count; l++) recall_layer(explorer, l);
    draft->visit = visited_find(&explorer->visited, draft->plan);
    const Findings *findings =
        draft->visit == NO_INDEX ? &(Findings){0} : &explorer->visited.findings[draft->visit];
    draft->ladder_current = draft->accuracy_current = false;
    if (findings->has_ladder) explorer_show_ladder(explorer, &findings->ladder, 1);
    draft->changes_current = false;
    if (findings->changes) {
        explorer_show_changes(explorer, findings->changes);
        explorer_show_ledger(explorer, findings->ledger);
    }
    if (findings->has_accuracy)
        explorer_show_accuracy(explorer, &explorer->visited.visited[draft->visit]->accuracy);
    explorer_await(explorer);
}
