/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"
#include "app/explorer/prompt.h"
#include "base/sizes.h"
#include "views/overlays/overlays.h"
#include "views/visited_order.h"
#include "views/visited_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t action_visited_count(const Session *session)
{
    return session->snapshot ? session->snapshot->visited_count : 0;
}

/* --- the cursor --------------------------------------------------------------------------------------- */

/* The cursor goes to the plan `step` rows away from where it is; where its plan is not shown any more, to the
 * first row. False where it stays on its plan. */
static bool move_cursor(Session *session, int step)
{
    Scene *scene = &session->scene;
    size_t count, row = 0, *order = visited_order(&count, scene);
    const size_t from = scene->overlay_cursor;
    while (row < count && order[row] != from) row++;
    row = row < count ? action_step(row, count, step) : 0;
    if (count > 0) scene->overlay_cursor = order[row];
    free(order);
    return scene->overlay_cursor != from;
}

void action_move_visited(Session *session, int step)
{
    if (!move_cursor(session, step))
        session_tell(session, step < 0 ? "this is the list's first plan" : "this is the list's last plan");
}

/* The plan under the cursor. False where the list shows none, which is told. */
static bool find_selected(size_t *index, Session *session)
{
    size_t count, *order = visited_order(&count, &session->scene);
    free(order);
    *index = session->scene.overlay_cursor;
    if (count == 0) session_tell(session, "the list shows no plan: f shows all");
    return count > 0 && *index < action_visited_count(session);
}

/* --- going there and back ------------------------------------------------------------------------------ */

void act_visited(Session *session, int unused)
{
    (void)unused;
    if (action_visited_count(session) == 0) {
        session_tell(session, "no plan has been visited yet");
        return;
    }
    action_show_overlay(session, OVERLAY_VISITS);
    if (session->snapshot->visit != NO_INDEX) session->scene.overlay_cursor = session->snapshot->visit;
    move_cursor(session, 0);
}

void act_return_to_visited(Session *session, int unused)
{
    (void)unused;
    size_t index;
    if (!find_selected(&index, session)) return;
    session->scene.overlay = OVERLAY_NONE;
    action_return_to(session, index);
}

void act_difference(Session *session, int unused)
{
    (void)unused;
    size_t index;
    Scene *scene = &session->scene;
    if (!find_selected(&index, session)) return;
    const bool to_itself = scene->has_visited_mark
                               ? scene->visited_mark == index
                               : plan_equal(session->snapshot->visited[index]->plan, scene->plan);
    if (to_itself) {
        session_tell(session, scene->has_visited_mark
                                  ? "this is the marked plan: move to the plan to compare it with"
                                  : "this is the current plan: Space marks it, then d on another plan");
        return;
    }
    scene->overlay = OVERLAY_DIFFERENCE;
    scene->overlay_first = 0;
}

void act_back_to_visited(Session *session, int unused)
{
    (void)unused;
    session->scene.overlay = OVERLAY_VISITS;
    session->scene.overlay_first = 0;
}

/* --- order and filter --------------------------------------------------------------------------------- */

/* Numbers that are better when large are shown from the largest on, costs and texts from the smallest. */
static bool starts_descending(VisitedColumn column)
{
    return column == VISITED_SCORE || column == VISITED_CHANGE || column == VISITED_CERTIFIED;
}

static void tell_order(Session *session)
{
    session_tell(session, "sorted by %s, %s", visited_column_name(session->scene.visited_sort),
                 session->scene.visited_descending ? "descending" : "ascending");
}

void action_sort_visited(Session *session, VisitedColumn column)
{
    Scene *scene = &session->scene;
    scene->visited_descending =
        scene->visited_sort == column ? !scene->visited_descending : starts_descending(column);
    scene->visited_sort = column;
    tell_order(session);
}

void act_visited_sort(Session *session, int unused)
{
    (void)unused;
    action_sort_visited(session, (VisitedColumn)((session->scene.visited_sort + 1) % VISITED_COLUMNS));
}

void act_visited_reverse(Session *session, int unused)
{
    (void)unused;
    session->scene.visited_descending = !session->scene.visited_descending;
    tell_order(session);
}

void act_visited_filter(Session *session, int unused)
{
    (void)unused;
    Scene *scene = &session->scene;
    scene->visited_evaluated_only = !scene->visited_evaluated_only;
    move_cursor(session, 0);
    session_tell(session, scene->visited_evaluated_only ? "only plans that were evaluated" : "all plans");
}

/* --- what a person says ------------------------------------------------------------------------------- */

/* Cuts a line to `room` bytes, between two characters. */
static void copy_line(char *to, size_t room, const char *line)
{
    size_t length = size_min(strlen(line), room - 1);
    while (line[length] && length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80) length--;
    memcpy(to, line, length);
    to[length] = 0;
}

