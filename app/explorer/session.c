/* SPDX-License-Identifier: MIT */
#include "app/explorer/session.h"

#include "app/cli/remedy.h"
#include "base/printable.h"
#include "base/sizes.h"
#include "views/layer_order.h"
#include "views/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------------------ */

static void put_notice(Session *session, bool bad, const char *format, va_list arguments)
{
    vsnprintf(session->scene.notice, sizeof session->scene.notice, format, arguments);
    session->scene.notice_bad = bad;
}

/* What went wrong stands until a key is pressed. */
void session_tell(Session *session, const char *format, ...)
{
    if (session->scene.notice_bad && session->scene.notice[0]) return;
    va_list arguments;
    va_start(arguments, format);
    put_notice(session, false, format, arguments);
    va_end(arguments);
}

void session_warn(Session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_notice(session, true, format, arguments);
    va_end(arguments);
}

void session_fail(Session *session, Status status, const Message *message)
{
    Message said = *message;
    remedy_add(&said, session->options);
    session_warn(session, "%s", said.text);
    if (status == STATUS_MEMORY) session->lost = said;
}

void session_lose(Session *session, const Message *message)
{
    session_fail(session, STATUS_OK, message);
    session->lost = *message;
    remedy_add(&session->lost, session->options);
}

void session_ask(Session *session, Answer *answer, const char *path, const char *format, ...)
{
    char raw[sizeof session->question];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    printable_copy(session->question, sizeof session->question, raw);
    snprintf(session->path, sizeof session->path, "%s", path);
    session->answer = answer;
    session->scene.question = session->question;
    session->scene.overlay = OVERLAY_QUESTION;
}

/* --- scene ------------------------------------------------------------------------------------------ */

static void clear_cursors(Scene *scene)
{
    for (size_t p = 0; p < PANEL_COUNT; p++) scene->chart_cursor[p] = SIZE_MAX;
}

static void follow_history(Session *session)
{
    Scene *scene = &session->scene;
    const History *history = session->workspace->history;
    scene->plan = history_plan(history);
    scene->undo_count = history_undo_count(history);
    scene->redo_count = history_redo_count(history);
    layer_order_update(scene);
}

/* The scene of a workspace that was just opened. What the person chose for the screen stays. */
static Status set_scene(Session *session, Workspace *workspace, Message *message)
{
    const size_t layers = workspace->inputs.network->layer_count;
    size_t *order = calloc(size_max(layers, 1), sizeof *order);
    bool *marked = calloc(size_max(layers, 1), sizeof *marked);
    bool *last_marked = calloc(size_max(layers, 1), sizeof *last_marked);
    if (!order || !marked || !last_marked) {
        free(order);
        free(marked);
        free(last_marked);
        return status_no_memory(message, "the layers' table");
    }
    Scene *scene = &session->scene;
    free(scene->order);
    free(scene->marked);
    free(session->last_marked);
    session->last_marked = last_marked;
    scene->network = workspace->inputs.network;
    scene->title = workspace->title;
    scene->images_title = "";
    scene->class_names = workspace->inputs.class_names;
    scene->class_count = workspace->inputs.class_count;
    scene->snapshot = NULL;
    scene->order = order;
    scene->marked = marked;
    scene->marked_count = scene->order_count = scene->cursor = scene->first = 0;
    scene->filter[0] = 0;
    scene->overlay = OVERLAY_NONE;
    scene->paused = false;
    scene->stream_count = 0;
    clear_cursors(scene);
    budget_forget(session);
    return STATUS_OK;
}

static void drop_pinned(Session *session)
{
    snapshot_drop(session->pinned);
    session->pinned = NULL;
    session->scene.pinned = NULL;
}

static void drop_snapshot(Session *session)
{
    drop_pinned(session);
    snapshot_drop(session->snapshot);
    session->snapshot = NULL;
    session->scene.snapshot = NULL;
    session->scene.notes = NULL;
    session->scene.note_count = 0;
    session->scene.has_visited_mark = false;
}

