/* SPDX-License-Identifier: MIT */
/* Lesson: a guided tour in eight steps, on the network that is open and with its current figures.
 *
 * A step shows a view and moves the cursor to a layer that illustrates it; its text stands beside or below
 * the panels, which keep working. Where figures are not known yet, the text says what they wait for. Names of
 * keys come from scene->help, by HelpLine.action: those of lesson_actions.
 *
 * Example (Canvas *canvas, Scene *scene):
 *     #include "views/screen.h"
 *     lesson_set_up(scene, 0);    // scene->lesson is 1
 *     screen_draw(canvas, scene);
 */
#ifndef VIEWS_LESSON_H
#define VIEWS_LESSON_H

#include "views/scene.h"

typedef struct LessonStep {
    const char *title; /* above the text */
    ViewId view;       /* which is put in front */
} LessonStep;

/* The number of steps. */
size_t lesson_step_count(void);
/* NULL if there is no such step. */
const LessonStep *lesson_step(size_t index);

/* The layer that illustrates a step best; NO_INDEX: any. */
size_t lesson_layer(const Scene *scene, size_t index);

/* Shows a step: its view in front, without overlay and zoom, and the cursor on its layer. */
void lesson_set_up(Scene *scene, size_t index);

/* The names of the actions that the texts mention, ended by NULL; each must be the `action` of an entry of
 * scene->help. */
extern const char *const lesson_actions[];

#endif
