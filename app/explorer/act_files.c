/* SPDX-License-Identifier: MIT */
#include "app/cli/output_check.h"
#include "app/cli/path.h"
#include "app/explorer/actions.h"
#include "app/explorer/autosave.h"
#include "app/explorer/prompt.h"
#include "base/file_replace.h"
#include "base/text.h"
#include "report/export.h"
#include "views/canvas/svg.h"

#include <stdio.h>
#include <unistd.h>

/* --- exporting -------------------------------------------------------------------------------------- */

static void export_to(Session *session, const char *path)
{
    Message message = {0};
    Worker *worker = session->workspace->worker;
    const bool busy = worker_info(worker).busy;
    if (worker_export(worker, session->scene.plan, path, &message) != STATUS_OK)
        session_lose(session, &message);
    else if (busy)
        session_tell(session, "'%s' will be written when the plan's results are complete", path);
}

/* Writes a file, after a question where it exists. */
static void write_or_ask(Session *session, Answer *write, const char *path)
{
    if (access(path, F_OK) != 0)
        write(session, path);
    else
        session_ask(session, write, path, "'%s' exists. Replace it?", path);
}

static void accept_export(Session *session, const char *path)
{
    Message message = {0};
    ExportFormat format;
    if (export_format(&format, path, &message) != STATUS_OK)
        session_warn(session, "%s", message.text);
    else if (output_check(path, &message) != STATUS_OK)
        session_lose(session, &message);
    else
        write_or_ask(session, export_to, path);
}

void act_export(Session *session, int unused)
{
    static const Prompt prompt = {
        .label = "export to (.csv, .json, .onnx)", .is_path = true, .accepted = accept_export};
    char path[WORKSPACE_TITLE + 32];
    (void)unused;
    snprintf(path, sizeof path, "%s-plan.csv", session->workspace->title);
    prompt_start(session, &prompt, path);
}

/* --- saving ----------------------------------------------------------------------------------------- */

static void save_to(Session *session, const char *path)
{
    Message message = {0};
    Status status = inputs_spare_files(&session->workspace->inputs, "exploration", path, &message);
    if (status == STATUS_OK) status = workspace_save(session->workspace, session->snapshot, path, &message);
    if (status == STATUS_OK)
        session_tell(session, "saved '%s': bitstitch FILE, or o, opens it", path);
    else
        session_lose(session, &message);
}

static void accept_save(Session *session, const char *path)
{
    if (has_suffix(path, ".json"))
        write_or_ask(session, save_to, path);
    else
        session_warn(session, "'%s': end the name in .json", path);
}

void act_save(Session *session, int unused)
{
    static const Prompt prompt = {
        .label = "save the exploration to (.json)", .is_path = true, .accepted = accept_save};
    char path[WORKSPACE_TITLE + 32];
    (void)unused;
    snprintf(path, sizeof path, "%s-exploration.json", session->workspace->title);
    prompt_start(session, &prompt, path);
}

/* --- pictures of the screen ------------------------------------------------------------------------- */

Status action_write_picture(Session *session, const char *path, Message *message)
{
    Text text = {0};
    Status status = inputs_spare_files(&session->workspace->inputs, "picture", path, message);
    if (status != STATUS_OK) return status;
    const bool colors = session->canvas.colors;
    session->canvas.colors = true;
    session_draw(session);
    svg_write(&text, &session->canvas);
    session->canvas.colors = colors;
    status = text.failed ? status_no_memory(message, "a picture of the screen")
                         : file_replace(path, text.data, text.length, message);
    text_free(&text);
    return status;
}

static void picture_to(Session *session, const char *path)
{
    Message message = {0};
    if (action_write_picture(session, path, &message) == STATUS_OK)
        session_tell(session, "wrote '%s'", path);
    else
        session_lose(session, &message);
}

static void accept_picture(Session *session, const char *path)
{
    if (has_suffix(path, ".svg"))
        write_or_ask(session, picture_to, path);
    else
        session_warn(session, "'%s': end the name in .svg", path);
}

void act_picture(Session *session, int unused)
{
    static const Prompt prompt = {
        .label = "write the screen as a picture to (.svg)", .is_path = true, .accepted = accept_picture};
    char path[WORKSPACE_TITLE + 32];
    (void)unused;
    snprintf(path, sizeof path, "%s-screen.svg", session->workspace->title);
    prompt_start(session, &prompt, path);
}

/* --- opening ---------------------------------------------------------------------------------------- */

static void open_path(Session *session, const char *path)
{
    Message message = {0}, lost = {0};
    const Status kept = autosave_now(session, &lost);
    Status status = session_switch(session, path, &message);
    if (status == STATUS_OK)
        autosave_offer(session);
    else
        session_fail(session, status, &message);
    if (status == STATUS_OK && kept != STATUS_OK)
        session_warn(session, "the exploration is not saved: %s", lost.text);
}

static void accept_open(Session *session, const char *path)
{
    const size_t exports = worker_info(session->workspace->worker).exports;
    if (exports)
        session_ask(session, open_path, path, "%zu export%s not written yet. Leave without?", exports,
                    exports == 1 ? " is" : "s are");
    else
        open_path(session, path);
}

void act_open(Session *session, int unused)
{
    static const Prompt prompt = {.label = "open", .is_path = true, .accepted = accept_open};
    (void)unused;
    prompt_start(session, &prompt, "");
}

/* --- questions -------------------------------------------------------------------------------------- */

void act_answer(Session *session, int yes)
{
    Answer *answer = session->answer;
    session->answer = NULL;
    session->scene.overlay = OVERLAY_NONE;
    session->scene.question = NULL;
    if (yes && answer) answer(session, session->path);
}
