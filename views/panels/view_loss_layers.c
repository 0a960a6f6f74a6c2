/* SPDX-License-Identifier: MIT */
/* The output loss: what each layer adds to each bound. */
#include "views/page.h"
#include "views/pinned.h"

#include <math.h>
#include <stdio.h>

/* What each layer adds to the hybrid bound of the pinned plan; false where it is not known. */
static bool plot_pinned(Plot *plot, const Scene *scene)
{
    const Ladder *ladder = pinned_ladder(scene);
    double *hybrid = ladder ? plot_array(plot, ladder->layer_count) : NULL;
    for (size_t l = 0; hybrid && l < ladder->layer_count; l++)
        hybrid[l] = ladder->steps[l].hybrid / ladder_unit(ladder);
    if (hybrid) pinned_series(plot, scene, SERIES_POINTS, NULL, hybrid, ladder->layer_count);
    return ladder;
}

static void plot_layers(Plot *plot, const Ladder *ladder, size_t selected)
{
    const size_t count = ladder->layer_count;
    const double unit = ladder_unit(ladder), measured = ladder->measured / unit;
    double *frobenius = plot_array(plot, count), *spectral = plot_array(plot, count),
           *hybrid = plot_array(plot, count), *sum = plot_array(plot, count), so_far = 0;
    if (!frobenius || !spectral || !hybrid || !sum) return;
    for (size_t l = 0; l < count; l++) {
        const LadderStep *step = &ladder->steps[l];
        frobenius[l] = step->frobenius / unit;
        spectral[l] = step->spectral / unit;
        hybrid[l] = step->hybrid / unit;
        sum[l] = (so_far += step->hybrid) / unit;
    }
    plot_start(plot, (Axis){"layer", false, 1, (double)count, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    const bool *here = plot_highlight(plot, count, selected);
    plot_series(
        plot, (Series){"Frobenius", SERIES_LINE, STYLE_SERIES_4, GLYPH_CROSS, NULL, frobenius, NULL, count});
    plot_series(
        plot, (Series){"spectral", SERIES_LINE, STYLE_SERIES_3, GLYPH_DIAMOND, NULL, spectral, NULL, count});
    plot_series(plot,
                (Series){"hybrid sum", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, NULL, sum, NULL, count});
    plot_series(plot,
                (Series){"hybrid", SERIES_POINTS, STYLE_SERIES_2, GLYPH_CIRCLE, NULL, hybrid, here, count});
    if (measured > 0) plot_level(plot, measured, STYLE_SERIES_1, "measured", figure_number(measured).text);
}

void view_loss_layers(Page *page, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    snprintf(page->title, sizeof page->title, "Output loss · by layer");
    words_add(
        &page->words,
        "The norm bounds multiply a layer's error by the norms of all later layers, so the first layers "
        "dominate the sum. The hybrid bound runs the rest of the float network instead: its points are the "
        "output changes that add up to it. ");
    if (!ladder) {
        words_add(&page->head, "No bound yet: %s.", scene_bounds_pending(scene));
        return;
    }
    plot_layers(&page->plot, ladder, scene_layer(scene));
    add_costliest(&page->head, scene, ladder);
    words_add(&page->head, "What each layer adds to each bound. ");
    add_pairs(&page->words, scene, ladder);
    if (!scene->snapshot->ladder_current) words_add(&page->head, "From an earlier plan.");
    add_pinned(&page->head, scene, plot_pinned(&page->plot, scene));
}
