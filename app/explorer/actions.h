/* Actions: what keys and the mouse do to the session: to the scene, the plan and the worker.
 *
 * By hand, by script and in tests all goes through these two.
 */
#ifndef APP_ACTIONS_H
#define APP_ACTIONS_H

#include "app/explorer/session.h"
#include "views/canvas/terminal.h"

/* A key in the context that stands; one that means nothing there does nothing. */
void act_on_key(Session *session, int key);

/* A mouse event on the screen as it was drawn last. */
void act_on_mouse(Session *session, const TerminalEvent *event);

/* False where no key leads to it: for tests. */
bool action_has_handler(Action action);

#endif
