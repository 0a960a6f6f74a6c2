/* Desk: the state that a person works at: the study, the scene that is drawn from it, and what is being
 * asked.
 *
 * The interface thread's. Keys and the mouse change it through app/actions.h; what the worker found comes in
 * by desk_take_news().
 *
 *     desk_open(&desk, options, message);
 *     desk_start(&desk, message);
 *     desk_resize(&desk, rows, columns, message);
 *     for (...) { desk_take_news(&desk); act_on_key(&desk, key); desk_draw(&desk); }
 *     desk_close(&desk);
 */
#ifndef APP_DESK_H
#define APP_DESK_H

#include "app/autosave.h"
#include "app/keys.h"
#include "app/study.h"
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

typedef struct Desk {
    const Options *options; /* the command line's */
    Study *study;
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
} Desk;

/* Opens what the options name. Close the desk in any case. */
Status desk_open(Desk *desk, const Options *options, Message *message);
/* Starts the worker; without it the desk is one for tests. */
Status desk_start(Desk *desk, Message *message);
void desk_close(Desk *desk);

/* Another network, description or exploration in the place of the one that is open, which stays on failure.
 */
Status desk_switch(Desk *desk, const char *path, Message *message);
/* Plan and visits of an exploration of the network that is open. */
Status desk_restore(Desk *desk, const char *path, Message *message);

/* Sizes the canvas; it is blank until desk_draw(). */
Status desk_resize(Desk *desk, int rows, int columns, Message *message);
void desk_draw(Desk *desk);

/* Takes what the worker has to tell. True where something is to be drawn. */
bool desk_take_news(Desk *desk);

/* After the history moved: scene and worker follow. */
void desk_follow_plan(Desk *desk);

/* What a key means now. */
KeyContext desk_context(const Desk *desk);

/* In the last line, until a key is pressed; a warning is not told over. */
void desk_tell(Desk *desk, const char *format, ...) __attribute__((format(printf, 2, 3)));
void desk_warn(Desk *desk, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Warns of why a key, or the worker, did not do what it was to do. */
void desk_fail(Desk *desk, Status status, const Message *message);
/* Of a file that was to be written. */
void desk_lose(Desk *desk, const Message *message);

void desk_ask(Desk *desk, Question question, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
