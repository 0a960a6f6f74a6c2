/* SPDX-License-Identifier: MIT */
/* Lesson: why quantization works as it does, in steps on the network that is open and with its current
 * figures.
 *
 * A step shows a view and moves the cursor to a layer that illustrates it; its text stands beside or below
 * the panels, which keep working. There are three kinds: see (the network's own figures), predict (the reader
 * chooses an answer, or a layer under the cursor, and then the program shows what it computes), and do (keys
 * to press). The first step lists all others, and any of them can be chosen. Where figures are not known yet,
 * the text says what they wait for. Answers and the step are in the scene, so that the lesson can be left and
 * taken up. Names of keys come from scene->help, by HelpLine.action: those of lesson_actions.
 *
 * Example (Canvas *canvas, Scene *scene):
 *     #include "views/screen.h"
 *     lesson_set_up(scene, 0);    // scene->lesson is 1
 *     screen_draw(canvas, scene);
 */
#ifndef VIEWS_LESSON_H
#define VIEWS_LESSON_H

#include "views/panels/words.h"

typedef enum LessonKind { LESSON_STEPS, LESSON_SEE, LESSON_PREDICT, LESSON_DO } LessonKind;

typedef struct LessonStep {
    const char *title; /* above the text */
    ViewId view;       /* which is put in front */
    LessonKind kind;
} LessonStep;

/* The number of steps. */
size_t lesson_step_count(void);
/* NULL if there is no such step. */
const LessonStep *lesson_step(size_t index);
/* "steps", "see", "predict", "do". */
const char *lesson_kind_name(LessonKind kind);

/* The layer that illustrates a step best; NO_INDEX: any. */
size_t lesson_layer(const Scene *scene, size_t index);

/* Shows a step: its view in front, without overlay and zoom, and the cursor on its layer. While it waits for
 * an answer, the layers are in front instead: the view would give it away. */
void lesson_set_up(Scene *scene, size_t index);

/* Whether the present step has a list of answers, or of steps, to choose from; moves the choice. */
bool lesson_has_choice(const Scene *scene);
void lesson_choose(Scene *scene, int direction);

/* Whether the present step waits for an answer; takes it: the choice, or the layer under the cursor. */
bool lesson_awaits_answer(const Scene *scene);
void lesson_answer(Scene *scene);
/* On the list of steps: the step that is chosen, as an index. */
size_t lesson_chosen_step(const Scene *scene);

/* A step's text, as of this scene: what is explained, and what to try. A predict step has its question, and
 * what the program computes where `revealed`. */
void lesson_tell(Words *body, Words *exercise, const Scene *scene, size_t index, bool revealed);

/* The names of the actions that the texts mention, ended by NULL; each must be the `action` of an entry of
 * scene->help. */
extern const char *const lesson_actions[];

#endif
