/* SPDX-License-Identifier: MIT */
#include "views/scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t scene_layer(const Scene *scene)
{
    return scene->cursor < scene->order_count ? scene->order[scene->cursor] : NO_INDEX;
}

ViewId scene_view(const Scene *scene, Panel panel)
{
    ViewId view = scene->views[panel];
    return view_table[view].panel == panel ? view : view_next(panel, view);
}

const LayerSnapshot *scene_state(const Scene *scene, size_t layer)
{
    const Snapshot *snapshot = scene->snapshot;
    return snapshot && layer < snapshot->layer_count ? &snapshot->layers[layer] : NULL;
}

const LayerResult *scene_result(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    return state && state->solved ? &state->solved->result : NULL;
}

const Ladder *scene_ladder(const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    return snapshot && snapshot->ladder.images > 0 && snapshot->ladder.steps ? &snapshot->ladder : NULL;
}

const LadderStep *scene_step(const Scene *scene, size_t layer)
{
    const Ladder *ladder = scene_ladder(scene);
    return ladder && layer < ladder->layer_count ? &ladder->steps[layer] : NULL;
}

const char *scene_name(const Scene *scene, size_t layer)
{
    return layer < scene->network->layer_count ? scene->network->layers[layer].name : "?";
}

ShortName scene_short_name(const Scene *scene, size_t layer)
{
    return character_short_name(scene_name(scene, layer));
}

bool scene_is_stale(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    if (!state) return false;
    const LayerPlan *plan = &scene->plan->layers[layer], *pursued = &scene->snapshot->plan->layers[layer];
    bool changed = plan->weight_bits != pursued->weight_bits ||
                   plan->activation_bits != pursued->activation_bits || plan->method != pursued->method ||
                   plan->grid != pursued->grid;
    return changed || (state->state != LAYER_SOLVED && state->state != LAYER_FLOAT);
}

bool scene_plan_is_ahead(const Scene *scene)
{
    return scene->snapshot && !plan_equal(scene->plan, scene->snapshot->plan);
}

bool scene_is_live(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    const Snapshot *snapshot = scene->snapshot;
    return state && state->state == LAYER_SOLVING && snapshot->layer == layer && snapshot->trace_count > 0;
}

double scene_error(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    if (!state) return NAN;
    if (scene_is_live(scene, layer)) return scene->snapshot->trace[scene->snapshot->trace_count - 1].error;
    return layer_error(state);
}

double layer_error(const LayerSnapshot *layer)
{
    return layer->solved ? layer_result_error(&layer->solved->result) : NAN;
}

double scene_rounding_error(const Scene *scene, size_t layer)
{
    const LayerResult *result = scene_result(scene, layer);
    if (scene_is_live(scene, layer)) return scene->snapshot->trace[0].error;
    return result ? result->rounding_error : NAN;
}

/* The score of a task other than classification. */
static Score score_of_task(const Evaluation *evaluation)
{
    const size_t headline = task_headline(evaluation->task);
    const Interval interval = evaluation->intervals.quantized[0];
    const double value = evaluation->figures[1][headline], reference = evaluation->figures[0][headline];
    return (Score){.known = evaluation->compared && evaluation->task != TASK_NONE && value >= 0,
                   .labelled = true,
                   .name = task_measures[evaluation->task].names[headline],
                   .value = value,
                   .half = (interval.high - interval.low) / 2,
                   .reference = reference >= 0 ? reference : (double)NAN};
}

Score score_of(const Evaluation *evaluation)
{
    Score score = {.labelled = evaluation->labelled,
                   .name = evaluation->labelled ? "top-1" : "agreement",
                   .value = NAN,
                   .half = NAN,
                   .reference = NAN};
    if (evaluation->images == 0) return score;
    if (evaluation->task != TASK_CLASSIFY) return score_of_task(evaluation);
    double images = (double)evaluation->images;
    size_t right = evaluation->labelled ? evaluation->quantized.top1_correct : evaluation->agreeing;
    Interval interval = interval_wilson(right, evaluation->images);
    score.known = evaluation->compared;
    score.value = (double)right / images;
    score.half = (interval.high - interval.low) / 2;
    if (evaluation->labelled) score.reference = (double)evaluation->reference.top1_correct / images;
    return score;
}

