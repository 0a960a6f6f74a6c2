/* SPDX-License-Identifier: MIT */
#include "views/lesson.h"

#include "base/sizes.h"
#include "views/layer_order.h"
#include "views/lesson_texts.h"
#include "views/overlays/overlays.h"

#include <stdio.h>
#include <string.h>

const char *const lesson_actions[] = {"down",
                                      "worst",
                                      "weight-bits",
                                      "raise",
                                      "lower",
                                      "undo",
                                      "compare",
                                      "details",
                                      "mode",
                                      "compensated",
                                      "activation-bits",
                                      "lesson-next",
                                      "lesson-previous",
                                      "lesson",
                                      NULL};

/* Narrower areas are tall: there a blank row separates the exercise. */
#define TALL_COLUMNS 60
#define MOST_OPTIONS 4
#define LIST_ROWS 8 /* of the list of steps above the chosen one */

/* --- steps ------------------------------------------------------------------------------------------- */

/* A step tells something and names what to try, or it asks and reveals. A question without options is
 * answered by the layer under the cursor. */
typedef struct Chapter {
    LessonStep step;
    LessonFigure *layer;     /* the cursor goes to the layer where it is largest; NULL: stays */
    LessonTell *tell, *rest; /* see, do: what is tried; predict: what is revealed */
    LessonTruth *truth;      /* of predict */
    const char *options[MOST_OPTIONS];
} Chapter;

static const Chapter chapters[] = {
    {{"All steps", VIEW_ERROR_LAYERS, LESSON_STEPS}, NULL, NULL, NULL, NULL, {NULL}},
    {{"A calibration row", VIEW_ERROR_LAYERS, LESSON_SEE},
     NULL,
     lesson_tell_rows,
     lesson_try_rows,
     NULL,
     {NULL}},
    {{"Which layer is hardest?", VIEW_ERROR_LAYERS, LESSON_PREDICT},
     NULL,
     lesson_ask_hardest,
     lesson_tell_hardest,
     lesson_hardest,
     {NULL}},
    {{"Rounding and clipping", VIEW_ERROR_STAIRCASE, LESSON_SEE},
     lesson_gain,
     lesson_tell_staircase,
     lesson_try_staircase,
     NULL,
     {NULL}},
    {{"How far should codes reach?", VIEW_ERROR_STAIRCASE, LESSON_PREDICT},
     lesson_gain,
     lesson_ask_range,
     lesson_tell_range,
     lesson_best_range,
     {"to the largest weight", "to 80 to 95 % of it", "to 55 to 75 %", "to half of it or less"}},
    {{"What is minimised", VIEW_ERROR_EPOCHS, LESSON_SEE},
     lesson_gain,
     lesson_tell_minimum,
     lesson_try_minimum,
     NULL,
     {NULL}},
    {{"Two weights on a lattice", VIEW_ERROR_LATTICE, LESSON_DO},
     lesson_gain,
     lesson_tell_lattice,
     lesson_try_lattice,
     NULL,
     {NULL}},
    {{"Who finds the optimum?", VIEW_ERROR_LATTICE, LESSON_PREDICT},
     lesson_gain,
     lesson_ask_optimum,
     lesson_tell_optimum,
     lesson_optimum,
     {"single digits do", "nearest plane does, digits do not", "neither"}},
    {{"Why digits, not codes", VIEW_ERROR_EPOCHS, LESSON_SEE},
     lesson_gain,
     lesson_tell_digit,
     lesson_try_digit,
     NULL,
     {NULL}},
    {{"Stitching", VIEW_ERROR_EPOCHS, LESSON_SEE},
     lesson_gain,
     lesson_tell_stitching,
     lesson_try_stitching,
     NULL,
     {NULL}},
    {{"Sequential against independent", VIEW_LOSS_LADDER, LESSON_PREDICT},
     lesson_compensated,
     lesson_ask_modes,
     lesson_tell_modes,
     lesson_modes_truth,
     {"both fall", "hybrid falls, measured rises", "hybrid rises, measured falls", "both rise"}},
    {{"Measured and hybrid", VIEW_LOSS_LADDER, LESSON_SEE},
     NULL,
     lesson_tell_triangle,
     lesson_try_triangle,
     NULL,
     {NULL}},
    {{"Hybrid and spectral", VIEW_LOSS_LADDER, LESSON_SEE},
     NULL,
     lesson_tell_spectral,
     lesson_try_spectral,
     NULL,
     {NULL}},
    {{"Spectral and Frobenius", VIEW_LOSS_LADDER, LESSON_SEE},
     NULL,
     lesson_tell_frobenius,
     lesson_try_frobenius,
     NULL,
     {NULL}},
    {{"Where sqrt 2 comes from", VIEW_LOSS_LADDER, LESSON_SEE},
     NULL,
     lesson_tell_margin,
     lesson_try_margin,
     NULL,
     {NULL}},
    {{"Where is the bound loose?", VIEW_LOSS_LAYERS, LESSON_PREDICT},
     NULL,
     lesson_ask_costliest,
     lesson_tell_costliest,
     lesson_costliest,
     {NULL}},
    {{"Do the changes cancel?", VIEW_LOSS_LAYERS, LESSON_PREDICT},
     NULL,
     lesson_ask_cancel,
     lesson_tell_cancel,
     lesson_cancel_truth,
     {"changes point in unrelated directions", "later layers make up for earlier ones"}},
    {{"The ledger of one image", VIEW_ACCURACY_CHANGED, LESSON_DO},
     NULL,
     lesson_tell_ledger,
     lesson_try_ledger,
     NULL,
     {NULL}},
    {{"What the bound is for", VIEW_LOSS_LADDER, LESSON_SEE},
     NULL,
     lesson_tell_purpose,
     lesson_try_purpose,
     NULL,
     {NULL}},
    {{"Which layer should get a bit?", VIEW_ACCURACY_PLANS, LESSON_PREDICT},
     NULL,
     lesson_ask_bit,
     lesson_tell_bit,
     lesson_bit_truth,
     {NULL}},
    {{"Compensation on one channel", VIEW_ERROR_LAYERS, LESSON_DO},
     NULL,
     lesson_tell_compensation,
     lesson_try_compensation,
     NULL,
     {NULL}},
};
#define CHAPTERS (sizeof chapters / sizeof *chapters)
_Static_assert(CHAPTERS <= SCENE_LESSON_STEPS, "the scene has an answer for each step");

