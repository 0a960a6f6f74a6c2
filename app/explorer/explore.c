/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/explorer/explore.h"

#include "app/cli/interrupt.h"
#include "app/explorer/actions.h"
#include "app/explorer/session.h"
#include "views/canvas/terminal.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTOSAVE_CHECK 10000 /* milliseconds between two looks at whether to save the exploration */

typedef struct Explore {
    Session session;
    bool dirty; /* the screen is out of date */
    bool gone;  /* the terminal has gone away */
} Explore;

/* --- drawing ---------------------------------------------------------------------------------------- */

static Status follow_size(Explore *explore, Message *message)
{
    int rows, columns;
    terminal_size(&rows, &columns);
    if (rows == explore->session.canvas.rows && columns == explore->session.canvas.columns) return STATUS_OK;
    explore->dirty = true;
    return session_resize(&explore->session, rows, columns, message);
}

static Status draw(Explore *explore, Message *message)
{
    Status status = follow_size(explore, message);
    if (status != STATUS_OK || !explore->dirty) return status;
    session_draw(&explore->session);
    terminal_show(&explore->session.canvas);
    explore->dirty = false;
    return STATUS_OK;
}

/* --- keys ------------------------------------------------------------------------------------------- */

static void suspend(Explore *explore)
{
    explore->session.suspend = false;
    interrupt_allow_stop(true);
    terminal_suspend();
    interrupt_allow_stop(false);
    explore->dirty = true;
}

/* Does what keys asked the terminal for. */
static void serve_terminal(Explore *explore, bool had_mouse)
{
    Session *session = &explore->session;
    if (session->scene.mouse != had_mouse) terminal_set_mouse(session->scene.mouse);
    if (session->redraw) terminal_redraw();
    session->redraw = false;
    if (session->suspend) suspend(explore);
}

static void act(Explore *explore, const TerminalEvent *event)
{
    const bool had_mouse = explore->session.scene.mouse;
    switch (event->key) {
    case KEYCODE_HANGUP:
        explore->gone = true;
        break;
    case KEYCODE_RESIZE:
        break;
    case KEYCODE_MOUSE:
        act_on_mouse(&explore->session, event);
        break;
    default:
        act_on_key(&explore->session, event->key);
    }
    explore->dirty = true;
    serve_terminal(explore, had_mouse);
}

static void read_keys(Explore *explore)
{
    while (!explore->gone && !explore->session.quit) {
        const TerminalEvent event = terminal_read();
        if (event.key == KEYCODE_NONE) return;
        act(explore, &event);
    }
}

/* --- the loop --------------------------------------------------------------------------------------- */

static bool goes_on(const Explore *explore)
{
    return !explore->gone && !explore->session.quit && !interrupt_signal();
}

/* For a key, a signal or the worker. */
static void wait_for_event(Explore *explore)
{
    struct pollfd sources[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = worker_descriptor(explore->session.workspace->worker), .events = POLLIN}};
    if (interrupt_wait(sources, 2, AUTOSAVE_CHECK) > 0 && sources[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        explore->gone = true;
}

static Status loop(Explore *explore, Message *message)
{
    Status status = draw(explore, message);
    while (status == STATUS_OK && goes_on(explore)) {
        wait_for_event(explore);
        if (interrupt_take_stop()) suspend(explore);
        read_keys(explore);
        explore->dirty |= session_take_news(&explore->session);
        autosave_sometimes(&explore->session);
        status = draw(explore, message);
    }
    return status;
}

/* Saves the exploration, and says why the program ends. */
static Status leave(Explore *explore, Status status, Message *message)
{
    Message reason = {0};
    const Status kept = autosave_now(&explore->session, &reason);
    if (kept != STATUS_OK && status == STATUS_OK)
        status = status_fail(message, kept, "the exploration is not saved: %s", reason.text);
    if (status != STATUS_OK) return status;
    if (interrupt_signal())
        return status_fail(message, STATUS_CANCELLED, "ended by signal %d", interrupt_signal());
    return explore->gone ? status_fail(message, STATUS_IO, "the terminal is gone") : STATUS_OK;
}

static Status run(Explore *explore, Message *message)
{
    explore->session.canvas.unicode = terminal_unicode();
    explore->session.canvas.colors = terminal_has_pixels();
    explore->session.kept.on = true;
    autosave_offer(&explore->session);
    autosave_welcome(&explore->session);
    Status status = loop(explore, message);
    return leave(explore, status, message);
}

Status explore_run(const Options *options, Message *message)
{
    Explore explore = {.dirty = true};
    const TerminalOptions terminal = {
        .plain = options->ascii, .mouse = !options->no_mouse, .no_color = getenv("NO_COLOR")};
    interrupt_catch_terminal(terminal_rescue);
    if (!setlocale(LC_CTYPE, "")) setlocale(LC_CTYPE, "C"); /* the terminal's own, before any thread */
    Status status = session_open(&explore.session, options, message);
    if (status == STATUS_OK) status = session_start(&explore.session, message);
    if (status == STATUS_OK) status = terminal_open(&terminal, message);
    if (status == STATUS_OK) status = run(&explore, message);
    terminal_close();
    session_close(&explore.session);
    return status;
}
