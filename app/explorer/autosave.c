/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/explorer/autosave.h"

#include "app/cli/state_folder.h"
#include "app/explorer/session.h"
#include "base/file_replace.h"
#include "base/seconds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_BETWEEN 60

/* --- where ------------------------------------------------------------------------------------------ */

/* The path of the saved exploration, malloc'ed; NULL: none. */
static char *kept_path(const Session *session)
{
    return state_path("%s.json", session->workspace->inputs.network->sha256);
}

/* --- whether ---------------------------------------------------------------------------------------- */

static size_t count_figures(const Snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; snapshot && i < snapshot->visited_count; i++)
        count += (size_t)snapshot->visited[i]->evaluated + (size_t)snapshot->visited[i]->bounded;
    return count;
}

static Autosave state_of(const Session *session)
{
    Autosave state = session->kept;
    plan_hash(state.plan, session->scene.plan);
    state.visited = session->snapshot ? session->snapshot->visited_count : 0;
    state.figures = count_figures(session->snapshot);
    state.note_edits = session->workspace->notes.edits;
    return state;
}

/* A plan that was never edited, and of which nothing was said, is not saved. */
static bool is_worth_saving(const Session *session, const Autosave *state)
{
    const Autosave *kept = &session->kept;
    const bool edited = session->scene.undo_count + session->scene.redo_count > 0 || state->note_edits > 0;
    const bool changed = strcmp(state->plan, kept->plan) != 0 || state->visited != kept->visited ||
                         state->figures != kept->figures || state->note_edits != kept->note_edits;
    return session->kept.on && edited && changed;
}

/* --- saving ---------------------------------------------------------------------------------------- */

Status autosave_now(Session *session, Message *message)
{
    const Autosave state = state_of(session);
    if (!is_worth_saving(session, &state)) return STATUS_OK;
    char *path = kept_path(session);
    if (!path) return status_fail(message, STATUS_IO, "neither XDG_STATE_HOME nor HOME is set");
    Status status = state_make_folders(path, message);
    if (status == STATUS_OK) status = workspace_save(session->workspace, session->snapshot, path, message);
    if (status == STATUS_OK) session->kept = state;
    free(path);
    return status;
}

void autosave_sometimes(Session *session)
{
    Message message = {0};
    const double now = seconds_now();
    if (now - session->kept.last < SECONDS_BETWEEN) return;
    session->kept.last = now;
    if (autosave_now(session, &message) != STATUS_OK)
        session_warn(session, "the exploration is not saved: %s", message.text);
}

void autosave_settle(Session *session)
{
    session->kept = state_of(session);
    session->kept.last = seconds_now();
}

/* --- offering --------------------------------------------------------------------------------------- */

static void restore(Session *session, const char *path)
{
    Message message = {0};
    Status status = session_restore(session, path, &message);
    if (status != STATUS_OK) session_fail(session, status, &message);
    autosave_settle(session);
}

static void ask(Session *session, const char *path, const Exploration *exploration)
{
    char contents[64] = "before its plan had results";
    if (exploration->visited_count)
        snprintf(contents, sizeof contents, "with %zu visited plan%s", exploration->visited_count,
                 exploration->visited_count == 1 ? "" : "s");
    session_ask(session, restore, path,
                "An exploration of this network was saved on %.10s at %.5s UTC, %s. Restore it? (If not, it "
                "is replaced "
                "when you change the plan.)",
                exploration->saved, exploration->saved + 11, contents);
}

/* A saved exploration that cannot be read is only warned about. */
void autosave_offer(Session *session)
{
    Exploration exploration;
    Message message = {0};
    autosave_settle(session);
    if (!session->kept.on || session->workspace->restored.visited_count > 0) return;
    char *path = kept_path(session);
    if (path && access(path, F_OK) == 0) {
        Status status = exploration_read(&exploration, session->workspace->inputs.network, path, &message);
        if (status != STATUS_OK)
            session_warn(session, "the saved exploration cannot be restored: %s", message.text);
        else
            ask(session, path, &exploration);
        if (status == STATUS_OK) exploration_free(&exploration);
    }
    free(path);
}

/* --- the first start --------------------------------------------------------------------------------- */

void autosave_welcome(Session *session)
{
    Message message = {0};
    char *path = state_path("welcomed");
    if (path && access(path, F_OK) != 0) {
        session->scene.welcome = true;
        if (state_make_folders(path, &message) == STATUS_OK) file_replace(path, "", 0, NULL);
    }
    free(path);
}