size_t lesson_step_count(void)
{
    return CHAPTERS;
}

const LessonStep *lesson_step(size_t index)
{
    return index < CHAPTERS ? &chapters[index].step : NULL;
}

const char *lesson_kind_name(LessonKind kind)
{
    static const char *const names[] = {
        [LESSON_STEPS] = "steps", [LESSON_SEE] = "see", [LESSON_PREDICT] = "predict", [LESSON_DO] = "do"};
    return names[kind];
}

size_t lesson_layer(const Scene *scene, size_t index)
{
    if (index >= CHAPTERS || !chapters[index].layer) return NO_INDEX;
    return lesson_largest(scene, chapters[index].layer);
}

/* --- answers ------------------------------------------------------------------------------------------ */

static size_t option_count(const Chapter *chapter)
{
    size_t count = 0;
    while (count < MOST_OPTIONS && chapter->options[count]) count++;
    return count;
}

/* The present step; NULL without a lesson. */
static const Chapter *present(const Scene *scene)
{
    return scene->lesson && scene->lesson <= CHAPTERS ? &chapters[scene->lesson - 1] : NULL;
}

static const LessonAnswer *answer_of(const Scene *scene, size_t index)
{
    return &scene->lesson_answers[index];
}

bool lesson_awaits_answer(const Scene *scene)
{
    const Chapter *chapter = present(scene);
    return chapter && chapter->step.kind == LESSON_PREDICT && !answer_of(scene, scene->lesson - 1)->given;
}

bool lesson_has_choice(const Scene *scene)
{
    const Chapter *chapter = present(scene);
    return chapter &&
           (chapter->step.kind == LESSON_STEPS || (lesson_awaits_answer(scene) && chapter->options[0]));
}

void lesson_choose(Scene *scene, int direction)
{
    const Chapter *chapter = present(scene);
    if (!lesson_has_choice(scene)) return;
    const size_t count = chapter->step.kind == LESSON_STEPS ? CHAPTERS : option_count(chapter);
    scene->lesson_chosen = (scene->lesson_chosen + (direction < 0 ? count - 1 : 1)) % count;
    if (chapter->step.kind == LESSON_STEPS) /* keeps the choice in sight */
        scene->overlay_first = scene->lesson_chosen > LIST_ROWS ? scene->lesson_chosen - LIST_ROWS : 0;
}

/* The step's page. It has the answer to a prediction: until that is given, the layers stand in front. */
static void show_page(Scene *scene, const LessonStep *step)
{
    const Panel panel = view_table[step->view].panel;
    const bool hidden = lesson_awaits_answer(scene);
    scene->front = hidden ? PANEL_LAYERS : panel;
    if (!hidden)
        scene->views[panel] = step->view;
    else if (scene->views[panel] == step->view)
        scene->views[panel] = view_next(panel, VIEW_LAYERS); /* its first */
    scene->chart_cursor[panel] = SIZE_MAX;
}

