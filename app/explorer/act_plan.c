/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "base/sizes.h"

#include <stdio.h>
#include <stdlib.h>

/* A copy of the plan that is being changed, and the layers that the change is for: those that are shown and
 * marked, or the one under the cursor where none is marked. A layer that the filter hides never changes. */
typedef struct Edit {
    Plan *plan;
    bool *chosen; /* [layer_count] */
    size_t chosen_count;
} Edit;

/* False when out of memory, which is told. Every edit that was started ends in edit_finish(). */
static bool edit_start(Edit *edit, Session *session)
{
    const Scene *scene = &session->scene;
    Message message = {0};
    *edit = (Edit){.chosen = calloc(size_max(scene->network->layer_count, 1), sizeof *edit->chosen)};
    Status status = edit->chosen ? plan_copy(&edit->plan, scene->plan, &message)
                                 : status_no_memory(&message, "the layers to change");
    if (status != STATUS_OK) {
        free(edit->chosen);
        session_fail(session, status, &message);
        return false;
    }
    for (size_t i = 0; i < scene->order_count; i++) {
        const size_t layer = scene->order[i];
        edit->chosen[layer] = scene->marked_count ? scene->marked[layer] : layer == scene_layer(scene);
        edit->chosen_count += edit->chosen[layer];
    }
    return true;
}

/* The edited plan becomes the current one. False where nothing changed, which `unchanged` gives the reason
 * for. */
static bool edit_finish(Edit *edit, Session *session, const char *unchanged)
{
    Message message = {0};
    Status status = STATUS_OK;
    const bool changed = !plan_equal(edit->plan, session->scene.plan);
    if (changed) {
        status = history_push(session->workspace->history, edit->plan, &message);
        if (status == STATUS_OK)
            session_follow_plan(session);
        else
            session_fail(session, status, &message);
    }
    if (edit->chosen_count == 0)
        session_tell(session, session->scene.marked_count
                                  ? "nothing changes: the filter hides all marked layers"
                                  : "nothing changes: the filter hides all layers");
    else if (!changed)
        session_tell(session, "nothing changes: %s", unchanged);
    plan_drop(edit->plan);
    free(edit->chosen);
    return changed && status == STATUS_OK;
}

/* --- layers ----------------------------------------------------------------------------------------- */

void act_weight_bits(Session *session, int bits)
{
    Edit edit;
    if (!edit_start(&edit, session)) return;
    for (size_t l = 0; l < edit.plan->layer_count; l++)
        if (edit.chosen[l]) layer_plan_set_bits(&edit.plan->layers[l], (unsigned)bits);
    edit_finish(&edit, session, "these weight bits are chosen already");
}

/* Within the bits that the grid has. Float counts as one more than the most, but only on the way down. */
static unsigned stepped_bits(const LayerPlan *layer, int step)
{
    const unsigned bits = layer->weight_bits;
    if (bits == BITS_FLOAT) return step < 0 ? grid_row((GridKind)layer->grid)->most_bits : BITS_FLOAT;
    return grid_nearest_bits((GridKind)layer->grid, step > 0 ? bits + 1 : bits - 1);
}

void act_step_weight_bits(Session *session, int step)
{
    Edit edit;
    if (!edit_start(&edit, session)) return;
    const GridRow *grid = grid_row(GRID_UNIFORM);
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        LayerPlan *layer = &edit.plan->layers[l];
        if (!edit.chosen[l]) continue;
        layer->weight_bits = (uint8_t)stepped_bits(layer, step);
        grid = grid_row((GridKind)layer->grid);
    }
    char end[64];
    const unsigned bits = step > 0 ? grid->most_bits : grid->least_bits;
    snprintf(end, sizeof end, "%u bit%s is the %s", bits, bits == 1 ? "" : "s",
             step > 0 ? "most, f makes weights float" : "least");
    edit_finish(&edit, session, end);
}

void act_ask_activation_bits(Session *session, int unused)
{
    (void)unused;
    session->asks_bits = true;
    session_tell(session, "activation bits: 2 to 8, f for float, Esc to leave them unchanged");
}

/* Layers that read the network's input keep it float. `bits` NULL: the next lower than what the first of the
 * layers has: float, 8, 7, ... 2, float. */
static void set_activation_bits(Session *session, const unsigned *bits)
{
    const Scene *scene = &session->scene;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    unsigned chosen = bits ? *bits : 0;
    bool known = false; /* a layer was found whose activations can be quantized */
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        if (!edit.chosen[l] || scene->network->layers[l].first) continue;
        const unsigned now = edit.plan->layers[l].activation_bits;
        if (!known && !bits) chosen = now == BITS_FLOAT ? BITS_MAX : now == BITS_MIN ? BITS_FLOAT : now - 1;
        known = true;
        edit.plan->layers[l].activation_bits = (uint8_t)chosen;
    }
    edit_finish(&edit, session,
                known ? "these activation bits are chosen already"
                      : "the layer reads the network's input, which stays float");
}

void act_activation_bits(Session *session, int bits)
{
    session->asks_bits = false;
    set_activation_bits(session, &(unsigned){(unsigned)bits});
}

void act_cycle_activation_bits(Session *session, int unused)
{
    (void)unused;
    set_activation_bits(session, NULL);
}

