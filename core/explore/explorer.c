#define _GNU_SOURCE
#include "explore/explorer.h"

#include "base/memory.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "explore/layer_keys.h"
#include "explore/layer_solve.h"
#include "explore/visited.h"
#include "quantize/sensitivity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_SECONDS (1.0 / 30)
#define FRACTION_TO_TRUST 0.02 /* of a stage, before its time left is told from it */

typedef enum Stage { STAGE_ERRORS, STAGE_NORMS, STAGE_LADDER, STAGE_ACCURACY, STAGE_COUNT } Stage;

struct Explorer {
    const Network *network;
    ExplorerOptions options;
    size_t memory;     /* of one part at a time: calibrating and solving, norms, the ladder, evaluating */
    size_t remembered; /* the memo's ceiling */
    Memo *memo;
    Upstream *upstream;
    LayerKeys *keys; /* [layer_count], of the plan pursued last */
    VisitedPlans visited;

    const Dataset *images, *evaluation;
    Normalization normalization;
    Reference *reference; /* of `evaluation`, made when first asked for */

    Snapshot draft;         /* what is published next; what it points at is the explorer's */
    LadderStep *steps;      /* [layer_count], the draft's ladder's */
    bool changed;           /* the draft, since it was published last */
    bool pursued, complete; /* a plan is there; all that it asks for is known */
    double published;       /* when */
    LayerNorm *norms;       /* [node_count], the draft's once all are known */
    Pipeline *pipeline;     /* of the plan pursued last, once complete */
    Message message;        /* of what is being done */
    Message lacking;        /* why there are no images, or "" */

    Stage stage;
    bool awaited[STAGE_COUNT];   /* by the plan pursued */
    double started;              /* the stage */
    double seconds[STAGE_COUNT]; /* that it took last, NAN where not known */
};

/* --- publishing ------------------------------------------------------------------------------------------
 */

/* Of the stage from its progress, or from the last time; and of those to come from the last time. */
static double seconds_left(const Explorer *explorer, double now)
{
    const double fraction = explorer->draft.fraction, passed = now - explorer->started;
    double left = fraction > FRACTION_TO_TRUST ? passed * (1 - fraction) / fraction
                                               : fmax(explorer->seconds[explorer->stage] - passed, 0);
    if (isnan(explorer->seconds[explorer->stage]) && fraction <= FRACTION_TO_TRUST) left = NAN;
    for (size_t s = explorer->stage + 1; s < STAGE_COUNT; s++)
        if (explorer->awaited[s]) left += explorer->seconds[s];
    return left;
}

static void count_done(Snapshot *draft)
{
    draft->layers_done = 0;
    for (size_t l = 0; l < draft->layer_count; l++)
        draft->layers_done += draft->layers[l].state == LAYER_SOLVED || draft->layers[l].state == LAYER_FLOAT;
}

