/* SPDX-License-Identifier: MIT */
/* The reconstruction errors of all layers. */
#include "views/page.h"
#include "views/pinned.h"

#include <math.h>
#include <stdio.h>

static bool all_stay_float(const Scene *scene)
{
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        const LayerSnapshot *layer = scene_state(scene, l);
        if (!layer || layer->state != LAYER_FLOAT) return false;
    }
    return true;
}

/* The range of the errors, and the geometric mean of RTN / solved over the layers that have both. */
static void add_summary(Words *words, const Scene *scene, const double *rounding, const double *solved)
{
    size_t least = NO_INDEX, most = NO_INDEX, gains = 0;
    double log_gain = 0;
    for (size_t l = 0; l < scene->network->layer_count; l++) {
        double gain = rounding[l] / solved[l];
        if (!isfinite(solved[l])) continue;
        if (least == NO_INDEX || solved[l] < solved[least]) least = l;
        if (most == NO_INDEX || solved[l] > solved[most]) most = l;
        if (!isfinite(gain) || !(gain > 0)) continue;
        log_gain += log(gain);
        gains++;
    }
    if (most == NO_INDEX && all_stay_float(scene))
        words_add(words, "All weights and activations stay float: there is no error to reduce.");
    else if (most == NO_INDEX)
        words_add(words, "No layer is solved yet: %s.", scene_pending(scene));
    if (most == NO_INDEX) return;
    if (gains)
        words_add(words, "%s times less than RTN on average, ",
                  figure_ratio(exp(log_gain / (double)gains)).text);
    words_add(words, "from %s (%s) to %s (%s).", figure_number(solved[least]).text,
              scene_short_name(scene, least).text, figure_number(solved[most]).text,
              scene_short_name(scene, most).text);
}

void view_error_layers(Page *page, const Scene *scene)
{
    size_t count = scene->network->layer_count, compared = 0;
    Plot *plot = &page->plot;
    double *rounding = plot_array(plot, count), *solved = plot_array(plot, count),
           *accumulated = plot_array(plot, count), *pinned = plot_array(plot, count);
    snprintf(page->title, sizeof page->title, "Reconstruction error · all layers");
    if (!rounding || !solved || !accumulated || !pinned) return;
    for (size_t l = 0; l < count; l++) {
        solved[l] = scene_error(scene, l);
        rounding[l] = scene_rounding_error(scene, l);
        pinned[l] = pinned_error(scene, l);
        compared += isfinite(pinned[l]) ? 1 : 0;
        if (scene_state(scene, l)) accumulated[l] = scene_state(scene, l)->accumulated_error;
    }
    add_summary(&page->head, scene, rounding, solved);
    plot_start(plot, (Axis){"layer", false, 1, (double)count, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    const bool *here = plot_highlight(plot, count, scene_layer(scene));
    plot_series(plot,
                (Series){"RTN", SERIES_POINTS, STYLE_SERIES_3, GLYPH_CROSS, NULL, rounding, NULL, count});
    plot_series(plot, (Series){"accumulated", SERIES_POINTS, STYLE_SERIES_2, GLYPH_SQUARE, NULL, accumulated,
                               NULL, count});
    plot_series(plot,
                (Series){"solved", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, NULL, solved, here, count});
    pinned_series(plot, scene, SERIES_POINTS, NULL, pinned, count);
    add_pinned(&page->head, scene, compared > 0);
    words_add(
        &page->words,
        "Solved: the reconstruction error that the optimizer minimizes, on sampled rows, relative to the "
        "sum of squared outputs without bias; in sequential mode its input has the error of earlier layers. "
        "Accumulated: the layer's output in the quantized network against the "
        "float network's; it includes the errors of all earlier layers.");
}
