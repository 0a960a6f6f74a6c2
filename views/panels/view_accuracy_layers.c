/* SPDX-License-Identifier: MIT */
/* Accuracy with the first layers quantized and the rest float. */
#include "views/page.h"
#include "views/pinned.h"

#include <math.h>
#include <stdio.h>

/* The band is the interval of the change against float, around the float network's accuracy on these images.
 */
static void plot_layers(Plot *plot, const Ladder *ladder, size_t selected)
{
    const size_t count = ladder->layer_count;
    const double images = (double)ladder->images, reference = (double)ladder->correct / images;
    double *top1 = plot_array(plot, count), *low = plot_array(plot, count), *high = plot_array(plot, count);
    const bool *here = plot_highlight(plot, count, selected);
    for (size_t l = 0; top1 && low && high && l < count; l++) {
        const LadderStep *step = &ladder->steps[l];
        const Interval change = interval_paired(step->lost, step->gained, ladder->images);
        top1[l] = (double)step->hybrid_correct / images;
        low[l] = reference + change.low;
        high[l] = reference + change.high;
    }
    plot_start(plot, (Axis){"layers quantized", false, 1, (double)count, true, false},
               (Axis){"", false, NAN, NAN, false, true});
    plot_series(plot,
                (Series){"95 % interval", SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT, NULL, low, NULL, count});
    plot_series(plot, (Series){NULL, SERIES_LINE, STYLE_SERIES_2, GLYPH_DOT, NULL, high, NULL, count});
    plot_series(plot, (Series){"top-1", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, NULL, top1, here, count});
    plot_level(plot, reference, STYLE_SERIES_3, "float", figure_percent_fixed(reference, 2).text);
}

/* The pinned plan's top-1 by depth, where it is of the same images; false where it is not known. */
static bool plot_pinned(Plot *plot, const Scene *scene, const Ladder *current)
{
    const Ladder *ladder = pinned_ladder(scene);
    if (!ladder || !ladder->labelled || ladder->images != current->images) return false;
    double *top1 = plot_array(plot, ladder->layer_count);
    for (size_t l = 0; top1 && l < ladder->layer_count; l++)
        top1[l] = (double)ladder->steps[l].hybrid_correct / (double)ladder->images;
    if (top1) pinned_series(plot, scene, SERIES_LINE, NULL, top1, ladder->layer_count);
    return true;
}

static void add_counts(Words *words, const Ladder *ladder, size_t layer)
{
    const LadderStep *step = &ladder->steps[layer];
    words_add(words, "%s points; images lost %zu, gained %zu",
              paired_change(step->lost, step->gained, ladder->images).text, step->lost, step->gained);
}

static void add_head(Words *words, const Scene *scene, const Ladder *ladder)
{
    const size_t selected = scene_layer(scene), last = ladder->layer_count - 1;
    if (scene_ladder_is_old(scene)) words_add(words, "From an earlier plan. ");
    words_add(words, "All layers quantized, against float on the same %s calibration images: ",
              figure_count(ladder->images).text);
    add_counts(words, ladder, last);
    if (selected < last) {
        words_add(words, ". The first %zu: ", selected + 1);
        add_counts(words, ladder, selected);
    }
    words_add(words, ".");
}

void view_accuracy_layers(Page *page, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    snprintf(page->title, sizeof page->title, "Accuracy · layers quantized");
    words_add(
        &page->words,
        "The networks with the first l layers quantized and the rest float are the hybrids of the bound. "
        "The band is the 95 %% interval of the change against float: where it contains the float level, "
        "these "
        "images are no evidence of a loss or a gain.");
    if (!ladder || ladder->layer_count == 0) {
        words_add(&page->head, "No figures yet; they come with the bound: %s.", scene_bounds_pending(scene));
        return;
    }
    if (!ladder->labelled) {
        words_add(&page->head,
                  "The calibration images have no labels: of %s, %s keep the float network's prediction.",
                  figure_count(ladder->images).text, figure_percent_of(ladder->kept, ladder->images).text);
        return;
    }
    plot_layers(&page->plot, ladder, scene_layer(scene));
    add_head(&page->head, scene, ladder);
    add_pinned(&page->head, scene, plot_pinned(&page->plot, scene, ladder));
}