static Status publish(Explorer *explorer)
{
    Snapshot *draft = &explorer->draft, *snapshot;
    const double now = seconds_now();
    draft->number++;
    count_done(draft);
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

/* A snapshot that finds no memory is left out: the last one of a pursuit is not. */
static void publish_if_due(Explorer *explorer)
{
    if (explorer->changed && seconds_now() - explorer->published >= explorer->options.publish_seconds)
        (void)publish(explorer);
}

/* Called often, wherever work can be abandoned. */
static bool go_on(Explorer *explorer)
{
    publish_if_due(explorer);
    return !explorer->options.proceed || explorer->options.proceed(explorer->options.context);
}

static Status ask_to_go_on(Explorer *explorer)
{
    return go_on(explorer) ? STATUS_OK : status_fail(&explorer->message, STATUS_CANCELLED, "cancelled");
}

static void set_activity(Explorer *explorer, Activity activity, double fraction)
{
    explorer->draft.activity = activity;
    explorer->draft.fraction = fraction;
    explorer->changed = true;
}

static void start_stage(Explorer *explorer, Stage stage, Activity activity)
{
    explorer->stage = stage;
    explorer->started = seconds_now();
    explorer->draft.layer = NO_INDEX;
    set_activity(explorer, activity, 0);
}

static void end_stage(Explorer *explorer)
{
    explorer->seconds[explorer->stage] = seconds_now() - explorer->started;
    explorer->awaited[explorer->stage] = false;
}

/* --- creating --------------------------------------------------------------------------------------------
 */

static void forget_layers(Snapshot *draft)
{
    for (size_t l = 0; l < draft->layer_count; l++) {
        LayerSnapshot *layer = &draft->layers[l];
        solved_drop(layer->solved);
        *layer = (LayerSnapshot){.accumulated_error = NAN};
        for (size_t b = 0; b <= SOLVE_MAX_BITS; b++)
            layer->estimate[b] = layer->rounding_estimate[b] = layer->measured[b] = NAN;
        for (size_t m = 0; m < METHOD_COUNT; m++) layer->methods[m] = NAN;
    }
}

static void set_plan(Explorer *explorer, const Plan *plan)
{
    plan_hold(plan);
    plan_drop(explorer->draft.plan);
    explorer->draft.plan = plan;
    explorer->draft.totals = plan_totals(plan, explorer->network);
}

/* What stays: what is remembered, the float network's outputs, and the results of the plan pursued and of the
 * one before, which snapshots show. One part at a time has the rest. */
static void divide_memory(Explorer *explorer)
{
    const size_t memory = explorer->options.memory ? explorer->options.memory : memory_of_machine() / 2;
    const size_t stays = size_min(reference_bytes(memory) + 2 * pipeline_bytes(explorer->network), memory);
    explorer->remembered = memory / 4;
    explorer->memory = memory - size_min(stays + explorer->remembered, memory - 1);
}

/* Where a part was refused memory: forgets what is remembered, for good. False where nothing was. */
static bool give_up_memo(Explorer *explorer, Status status)
{
    if (status != STATUS_MEMORY || explorer->remembered == 0) return false;
    memo_limit(explorer->memo, 0);
    explorer->memory += explorer->remembered;
    explorer->remembered = 0;
    return true;
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
    Status status = memo_create(&explorer->memo, explorer->remembered, message);
    return status == STATUS_OK ? upstream_create(&explorer->upstream, explorer->network, message) : status;
}

static Status open_draft(Explorer *explorer, const Plan *plan)
{
    Snapshot *draft = &explorer->draft;
    draft->layer_count = explorer->network->layer_count;
    draft->node_count = explorer->network->node_count;
    draft->layer = draft->visit = NO_INDEX;
    draft->activity = ACTIVITY_OPENING;
    forget_layers(draft);
    for (size_t s = 0; s < STAGE_COUNT; s++) explorer->seconds[s] = NAN;
    explorer->started = seconds_now();
    set_plan(explorer, plan);
    return publish(explorer);
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
    if (status == STATUS_OK) {
        status = open_draft(explorer, plan);
        if (status != STATUS_OK) status_copy(message, status, &explorer->message);
    }
    if (status != STATUS_OK) {
        explorer_free(explorer);
        return status;
    }
    *result = explorer;
    return STATUS_OK;
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
    visited_free(&explorer->visited);
    memo_free(explorer->memo);
    upstream_free(explorer->upstream);
    free(explorer->keys);
    free(explorer->steps);
    free(explorer->norms);
    free(explorer);
}

static void forget_results(Explorer *explorer)
{
    pipeline_free(explorer->pipeline);
    explorer->pipeline = NULL;
    visited_free(&explorer->visited);
    forget_layers(&explorer->draft);
    explorer->draft.visit = NO_INDEX;
    explorer->draft.ladder = (Ladder){0};
    explorer->draft.ladder_current = explorer->draft.accuracy_current = false;
    explorer->draft.accuracy = explorer->draft.reference = (Evaluation){0};
}

void explorer_lack_images(Explorer *explorer, const Message *reason)
{
    explorer->lacking = *reason;
}

void explorer_set_images(Explorer *explorer, const Dataset *calibration, const Dataset *evaluation,
                         const Normalization *normalization)
{
    if (explorer->images) forget_results(explorer);
    explorer->images = calibration;
    explorer->evaluation = evaluation;
    explorer->normalization = *normalization;
    reference_free(explorer->reference);
    explorer->reference = NULL;
}

Status explorer_restore(Explorer *explorer, const VisitedPlan *const *visits, size_t count, Message *message)
{
    for (size_t i = 0; i < count; i++) {
        Status status = visited_restore(&explorer->visited, explorer->network, visits[i], message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* --- a layer in the draft --------------------------------------------------------------------------------
 */

/* Takes the solution's reference over. */
static void show_solved(LayerSnapshot *layer, const Solved *solved)
{
    const LayerResult *result = &solved->result;
    solved_drop(layer->solved);
    layer->solved = solved;
    layer->state = LAYER_SOLVED;
    if (result->bits == BITS_FLOAT) return;
    layer->measured[result->bits] = layer->methods[result->method] = layer_result_error(result);
}

/* Of the layer if the plan said `choice` of it. Input scales that are balanced for the weights depend on
 * their width, other sums do not. */
static MemoKey sums_key(const Explorer *explorer, size_t index, const LayerPlan *choice)
{
    const Plan *plan = explorer->draft.plan;
    if (!plan->options.error_compensated || choice->activation_bits == BITS_FLOAT)
        return explorer->keys[index].sums;
    return layer_sums_key(explorer->upstream, plan, index, choice, explorer->images,
                          &explorer->normalization);
}

/* The error of the plan's layer at another choice of weights; NAN where it was not tried. */
static double recall_error(Explorer *explorer, size_t index, LayerPlan choice)
{
    const MemoKey sums = sums_key(explorer, index, &choice);
    const MemoKey key = layer_solved_key(&sums, &explorer->draft.plan->options, &choice);
    const Solved *solved = memo_solved(explorer->memo, &key);
    const double error = solved ? layer_result_error(&solved->result) : NAN;
    solved_drop(solved);
    return error;
}

static void recall_errors(Explorer *explorer, size_t index)
{
    LayerSnapshot *layer = &explorer->draft.layers[index];
    LayerPlan choice = explorer->draft.plan->layers[index];
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        choice.method = (uint8_t)m;
        layer->methods[m] = choice.weight_bits == BITS_FLOAT ? NAN : recall_error(explorer, index, choice);
    }
    choice.method = explorer->draft.plan->layers[index].method;
    for (size_t bits = BITS_MIN; bits <= BITS_MAX; bits++) {
        choice.weight_bits = (uint8_t)bits;
        const double error = recall_error(explorer, index, choice);
        if (!isnan(error)) layer->measured[bits] = error;
    }
}

static void recall_estimates(Explorer *explorer, size_t index)
{
    LayerSnapshot *layer = &explorer->draft.layers[index];
    const MemoKey key = layer_estimate_key(&explorer->keys[index].sums, &explorer->draft.plan->options);
    Sensitivity known;
    for (size_t bits = 0; bits <= SOLVE_MAX_BITS; bits++)
        layer->estimate[bits] = layer->rounding_estimate[bits] = NAN;
    if (!memo_numbers((double *)&known, explorer->memo, &key, sizeof known / sizeof(double))) return;
    memcpy(layer->estimate, known.estimate, sizeof layer->estimate);
    memcpy(layer->rounding_estimate, known.rounding, sizeof layer->rounding_estimate);
}

/* What is known of the layer before any work. */
static void recall_layer(Explorer *explorer, size_t index)
{
    const LayerPlan choice = explorer->draft.plan->layers[index];
    LayerSnapshot *layer = &explorer->draft.layers[index];
    const LayerKeys *keys = &explorer->keys[index];
    layer->accumulated_error = NAN;
    memo_numbers(&layer->accumulated_error, explorer->memo, &keys->accumulated, 1);
    recall_estimates(explorer, index);
    layer->state = layer_plan_stays_float(&choice) ? LAYER_FLOAT : LAYER_WAITING;
    recall_errors(explorer, index);
    if (layer->state == LAYER_FLOAT) {
        solved_drop(layer->solved);
        layer->solved = NULL;
    }
    const Solved *solved = layer->state == LAYER_WAITING ? memo_solved(explorer->memo, &keys->solved) : NULL;
    if (solved) show_solved(layer, solved);
}

/* --- the errors ------------------------------------------------------------------------------------------
 */

static void layer_known(void *context, size_t index, const Solved *solved, double accumulated_error)
{
    Explorer *explorer = context;
    LayerSnapshot *layer = &explorer->draft.layers[index];
    if (solved && solved != layer->solved)
        show_solved(layer, solved_hold(solved));
    else if (solved)
        layer->state = LAYER_SOLVED;
    layer->accumulated_error = accumulated_error;
    explorer->draft.trace = NULL;
    explorer->draft.trace_count = 0;
    explorer->changed = true;
    publish_if_due(explorer);
}

/* The layer that is worked on: while calibrating the first that waits. */
static size_t layer_at_work(const Snapshot *draft, const PipelineProgress *progress)
{
    if (progress->trace) return progress->layer;
    for (size_t l = 0; l < draft->layer_count; l++)
        if (draft->layers[l].state == LAYER_WAITING || draft->layers[l].state == LAYER_CALIBRATING) return l;
    return NO_INDEX;
}

static void show_work(Explorer *explorer, const PipelineProgress *progress)
{
    Snapshot *draft = &explorer->draft;
    draft->layer = layer_at_work(draft, progress);
    if (draft->layer != NO_INDEX)
        draft->layers[draft->layer].state = progress->trace ? LAYER_SOLVING : LAYER_CALIBRATING;
    draft->trace = (SolveProgress *)progress->trace;
    draft->trace_count = progress->trace_count;
    explorer->changed = true;
}

static void hide_trace(Explorer *explorer)
{
    explorer->draft.trace = NULL;
    explorer->draft.trace_count = 0;
}

static bool errors_progress(void *context, const PipelineProgress *progress)
{
    Explorer *explorer = context;
    show_work(explorer, progress);
    set_activity(explorer, progress->trace ? ACTIVITY_SOLVING : ACTIVITY_CALIBRATING, progress->fraction);
    const bool on = go_on(explorer);
    hide_trace(explorer);
    return on;
}

static PipelineOptions pipeline_options(Explorer *explorer)
{
    return (PipelineOptions){.pool = explorer->options.pool,
                             .memory = explorer->memory + pipeline_bytes(explorer->network),
                             .progress = errors_progress,
                             .layer_known = layer_known,
                             .context = explorer,
                             .memo = explorer->memo};
}

static Status pursue_errors(Explorer *explorer)
{
    const PipelineOptions options = pipeline_options(explorer);
    start_stage(explorer, STAGE_ERRORS, ACTIVITY_CALIBRATING);
    Status status = pipeline_run(&explorer->pipeline, explorer->network, explorer->draft.plan,
                                 explorer->images, &explorer->normalization, &options, &explorer->message);
    if (status != STATUS_OK) return status;
    const char *note = explorer->pipeline->note;
    status_fail(&explorer->draft.message, STATUS_OK, "%s", note ? note : "");
    if (explorer->draft.visit == NO_INDEX)
        status = visited_add(&explorer->draft.visit, &explorer->visited, explorer->network,
                             explorer->draft.plan, &explorer->message);
    end_stage(explorer);
    return status;
}

static Status estimate_layer(Explorer *explorer, size_t index, const Statistics *statistics)
{
    const PlanOptions *options = &explorer->draft.plan->options;
    const MemoKey key = layer_estimate_key(&explorer->keys[index].sums, options);
    Sensitivity sensitivity;
    Status status = sensitivity_measure(&sensitivity, statistics->problems, statistics->groups,
                                        options->bias_correction, explorer->options.pool, &explorer->message);
    if (status != STATUS_OK) return status;
    memo_keep_numbers(explorer->memo, &key, (const double *)&sensitivity,
                      sizeof sensitivity / sizeof(double));
    LayerSnapshot *layer = &explorer->draft.layers[index];
    memcpy(layer->estimate, sensitivity.estimate, sizeof layer->estimate);
    memcpy(layer->rounding_estimate, sensitivity.rounding, sizeof layer->rounding_estimate);
    explorer->changed = true;
    return ask_to_go_on(explorer);
}

/* Estimates by width of layers whose sums are at hand. */
static Status pursue_estimates(Explorer *explorer)
{
    Status status = STATUS_OK;
    for (size_t l = 0; status == STATUS_OK && l < explorer->network->layer_count; l++) {
        const MemoKey key = layer_estimate_key(&explorer->keys[l].sums, &explorer->draft.plan->options);
        double known[sizeof(Sensitivity) / sizeof(double)];
        if (memo_numbers(known, explorer->memo, &key, sizeof known / sizeof *known)) continue;
        Sums *sums = memo_sums(explorer->memo, &explorer->keys[l].sums);
        if (sums) status = estimate_layer(explorer, l, &sums->statistics);
        sums_drop(sums);
    }
    return status;
}

/* --- the bound -------------------------------------------------------------------------------------------
 */

static bool norms_proceed(void *context, double fraction)
{
    Explorer *explorer = context;
    if (fraction != explorer->draft.fraction) set_activity(explorer, ACTIVITY_NORMS, fraction);
    return go_on(explorer);
}

/* Where it is abandoned, what is known stays. */
static Status pursue_norms(Explorer *explorer)
{
    if (explorer->draft.norms) return STATUS_OK;
    const NormOptions options = {.pool = explorer->options.pool,
                                 .memory = explorer->memory,
                                 .proceed = norms_proceed,
                                 .context = explorer};
    start_stage(explorer, STAGE_NORMS, ACTIVITY_NORMS);
    Status status = network_norms(explorer->norms, explorer->network, &options, &explorer->message);
    if (status != STATUS_OK) return status;
    explorer->draft.norms = explorer->norms;
    end_stage(explorer);
    return STATUS_OK;
}

static void show_ladder(Explorer *explorer, const Ladder *ladder, double fraction)
{
    Snapshot *draft = &explorer->draft;
    draft->ladder = *ladder;
    memcpy(explorer->steps, ladder->steps, ladder->layer_count * sizeof *explorer->steps);
    draft->ladder.steps = explorer->steps;
    draft->ladder_current = true;
    draft->ladder_fraction = fraction;
    explorer->changed = true;
}

static bool ladder_progress(void *context, const Ladder *so_far, double fraction)
{
    Explorer *explorer = context;
    show_ladder(explorer, so_far, fraction);
    set_activity(explorer, ACTIVITY_BOUNDING, fraction);
    return true;
}

static bool ladder_proceed(void *context, double fraction)
{
    (void)fraction;
    return go_on(context);
}

static Status climb(Ladder *ladder, Explorer *explorer)
{
    const LadderOptions options = {.pool = explorer->options.pool,
                                   .images = explorer->options.ladder_images,
                                   .memory = explorer->memory,
                                   .progress = ladder_progress,
                                   .proceed = ladder_proceed,
                                   .context = explorer};
    return ladder_create(ladder, explorer->network, (const Weights *const *)explorer->pipeline->weights,
                         explorer->norms, explorer->images, &explorer->normalization, &options,
                         &explorer->message);
}

static Status pursue_ladder(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    Ladder ladder;
    if (explorer->options.ladder_images == 0 || explorer->visited.findings[visit].has_ladder)
        return STATUS_OK;
    Status status = pursue_norms(explorer);
    if (status != STATUS_OK) return status;
    start_stage(explorer, STAGE_LADDER, ACTIVITY_BOUNDING);
    status = climb(&ladder, explorer);
    if (status != STATUS_OK) return status;
    show_ladder(explorer, &ladder, 1);
    end_stage(explorer);
    return visited_set_ladder(&explorer->visited, visit, &ladder, &explorer->message);
}

/* --- accuracy --------------------------------------------------------------------------------------------
 */

static void show_accuracy(Explorer *explorer, const Evaluation *accuracy)
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

static bool accuracy_progress(void *context, const Evaluation *so_far)
{
    Explorer *explorer = context;
    show_accuracy(explorer, so_far);
    set_activity(explorer, ACTIVITY_EVALUATING, (double)so_far->images / (double)so_far->total);
    return go_on(explorer);
}

static Status evaluate(Evaluation *evaluation, Explorer *explorer)
{
    Status status = STATUS_OK;
    if (!explorer->reference)
        status = reference_create(&explorer->reference, explorer->network, explorer->evaluation,
                                  &explorer->normalization, reference_bytes(explorer->options.memory),
                                  &explorer->message);
    if (status != STATUS_OK) return status;
    const size_t unknown = explorer->reference->capacity - explorer->reference->known;
    explorer->reference->memory = explorer->memory + unknown * explorer->reference->classes * sizeof(float);
    return evaluation_run(evaluation, explorer->reference,
                          (const Weights *const *)explorer->pipeline->weights,
                          explorer->options.evaluation_images, explorer->options.pool, accuracy_progress,
                          explorer, &explorer->message);
}

static Status pursue_accuracy(Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    Evaluation evaluation;
    if (!explorer->evaluation || explorer->visited.findings[visit].has_accuracy) return STATUS_OK;
    start_stage(explorer, STAGE_ACCURACY, ACTIVITY_EVALUATING);
    Status status = evaluate(&evaluation, explorer);
    if (status != STATUS_OK) return status;
    show_accuracy(explorer, &evaluation);
    end_stage(explorer);
    return visited_set_accuracy(&explorer->visited, visit, &evaluation, &explorer->message);
}

/* --- the whole -------------------------------------------------------------------------------------------
 */

static Status check_plan(Explorer *explorer, const Plan *plan)
{
    if (!explorer->images)
        return explorer->lacking.text[0]
                   ? status_copy(&explorer->message, STATUS_INVALID, &explorer->lacking)
                   : status_fail(&explorer->message, STATUS_INVALID, "no calibration images are open");
    if (plan->layer_count == explorer->network->layer_count) return STATUS_OK;
    return status_fail(&explorer->message, STATUS_INVALID,
                       "the plan has %zu layers, network '%s' has %zu: it is of another network",
                       plan->layer_count, explorer->network->path, explorer->network->layer_count);
}

/* What is known of the plan as a whole; what is not stays that of the plan before. */
static void recall_visit(Explorer *explorer)
{
    Snapshot *draft = &explorer->draft;
    draft->visit = visited_find(&explorer->visited, draft->plan);
    const Findings *findings =
        draft->visit == NO_INDEX ? &(Findings){0} : &explorer->visited.findings[draft->visit];
    draft->ladder_current = draft->accuracy_current = false;
    if (findings->has_ladder) show_ladder(explorer, &findings->ladder, 1);
    if (findings->has_accuracy) show_accuracy(explorer, &explorer->visited.visited[draft->visit]->accuracy);
    explorer->awaited[STAGE_NORMS] =
        !draft->norms && !findings->has_ladder && explorer->options.ladder_images;
    explorer->awaited[STAGE_LADDER] = !findings->has_ladder && explorer->options.ladder_images;
    explorer->awaited[STAGE_ACCURACY] = explorer->evaluation && !findings->has_accuracy;
}

static Status take_plan(Explorer *explorer, const Plan *plan)
{
    Status status = check_plan(explorer, plan);
    if (status != STATUS_OK) return status;
    set_plan(explorer, plan);
    pipeline_free(explorer->pipeline);
    explorer->pipeline = NULL;
    explorer->pursued = true;
    explorer->complete = false;
    explorer->draft.message = (Message){0};
    layer_keys(explorer->keys, explorer->network, explorer->upstream, plan, explorer->images,
               &explorer->normalization);
    for (size_t l = 0; l < explorer->network->layer_count; l++) recall_layer(explorer, l);
    recall_visit(explorer);
    return STATUS_OK;
}

/* Publishes how it ended. */
static Status conclude(Explorer *explorer, Status status, Message *message)
{
    Snapshot *draft = &explorer->draft;
    hide_trace(explorer);
    draft->layer = NO_INDEX;
    const bool failed = status != STATUS_OK && status != STATUS_CANCELLED;
    set_activity(explorer,
                 failed               ? ACTIVITY_FAILED
                 : explorer->complete ? ACTIVITY_IDLE
                                      : ACTIVITY_CANCELLED,
                 1);
    for (size_t l = 0; l < draft->layer_count; l++)
        if (draft->layers[l].state == LAYER_CALIBRATING || draft->layers[l].state == LAYER_SOLVING)
            draft->layers[l].state = LAYER_WAITING;
    if (draft->activity == ACTIVITY_FAILED) draft->message = explorer->message;
    Status published = publish(explorer);
    if (status == STATUS_OK) status = published;
    return status == STATUS_OK ? status : status_copy(message, status, &explorer->message);
}

static Status pursue_all(Explorer *explorer, const Plan *plan)
{
    Status status = take_plan(explorer, plan);
    if (status == STATUS_OK) status = pursue_errors(explorer);
    if (status == STATUS_OK) status = pursue_estimates(explorer);
    if (status == STATUS_OK) status = pursue_ladder(explorer);
    return status == STATUS_OK ? pursue_accuracy(explorer) : status;
}

Status explorer_pursue(Explorer *explorer, const Plan *plan, Message *message)
{
    Status status = pursue_all(explorer, plan);
    if (give_up_memo(explorer, status)) status = pursue_all(explorer, plan);
    explorer->complete = status == STATUS_OK;
    return conclude(explorer, status, message);
}

Status explorer_set_aside(Explorer *explorer, const Plan *plan, Message *message)
{
    Status status = take_plan(explorer, plan);
    return conclude(explorer, status == STATUS_OK ? STATUS_CANCELLED : status, message);
}

/* --- one layer -------------------------------------------------------------------------------------------
 */

static bool choice_progress(void *context, const SolveProgress *trace, size_t count)
{
    Explorer *explorer = context;
    explorer->draft.trace = (SolveProgress *)trace;
    explorer->draft.trace_count = count;
    explorer->changed = true;
    const bool on = go_on(explorer);
    hide_trace(explorer);
    return on;
}

/* One layer at other choices of weights than the plan's. */
typedef struct Trial {
    Explorer *explorer;
    size_t layer;
    Plan *plan; /* with the choice that is tried */
    MemoKey key;
    Sums *sums; /* of that key, NULL before the first */
} Trial;

static Status start_trial(Trial *trial, Explorer *explorer, size_t layer)
{
    *trial = (Trial){.explorer = explorer, .layer = layer};
    if (!explorer->pursued || layer >= explorer->network->layer_count)
        return status_fail(&explorer->message, STATUS_INVALID, "no plan was pursued, or no such layer");
    explorer->draft.message = (Message){0};
    explorer->draft.layer = layer;
    return plan_copy(&trial->plan, explorer->draft.plan, &explorer->message);
}

static Status conclude_trial(Trial *trial, Status status, Message *message)
{
    sums_drop(trial->sums);
    plan_drop(trial->plan);
    return conclude(trial->explorer, status, message);
}

/* Layers before it that were forgotten are solved unseen: the draft is of the plan. */
static bool trial_progress(void *context, const PipelineProgress *progress)
{
    (void)progress;
    return go_on(context);
}

/* The sums that the trial's choice is solved on; those of the choice before where they are the same. */
static Status find_sums(Trial *trial, const MemoKey *key)
{
    Explorer *explorer = trial->explorer;
    if (trial->sums && memcmp(key, &trial->key, sizeof *key) == 0) return STATUS_OK;
    PipelineOptions options = pipeline_options(explorer);
    options.progress = trial_progress;
    options.layer_known = NULL;
    sums_drop(trial->sums);
    trial->sums = NULL;
    trial->key = *key;
    return pipeline_sums(&trial->sums, trial->layer, explorer->network, trial->plan, explorer->images,
                         &explorer->normalization, &options, &explorer->message);
}

static Status solve_trial(const Solved **solved, Trial *trial, const MemoKey *sums, const MemoKey *key)
{
    Explorer *explorer = trial->explorer;
    const SolvedWatch watch = {choice_progress, explorer};
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

/* The final error of the layer at the trial's choice, NAN where the method cannot solve it. */
static Status try_choice(double *error, Trial *trial)
{
    Explorer *explorer = trial->explorer;
    const LayerPlan *choice = &trial->plan->layers[trial->layer];
    const MemoKey sums = sums_key(explorer, trial->layer, choice);
    const MemoKey key = layer_solved_key(&sums, &trial->plan->options, choice);
    const Solved *solved = memo_solved(explorer->memo, &key);
    Status status = solved ? STATUS_OK : solve_trial(&solved, trial, &sums, &key);
    if (status != STATUS_CANCELLED) *error = solved ? layer_result_error(&solved->result) : NAN;
    solved_drop(solved);
    if (status == STATUS_INVALID || status == STATUS_MEMORY) explorer->draft.message = explorer->message;
    return status == STATUS_INVALID || status == STATUS_MEMORY || status == STATUS_OK ? ask_to_go_on(explorer)
                                                                                      : status;
}

Status explorer_compare_methods(Explorer *explorer, size_t layer, Message *message)
{
    Trial trial;
    Status status = start_trial(&trial, explorer, layer);
    if (status == STATUS_OK && trial.plan->layers[layer].weight_bits == BITS_FLOAT)
        status = status_fail(&explorer->message, STATUS_INVALID, "layer '%s' stays float: give it a width",
                             explorer->network->layers[layer].name);
    for (size_t m = 0; status == STATUS_OK && m < METHOD_COUNT; m++) {
        trial.plan->layers[layer].method = (uint8_t)m;
        set_activity(explorer, ACTIVITY_COMPARING, (double)m / METHOD_COUNT);
        status = try_choice(&explorer->draft.layers[layer].methods[m], &trial);
    }
    return conclude_trial(&trial, status, message);
}

Status explorer_measure_widths(Explorer *explorer, size_t layer, Message *message)
{
    Trial trial;
    Status status = start_trial(&trial, explorer, layer);
    for (size_t bits = BITS_MIN; status == STATUS_OK && bits <= BITS_MAX; bits++) {
        trial.plan->layers[layer].weight_bits = (uint8_t)bits;
        set_activity(explorer, ACTIVITY_COMPARING, (double)(bits - BITS_MIN) / (BITS_MAX - BITS_MIN + 1));
        status = try_choice(&explorer->draft.layers[layer].measured[bits], &trial);
    }
    return conclude_trial(&trial, status, message);
}

/* --- for reports -----------------------------------------------------------------------------------------
 */

const Pipeline *explorer_pipeline(const Explorer *explorer)
{
    return explorer->pipeline;
}

const Ladder *explorer_ladder(const Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    if (!explorer->pipeline || visit == NO_INDEX) return NULL;
    return explorer->visited.findings[visit].has_ladder ? &explorer->visited.findings[visit].ladder : NULL;
}

const Evaluation *explorer_accuracy(const Explorer *explorer)
{
    const size_t visit = explorer->draft.visit;
    if (!explorer->pipeline || visit == NO_INDEX) return NULL;
    return explorer->visited.findings[visit].has_accuracy ? &explorer->visited.visited[visit]->accuracy
                                                          : NULL;
}
