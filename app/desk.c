#include "app/desk.h"

#include "base/printable.h"
#include "base/sizes.h"
#include "views/layer_order.h"
#include "views/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------------------ */

static void put_notice(Desk *desk, bool bad, const char *format, va_list arguments)
{
    vsnprintf(desk->scene.notice, sizeof desk->scene.notice, format, arguments);
    desk->scene.notice_bad = bad;
}

/* What went wrong stands until a key is pressed. */
void desk_tell(Desk *desk, const char *format, ...)
{
    if (desk->scene.notice_bad && desk->scene.notice[0]) return;
    va_list arguments;
    va_start(arguments, format);
    put_notice(desk, false, format, arguments);
    va_end(arguments);
}

void desk_warn(Desk *desk, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_notice(desk, true, format, arguments);
    va_end(arguments);
}

void desk_fail(Desk *desk, Status status, const Message *message)
{
    desk_warn(desk, "%s", message->text);
    if (status == STATUS_MEMORY) desk->lost = *message;
}

void desk_lose(Desk *desk, const Message *message)
{
    desk_warn(desk, "%s", message->text);
    desk->lost = *message;
}

void desk_ask(Desk *desk, Question question, const char *format, ...)
{
    char raw[sizeof desk->question_text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    printable_copy(desk->question_text, sizeof desk->question_text, raw);
    desk->question = question;
    desk->scene.question = desk->question_text;
    desk->scene.overlay = OVERLAY_QUESTION;
}

/* --- scene ------------------------------------------------------------------------------------------ */

static void clear_cursors(Scene *scene)
{
    for (size_t p = 0; p < PANEL_COUNT; p++) scene->chart_cursor[p] = SIZE_MAX;
}

static void follow_history(Desk *desk)
{
    Scene *scene = &desk->scene;
    const History *history = desk->study->history;
    scene->plan = history_plan(history);
    scene->undo_count = history_undo_count(history);
    scene->redo_count = history_redo_count(history);
    layer_order_update(scene);
}

/* The scene of a study that was just opened. What the person chose for the screen stays. */
static Status set_scene(Desk *desk, Study *study, Message *message)
{
    const size_t layers = study->session.network->layer_count;
    size_t *order = calloc(size_max(layers, 1), sizeof *order);
    bool *marked = calloc(size_max(layers, 1), sizeof *marked);
    if (!order || !marked) {
        free(order);
        free(marked);
        return status_no_memory(message, "the layers' table");
    }
    Scene *scene = &desk->scene;
    free(scene->order);
    free(scene->marked);
    scene->network = study->session.network;
    scene->title = study->title;
    scene->images_title = "";
    scene->snapshot = NULL;
    scene->order = order;
    scene->marked = marked;
    scene->marked_count = scene->order_count = scene->cursor = scene->first = 0;
    scene->filter[0] = 0;
    scene->overlay = OVERLAY_NONE;
    scene->paused = false;
    scene->stream_count = 0;
    clear_cursors(scene);
    return STATUS_OK;
}

static void drop_snapshot(Desk *desk)
{
    snapshot_drop(desk->snapshot);
    desk->snapshot = NULL;
    desk->scene.snapshot = NULL;
}

/* --- opening ---------------------------------------------------------------------------------------- */

/* Takes `study` over, in any case. */
static Status install(Desk *desk, Study *study, Message *message)
{
    Status status = set_scene(desk, study, message);
    if (status != STATUS_OK) {
        study_close(study);
        return status;
    }
    drop_snapshot(desk);
    study_close(desk->study);
    desk->study = study;
    follow_history(desk);
    return STATUS_OK;
}

Status desk_start(Desk *desk, Message *message)
{
    return study_start(desk->study, message);
}

Status desk_open(Desk *desk, const Options *options, Message *message)
{
    size_t lines = 0;
    Study *study;
    *desk =
        (Desk){.options = options, .help = key_help_create(&lines), .canvas = {.unicode = !options->ascii}};
    if (!desk->help) return status_no_memory(message, "the help");
    desk->scene = (Scene){.help = desk->help, .help_count = lines, .mouse = !options->no_mouse};
    Status status = study_open(&study, options, NULL, message);
    return status == STATUS_OK ? install(desk, study, message) : status;
}

void desk_close(Desk *desk)
{
    drop_snapshot(desk);
    study_close(desk->study);
    free(desk->scene.order);
    free(desk->scene.marked);
    free(desk->help);
    canvas_free(&desk->canvas);
    *desk = (Desk){0};
}

Status desk_switch(Desk *desk, const char *path, Message *message)
{
    Study *study;
    const Options options = study_other_options(desk->options);
    Status status = study_open(&study, &options, path, message);
    if (status == STATUS_OK) status = install(desk, study, message);
    return status == STATUS_OK ? desk_start(desk, message) : status;
}

Status desk_restore(Desk *desk, const char *path, Message *message)
{
    Status status = study_restore(desk->study, path, message);
    follow_history(desk);
    if (status != STATUS_OK && desk->study->worker) return status;
    drop_snapshot(desk);
    desk->scene.paused = false;
    return status;
}

Status desk_resize(Desk *desk, int rows, int columns, Message *message)
{
    return canvas_resize(&desk->canvas, rows, columns, message);
}

void desk_draw(Desk *desk)
{
    key_help_show(desk->help, desk_context(desk));
    screen_draw(&desk->canvas, &desk->scene);
}

/* --- news ------------------------------------------------------------------------------------------- */

/* Halves the points where they are full, and keeps every second from there on. */
static void thin_stream(Desk *desk)
{
    Scene *scene = &desk->scene;
    for (size_t i = 0; 2 * i < scene->stream_count; i++) {
        scene->stream_images[i] = scene->stream_images[2 * i];
        scene->stream_top1[i] = scene->stream_top1[2 * i];
    }
    scene->stream_count = (scene->stream_count + 1) / 2;
    desk->stream_step *= 2;
}

static void restart_stream(Desk *desk)
{
    desk->scene.stream_count = 0;
    desk->stream_step = 1;
    desk->stream_seen = 0;
}

static void follow_stream(Desk *desk)
{
    Scene *scene = &desk->scene;
    const Evaluation *accuracy = &desk->snapshot->accuracy;
    const double images = (double)accuracy->images;
    if (!desk->snapshot->accuracy_current || accuracy->images == 0) {
        restart_stream(desk);
        return;
    }
    double last = scene->stream_count ? scene->stream_images[scene->stream_count - 1] : 0;
    if (images < last || desk->stream_step == 0) restart_stream(desk), last = 0;
    if (images <= last || !accuracy->labelled || desk->stream_seen++ % desk->stream_step) return;
    if (scene->stream_count == ACCURACY_POINTS) thin_stream(desk);
    scene->stream_images[scene->stream_count] = images;
    scene->stream_top1[scene->stream_count++] = (double)accuracy->quantized.top1_correct / images;
}

static void take_snapshot(Desk *desk, Snapshot *snapshot)
{
    snapshot_drop(desk->snapshot);
    desk->snapshot = snapshot;
    desk->scene.snapshot = snapshot;
    if (snapshot->activity != ACTIVITY_OPENING) desk->scene.images_title = desk->study->images_title;
    follow_stream(desk);
    layer_order_update(&desk->scene);
}

static void take_notice(Desk *desk, const WorkerNews *news)
{
    switch (news->kind) {
    case NEWS_TOLD:
        desk_tell(desk, "%s", news->notice.text);
        break;
    case NEWS_FAILED:
        desk_warn(desk, "%s", news->notice.text);
        break;
    case NEWS_LOST:
        desk_lose(desk, &news->notice);
    }
}

bool desk_take_news(Desk *desk)
{
    WorkerNews news;
    worker_take(&news, desk->study->worker);
    if (news.snapshot) take_snapshot(desk, news.snapshot);
    if (news.notice.text[0]) take_notice(desk, &news);
    return news.snapshot || news.notice.text[0];
}

void desk_follow_plan(Desk *desk)
{
    Message message;
    follow_history(desk);
    Status status = worker_pursue(desk->study->worker, desk->scene.plan, &message);
    if (status != STATUS_OK) desk_fail(desk, status, &message);
}

/* --- what is in front ------------------------------------------------------------------------------- */

KeyContext desk_context(const Desk *desk)
{
    static const KeyContext overlays[] = {[OVERLAY_NONE] = KEYS_PANELS,
                                          [OVERLAY_DETAILS] = KEYS_DETAILS,
                                          [OVERLAY_HELP] = KEYS_HELP,
                                          [OVERLAY_VISITS] = KEYS_VISITS,
                                          [OVERLAY_QUESTION] = KEYS_QUESTION};
    if (desk->scene.prompt) return KEYS_PROMPT;
    return desk->asks_width ? KEYS_WIDTH : overlays[desk->scene.overlay];
}