/* --- opening ---------------------------------------------------------------------------------------- */

/* Takes `workspace` over, in any case. */
static Status install(Session *session, Workspace *workspace, Message *message)
{
    Status status = set_scene(session, workspace, message);
    if (status != STATUS_OK) {
        workspace_close(workspace);
        return status;
    }
    drop_snapshot(session);
    workspace_close(session->workspace);
    session->workspace = workspace;
    follow_history(session);
    return STATUS_OK;
}

Status session_start(Session *session, Message *message)
{
    return workspace_start(session->workspace, message);
}

Status session_open(Session *session, const Options *options, Message *message)
{
    size_t lines = 0;
    Workspace *workspace;
    *session = (Session){
        .options = options, .help = key_help_create(&lines), .canvas = {.unicode = !options->ascii}};
    if (!session->help) return status_no_memory(message, "the help");
    session->scene = (Scene){.help = session->help, .help_count = lines, .mouse = !options->no_mouse};
    Status status = workspace_open(&workspace, options, NULL, message);
    return status == STATUS_OK ? install(session, workspace, message) : status;
}

void session_close(Session *session)
{
    budget_forget(session);
    drop_snapshot(session);
    workspace_close(session->workspace);
    free(session->scene.order);
    free(session->scene.marked);
    free(session->last_marked);
    free(session->help);
    canvas_free(&session->canvas);
    *session = (Session){0};
}

Status session_switch(Session *session, const char *path, Message *message)
{
    Workspace *workspace;
    const Options options = workspace_other_options(session->options);
    Status status = workspace_open(&workspace, &options, path, message);
    if (status == STATUS_OK) status = install(session, workspace, message);
    return status == STATUS_OK ? session_start(session, message) : status;
}

Status session_restore(Session *session, const char *path, Message *message)
{
    Status status = workspace_restore(session->workspace, path, message);
    follow_history(session);
    if (status != STATUS_OK && session->workspace->worker) return status;
    drop_snapshot(session);
    session->scene.paused = false;
    return status;
}

Status session_resize(Session *session, int rows, int columns, Message *message)
{
    return canvas_resize(&session->canvas, rows, columns, message);
}

void session_draw(Session *session)
{
    key_help_show(session->help, session_context(session));
    screen_draw(&session->canvas, &session->scene);
}

/* --- news ------------------------------------------------------------------------------------------- */

/* Halves the points where they are full, and keeps every second from there on. */
static void thin_stream(Session *session)
{
    Scene *scene = &session->scene;
    for (size_t i = 0; 2 * i < scene->stream_count; i++) {
        scene->stream_images[i] = scene->stream_images[2 * i];
        scene->stream_top1[i] = scene->stream_top1[2 * i];
    }
    scene->stream_count = (scene->stream_count + 1) / 2;
    session->stream_step *= 2;
}

static void restart_stream(Session *session)
{
    session->scene.stream_count = 0;
    session->stream_step = 1;
    session->stream_seen = 0;
}

static void follow_stream(Session *session)
{
    Scene *scene = &session->scene;
    const Evaluation *accuracy = &session->snapshot->accuracy;
    const double images = (double)accuracy->images;
    if (!session->snapshot->accuracy_current || accuracy->images == 0) {
        restart_stream(session);
        return;
    }
    double last = scene->stream_count ? scene->stream_images[scene->stream_count - 1] : 0;
    if (images < last || session->stream_step == 0) restart_stream(session), last = 0;
    const bool classifies = accuracy->task == TASK_CLASSIFY;
    const double figure = accuracy->figures[1][task_headline(accuracy->task)];
    if (images <= last || !(classifies ? accuracy->labelled : figure >= 0) ||
        session->stream_seen++ % session->stream_step)
        return;
    if (scene->stream_count == ACCURACY_POINTS) thin_stream(session);
    scene->stream_images[scene->stream_count] = images;
    scene->stream_top1[scene->stream_count++] =
        classifies ? (double)accuracy->quantized.top1_correct / images : figure;
}

