/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "app/explorer/prompt.h"
#include "base/sizes.h"
#include "views/canvas/character.h"
#include "views/layer_order.h"
#include "views/screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OVERLAY_MARGIN 6 /* header, footer, frame, and two rows that are seen on both pages */

/* --- moving ----------------------------------------------------------------------------------------- */

size_t action_page_rows(const Session *session)
{
    size_t rows = 1;
    if (session->scene.overlay == OVERLAY_NONE)
        rows = screen_layer_rows(&session->canvas, &session->scene);
    else if (session->canvas.rows > OVERLAY_MARGIN)
        rows = (size_t)(session->canvas.rows - OVERLAY_MARGIN);
    return size_max(rows, 1);
}

size_t action_step(size_t from, size_t count, int step)
{
    if (count == 0) return 0;
    if (step < 0) return from - size_min(from, (size_t) - (long)step);
    return size_min(from + (size_t)step, count - 1);
}

void action_show_cursor(Session *session)
{
    Scene *scene = &session->scene;
    const size_t rows = action_page_rows(session);
    if (scene->cursor < scene->first) scene->first = scene->cursor;
    if (scene->cursor >= scene->first + rows) scene->first = scene->cursor - rows + 1;
}

static void move_layers(Session *session, int step)
{
    Scene *scene = &session->scene;
    const size_t from = scene->cursor;
    scene->cursor = action_step(from, scene->order_count, step);
    action_show_cursor(session);
    if (scene->order_count == 0)
        session_tell(session, "no layer is shown: the filter hides all");
    else if (scene->cursor == from)
        session_tell(session, step < 0 ? "this is the first layer shown" : "this is the last layer shown");
}

void act_move(Session *session, int step)
{
    Scene *scene = &session->scene;
    if (scene->overlay != OVERLAY_VISITS) {
        move_layers(session, step);
        return;
    }
    action_move_visited(session, step);
}

void act_move_page(Session *session, int direction)
{
    act_move(session, direction * (int)action_page_rows(session));
}

static void go_to(Session *session, size_t layer)
{
    layer_order_go(&session->scene, layer);
    action_show_cursor(session);
}

static size_t largest_error(const Snapshot *snapshot)
{
    size_t worst = NO_INDEX;
    for (size_t l = 0; l < snapshot->layer_count; l++) {
        const double error = layer_error(&snapshot->layers[l]);
        if (!isnan(error) && (worst == NO_INDEX || error > layer_error(&snapshot->layers[worst]))) worst = l;
    }
    return worst;
}

/* By the rung that the table shows, or by the reconstruction error until the bound is known. */
void act_worst(Session *session, int unused)
{
    (void)unused;
    const Snapshot *snapshot = session->snapshot;
    if (!snapshot) {
        session_tell(session, "no layer's cost is known yet");
        return;
    }
    const Ladder *ladder = scene_ladder(&session->scene);
    const Rung rung = session->scene.rung;
    const size_t costliest = ladder ? rung_costliest(ladder, rung) : NO_INDEX;
    const bool bounded = costliest != NO_INDEX;
    const size_t worst = bounded ? costliest : largest_error(snapshot);
    if (ladder && isinf(rung_bound(ladder, rung))) {
        session_tell(session, "the %s bound is not finite: R shows the shares of another bound",
                     rung_name(rung));
        return;
    }
    if (worst == NO_INDEX) {
        session_tell(session, "no layer's cost is known yet");
        return;
    }
    const ShortName name = character_short_name(session->scene.network->layers[worst].name);
    go_to(session, worst);
    if (scene_layer(&session->scene) != worst)
        session_tell(session, "'%s' costs most, but the filter hides it", name.text);
    else if (bounded)
        session_tell(session, "'%s' costs most: %.1f %% of the %s bound", name.text,
                     100 * rung_share(ladder, rung, worst), rung_name(rung));
    else
        session_tell(session, "'%s' has the largest reconstruction error", name.text);
}

/* --- marks ------------------------------------------------------------------------------------------ */

static void set_mark(Scene *scene, size_t layer, bool mark)
{
    if (scene->marked[layer] == mark) return;
    scene->marked[layer] = mark;
    scene->marked_count += mark ? 1 : (size_t)-1;
}

void act_mark(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    const size_t layer = scene_layer(scene);
    if (layer != NO_INDEX) set_mark(scene, layer, !scene->marked[layer]);
    if (scene->cursor + 1 < scene->order_count || layer == NO_INDEX) move_layers(session, 1);
}