static void accept_name(Session *session, const char *line)
{
    PlanNote *note = plan_notes_edit(&session->workspace->notes, session->scene.overlay_cursor);
    if (note) copy_line(note->name, sizeof note->name, line);
}

static void accept_note(Session *session, const char *line)
{
    PlanNote *note = plan_notes_edit(&session->workspace->notes, session->scene.overlay_cursor);
    if (note) copy_line(note->note, sizeof note->note, line);
}

void act_visited_name(Session *session, int unused)
{
    static const Prompt prompt = {.label = "name", .accepted = accept_name, .may_be_empty = true};
    (void)unused;
    size_t index;
    if (find_selected(&index, session))
        prompt_start(session, &prompt, visited_note(&session->scene, index)->name);
}

void act_visited_note(Session *session, int unused)
{
    static const Prompt prompt = {.label = "note", .accepted = accept_note, .may_be_empty = true};
    (void)unused;
    size_t index;
    if (find_selected(&index, session))
        prompt_start(session, &prompt, visited_note(&session->scene, index)->note);
}

void act_visited_mark(Session *session, int unused)
{
    (void)unused;
    size_t index;
    Scene *scene = &session->scene;
    if (!find_selected(&index, session)) return;
    scene->has_visited_mark = !(scene->has_visited_mark && scene->visited_mark == index);
    scene->visited_mark = index;
    if (scene->has_visited_mark)
        session_tell(session, "%s is marked: d on another plan shows the difference",
                     visited_label(scene, index).text);
    else
        session_tell(session, "no plan is marked: d compares with the current plan");
}

/* --- the pin ------------------------------------------------------------------------------------------ */

static void toggle_pin(Session *session, size_t index)
{
    PlanNotes *notes = &session->workspace->notes;
    const Figure label = visited_label(&session->scene, index);
    const bool pinned = plan_notes_pinned(notes) == index;
    plan_notes_pin(notes, pinned ? NO_INDEX : index);
    session_follow_pin(session);
    if (pinned)
        session_tell(session, "%s is not pinned any more", label.text);
    else if (session->pinned)
        session_tell(session, "%s is pinned: every chart shows it beside the plans to come", label.text);
    else
        session_tell(session, "%s is pinned: return to it once, so that charts know its layers", label.text);
}

void act_pin(Session *session, int unused)
{
    (void)unused;
    const Scene *scene = &session->scene;
    for (size_t i = 0; i < action_visited_count(session); i++)
        if (plan_equal(scene->snapshot->visited[i]->plan, scene->plan)) {
            toggle_pin(session, i);
            return;
        }
    session_tell(session, "the current plan is not solved yet: it can be pinned once it is");
}

void act_visited_pin(Session *session, int unused)
{
    (void)unused;
    size_t index;
    if (find_selected(&index, session)) toggle_pin(session, index);
}

/* --- deleting ----------------------------------------------------------------------------------------- */

void act_visited_delete(Session *session, int unused)
{
    (void)unused;
    size_t index;
    Scene *scene = &session->scene;
    if (!find_selected(&index, session)) return;
    const Figure label = visited_label(scene, index);
    if (index == session->snapshot->visit ||
        plan_equal(session->snapshot->visited[index]->plan, scene->plan)) {
        session_tell(session, "%s is the current plan: return to another one first", label.text);
        return;
    }
    if (visited_note(scene, index)->pinned) {
        session_tell(session, "%s is pinned: y takes the pin away first", label.text);
        return;
    }
    PlanNote *note = plan_notes_edit(&session->workspace->notes, index);
    if (!note) return;
    if (!move_cursor(session, 1)) move_cursor(session, -1);
    note->deleted = true;
    session->deleted = index;
    if (scene->has_visited_mark && scene->visited_mark == index) scene->has_visited_mark = false;
    session_tell(session, "%s is deleted: u brings it back", label.text);
}

/* The plan deleted last, or else any other that is deleted. */
void act_visited_undelete(Session *session, int unused)
{
    (void)unused;
    PlanNotes *notes = &session->workspace->notes;
    size_t index = session->deleted < notes->count && notes->notes[session->deleted].deleted
                       ? session->deleted
                       : notes->count;
    for (size_t i = 0; index == notes->count && i < notes->count; i++)
        if (notes->notes[i].deleted) index = i;
    PlanNote *note = plan_notes_edit(notes, index);
    if (!note) {
        session_tell(session, "no plan is deleted");
        return;
    }
    note->deleted = false;
    session->scene.overlay_cursor = index;
    move_cursor(session, 0);
    session_tell(session, "%s is back", visited_label(&session->scene, index).text);
}
