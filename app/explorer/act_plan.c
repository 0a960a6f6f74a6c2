/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "base/sizes.h"

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

/* The edited plan becomes the current one. False where nothing changed. */
static bool edit_finish(Edit *edit, Session *session)
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
    if (edit->chosen_count == 0) session_tell(session, "nothing is changed: the filter hides it");
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
        if (edit.chosen[l]) edit.plan->layers[l].weight_bits = (uint8_t)bits;
    edit_finish(&edit, session);
}

/* Within BITS_MIN..BITS_MAX. Float counts as one more than BITS_MAX, but only on the way down. */
static unsigned stepped_bits(unsigned bits, int step)
{
    if (bits == BITS_FLOAT) return step < 0 ? BITS_MAX : BITS_FLOAT;
    if (step > 0) return bits < BITS_MAX ? bits + 1 : BITS_MAX;
    return bits > BITS_MIN ? bits - 1 : BITS_MIN;
}

void act_step_weight_bits(Session *session, int step)
{
    Edit edit;
    if (!edit_start(&edit, session)) return;
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        LayerPlan *layer = &edit.plan->layers[l];
        if (edit.chosen[l]) layer->weight_bits = (uint8_t)stepped_bits(layer->weight_bits, step);
    }
    edit_finish(&edit, session);
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
    bool known = bits;
    for (size_t l = 0; l < edit.plan->layer_count; l++) {
        if (!edit.chosen[l] || scene->network->layers[l].first) continue;
        const unsigned now = edit.plan->layers[l].activation_bits;
        if (!known) chosen = now == BITS_FLOAT ? BITS_MAX : now == BITS_MIN ? BITS_FLOAT : now - 1;
        known = true;
        edit.plan->layers[l].activation_bits = (uint8_t)chosen;
    }
    const size_t layer = scene_layer(scene);
    const bool reads_input = !scene->marked_count && layer != NO_INDEX && scene->network->layers[layer].first;
    if (!edit_finish(&edit, session) && reads_input)
        session_tell(session, "this layer reads the network's input, which stays float");
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
    if (edit_finish(&edit, session) && layer != NO_INDEX)
        session_tell(session, "%s", method_summary(session->scene.plan->layers[layer].method));
}

/* --- options of the whole plan ----------------------------------------------------------------------- */

void act_mode(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    PlanOptions *options = &edit.plan->options;
    options->mode = options->mode == MODE_SEQUENTIAL ? MODE_INDEPENDENT : MODE_SEQUENTIAL;
    edit_finish(&edit, session);
    session_tell(session, session->scene.plan->options.mode == MODE_SEQUENTIAL
                              ? "sequential: layers are calibrated behind quantized layers, whose error they "
                                "compensate"
                              : "independent: layers are calibrated behind float layers");
}

void act_compensated(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    edit.plan->options.error_compensated = !edit.plan->options.error_compensated;
    edit_finish(&edit, session);
    session_tell(session, session->scene.plan->options.error_compensated
                              ? "error-compensated: per-channel activation scales, compensated by the weights"
                              : "per-tensor activation scales");
}

void act_polish(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    edit.plan->options.polish = !edit.plan->options.polish;
    edit_finish(&edit, session);
    session_tell(session, session->scene.plan->options.polish
                              ? "polish: coordinate descent on whole codes after bit-split"
                              : "no polish: bit-split alone");
}

void act_bias_correction(Session *session, int unused)
{
    (void)unused;
    Edit edit;
    if (!edit_start(&edit, session)) return;
    edit.plan->options.bias_correction = !edit.plan->options.bias_correction;
    edit_finish(&edit, session);
    session_tell(session, session->scene.plan->options.bias_correction
                              ? "bias correction: biases compensate shifted means"
                              : "no bias correction: float biases are kept");
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
