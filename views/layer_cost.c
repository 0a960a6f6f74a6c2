/* SPDX-License-Identifier: MIT */
#include "views/layer_cost.h"

#include <math.h>

double layer_share(const Scene *scene, size_t layer)
{
    const LadderStep *step = scene_step(scene, layer);
    return step && step->quantized ? rung_share(scene_ladder(scene), scene->rung, layer) : NAN;
}

/* Whether the ladder is of the edited plan. */
static bool is_current(const Scene *scene)
{
    return scene->snapshot && scene->snapshot->ladder_current && !scene_plan_is_ahead(scene);
}

double layer_share_per_kib(const Scene *scene, size_t layer)
{
    const size_t bytes = plan_layer_bytes(scene->plan, scene->network, layer);
    return bytes && is_current(scene) ? layer_share(scene, layer) * 1024 / (double)bytes : NAN;
}

double contribution_factor(double before, double after, double local)
{
    if (!(before > 0) || !(after >= 0)) return NAN;
    if (isnan(local)) return sqrt(after / before);
    const double part = fmin(before, local);
    return local > 0 ? sqrt(1 + part / local * (after / before - 1)) : NAN;
}

BitChange layer_bit_change(const Scene *scene, size_t layer, int step)
{
    BitChange change = {NAN, false};
    const LayerSnapshot *state = scene_state(scene, layer);
    const LayerPlan *choice = &scene->plan->layers[layer];
    const unsigned bits = choice->weight_bits, other = bits + (unsigned)step;
    if (!state || bits == BITS_FLOAT || !grid_has_bits((GridKind)choice->grid, other)) return change;
    const LadderStep *ladder_step = scene_step(scene, layer);
    if (!ladder_step || !is_current(scene)) return change;
    const double local = choice->activation_bits == BITS_FLOAT ? NAN : ladder_step->local_error;
    const bool solved = isfinite(state->local[bits]) && isfinite(state->local[other]);
    if (!solved && choice->grid != GRID_UNIFORM) return change; /* estimates are for that one */
    const double *errors = solved ? state->local : state->estimate;
    change.points = layer_share(scene, layer) * (contribution_factor(errors[bits], errors[other], local) - 1);
    change.estimated = !solved;
    return change;
}
