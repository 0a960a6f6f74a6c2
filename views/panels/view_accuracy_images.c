/* SPDX-License-Identifier: MIT */
/* Accuracy over the number of images evaluated so far. */
#include "views/page.h"
#include "views/pinned.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>

/* The y axis spans three intervals around the current value: the first images would otherwise flatten the
 * rest. */
static void plot_stream(Plot *plot, const Scene *scene, const Score *score)
{
    const bool classifies =
        scene->snapshot->accuracy.task == TASK_CLASSIFY; /* only shares have Wilson's interval */
    size_t count = scene->stream_count < ACCURACY_POINTS ? scene->stream_count : ACCURACY_POINTS;
    double *low = plot_array(plot, count), *high = plot_array(plot, count);
    for (size_t i = 0; low && high && i < count; i++) {
        double images = scene->stream_images[i], right = scene->stream_top1[i] * images;
        if (!(classifies && images >= 1 && images < 1e15 && right >= 0 && right <= images)) continue;
        Interval interval = interval_wilson((size_t)llround(right), (size_t)images);
        low[i] = interval.low;
        high[i] = interval.high;
    }
    double bottom = fmax(fmin(score->value - 3 * score->half, score->reference), 0),
           top = fmin(fmax(score->value + 3 * score->half, score->reference), 1);
    plot_start(plot, (Axis){"images", false, 0, NAN, true, false},
               (Axis){"", false, bottom, top, false, true});
    plot_series(plot, (Series){score->name, SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, scene->stream_images,
                               scene->stream_top1, NULL, count});
    plot_series(plot, (Series){"95 % interval", SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT, scene->stream_images,
                               low, NULL, count});
    plot_series(plot, (Series){NULL, SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT, scene->stream_images, high, NULL,
                               count});
    plot_level(plot, score->reference, STYLE_SERIES_3, "float",
               figure_percent_fixed(score->reference, 2).text);
}

/* The score of a task other than classification. */
static void add_task_score(Words *words, const Evaluation *evaluation, const Score *score)
{
    words_add(words, "%s %.2f", score->name, 100 * score->value);
    if (isfinite(score->half)) words_add(words, " ± %.2f", 100 * score->half);
    words_add(words, " %% on %s images", figure_count(evaluation->images).text);
    if (isfinite(score->reference)) words_add(words, ", float %.2f %%", 100 * score->reference);
    words_add(words, ". Change %s points.", score_change(evaluation).text);
    if (!evaluation->has_truth)
        words_add(words, " Without annotations, the float network's results are the truth.");
}

/* The pinned plan's accuracy as a level, if it is known: of all images. */
static bool plot_pinned(Plot *plot, const Scene *scene)
{
    const size_t index = pinned_index(scene);
    if (index == NO_INDEX) return false;
    const double score = visited_score(scene->snapshot->visited[index]);
    const char *name = plot_text(plot, visited_label(scene, index).text);
    plot_level(plot, score, STYLE_PINNED, name, figure_percent_fixed(score, 2).text);
    return isfinite(score);
}

static void add_score(Words *words, const Evaluation *evaluation, const Score *score)
{
    if (evaluation->task != TASK_CLASSIFY) {
        add_task_score(words, evaluation, score);
        return;
    }
    if (!score->labelled) {
        words_add(
            words,
            "Same prediction as the float network on %.2f ± %.2f %% of %s images, which have no labels.",
            100 * score->value, 100 * score->half, figure_count(evaluation->images).text);
        return;
    }
    words_add(words, "Top-1 %.2f ± %.2f %% on %s images", 100 * score->value, 100 * score->half,
              figure_count(evaluation->images).text);
    if (isfinite(score->reference)) words_add(words, ", float %.2f %%", 100 * score->reference);
    words_add(words, ". Change %s points; images lost %zu, gained %zu. Same prediction on %s.",
              score_change(evaluation).text, evaluation->lost, evaluation->gained,
              figure_percent_of(evaluation->agreeing, evaluation->images).text);
}

void view_accuracy_images(Page *page, const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    Score score = snapshot ? score_of(&snapshot->accuracy) : (Score){0};
    snprintf(page->title, sizeof page->title, "Accuracy · image by image");
    words_add(
        &page->words,
        "Both networks run the images in a seeded order. The Wilson interval says where the top-1 of "
        "infinitely many such images would lie; the interval of the change is narrower, because both "
        "networks see the same images. Both hold for one look at the end: not at every moment while images "
        "come in, and not for the plan that was chosen because it did best on these images.");
    if (!score.known) {
        words_add(&page->head, "No accuracy yet: %s.", scene_pending(scene));
        return;
    }
    plot_stream(&page->plot, scene, &score);
    add_score(&page->head, &snapshot->accuracy, &score);
    if (scene_accuracy_is_old(scene)) words_add(&page->head, " From an earlier plan.");
    add_pinned(&page->head, scene, plot_pinned(&page->plot, scene));
}
