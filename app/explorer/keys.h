/* Keys: the one table of what keys do. Dispatch, the help screen, the footer, scripts and the man page are
 * made from it.
 *
 * A key means what the table says for the context, which is what stands in front: the panels, an overlay, a
 * question, a line being typed. Keys are Unicode characters or the codes of views/canvas/terminal.h.
 *
 *     Action action = key_action(KEYS_PANELS, 'u');   // ACTION_UNDO
 */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include "base/status.h"
#include "views/scene.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum KeyContext {
    KEYS_PANELS,
    KEYS_WIDTH,    /* the width of inputs, after the key that asks for it */
    KEYS_DETAILS,  /* of a layer */
    KEYS_VISITS,   /* the list of plans */
    KEYS_HELP,     /* the help screen */
    KEYS_QUESTION, /* yes or no */
    KEYS_PROMPT,   /* a line being typed: keys that are not in the table type themselves */
    KEYS_CONTEXTS
} KeyContext;

typedef enum Action {
    ACTION_NONE,
    /* move and mark */
    ACTION_UP,
    ACTION_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_WORST,
    ACTION_MARK,
    ACTION_MARK_ALL,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_FILTER,
    ACTION_ESCAPE,
    /* choose */
    ACTION_WEIGHT_BITS,
    ACTION_WEIGHT_FLOAT,
    ACTION_RAISE,
    ACTION_LOWER,
    ACTION_ASK_INPUT_BITS,
    ACTION_INPUT_BITS,
    ACTION_INPUT_FLOAT,
    ACTION_CYCLE_INPUT_BITS,
    ACTION_METHOD,
    ACTION_MODE,
    ACTION_COMPENSATED,
    ACTION_POLISH,
    ACTION_BIAS_CORRECTION,
    ACTION_UNDO,
    ACTION_REDO,
    /* work */
    ACTION_PAUSE,
    ACTION_CANCEL,
    ACTION_COMPARE,
    ACTION_WIDTHS,
    /* look */
    ACTION_NEXT_PANEL,
    ACTION_PREVIOUS_PANEL,
    ACTION_PAGE,
    ACTION_ZOOM,
    ACTION_CURSOR_LEFT,
    ACTION_CURSOR_RIGHT,
    ACTION_ENTER,
    ACTION_VISITS,
    /* files */
    ACTION_EXPORT,
    ACTION_SAVE,
    ACTION_OPEN,
    /* program */
    ACTION_LESSON,
    ACTION_LESSON_NEXT,
    ACTION_LESSON_PREVIOUS,
    ACTION_HELP,
    ACTION_MOUSE,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_QUIT,
    /* overlays */
    ACTION_CLOSE,
    ACTION_SCROLL_UP,
    ACTION_SCROLL_DOWN,
    ACTION_SCROLL_PAGE_UP,
    ACTION_SCROLL_PAGE_DOWN,
    ACTION_RETURN_TO_VISIT,
    ACTION_YES,
    ACTION_NO,
    /* typing */
    ACTION_ACCEPT,
    ACTION_ABANDON,
    ACTION_COMPLETE,
    ACTION_ERASE,
    ACTION_ERASE_NEXT,
    ACTION_ERASE_WORD,
    ACTION_ERASE_LINE,
    ACTION_INPUT_LEFT,
    ACTION_INPUT_RIGHT,
    ACTION_INPUT_START,
    ACTION_INPUT_END,
    ACTION_COUNT
} Action;

#define KEYS_AN_ENTRY 4

typedef struct KeyEntry {
    KeyContext context;
    int keys[KEYS_AN_ENTRY]; /* 0 after the last */
    bool range;              /* all keys from the first to the second */
    Action action;
    const char *help;  /* what it does, for the help screen */
    const char *brief; /* in the last line of the screen; NULL: not there */
} KeyEntry;

extern const KeyEntry key_table[];
extern const size_t key_table_count;

/* ACTION_NONE where the key does nothing in that context. */
Action key_action(KeyContext context, int key);

/* "weight-bits": what the lesson calls it. */
const char *action_name(Action action);

/* The heading under which the help screen shows an entry. */
const char *key_group(const KeyEntry *entry);

#define KEY_NAME 16

/* A character, or a name: "Enter", "PgDn", "Ctrl-R". */
const char *key_name(char name[KEY_NAME], int key);

/* The next key of a script's line: a character, or a name in <>, as in "jj4<Tab><Ctrl-R>"; "<Lt>" is a <.
 * Blanks are passed over. False at the end, with *key 0, and at a name that is not known or UTF-8 that is
 * none, with *key -1. */
bool key_parse(int *key, const char **text);

/* A character as UTF-8, terminated: 5 bytes at most. */
void key_encode(char *out, int character);

/* The next character of UTF-8; -1 where it is none, 0 at the end. */
int key_character(const char **text);

/* The help screen's lines, one an entry; free with free(). NULL when out of memory. */
HelpLine *key_help_create(size_t *count);

/* Puts the keys of a context in the last line of the screen. */
void key_help_show(HelpLine *lines, KeyContext context);

#endif
