/* Autosave: the exploration is kept in the XDG state folder, and offered at the next start of the same
 * network.
 *
 * Kept on leaving and every minute in which it changed, written whole or not at all, in a file that is named
 * by the network's hash. A network that was only looked at leaves what is kept from before alone.
 *
 *     session.kept.on = true;
 *     autosave_offer(&session);
 *     ... autosave_sometimes(&session); ...
 *     autosave_now(&session, message);
 */
#ifndef APP_AUTOSAVE_H
#define APP_AUTOSAVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct Session;

typedef struct Autosave {
    bool on;     /* false: nothing is kept or offered */
    double last; /* second of the last look */
    /* as it was kept last, or opened */
    char plan[65];
    size_t visited, figures;
} Autosave;

/* Asks whether to restore what is kept of the network that the session opened, and has it known as unchanged.
 */
void autosave_offer(struct Session *session);

/* What the session holds counts as kept. */
void autosave_settle(struct Session *session);

void autosave_sometimes(struct Session *session);
Status autosave_now(struct Session *session, Message *message);

#endif