Figure score_change(const Evaluation *evaluation)
{
    const double change = evaluation_change(evaluation);
    const Interval *interval = &evaluation->intervals.change[0];
    Figure figure = {"-"};
    if (evaluation->task == TASK_CLASSIFY)
        return paired_change(evaluation->lost, evaluation->gained, evaluation->images);
    if (!isnan(interval->low)) return figure_change(change, interval->low, interval->high);
    if (!isnan(change)) snprintf(figure.text, sizeof figure.text, "%+.2f", 100 * change);
    return figure;
}

Figure paired_change(size_t lost, size_t gained, size_t images)
{
    const Interval interval = interval_paired(lost, gained, images);
    return figure_change(((double)gained - (double)lost) / (double)images, interval.low, interval.high);
}

bool scene_accuracy_is_old(const Scene *scene)
{
    return scene->snapshot && (!scene->snapshot->accuracy_current || scene_plan_is_ahead(scene));
}

bool scene_ladder_is_old(const Scene *scene)
{
    return scene->snapshot && (!scene->snapshot->ladder_current || scene_plan_is_ahead(scene));
}

Activations plan_activations(const Plan *plan, const Network *network)
{
    Activations activations = {0};
    double values = 0, bits = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        if (layer->first || layer->use_count == 0) continue;
        const bool quantized = plan->layers[l].activation_bits != BITS_FLOAT;
        activations.quantized += quantized;
        activations.left_float += !quantized;
        const Node *node = &network->nodes[layer->uses[0]];
        const double elements = quantized ? (double)network->values[node->inputs[0]].elements : 0;
        values += elements;
        bits += elements * plan->layers[l].activation_bits;
    }
    activations.mean_bits = values > 0 ? bits / values : NAN;
    return activations;
}

double average_activation_bits(const Plan *plan, const Network *network)
{
    double values = 0, bits = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        if (layer->first || layer->use_count == 0) continue;
        const Node *node = &network->nodes[layer->uses[0]];
        double elements = (double)network->values[node->inputs[0]].elements;
        unsigned width = plan->layers[l].activation_bits;
        values += elements;
        bits += elements * (width == BITS_FLOAT ? 32 : width);
    }
    return values > 0 ? bits / values : NAN;
}

const char *scene_activity(const Scene *scene)
{
    static const char *const names[] = {
        [ACTIVITY_OPENING] = "opening images", [ACTIVITY_CALIBRATING] = "calibrating",
        [ACTIVITY_SOLVING] = "solving",        [ACTIVITY_NORMS] = "norms",
        [ACTIVITY_BOUNDING] = "bound",         [ACTIVITY_EVALUATING] = "accuracy",
        [ACTIVITY_COMPARING] = "comparing",    [ACTIVITY_IDLE] = "done",
        [ACTIVITY_CANCELLED] = "cancelled",    [ACTIVITY_FAILED] = "failed"};
    if (!scene->snapshot) return "opening";
    Activity activity = scene->snapshot->activity;
    if (activity == ACTIVITY_FAILED || activity == ACTIVITY_CANCELLED) return names[activity];
    if (scene->paused) return "paused";
    return activity <= ACTIVITY_FAILED ? names[activity] : "?";
}

const char *scene_pending(const Scene *scene)
{
    if (!scene->snapshot) return "the images are being opened";
    switch (scene->snapshot->activity) {
    case ACTIVITY_FAILED:
        return scene->snapshot->message.text;
    case ACTIVITY_CANCELLED:
        return "the work was cancelled";
    case ACTIVITY_OPENING:
        return "the images are being opened";
    case ACTIVITY_CALIBRATING:
    case ACTIVITY_SOLVING:
        return "the layers are solved first";
    case ACTIVITY_NORMS:
        return "the layers' operator norms are being computed";
    case ACTIVITY_BOUNDING:
        return "the bound is being computed";
    case ACTIVITY_EVALUATING:
        return "images are running through both networks";
    case ACTIVITY_COMPARING:
        return "methods are being compared";
    case ACTIVITY_IDLE:
        break;
    }
    return "nothing is known yet";
}

const char *scene_bounds_pending(const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    if (snapshot && snapshot->ladder_timing == LADDER_OFF) return "bounds are off, T computes them";
    if (snapshot && snapshot->activity == ACTIVITY_EVALUATING) return "the accuracy comes first";
    return scene_pending(scene);
}

const char *scene_keys(const Scene *scene, const char *action)
{
    for (size_t i = 0; i < scene->help_count; i++)
        if (scene->help[i].action && strcmp(scene->help[i].action, action) == 0) return scene->help[i].keys;
    return "?";
}
