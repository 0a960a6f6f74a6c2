/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "base/sizes.h"
#include "views/screen.h"

#define WHEEL_ROWS 3

static void turn_wheel(Session *session, const Target *target, int step)
{
    const KeyContext context = session_context(session);
    if (context == KEYS_GUIDE || context == KEYS_HELP || context == KEYS_DETAILS) {
        act_scroll(session, step * WHEEL_ROWS);
    } else if (context == KEYS_VISITED) {
        act_move(session, step);
    } else if (context == KEYS_PANELS && target->kind != TARGET_NONE && target->panel != PANEL_LAYERS) {
        session->scene.front = target->panel;
        act_chart_cursor(session, step);
    } else if (context == KEYS_PANELS) {
        act_move(session, step * WHEEL_ROWS);
    }
}

/* The key whose hint was clicked; of a range of keys one must be pressed. */
static void press_hint(Session *session, size_t row)
{
    const KeyEntry *entry = &key_table[row];
    if (entry->range)
        session_tell(session, "press a key from %c to %c: %s", entry->keys[0], entry->keys[1], entry->help);
    else
        act_on_key(session, entry->keys[0]);
}

static void click(Session *session, const Target *target)
{
    Scene *scene = &session->scene;
    switch (target->kind) {
    case TARGET_PANEL:
        scene->front = target->panel;
        break;
    case TARGET_LAYER:
        scene->front = PANEL_LAYERS;
        scene->cursor = size_min(target->index, scene->order_count ? scene->order_count - 1 : 0);
        break;
    case TARGET_COLUMN:
        if (scene->overlay == OVERLAY_VISITS)
            action_sort_visited(session, (VisitedColumn)target->index);
        else if (scene->sort == (SortKey)target->index)
            act_reverse(session, 0);
        else
            action_sort_by(session, (SortKey)target->index);
        break;
    case TARGET_POINT:
        scene->front = target->panel;
        scene->chart_cursor[target->panel] = target->index;
        if (target->panel == PANEL_ACCURACY && scene_view(scene, PANEL_ACCURACY) == VIEW_ACCURACY_PLANS)
            action_return_to(session, target->index);
        break;
    case TARGET_ITEM:
        scene->overlay_cursor = target->index;
        break;
    case TARGET_HINT: /* act_on_mouse() presses it, in any context */
    case TARGET_NONE:
        break;
    }
}

void act_on_mouse(Session *session, const TerminalEvent *event)
{
    const Target target = screen_target(&session->canvas, &session->scene, event->row, event->column);
    const KeyContext context = session_context(session);
    session->scene.notice[0] = 0;
    session->scene.welcome = false;
    if (event->mouse == MOUSE_SCROLL_UP || event->mouse == MOUSE_SCROLL_DOWN) {
        turn_wheel(session, &target, event->mouse == MOUSE_SCROLL_UP ? -1 : 1);
    } else if (target.kind == TARGET_HINT) {
        press_hint(session, target.index);
    } else if (context == KEYS_PANELS || context == KEYS_VISITED) {
        click(session, &target);
        if (event->mouse == MOUSE_DOUBLE && (target.kind == TARGET_LAYER || target.kind == TARGET_ITEM))
            act_on_key(session, KEYCODE_ENTER);
    }
}
