/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "base/sizes.h"
#include "views/layer_order.h"
#include "views/lesson.h"
#include "views/panels/lattice.h"
#include "views/screen.h"

#include <string.h>

/* --- panels and charts -------------------------------------------------------------------------------- */

void act_panel(Session *session, int direction)
{
    session->scene.front = (Panel)(((int)session->scene.front + direction + PANEL_COUNT) % PANEL_COUNT);
    if (session->scene.overlay == OVERLAY_GUIDE) session->scene.overlay_first = 0; /* another text */
}

void action_show_view(Session *session, ViewId view)
{
    const Panel panel = view_table[view].panel;
    session->scene.front = panel;
    session->scene.views[panel] = view;
    session->scene.chart_cursor[panel] = SIZE_MAX;
    if (session->scene.overlay == OVERLAY_GUIDE) session->scene.overlay_first = 0;
}

void act_page(Session *session, int unused)
{
    (void)unused;
    const Panel front = session->scene.front;
    const ViewId view = scene_view(&session->scene, front), next = view_next(front, view);
    if (next == view)
        session_tell(session, "this panel has one page: Tab goes to the next panel");
    else
        action_show_view(session, next);
}

void act_network(Session *session, int unused)
{
    (void)unused;
    const Scene *scene = &session->scene;
    const bool shown = scene->front == PANEL_LAYERS && scene_view(scene, PANEL_LAYERS) == VIEW_LAYERS_NETWORK;
    action_show_view(session, shown ? VIEW_LAYERS : VIEW_LAYERS_NETWORK);
}

void act_zoom(Session *session, int unused)
{
    (void)unused;
    session->scene.zoomed = !session->scene.zoomed;
    action_show_cursor(session);
}

static bool shows_changed(const Scene *scene)
{
    return scene->front == PANEL_ACCURACY && scene_view(scene, PANEL_ACCURACY) == VIEW_ACCURACY_CHANGED;
}

static bool shows_budget(const Scene *scene)
{
    return scene->front == PANEL_ACCURACY && scene_view(scene, PANEL_ACCURACY) == VIEW_ACCURACY_BUDGET;
}

/* The cursor starts on the first image. */
static void move_image(Session *session, int step)
{
    size_t *cursor = &session->scene.chart_cursor[PANEL_ACCURACY];
    const ChangedImages *images = session->snapshot ? session->snapshot->changes : NULL;
    if (!images || images->count == 0)
        session_tell(session, "no images to show yet: the accuracy comes first");
    else
        *cursor = action_step(*cursor == SIZE_MAX ? 0 : *cursor, images->count, step);
}

void act_changed(Session *session, int unused)
{
    (void)unused;
    if (shows_changed(&session->scene)) session->scene.changed_by_class = !session->scene.changed_by_class;
    action_show_view(session, VIEW_ACCURACY_CHANGED);
}

void act_pareto_axis(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    const bool shown =
        scene->front == PANEL_ACCURACY && scene_view(scene, PANEL_ACCURACY) == VIEW_ACCURACY_PLANS;
    if (shown) scene->pareto_axis = (ParetoAxis)((scene->pareto_axis + 1) % PARETO_AXES);
    action_show_view(session, VIEW_ACCURACY_PLANS);
    session_tell(session, "visited plans by %s%s", pareto_axis_name(scene->pareto_axis),
                 pareto_counts_activations(scene->pareto_axis) ? ""
                                                               : ": one front per set of activation bits");
}

static bool shows_lattice(const Scene *scene)
{
    return scene->front == PANEL_ERROR && scene_view(scene, PANEL_ERROR) == VIEW_ERROR_LATTICE;
}

/* The cursor starts at round-to-nearest. */
static void move_step(Session *session, int step)
{
    LatticeStep steps[LATTICE_STEPS];
    size_t *cursor = &session->scene.chart_cursor[PANEL_ERROR];
    const TwoWeights *pair = scene_pair(&session->scene, scene_layer(&session->scene));
    if (!pair)
        session_tell(session, "no codes to show yet: the layer is solved first");
    else
        *cursor = action_step(*cursor == SIZE_MAX ? 0 : *cursor, lattice_steps(steps, pair), step);
}

void act_chart_cursor(Session *session, int direction)
{
    Scene *scene = &session->scene;
    if (lesson_has_choice(scene)) {
        lesson_choose(scene, direction);
        return;
    }
    if (shows_lattice(scene)) {
        move_step(session, direction);
        return;
    }
    if (shows_changed(scene)) {
        move_image(session, direction);
        return;
    }
    if (shows_budget(scene)) {
        budget_step(session, direction);
        return;
    }
    const size_t point = screen_next_point(&session->canvas, scene, scene->front, direction);
    if (point != SIZE_MAX)
        scene->chart_cursor[scene->front] = point;
    else if (scene->chart_cursor[scene->front] == SIZE_MAX)
        session_tell(session, "no points here: Tab goes to a chart, v to its next page");
    else
        session_tell(session, direction < 0 ? "this is the first point" : "this is the last point");
}

