/* SPDX-License-Identifier: MIT */
/* Autosave: saves the exploration in the XDG state folder, and offers it when the same network is opened
 * again.
 *
 * It is saved on leaving, and every minute in which it changed, in a file named by the network's hash. The
 * file is replaced whole or not at all. Where the plan was never edited, an older file stays as it is.
 *
 * Example (Session *session, Message *message):
 *     #include "app/explorer/session.h"
 *     session->kept.on = true;
 *     autosave_offer(session);
 *     autosave_sometimes(session);     // in every round of the loop
 *     autosave_now(session, message);  // when leaving
 */
#ifndef APP_AUTOSAVE_H
#define APP_AUTOSAVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct Session;

typedef struct Autosave {
    bool on;     /* false: nothing is saved or offered */
    double last; /* when it was last checked, in seconds */
    /* The state that was saved last, or opened. */
    char plan[65];
    size_t visited, figures, note_edits;
} Autosave;

/* Asks whether to restore the saved exploration of the open network, if there is one. The session counts as
 * unchanged from here on. */
void autosave_offer(struct Session *session);

/* Makes the session's state count as saved. */
void autosave_settle(struct Session *session);

/* Saves at most once a minute, where something changed; warns where that fails. */
void autosave_sometimes(struct Session *session);

/* Saves where something changed. */
Status autosave_now(struct Session *session, Message *message);

/* Shows the welcome at the very first start: where the state folder has no file `welcomed`, which it makes.
 */
void autosave_welcome(struct Session *session);

#endif