/* Puts the marks into session->last_marked, if there are any. */
static void keep_marks(Session *session)
{
    const Scene *scene = &session->scene;
    if (scene->marked_count)
        memcpy(session->last_marked, scene->marked, scene->network->layer_count * sizeof *scene->marked);
}

static void clear_marks(Session *session)
{
    keep_marks(session);
    for (size_t l = 0; l < session->scene.network->layer_count; l++) set_mark(&session->scene, l, false);
}

void act_last_marks(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    size_t count = 0;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const bool marked = session->last_marked[l];
        session->last_marked[l] = scene->marked[l];
        set_mark(scene, l, marked);
        count += marked;
    }
    if (count == 0 && scene->marked_count == 0)
        session_tell(session, "no marks to bring back: Space marks a layer, * all that are shown");
    else
        session_tell(session, "marked the last selection again: %zu layer%s", count, count == 1 ? "" : "s");
}

void act_mark_all(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    bool all = true;
    keep_marks(session);
    if (scene->order_count == 0) session_tell(session, "no layer is shown: the filter hides all");
    for (size_t i = 0; i < scene->order_count; i++) all &= scene->marked[scene->order[i]];
    for (size_t i = 0; i < scene->order_count; i++) set_mark(scene, scene->order[i], !all);
}

/* --- order and filter -------------------------------------------------------------------------------- */

void action_sort_by(Session *session, SortKey sort)
{
    Scene *scene = &session->scene;
    scene->sort = sort;
    scene->descending =
        sort == SORT_ERROR || sort == SORT_SHARE || sort == SORT_SHARE_PER_KIB || sort == SORT_SIZE;
    layer_order_update(scene);
    action_show_cursor(session);
}

static void tell_order(Session *session)
{
    static const char *const names[SORT_COUNT] = {[SORT_INDEX] = "position in the network",
                                                  [SORT_NAME] = "name",
                                                  [SORT_WEIGHT_BITS] = "weight bits",
                                                  [SORT_ACTIVATION_BITS] = "activation bits",
                                                  [SORT_ERROR] = "reconstruction error",
                                                  [SORT_SHARE] = "share of the bound",
                                                  [SORT_SHARE_PER_KIB] = "share of the bound per KiB",
                                                  [SORT_SIZE] = "size"};
    const Scene *scene = &session->scene;
    session_tell(session, "sorted by %s, %s", names[scene->sort],
                 scene->descending ? "descending" : "ascending");
}

void act_sort(Session *session, int unused)
{
    (void)unused;
    action_sort_by(session, (SortKey)((session->scene.sort + 1) % SORT_COUNT));
    tell_order(session);
}

void act_rung(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    scene->rung = (Rung)((scene->rung + 1) % RUNG_COUNT);
    layer_order_update(scene);
    action_show_cursor(session);
    session_tell(session, "the table shows shares of the %s bound, and w goes by them",
                 rung_name(scene->rung));
}

void act_reverse(Session *session, int unused)
{
    (void)unused;
    session->scene.descending = !session->scene.descending;
    layer_order_update(&session->scene);
    action_show_cursor(session);
    tell_order(session);
}

static void set_filter(Session *session, const char *filter)
{
    snprintf(session->scene.filter, sizeof session->scene.filter, "%s", filter);
    layer_order_update(&session->scene);
    action_show_cursor(session);
}

static void restore_filter(Session *session)
{
    set_filter(session, session->kept_filter);
    if (session->kept_layer != NO_INDEX) go_to(session, session->kept_layer);
}

void act_filter(Session *session, int unused)
{
    static const Prompt prompt = {.label = "filter",
                                  .hint =
                                      "part of a name, fc*, op:Conv, shape:3x3, bits:2-4, act:8, method:gptq",
                                  .typed = set_filter,
                                  .abandoned = restore_filter};
    (void)unused;
    memcpy(session->kept_filter, session->scene.filter, sizeof session->kept_filter);
    session->kept_layer = scene_layer(&session->scene);
    prompt_start(session, &prompt, session->scene.filter);
}

void act_escape(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    if (scene->chart_cursor[scene->front] != SIZE_MAX) {
        scene->chart_cursor[scene->front] = SIZE_MAX;
    } else if (scene->lesson) {
        action_end_lesson(session);
    } else if (scene->filter[0]) {
        set_filter(session, "");
    } else if (scene->marked_count) {
        clear_marks(session);
        session_tell(session, ". brings the marks back");
    } else if (scene->zoomed) {
        scene->zoomed = false;
    } else {
        session_tell(session, "nothing to clear: q quits");
    }
}