void lesson_set_up(Scene *scene, size_t index)
{
    const LessonStep *step = lesson_step(index);
    if (!step) return;
    scene->lesson_chosen = scene->lesson > 1 && index == 0 ? scene->lesson - 1 : 0;
    scene->lesson = scene->lesson_left = index + 1;
    scene->overlay = OVERLAY_NONE;
    scene->overlay_first = 0;
    scene->zoomed = false;
    show_page(scene, step);
    layer_order_go(scene, lesson_layer(scene, index));
}

void lesson_answer(Scene *scene)
{
    const Chapter *chapter = present(scene);
    if (!lesson_awaits_answer(scene)) return;
    scene->lesson_answers[scene->lesson - 1] =
        (LessonAnswer){true, chapter->options[0] ? scene->lesson_chosen : scene_layer(scene)};
    show_page(scene, &chapter->step);
}

size_t lesson_chosen_step(const Scene *scene)
{
    return scene->lesson_chosen;
}

/* --- text --------------------------------------------------------------------------------------------- */

static void tell_steps(Words *words, const Scene *scene)
{
    for (size_t i = 1; i < CHAPTERS; i++)
        words_add(words, "%s%s%2zu %s (%s)", i == 1 ? "" : "\n", i == scene->lesson_chosen ? "> " : "  ",
                  i + 1, chapters[i].step.title, lesson_kind_name(chapters[i].step.kind));
}

static void tell_options(Words *words, const Scene *scene, const Chapter *chapter, bool chosen)
{
    for (size_t i = 0; i < option_count(chapter); i++)
        words_add(words, "\n%s %s", chosen && i == scene->lesson_chosen ? "(x)" : "( )", chapter->options[i]);
}

/* What an option, or a layer, is called. */
static const char *name_of(const Scene *scene, const Chapter *chapter, size_t answer)
{
    if (answer == NO_INDEX) return "nothing";
    return chapter->options[0] ? chapter->options[size_min(answer, option_count(chapter) - 1)]
                               : scene_name(scene, answer);
}

static void tell_answer(Words *words, const Scene *scene, size_t index)
{
    const Chapter *chapter = &chapters[index];
    const LessonAnswer *answer = answer_of(scene, index);
    const size_t truth = chapter->truth(scene);
    words_add(words, "\n");
    if (answer->given) words_add(words, "You said: %s. ", name_of(scene, chapter, answer->choice));
    if (truth != NO_INDEX)
        words_add(words, "Computed: %s%s. ", name_of(scene, chapter, truth),
                  answer->given && truth == answer->choice ? ", as you said" : "");
    chapter->rest(words, scene);
}

void lesson_tell(Words *body, Words *exercise, const Scene *scene, size_t index, bool revealed)
{
    if (index >= CHAPTERS) return;
    const Chapter *chapter = &chapters[index];
    if (chapter->step.kind == LESSON_STEPS) {
        tell_steps(body, scene);
        words_add(exercise, "h and l choose a step, Enter goes there; %s starts with the next.",
                  lesson_key(scene, "lesson-next").text);
        return;
    }
    chapter->tell(body, scene);
    if (chapter->step.kind != LESSON_PREDICT) {
        chapter->rest(exercise, scene);
        return;
    }
    tell_options(body, scene, chapter, !revealed);
    if (revealed)
        tell_answer(body, scene, index);
    else if (chapter->options[0])
        words_add(exercise, "Predict: h and l choose, Enter answers.");
    else
        words_add(exercise, "Predict: go to a layer with %s and k, Enter answers.",
                  lesson_key(scene, "down").text);
}

int lesson_draw(Canvas *canvas, Area inner, const Scene *scene, int first)
{
    Words body = {0}, exercise = {0};
    if (!present(scene)) return 0;
    const size_t index = scene->lesson - 1;
    lesson_tell(&body, &exercise, scene, index, answer_of(scene, index)->given);
    Area area = area_part(inner, 0, 1, inner.rows, inner.columns - 2);
    area.columns = inner.columns - 2;
    int row = canvas_paragraph(canvas, area, -first, 0, STYLE_TEXT, body.text);
    if (!exercise.text[0]) return row;
    if (inner.columns < TALL_COLUMNS) row++;
    row += canvas_paragraph(canvas, area, row - first, 0, STYLE_STRONG, exercise.text);
    return row;
}
