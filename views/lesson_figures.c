/* SPDX-License-Identifier: MIT */
#include "views/lesson_texts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

KeyName lesson_key(const Scene *scene, const char *action)
{
    KeyName name;
    const char *keys = scene_keys(scene, action);
    snprintf(name.text, sizeof name.text, "%.*s", (int)strcspn(keys, " "), keys);
    return name;
}

/* --- per layer -------------------------------------------------------------------------------------- */

size_t lesson_largest(const Scene *scene, LessonFigure *figure)
{
    size_t best = NO_INDEX;
    double most = -INFINITY;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const double value = figure(scene, l);
        if (!isfinite(value) || !(value > most)) continue;
        most = value;
        best = l;
    }
    return best;
}

double lesson_error(const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    return state ? layer_error(state) : NAN;
}

double lesson_error_negative(const Scene *scene, size_t layer)
{
    return -lesson_error(scene, layer);
}

double lesson_gain(const Scene *scene, size_t layer)
{
    const LayerResult *result = scene_result(scene, layer);
    return result ? result->rounding_error / lesson_error(scene, layer) : NAN;
}

double lesson_spectral(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    return step && step->quantized ? step->spectral : NAN;
}

double lesson_hybrid_share(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    return step && step->quantized ? rung_share(scene_ladder(scene), RUNG_HYBRID, layer) : NAN;
}

double lesson_byte_share(const Scene *scene, size_t layer)
{
    const PlanTotals totals = plan_totals(scene->plan, scene->network);
    const size_t bytes = plan_layer_bytes(scene->plan, scene->network, layer);
    return totals.bytes ? (double)bytes / (double)totals.bytes : NAN;
}

/* For layers that can get a bit: half the share goes, for one bit per weight. */
double lesson_share_per_byte(const Scene *scene, size_t layer)
{
    const unsigned bits = scene->plan->layers[layer].weight_bits;
    const double weights = (double)scene->network->layers[layer].parameters;
    return bits >= BITS_MIN && bits < BITS_MAX ? lesson_hybrid_share(scene, layer) / 2 / weights : NAN;
}

double lesson_bytes_per_share(const Scene *scene, size_t layer)
{
    const bool can_fall = scene->plan->layers[layer].weight_bits > BITS_MIN;
    return can_fall ? lesson_byte_share(scene, layer) / lesson_hybrid_share(scene, layer) : NAN;
}

double lesson_compensated(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    const LayerSnapshot *state = scene_state(scene, layer);
    if (!step || !step->quantized || scene->network->layers[layer].first) return NAN;
    return step->local_error / state->accumulated_error;
}

/* --- of the whole ----------------------------------------------------------------------------------- */

/* Whether a visited plan has the same layers as the edited one. */
static bool same_layers(const Plan *a, const Plan *b)
{
    for (size_t l = 0; l < a->layer_count; l++)
        if (a->layers[l].weight_bits != b->layers[l].weight_bits ||
            a->layers[l].activation_bits != b->layers[l].activation_bits ||
            a->layers[l].method != b->layers[l].method || a->layers[l].grid != b->layers[l].grid)
            return false;
    return a->layer_count == b->layer_count;
}

ModePair lesson_modes(const Scene *scene)
{
    ModePair pair = {false, {NAN, NAN}, {NAN, NAN}};
    for (size_t i = 0; scene->snapshot && i < scene->snapshot->visited_count; i++) {
        const VisitedPlan *visited = scene->snapshot->visited[i];
        if (!visited->bounded || !same_layers(visited->plan, scene->plan)) continue;
        pair.hybrid[visited->plan->options.mode] = visited->hybrid;
        pair.measured[visited->plan->options.mode] = visited->measured;
    }
    pair.known = isfinite(pair.hybrid[0]) && isfinite(pair.hybrid[1]) && pair.measured[0] > 0;
    return pair;
}

Decomposition lesson_decomposition(const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    double squares = 0;
    for (size_t l = 0; ladder && l < ladder->layer_count; l++)
        squares += ladder->steps[l].hybrid * ladder->steps[l].hybrid;
    if (!ladder || !(ladder->measured > 0)) return (Decomposition){NAN, NAN};
    return (Decomposition){ladder->hybrid / sqrt(squares), sqrt(squares) / ladder->measured};
}
