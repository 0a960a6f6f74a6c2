/* Lesson: a guided tour in eight steps, on the network that is open and with its figures as they stand.
 *
 * A step puts a panel and its page in front and the cursor on a layer that shows what it is about; its text
 * stands beside or under the panels, which go on working. Figures that are not known yet are said to be on
 * their way. Key names come from scene->help, by HelpLine.action: those of lesson_actions.
 *
 *     lesson_set_up(&scene, 0);    // scene.lesson is 1
 *     screen_draw(canvas, &scene);
 */
#ifndef VIEWS_LESSON_H
#define VIEWS_LESSON_H

#include "views/scene.h"

typedef struct LessonStep {
    const char *title;
    ViewId view; /* which is put in front */
} LessonStep;

size_t lesson_step_count(void);
const LessonStep *lesson_step(size_t index);

/* The layer that a step is best seen on, or NO_INDEX: any. */
size_t lesson_layer(const Scene *scene, size_t index);

/* Puts the scene's front, page, cursor, overlay and lesson as the step has them. */
void lesson_set_up(Scene *scene, size_t index);

/* The names of actions that texts mention, up to NULL; each is to be the `action` of an entry of
 * scene->help. */
extern const char *const lesson_actions[];

#endif
