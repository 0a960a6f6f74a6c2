/* SPDX-License-Identifier: MIT */
/* Key table: what every key does, in one row per key.
 *
 * Dispatch, the help screen, the footer, the man page and the list of keys in app/README.md are made from the
 * table. To add a key, add a row to key_table.c and write its handler in one of the files that
 * app/explorer/actions.h lists.
 *
 * What a key means depends on what is in front: the panels, an overlay, a question, a line being typed. That
 * is the context.
 *
 * Example (Session *session):
 *     const KeyEntry *entry = key_find(KEYS_PANELS, 'u');   // the row of act_undo
 *     if (entry) key_press(entry, session, 'u');
 */
#ifndef APP_KEY_TABLE_H
#define APP_KEY_TABLE_H

#include "views/scene.h"

typedef struct Session Session;

typedef enum KeyContext {
    KEYS_PANELS,
    KEYS_BITS,       /* activation bits, after the key that asks for them */
    KEYS_DETAILS,    /* the overlay with a layer's details */
    KEYS_VISITED,    /* the overlay with the visited plans */
    KEYS_DIFFERENCE, /* the overlay with the difference between two plans */
    KEYS_GUIDE,      /* the explanation of the page in focus */
    KEYS_HELP,       /* the list of all keys */
    KEYS_QUESTION,   /* a yes or no question */
    KEYS_PROMPT,     /* a line being typed: keys without a row type themselves */
    KEYS_CONTEXTS
} KeyContext;

/* Headings of the help screen, in its order. The keys of the panels have several. */
typedef enum KeyGroup {
    GROUP_MOVE,
    GROUP_CHOOSE,
    GROUP_WORK,
    GROUP_LOOK,
    GROUP_FILES,
    GROUP_PROGRAM,
    GROUP_BITS,
    GROUP_DETAILS,
    GROUP_VISITED,
    GROUP_DIFFERENCE,
    GROUP_GUIDE,
    GROUP_HELP,
    GROUP_QUESTION,
    GROUP_PROMPT,
    GROUP_COUNT
} KeyGroup;

/* Called with the row's argument; for a range of keys, the argument belongs to the first key, and every
 * further key counts one more. */
typedef void KeyHandler(Session *session, int argument);

#define KEYS_PER_ENTRY 4

typedef struct KeyEntry {
    KeyGroup group;
    int keys[KEYS_PER_ENTRY]; /* 0 after the last */
    bool range;               /* all keys from the first to the second */
    KeyHandler *handler;
    int argument;
    const char *help;   /* what the key does, for the help screen: 29 columns at most for the panels' keys */
    const char *footer; /* the same in a word or two for the last line of the screen; NULL: not shown there */
    const char *action; /* by which the lesson finds the key (views/lesson.h); NULL: it does not need to */
} KeyEntry;

extern const KeyEntry key_table[];
extern const size_t key_table_count;

/* The context in which the row's keys hold. */
KeyContext key_context(const KeyEntry *entry);

/* The heading under which the help screen shows a row. */
const char *key_heading(const KeyEntry *entry);

/* The row of a key; NULL where the key does nothing in that context. */
const KeyEntry *key_find(KeyContext context, int key);

/* Calls the handler. `key` is one of the row's. */
void key_press(const KeyEntry *entry, Session *session, int key);

/* The help screen's lines, one per row, with the footer of KEYS_PANELS; free with free(). NULL when out of
 * memory. */
HelpLine *key_help_create(size_t *count);

/* Puts the keys of a context in the footer. */
void key_help_show(HelpLine *lines, KeyContext context);

#endif