static void follow_notes(Session *session)
{
    Message message = {0};
    PlanNotes *notes = &session->workspace->notes;
    Status status = plan_notes_follow(notes, &session->workspace->restored, session->snapshot, &message);
    if (status != STATUS_OK) session_fail(session, status, &message);
    session->scene.notes = notes->notes;
    session->scene.note_count = notes->count;
}

static size_t layers_solved(const Snapshot *snapshot)
{
    size_t count = 0;
    for (size_t l = 0; l < snapshot->layer_count; l++) count += snapshot->layers[l].state == LAYER_SOLVED;
    return count;
}

static bool knows_more(const Snapshot *newer, const Snapshot *older)
{
    return layers_solved(newer) >= layers_solved(older) && newer->ladder_current >= older->ladder_current;
}

/* Of the pinned plan, the newest snapshot that knows all that older ones do is held. */
void session_follow_pin(Session *session)
{
    Snapshot *newest = session->snapshot;
    const size_t index = plan_notes_pinned(&session->workspace->notes);
    const bool pinned = newest && index < newest->visited_count;
    const Plan *plan = pinned ? newest->visited[index]->plan : NULL;
    if (session->pinned && !plan_equal(session->pinned->plan, plan)) drop_pinned(session);
    if (!pinned || !plan_equal(newest->plan, plan)) return;
    if (session->pinned && !knows_more(newest, session->pinned)) return;
    drop_pinned(session);
    session->pinned = snapshot_hold(newest);
    session->scene.pinned = newest;
}

static void take_snapshot(Session *session, Snapshot *snapshot)
{
    snapshot_drop(session->snapshot);
    session->snapshot = snapshot;
    session->scene.snapshot = snapshot;
    follow_notes(session);
    session_follow_pin(session);
    if (snapshot->activity != ACTIVITY_OPENING)
        session->scene.images_title = session->workspace->images_title;
    follow_stream(session);
    layer_order_update(&session->scene);
    budget_follow(session);
}

static void take_notice(Session *session, const WorkerNews *news)
{
    switch (news->kind) {
    case NEWS_TOLD:
        session_tell(session, "%s", news->notice.text);
        break;
    case NEWS_FAILED:
        session_warn(session, "%s", news->notice.text);
        break;
    case NEWS_LOST:
        session_lose(session, &news->notice);
    }
}

bool session_take_news(Session *session)
{
    WorkerNews news;
    worker_take(&news, session->workspace->worker);
    if (news.snapshot) take_snapshot(session, news.snapshot);
    if (news.notice.text[0]) take_notice(session, &news);
    return news.snapshot || news.notice.text[0];
}

void session_follow_plan(Session *session)
{
    follow_history(session);
    worker_pursue(session->workspace->worker, session->scene.plan);
    if (scene_view(&session->scene, PANEL_ACCURACY) == VIEW_ACCURACY_BUDGET)
        worker_foresee(session->workspace->worker, false);
    budget_follow(session);
}

/* --- what is in front ------------------------------------------------------------------------------- */

KeyContext session_context(const Session *session)
{
    static const KeyContext overlays[] = {
        [OVERLAY_NONE] = KEYS_PANELS,      [OVERLAY_DETAILS] = KEYS_DETAILS,
        [OVERLAY_GUIDE] = KEYS_GUIDE,      [OVERLAY_HELP] = KEYS_HELP,
        [OVERLAY_VISITS] = KEYS_VISITED,   [OVERLAY_DIFFERENCE] = KEYS_DIFFERENCE,
        [OVERLAY_QUESTION] = KEYS_QUESTION};
    if (session->scene.prompt) return KEYS_PROMPT;
    return session->asks_bits ? KEYS_BITS : overlays[session->scene.overlay];
}
