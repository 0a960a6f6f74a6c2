/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "base/sizes.h"
#include "views/canvas/character.h"

void act_pause(Session *session, int unused)
{
    (void)unused;
    Worker *worker = session->workspace->worker;
    session->scene.paused = !session->scene.paused;
    worker_pause(worker, session->scene.paused);
    if (session->scene.paused)
        session_tell(session, worker_info(worker).busy
                                  ? "paused: p goes on"
                                  : "paused, with no work under way: p lets new work start");
}

void act_cancel(Session *session, int unused)
{
    (void)unused;
    Worker *worker = session->workspace->worker;
    const WorkerInfo info = worker_info(worker);
    if (info.cancelled) {
        worker_resume(worker);
    } else if (info.busy) {
        worker_cancel(worker);
        session_tell(session, info.exports ? "cancelled, exports included: x resumes the plan"
                                           : "cancelled: x resumes the plan");
    } else {
        session_tell(session, "there is no work to cancel");
    }
}

/* Tells what the worker was asked for about a layer. */
static void tell_asked(Session *session, size_t layer, const char *what, Status status,
                       const Message *message)
{
    if (status != STATUS_OK)
        session_fail(session, status, message);
    else
        session_tell(session, "%s: '%s'", what,
                     character_short_name(session->scene.network->layers[layer].name).text);
}

static bool has_layer(Session *session, size_t layer)
{
    if (layer == NO_INDEX) session_tell(session, "no layer is selected: the filter hides all");
    return layer != NO_INDEX;
}

void act_compare(Session *session, int unused)
{
    (void)unused;
    Message message = {0};
    const size_t layer = scene_layer(&session->scene);
    action_show_view(session, VIEW_ERROR_EPOCHS);
    if (!has_layer(session, layer)) return;
    if (session->scene.plan->layers[layer].weight_bits == BITS_FLOAT) {
        session_tell(session, "this layer's weights are float: choose a bit width first");
        return;
    }
    Status status = worker_compare_methods(session->workspace->worker, layer, &message);
    tell_asked(session, layer, "comparing methods", status, &message);
}

/* On the page of clipping ranges the key computes what that page shows. */
static void measure_clipping(Session *session, size_t layer)
{
    Message message = {0};
    if (!has_layer(session, layer)) return;
    if (session->scene.plan->layers[layer].weight_bits == BITS_FLOAT) {
        session_tell(session, "this layer's weights are float: choose a bit width first");
        return;
    }
    Status status = worker_measure_clipping(session->workspace->worker, layer, &message);
    tell_asked(session, layer, "measuring rounding and clipping", status, &message);
}

void act_measure(Session *session, int unused)
{
    (void)unused;
    Message message = {0};
    const size_t layer = scene_layer(&session->scene);
    if (scene_view(&session->scene, PANEL_ERROR) == VIEW_ERROR_CLIPPING) {
        measure_clipping(session, layer);
        return;
    }
    action_show_view(session, VIEW_ERROR_WIDTHS);
    if (!has_layer(session, layer)) return;
    Status status = worker_measure_widths(session->workspace->worker, layer, &message);
    tell_asked(session, layer, "solving at every bit width", status, &message);
}

void act_ladder_timing(Session *session, int unused)
{
    (void)unused;
    static const struct {
        LadderTiming next;
        const char *said;
    } turns[LADDER_TIMING_COUNT] = {
        [LADDER_AFTER_ACCURACY] = {LADDER_OFF, "bounds are off: they are not computed, nor exported"},
        [LADDER_OFF] = {LADDER_AT_ONCE, "bounds at once: they are computed before the accuracy"},
        [LADDER_AT_ONCE] = {LADDER_AFTER_ACCURACY, "bounds last: they are computed after the accuracy"},
    };
    Workspace *workspace = session->workspace;
    session_tell(session, "%s", turns[workspace->ladder_timing].said);
    workspace->ladder_timing = turns[workspace->ladder_timing].next;
    worker_time_ladder(workspace->worker, workspace->ladder_timing);
}
