/* Accuracy with the first layers quantized and the rest float. */
#include "views/page.h"

#include <math.h>
#include <stdio.h>

static void plot_layers(Plot *plot, const Ladder *ladder, size_t selected)
{
    const size_t count = ladder->layer_count;
    const double images = (double)ladder->images, reference = (double)ladder->correct / images;
    double *top1 = plot_array(plot, count);
    const bool *here = plot_highlight(plot, count, selected);
    for (size_t l = 0; top1 && l < count; l++) top1[l] = (double)ladder->steps[l].hybrid_correct / images;
    plot_start(plot, (Axis){"layers quantized", false, 1, (double)count, true, false},
               (Axis){"", false, NAN, NAN, false, true});
    plot_series(plot, (Series){"top-1", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, NULL, top1, here, count});
    plot_level(plot, reference, STYLE_SERIES_3, "float", figure_percent_fixed(reference, 2).text);
}

void view_accuracy_layers(Page *page, const Scene *scene)
{
    const Ladder *ladder = scene_ladder(scene);
    snprintf(page->title, sizeof page->title, "Accuracy · layers quantized");
    words_add(
        &page->words,
        "The networks with the first l layers quantized and the rest float are the hybrids of the bound. "
        "A step down shows a layer that costs predictions.");
    if (!ladder || ladder->layer_count == 0) {
        words_add(&page->head, "No figures yet; they come with the bound: %s.", scene_pending(scene));
        return;
    }
    if (!ladder->labelled) {
        words_add(&page->head,
                  "The calibration images have no labels: of %s, %s keep the float network's prediction.",
                  figure_count(ladder->images).text, figure_percent_of(ladder->kept, ladder->images).text);
        return;
    }
    plot_layers(&page->plot, ladder, scene_layer(scene));
    words_add(&page->head,
              "%s in float, %s quantized: top-1 with the first l layers quantized and the rest float, on "
              "%s calibration images.",
              figure_percent_of(ladder->correct, ladder->images).text,
              figure_percent_of(ladder->steps[ladder->layer_count - 1].hybrid_correct, ladder->images).text,
              figure_count(ladder->images).text);
}
