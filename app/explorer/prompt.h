/* Prompt: the line that a person types: a filter, the name of a file. */
#ifndef APP_PROMPT_H
#define APP_PROMPT_H

#include "app/explorer/session.h"

/* Starts a line with `text` in it. The name of a file is selected: the first character typed takes its place,
 * and any other key keeps it. */
void prompt_start(Session *session, PromptKind kind, const char *label, const char *text);
void prompt_end(Session *session);

/* Completes a file's name, and moves the cursor behind it; a filter stays as it is. */
void prompt_complete(Session *session);

/* Editing; a character of KEYS_PROMPT that is not in the table is typed. */
void prompt_edit(Session *session, Action action);
void prompt_type(Session *session, int character);

#endif