/* --- overlays --------------------------------------------------------------------------------------- */

void action_show_overlay(Session *session, OverlayKind overlay)
{
    session->scene.overlay = overlay;
    session->scene.overlay_first = session->scene.overlay_cursor = 0;
}

void action_return_to(Session *session, size_t index)
{
    if (index >= action_visited_count(session)) return;
    Message message = {0};
    const VisitedPlan *visited = session->snapshot->visited[index];
    if (plan_equal(visited->plan, session->scene.plan)) {
        session_tell(session, "plan %zu is the present plan already", visited->number);
        return;
    }
    Status status = history_push(session->workspace->history, visited->plan, &message);
    if (status != STATUS_OK) {
        session_fail(session, status, &message);
        return;
    }
    session_follow_plan(session);
    session_tell(session, "back at plan %zu: u undoes", visited->number);
}

void act_enter(Session *session, int unused)
{
    (void)unused;
    const Scene *scene = &session->scene;
    const size_t point = scene->chart_cursor[PANEL_ACCURACY];
    if (lesson_awaits_answer(scene))
        lesson_answer(&session->scene);
    else if (lesson_has_choice(scene))
        action_show_step(session, lesson_chosen_step(scene));
    else if (scene->front == PANEL_ACCURACY && scene_view(scene, PANEL_ACCURACY) == VIEW_ACCURACY_PLANS &&
             point != SIZE_MAX)
        action_return_to(session, point);
    else if (shows_budget(scene))
        budget_adopt(session);
    else if (scene_layer(scene) != NO_INDEX)
        action_show_overlay(session, OVERLAY_DETAILS);
    else
        session_tell(session, "no layer is selected: the filter hides all");
}

void act_guide(Session *session, int unused)
{
    (void)unused;
    action_show_overlay(session, OVERLAY_GUIDE);
}

void act_help(Session *session, int unused)
{
    (void)unused;
    action_show_overlay(session, OVERLAY_HELP);
}

void act_close(Session *session, int unused)
{
    (void)unused;
    session->asks_bits = false;
    session->scene.overlay = OVERLAY_NONE;
}

void act_scroll(Session *session, int step)
{
    Scene *scene = &session->scene;
    const size_t limit = screen_scroll_limit(&session->canvas, scene);
    const size_t from = size_min(scene->overlay_first, limit);
    scene->overlay_first = action_step(from, limit + 1, step);
    if (scene->overlay == OVERLAY_NONE && !scene->lesson)
        session_tell(session, "L starts the lesson, whose text these keys move");
    else if (scene->overlay_first == from)
        session_tell(session, limit == 0 ? "all of the text is shown"
                              : step < 0 ? "this is the start of the text"
                                         : "this is the end of the text");
}

void act_scroll_page(Session *session, int direction)
{
    act_scroll(session, direction * (int)action_page_rows(session));
}

/* --- the lesson ------------------------------------------------------------------------------------- */

void action_show_step(Session *session, size_t step)
{
    session->scene.overlay_first = 0;
    lesson_set_up(&session->scene, step);
    action_show_cursor(session);
}

static void start_lesson(Session *session)
{
    const Scene *scene = &session->scene;
    Place *before = &session->before_lesson;
    *before = (Place){.layer = scene_layer(scene), .front = scene->front, .zoomed = scene->zoomed};
    memcpy(before->views, scene->views, sizeof before->views);
    action_show_step(session, scene->lesson_left ? scene->lesson_left - 1 : 0);
}

void action_end_lesson(Session *session)
{
    Scene *scene = &session->scene;
    const Place *before = &session->before_lesson;
    scene->lesson = 0;
    scene->front = before->front;
    scene->zoomed = before->zoomed;
    memcpy(scene->views, before->views, sizeof scene->views);
    for (size_t p = 0; p < PANEL_COUNT; p++) scene->chart_cursor[p] = SIZE_MAX;
    if (before->layer != NO_INDEX) layer_order_go(scene, before->layer);
    action_show_cursor(session);
    session_tell(session, "the lesson ends: the cursor is back where it was");
}

void act_lesson(Session *session, int unused)
{
    (void)unused;
    if (session->scene.lesson)
        action_end_lesson(session);
    else
        start_lesson(session);
}

/* scene.lesson counts from 1; 0: there is none. */
void act_lesson_step(Session *session, int direction)
{
    const size_t step = session->scene.lesson;
    if (step == 0)
        session_tell(session, "L starts the lesson");
    else if (direction > 0 && step == lesson_step_count())
        session_tell(session, "this was the lesson's last step: L ends it");
    else if (direction < 0 && step == 1)
        session_tell(session, "this is the first step");
    else
        action_show_step(session, direction > 0 ? step : step - 2);
}
