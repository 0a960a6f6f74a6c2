/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/explorer/script.h"

#include "app/cli/interrupt.h"
#include "app/explorer/actions.h"
#include "app/explorer/keys.h"
#include "app/explorer/session.h"
#include "base/file_replace.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const ScriptHelp script_help[] = {
    {"size 120x40", "columns and rows of the screen (80x24)"},
    {"keys jj4<Tab>",
     "presses keys: characters, and names in <> as the list of keys (H) shows them; <Lt> is a "
     "<; blanks are skipped"},
    {"type TEXT", "types the rest of the line"},
    {"wait", "until the worker has nothing left to do, or is paused"},
    {"wait errors", "until all layers of the plan are solved"},
    {"expect TEXT", "fails where the screen does not show the text"},
    {"dump [FILE]", "prints the screen as text, or writes it to a file"},
    {"svg FILE", "writes the screen as an SVG picture in colour"},
    {"ascii on|off", "draws with ASCII characters alone, or not"},
    {"# TEXT", "a comment"},
    {NULL, NULL}};

#define MOST_LINE 8192
#define WAIT_MILLISECONDS 200 /* until an interruption is noticed */

/* --- the screen ------------------------------------------------------------------------------------- */

static void draw(Session *session)
{
    session_take_news(session);
    session_draw(session);
}

static Status order_size(Session *session, const char *text, Message *message)
{
    int columns, rows, used = 0;
    if (sscanf(text, "%4dx%4d%n", &columns, &rows, &used) != 2 || text[used] || columns < 1 || rows < 1 ||
        columns > CANVAS_MOST || rows > CANVAS_MOST)
        return status_fail(message, STATUS_INVALID, "size '%s': expected columns and rows, as in 120x40",
                           text);
    return session_resize(session, rows, columns, message);
}

static Status order_ascii(Session *session, const char *text, Message *message)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
        return status_fail(message, STATUS_INVALID, "ascii '%s': expected on or off", text);
    session->canvas.unicode = strcmp(text, "off") == 0;
    return STATUS_OK;
}

static Status order_dump(Session *session, const char *path, Message *message)
{
    Text text = {0};
    Status status = STATUS_OK;
    draw(session);
    canvas_dump(&text, &session->canvas, false);
    if (text.failed)
        status = status_no_memory(message, "a screen as text");
    else if (*path)
        status = file_replace(path, text.data, text.length, message);
    else if (fwrite(text.data, 1, text.length, stdout) != text.length || fflush(stdout) != 0)
        status = status_fail(message, STATUS_IO, "cannot write to standard output");
    text_free(&text);
    return status;
}

static Status order_svg(Session *session, const char *path, Message *message)
{
    session_take_news(session);
    return action_write_picture(session, path, message);
}

static Status order_expect(Session *session, const char *expected, Message *message)
{
    Text text = {0};
    draw(session);
    canvas_dump(&text, &session->canvas, false);
    const bool found = !text.failed && strstr(text.data, expected);
    text_free(&text);
    return found ? STATUS_OK
                 : status_fail(message, STATUS_INVALID, "the screen does not show '%s'", expected);
}

/* A file that was not written ends the script: what follows may rely on it. */
static Status check_lost(const Session *session, Message *message)
{
    return session->lost.text[0] ? status_fail(message, STATUS_IO, "%s", session->lost.text) : STATUS_OK;
}

/* --- keys ------------------------------------------------------------------------------------------- */

static Status press(Session *session, int key, Message *message)
{
    session_take_news(session);
    act_on_key(session, key);
    session->redraw = session->suspend = false;
    return session->quit ? status_fail(message, STATUS_CANCELLED, "quit") : check_lost(session, message);
}

static Status order_keys(Session *session, const char *text, Message *message)
{
    int key;
    Status status = STATUS_OK;
    const char *start = text;
    while (status == STATUS_OK && key_parse(&key, (start = text, &text)))
        status = press(session, key, message);
    if (status == STATUS_OK && key < 0)
        return status_fail(message, STATUS_INVALID, "keys: no key is called '%.*s'", (int)(text - start),
                           start);
    return status;
}

static Status order_type(Session *session, const char *text, Message *message)
{
    int character;
    Status status = STATUS_OK;
    while (status == STATUS_OK && (character = key_character(&text)) > 0)
        status = press(session, character, message);
    if (status == STATUS_OK && character < 0)
        return status_fail(message, STATUS_INVALID, "type: the text is not UTF-8");
    return status;
}

/* --- waiting ---------------------------------------------------------------------------------------- */

static bool is_done(const Session *session)
{
    return session->scene.paused || !worker_info(session->workspace->worker).busy;
}

static bool has_errors(const Session *session)
{
    const Snapshot *snapshot = session->snapshot;
    return is_done(session) || (snapshot && snapshot->layers_done == snapshot->layer_count &&
                                plan_equal(snapshot->plan, session->scene.plan));
}

