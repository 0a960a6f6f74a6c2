/* SPDX-License-Identifier: MIT */
#include "app/explorer/actions.h"

#include "app/explorer/keys.h"
#include "app/explorer/prompt.h"

/* A key without a meaning says so, and which keys have one. */
static void tell_no_meaning(Session *session, KeyContext context, int key)
{
    static const char *const instead[KEYS_CONTEXTS] = {
        [KEYS_PANELS] = "? explains the screen and lists all keys",
        [KEYS_BITS] = "activation bits: 2 to 8, f for float, Esc to leave them unchanged",
        [KEYS_DETAILS] = "Esc closes the details first",
        [KEYS_VISITED] = "Esc closes the list first",
        [KEYS_DIFFERENCE] = "Esc goes back to the list",
        [KEYS_GUIDE] = "Esc closes the explanation first",
        [KEYS_HELP] = "Esc closes the list first",
        [KEYS_QUESTION] = "y for yes, n for no"};
    char name[KEY_NAME];
    session_tell(session, "%s does nothing here: %s", key_name(name, key),
                 instead[context] ? instead[context] : "Esc goes back");
}

void act_on_key(Session *session, int key)
{
    const KeyContext context = session_context(session);
    const KeyEntry *entry = key_find(context, key);
    session->scene.notice[0] = 0;
    session->scene.welcome = false;
    if (entry)
        key_press(entry, session, key);
    else if (context == KEYS_PROMPT)
        prompt_type(session, key);
    else
        tell_no_meaning(session, context, key);
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
