/* SPDX-License-Identifier: MIT */
/* Session: what a person works at: the workspace that is open, the scene that is drawn from it, and the line
 * or the question that waits for keys.
 *
 * Used by the interface thread alone. Keys and the mouse change it through app/explorer/actions.h; what the
 * worker found comes in by session_take_news().
 *
 * Example (const Options *options, size_t rows, size_t columns, Message *message):
 *     #include "app/explorer/actions.h"
 *     Session session;
 *     session_open(&session, options, message);
 *     session_start(&session, message);
 *     session_resize(&session, rows, columns, message);
 *     act_on_key(&session, 'j');        // for every key
 *     session_take_news(&session);      // when the worker found something
 *     session_draw(&session);
 *     session_close(&session);
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/explorer/autosave.h"
#include "app/explorer/budget_page.h"
#include "app/explorer/key_table.h"
#include "app/explorer/workspace.h"
#include "views/scene.h"

typedef struct Prompt Prompt; /* app/explorer/prompt.h */

/* What a yes to a question does; `path` is the one that the question was asked with. */
typedef void Answer(Session *session, const char *path);

/* Where a person is: what the lesson moves, and puts back. */
typedef struct Place {
    size_t layer; /* under the cursor, or NO_INDEX */
    Panel front;
    ViewId views[PANEL_COUNT];
    bool zoomed;
} Place;

struct Session {
    const Options *options; /* the command line's */
    Workspace *workspace;
    Snapshot *snapshot; /* scene.snapshot, held */
    Scene scene;
    HelpLine *help;
    Canvas canvas; /* the screen as it was drawn last */

    bool asks_bits;                               /* the next key is one of KEYS_BITS */
    const Prompt *prompt;                         /* the line being typed is scene.input; NULL: none */
    char kept_filter[sizeof((Scene *)0)->filter]; /* restored where the filter's prompt is abandoned */
    size_t kept_layer;                            /* under the cursor, restored with it; or NO_INDEX */
    Place before_lesson;                          /* where the lesson started, to go back to */
    bool *last_marked; /* [layer_count]: the last marks that were cleared or changed all at once */
    Snapshot *pinned;  /* scene.pinned, held */
    size_t deleted;    /* the visited plan that was deleted last */
    Answer *answer;    /* to the question asked; NULL: none */
    char path[SCENE_PROMPT_BYTES]; /* of the question */
    char question[1024];

    unsigned stream_step; /* every how many snapshots a point of the scene's accuracy stream is kept */
    unsigned stream_seen; /* snapshots since the stream started */

    BudgetPage budget;

    Autosave kept;

    /* What the terminal is asked to do; explore.c resets it. */
    bool redraw, suspend, quit;

    /* Why a file was not written, or what there was no memory for; "": nothing. A script ends there. */
    Message lost;
};

/* Opens what the options name. Close the session in any case. */
Status session_open(Session *session, const Options *options, Message *message);

/* Starts the worker. Tests do without it. */
Status session_start(Session *session, Message *message);
void session_close(Session *session);

/* Opens another network, description or exploration instead of the open one, which stays open on failure. */
Status session_switch(Session *session, const char *path, Message *message);

/* Takes plan and visited plans of an exploration of the open network. */
Status session_restore(Session *session, const char *path, Message *message);

/* Sizes the canvas; it is blank until session_draw(). */
Status session_resize(Session *session, int rows, int columns, Message *message);
void session_draw(Session *session);

/* Takes what the worker has to tell. True where the screen changed. */
bool session_take_news(Session *session);

/* To be called after the undo history moved: scene and worker take its plan. */
void session_follow_plan(Session *session);

/* To be called after the pin moved: the scene takes what is known of the pinned plan. */
void session_follow_pin(Session *session);

/* What keys mean now. */
KeyContext session_context(const Session *session);

/* Shows a notice in the last line until a key is pressed. A warning is shown in red, and is not replaced by
 * what session_tell() says. */
void session_tell(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_warn(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Warns that a key, or the worker, failed; out of memory counts as lost (Session.lost). */
void session_fail(Session *session, Status status, const Message *message);

/* Warns that a file was not written, which counts as lost. */
void session_lose(Session *session, const Message *message);

/* Asks a question; y calls answer(session, path), with a copy of `path`. */
void session_ask(Session *session, Answer *answer, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