/* Takes all news of the worker before it returns. */
static Status wait_until(Session *session, bool (*done)(const Session *), Message *message)
{
    struct pollfd wake = {.fd = worker_descriptor(session->workspace->worker), .events = POLLIN};
    for (;;) {
        if (interrupt_signal()) return status_fail(message, STATUS_CANCELLED, "interrupted");
        const bool over = done(session);
        session_take_news(session); /* which may start work: a budget that waited for its front */
        if (over && done(session)) return check_lost(session, message);
        if (poll(&wake, 1, WAIT_MILLISECONDS) < 0 && errno != EINTR)
            return status_fail(message, STATUS_IO, "cannot wait: %s", strerror(errno));
    }
}

static Status order_wait(Session *session, const char *text, Message *message)
{
    if (*text && strcmp(text, "errors") != 0)
        return status_fail(message, STATUS_INVALID, "wait '%s': expected nothing, or errors", text);
    return wait_until(session, *text ? has_errors : is_done, message);
}

/* --- lines ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    Status (*run)(Session *session, const char *argument, Message *message);
    bool alone; /* needs no argument */
} orders[] = {{"size", order_size, false}, {"keys", order_keys, false},  {"type", order_type, false},
              {"wait", order_wait, true},  {"dump", order_dump, true},   {"expect", order_expect, false},
              {"svg", order_svg, false},   {"ascii", order_ascii, false}};

static Status run_line(Session *session, char *line, Message *message)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#') return STATUS_OK;
    const size_t length = strcspn(line, " \t");
    const char *argument = line + length + (line[length] != 0);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strlen(orders[i].name) != length || strncmp(line, orders[i].name, length) != 0) continue;
        if (!*argument && !orders[i].alone)
            return status_fail(message, STATUS_INVALID, "%s: needs an argument", orders[i].name);
        return orders[i].run(session, argument, message);
    }
    return status_fail(message, STATUS_INVALID,
                       "unknown order '%.*s': expected size, keys, type, wait, expect, dump, svg or ascii",
                       (int)length, line);
}

/* The last line may have no line feed. */
static bool is_whole(const char *line, FILE *file)
{
    return strchr(line, '\n') || feof(file);
}

static Status run_lines(Session *session, FILE *file, const char *path, Message *message)
{
    char line[MOST_LINE];
    size_t number = 0;
    Status status = STATUS_OK;
    while (status == STATUS_OK && fgets(line, sizeof line, file)) {
        number++;
        status = is_whole(line, file)
                     ? run_line(session, line, message)
                     : status_fail(message, STATUS_INVALID,
                                   "not an order: longer than %d bytes, or with a zero byte", MOST_LINE - 2);
        if (session->quit) break;
        if (status != STATUS_OK && !interrupt_signal())
            status_context(message, status, "'%s', line %zu", path, number);
    }
    if (status == STATUS_OK && !session->quit && !feof(file))
        status = status_fail(message, STATUS_IO, "cannot read '%s': %m", path);
    return session->quit ? STATUS_OK : status;
}

static bool has_no_exports(const Session *session)
{
    return worker_info(session->workspace->worker).exports == 0 || session->scene.paused;
}

/* Waits for exports. The last notice may say that one failed. */
static Status end(Session *session, const char *path, Message *message)
{
    Status status = wait_until(session, has_no_exports, message);
    if (status != STATUS_OK) return status_context(message, status, "'%s'", path);
    if (session->scene.notice_bad && session->scene.notice[0])
        return status_fail(message, STATUS_INVALID, "'%s': %s", path, session->scene.notice);
    const size_t exports = worker_info(session->workspace->worker).exports;
    if (exports > 0)
        return status_fail(message, STATUS_INVALID,
                           "'%s': exports not written: %zu: the work is paused at the end, p goes on", path,
                           exports);
    return STATUS_OK;
}

static Status run_file(const Options *options, FILE *file, Message *message)
{
    Session session;
    Status status = session_open(&session, options, message);
    if (status == STATUS_OK) status = session_start(&session, message);
    if (status == STATUS_OK) status = order_size(&session, "80x24", message);
    if (status == STATUS_OK) status = run_lines(&session, file, options->script, message);
    if (status == STATUS_OK && !session.quit) status = end(&session, options->script, message);
    session_close(&session);
    return status;
}

Status script_run(const Options *options, Message *message)
{
    if (strcmp(options->script, "-") == 0) return run_file(options, stdin, message);
    FILE *file = fopen(options->script, "r");
    if (!file)
        return status_fail(message, STATUS_IO, "cannot open '%s': %s", options->script, strerror(errno));
    Status status = run_file(options, file, message);
    fclose(file);
    return status;
}
