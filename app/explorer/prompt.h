/* SPDX-License-Identifier: MIT */
/* Prompt: the line that a person types: a filter, the path of a file.
 *
 * A prompt says what becomes of the line; the functions below are handlers of keys (KEYS_PROMPT) and edit it.
 *
 * Example (Session *session, void (*accept_save)(Session *session, const char *path)):
 *     static Prompt prompt = {.label = "save to", .is_path = true};
 *     prompt.accepted = accept_save;
 *     prompt_start(session, &prompt, "plan.csv");
 */
#ifndef APP_PROMPT_H
#define APP_PROMPT_H

#include "app/explorer/session.h"

struct Prompt {
    const char *label;
    const char *hint;  /* what may be typed, shown at the right where there is room; NULL: nothing */
    bool may_be_empty; /* `accepted` is called with an empty line too */
    bool is_path; /* the line is a path: ~ is the home folder, Tab completes, the offered text is selected */
    void (*accepted)(Session *session, const char *line); /* a line that is not empty; NULL: nothing to do */
    void (*typed)(Session *session, const char *line);    /* after every change; NULL: nothing to do */
    void (*abandoned)(Session *session);                  /* NULL: nothing to do */
};

/* Starts a line with `text` in it. `prompt` must outlive it. Selected text is replaced by the first character
 * that is typed, and kept by any other key. */
void prompt_start(Session *session, const Prompt *prompt, const char *text);

/* Inserts a character; control characters and keys that are no character are ignored, as is what does not
 * fit.
 */
void prompt_type(Session *session, int character);

KeyHandler prompt_accept;
KeyHandler prompt_abandon;
KeyHandler prompt_complete;   /* a path: as far as all files agree that start so */
KeyHandler prompt_erase;      /* -1: the previous character, 1: the next one */
KeyHandler prompt_erase_word; /* the previous one */
KeyHandler prompt_erase_line;
KeyHandler prompt_move; /* by -1 or 1 characters; INT_MIN and INT_MAX: to the start and the end */

#endif