/* The method after that of the first of the layers. */
void act_method(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    size_t first = NO_INDEX;
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        if (!edit.chosen[l]) continue;
        if (first == NO_INDEX) first = l;
        edit.plan->layers[l].method =
            (uint8_t)((session->scene.plan->layers[first].method + 1u) % METHOD_COUNT);
    }
    const size_t layer = scene_layer(&session->scene);
    if (edit_finish(&edit, session, "there is one method alone") && layer != NO_INDEX)
        session_tell(session, "%s", method_summary(session->scene.plan->layers[layer].method));
}

/* The grid after that of the first of the layers. */
void act_grid(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    size_t first = NO_INDEX;
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        if (!edit.chosen[l]) continue;
        if (first == NO_INDEX) first = l;
        const unsigned next = (session->scene.plan->layers[first].grid + 1u) % GRID_COUNT;
        layer_plan_set_grid(&edit.plan->layers[l], (GridKind)next);
    }
    edit_finish(&edit, session, "this grid is chosen already");
    const LayerPlan *layer = &session->scene.plan->layers[first];
    const GridRow *row = grid_row((GridKind)layer->grid);
    if (layer->weight_bits == BITS_FLOAT)
        session_tell(session, "%s: %s, once the weights are quantized", row->name, row->summary);
    else if (!method_takes_grid((Method)layer->method, (GridKind)layer->grid, layer->weight_bits))
        session_tell(session, "%s: not by %s; another method takes it", row->name,
                     method_name((Method)layer->method));
    else
        session_tell(session, "%s: %s", row->name, row->summary);
}

/* --- options of the whole plan ----------------------------------------------------------------------- */

/* Whether a layer has quantized activations, which error compensation is about. */
static bool quantizes_activations(const Plan *plan)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        if (plan->layers[l].activation_bits != BITS_FLOAT) return true;
    return false;
}

/* Whether the method of a quantized layer can be followed by polish. */
static bool takes_polish(const Plan *plan)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        if (plan->layers[l].weight_bits != BITS_FLOAT &&
            method_row(plan->layers[l].method)->polish == POLISH_IF_ASKED)
            return true;
    return false;
}

/* Starts an edit of the options; `*options` are those of its plan. The change is for all layers, whatever the
 * filter shows. */
static bool options_start(Edit *edit, PlanOptions **options, Session *session)
{
    if (!edit_start(edit, session)) return false;
    edit->chosen_count = edit->plan->layer_count;
    *options = &edit->plan->options;
    return true;
}

static void options_finish(Edit *edit, Session *session, const char *meaning, bool in_use, const char *unused)
{
    edit_finish(edit, session, "");
    session_tell(session, "%s%s%s", meaning, in_use ? "" : ". No effect yet: ", in_use ? "" : unused);
}

void act_effort(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    PlanOptions *options;
    if (!options_start(&edit, &options, session)) return;
    plan_set_effort(edit.plan, (Effort)((options->effort + 1u) % EFFORT_COUNT));
    const EffortRow *effort = effort_row(options->effort);
    edit_finish(&edit, session, "");
    session_tell(session, "effort %s: %s", effort->name, effort->summary);
}

void act_mode(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    PlanOptions *options;
    if (!options_start(&edit, &options, session)) return;
    const bool sequential = options->mode != MODE_SEQUENTIAL;
    options->mode = sequential ? MODE_SEQUENTIAL : MODE_INDEPENDENT;
    options_finish(&edit, session,
                   sequential ? "sequential: layers are calibrated behind quantized layers, whose error they "
                                "compensate"
                              : "independent: layers are calibrated behind float layers",
                   true, "");
}

void act_compensated(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    PlanOptions *options;
    if (!options_start(&edit, &options, session)) return;
    options->error_compensated = !options->error_compensated;
    options_finish(&edit, session,
                   options->error_compensated
                       ? "error-compensated: per-channel activation scales, compensated by the weights"
                       : "per-tensor activation scales",
                   quantizes_activations(session->scene.plan), "all activations are float (a)");
}

void act_polish(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    PlanOptions *options;
    if (!options_start(&edit, &options, session)) return;
    options->polish = !options->polish;
    options_finish(&edit, session,
                   options->polish ? "polish: coordinate descent on whole codes after the method"
                                   : "no polish",
                   takes_polish(session->scene.plan), "no layer's method has a choice of polish (m)");
}

void act_bias_correction(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    PlanOptions *options;
    if (!options_start(&edit, &options, session)) return;
    options->bias_correction = !options->bias_correction;
    options_finish(&edit, session,
                   options->bias_correction ? "bias correction: biases compensate shifted means"
                                            : "no bias correction: float biases are kept",
                   true, "");
}

/* --- undo history ------------------------------------------------------------------------------------ */

void act_undo(Session *session, int unused)
{
    (void)unused;
    if (history_undo(session->workspace->history))
        session_follow_plan(session);
    else
        session_tell(session, "nothing to undo");
}

void act_redo(Session *session, int unused)
{
    (void)unused;
    if (history_redo(session->workspace->history))
        session_follow_plan(session);
    else
        session_tell(session, "nothing to redo");
}
