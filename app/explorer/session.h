/* Session: the state that a person works at: the subject, the scene that is drawn from it, and what is being
 * asked.
 *
 * The interface thread's. Keys and the mouse change it through app/explorer/actions.h; what the worker found
 * comes in by session_take_news().
 *
 *     session_open(&session, options, message);
 *     session_start(&session, message);
 *     session_resize(&session, rows, columns, message);
 *     for (...) { session_take_news(&session); act_on_key(&session, key); session_draw(&session); }
 *     session_close(&session);
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/explorer/autosave.h"
#include "app/explorer/keys.h"
#include "app/explorer/subject.h"
#include "views/scene.h"

typedef enum PromptKind { PROMPT_NONE, PROMPT_FILTER, PROMPT_EXPORT, PROMPT_SAVE, PROMPT_OPEN } PromptKind;

typedef enum Question {
    QUESTION_NONE,
    QUESTION_QUIT,    /* exports are not written yet */
    QUESTION_EXPORT,  /* over a file that is there: `path` */
    QUESTION_SAVE,    /* likewise */
    QUESTION_RESTORE, /* the exploration that was kept: `path` */
    QUESTION_OPEN     /* leaves exports unwritten: `path` */
} Question;

typedef struct Session {
    const Options *options; /* the command line's */
    Subject *subject;
    Snapshot *snapshot; /* the scene's, held */
    Scene scene;
    HelpLine *help;
    Canvas canvas; /* the screen as it was drawn last */

    int key;         /* pressed last */
    bool asks_width; /* the next key is one of KEYS_WIDTH */
    PromptKind prompt;
    char kept_filter[sizeof((Scene *)0)->filter]; /* what abandoning the prompt goes back to */
    size_t kept_layer;                            /* likewise */
    Question question;
    char question_text[1024];
    char path[SCENE_PROMPT_BYTES];
    unsigned stream_step; /* every how manieth image count is kept in the scene's stream */
    unsigned stream_seen;

    Autosave kept;

    /* What the terminal is to do; whoever does it sets them back. */
    bool redraw, suspend, quit;
    Message
        lost; /* a file that was not written, or what there was no memory for: a script ends there; or "" */
} Session;

/* Opens what the options name. Close the session in any case. */
Status session_open(Session *session, const Options *options, Message *message);
/* Starts the worker; without it the session is one for tests. */
Status session_start(Session *session, Message *message);
void session_close(Session *session);

/* Another network, description or exploration in the place of the one that is open, which stays on failure.
 */
Status session_switch(Session *session, const char *path, Message *message);
/* Plan and visits of an exploration of the network that is open. */
Status session_restore(Session *session, const char *path, Message *message);

/* Sizes the canvas; it is blank until session_draw(). */
Status session_resize(Session *session, int rows, int columns, Message *message);
void session_draw(Session *session);

/* Takes what the worker has to tell. True where something is to be drawn. */
bool session_take_news(Session *session);

/* After the history moved: scene and worker follow. */
void session_follow_plan(Session *session);

/* What a key means now. */
KeyContext session_context(const Session *session);

/* In the last line, until a key is pressed; a warning is not told over. */
void session_tell(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_warn(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Warns of why a key, or the worker, did not do what it was to do. */
void session_fail(Session *session, Status status, const Message *message);
/* Of a file that was to be written. */
void session_lose(Session *session, const Message *message);

void session_ask(Session *session, Question question, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
