#include "views/panels/parts.h"

#include "views/canvas/chart.h"
#include "views/panels/layer_order.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- figures ----------------------------------------------------------------------------------------- */

const char *part_bits(unsigned bits)
{
    static const char *const names[] = {"-", "1", "2", "3", "4", "5", "6", "7", "8"};
    return bits < sizeof names / sizeof *names ? names[bits] : "?";
}

const char *part_width(unsigned bits)
{
    static const char *const names[] = {"float",  "1 bit",  "2 bits", "3 bits", "4 bits",
                                        "5 bits", "6 bits", "7 bits", "8 bits"};
    return bits < sizeof names / sizeof *names ? names[bits] : "?";
}

Figure part_shape(const Layer *layer)
{
    Figure shape = {""};
    size_t length = 0;
    for (size_t i = 0; i < layer->weight_rank && length + 24 < sizeof shape.text; i++)
        length += (size_t)snprintf(shape.text + length, sizeof shape.text - length, "%s%zu", i ? "x" : "",
                                   layer->weight_shape[i]);
    return shape;
}

const char *part_method(Method method)
{
    return method < METHOD_COUNT ? method_title(method) : "?";
}

void words_say(Words *words, const char *format, ...)
{
    size_t room = sizeof words->text - words->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words->text + words->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) words->length += (size_t)length < room ? (size_t)length : room - 1;
}

const char *part_tail(const Canvas *canvas, const char *text, int columns)
{
    while (*text && canvas_width(canvas, text) > columns) {
        text++;
        while (((unsigned char)*text & 0xc0) == 0x80) text++;
    }
    return text;
}

/* --- what a scene knows ------------------------------------------------------------------------------ */

const LayerSnapshot *part_layer(const Scene *scene, size_t layer)
{
    const Snapshot *snapshot = scene->snapshot;
    return snapshot && layer < snapshot->layer_count ? &snapshot->layers[layer] : NULL;
}

const LayerResult *part_result(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    return state && state->solved ? &state->solved->result : NULL;
}

const Ladder *part_ladder(const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    return snapshot && snapshot->ladder.images > 0 && snapshot->ladder.steps ? &snapshot->ladder : NULL;
}

const LadderStep *part_step(const Scene *scene, size_t layer)
{
    const Ladder *ladder = part_ladder(scene);
    return ladder && layer < ladder->layer_count ? &ladder->steps[layer] : NULL;
}

const char *part_name(const Scene *scene, size_t layer)
{
    return layer < scene->network->layer_count ? scene->network->layers[layer].name : "?";
}

ShortName part_short_name(const Scene *scene, size_t layer)
{
    return character_short_name(part_name(scene, layer));
}

bool part_stale(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    if (!state) return false;
    const LayerPlan *plan = &scene->plan->layers[layer], *pursued = &scene->snapshot->plan->layers[layer];
    bool changed = plan->weight_bits != pursued->weight_bits ||
                   plan->activation_bits != pursued->activation_bits || plan->method != pursued->method;
    return changed || (state->state != LAYER_SOLVED && state->state != LAYER_FLOAT);
}

bool part_plan_ahead(const Scene *scene)
{
    return scene->snapshot && !plan_equal(scene->plan, scene->snapshot->plan);
}

bool part_is_live(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    const Snapshot *snapshot = scene->snapshot;
    return state && state->state == LAYER_SOLVING && snapshot->layer == layer && snapshot->trace_count > 0;
}

double part_error_now(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = part_layer(scene, layer);
    if (!state) return NAN;
    if (part_is_live(scene, layer)) return scene->snapshot->trace[scene->snapshot->trace_count - 1].objective;
    return layer_error(state);
}

double part_rounding(const Scene *scene, size_t layer)
{
    const LayerResult *result = part_result(scene, layer);
    if (part_is_live(scene, layer)) return scene->snapshot->trace[0].objective;
    return result ? result->rounding_error : NAN;
}

/* --- scores ------------------------------------------------------------------------------------------ */

Score part_score(const Evaluation *evaluation)
{
    Score score = {.labelled = evaluation->labelled, .value = NAN, .half = NAN, .reference = NAN};
    if (evaluation->images == 0) return score;
    double images = (double)evaluation->images;
    size_t right = evaluation->labelled ? evaluation->quantized.top1_correct : evaluation->agreeing;
    Interval interval = interval_wilson(right, evaluation->images);
    score.known = evaluation->compared;
    score.value = (double)right / images;
    score.half = (interval.high - interval.low) / 2;
    if (evaluation->labelled) score.reference = (double)evaluation->reference.top1_correct / images;
    return score;
}

double part_activation_bits(const Plan *plan, const Network *network)
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

/* --- words ------------------------------------------------------------------------------------------- */

const char *part_activity(const Scene *scene)
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

const char *part_pending(const Scene *scene)
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

const char *part_keys(const Scene *scene, const char *action)
{
    for (size_t i = 0; i < scene->help_count; i++)
        if (scene->help[i].action && strcmp(scene->help[i].action, action) == 0) return scene->help[i].keys;
    return "?";
}
