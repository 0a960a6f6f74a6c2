/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"

#include "app/explorer/prompt.h"

void act_on_key(Session *session, int key)
{
    const KeyContext context = session_context(session);
    const KeyEntry *entry = key_find(context, key);
    if (context != KEYS_BITS || entry) session->scene.notice[0] = 0;
    if (entry)
        key_press(entry, session, key);
    else if (context == KEYS_PROMPT)
        prompt_type(session, key);
}

void act_mouse(Session *session, int unused)
{
    (void)unused;
    session->scene.mouse = !session->scene.mouse;
    session_tell(session, session->scene.mouse ? "the program takes the mouse: it selects, scrolls and sorts"
                                               : "the terminal takes the mouse: it selects text");
}

void act_redraw(Session *session, int unused)
{
    (void)unused;
    session->redraw = true;
}

void act_suspend(Session *session, int unused)
{
    (void)unused;
    session->suspend = true;
}

static void quit(Session *session, const char *unused)
{
    (void)unused;
    session->quit = true;
}

void act_quit(Session *session, int unused)
{
    (void)unused;
    const size_t exports = worker_info(session->workspace->worker).exports;
    if (exports)
        session_ask(session, quit, "", "%zu export%s not written yet. Quit without writing?", exports,
                    exports == 1 ? " is" : "s are");
    else
        session->quit = true;
}
