/* The reconstruction error of one layer over its bit width. */
#include "views/page.h"

#include <math.h>

enum { WIDTHS = SOLVE_MAX_BITS - SOLVE_MIN_BITS + 1 };

/* The error at a bit width: measured if the layer was solved at it, otherwise estimated. */
static double error_at(const LayerSnapshot *state, unsigned bits)
{
    if (bits < SOLVE_MIN_BITS || bits > SOLVE_MAX_BITS) return NAN;
    return isfinite(state->measured[bits]) ? state->measured[bits] : state->estimate[bits];
}

static void add_neighbours(Words *words, const LayerSnapshot *state, unsigned bits)
{
    if (bits == BITS_FLOAT) {
        words_add(words, "The plan leaves these weights in float.");
        return;
    }
    double here = error_at(state, bits), less = error_at(state, bits - 1), more = error_at(state, bits + 1);
    if (isnan(here)) return;
    words_add(words, "%s: %s", bits_words(bits), figure_number(here).text);
    if (less > 0 && here > 0) words_add(words, "; one bit less: × %s", figure_ratio(less / here).text);
    if (more > 0 && here > 0) words_add(words, "; one bit more: ÷ %s", figure_ratio(here / more).text);
    words_add(words, ".");
}

static void plot_widths(Plot *plot, const LayerSnapshot *state, unsigned bits)
{
    double *x = plot_array(plot, WIDTHS);
    const bool *here = plot_highlight(plot, WIDTHS, bits - SOLVE_MIN_BITS);
    if (!x) return;
    for (size_t i = 0; i < WIDTHS; i++) x[i] = (double)(SOLVE_MIN_BITS + i);
    plot_start(plot, (Axis){"weight bits", false, SOLVE_MIN_BITS, SOLVE_MAX_BITS, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_series(plot, (Series){"RTN", SERIES_LINE, STYLE_SERIES_3, GLYPH_CROSS, x,
                               state->rounding_estimate + SOLVE_MIN_BITS, NULL, WIDTHS});
    plot_series(plot, (Series){"estimate", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, x,
                               state->estimate + SOLVE_MIN_BITS, NULL, WIDTHS});
    plot_series(plot, (Series){"solved", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, x,
                               state->measured + SOLVE_MIN_BITS, here, WIDTHS});
}

void view_error_widths(Page *page, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    title_with_layer(page->title, sizeof page->title, scene, layer);
    if (state) plot_widths(&page->plot, state, scene->plan->layers[layer].weight_bits);
    if (page->plot.chart.series_count == 0) {
        if (layer == NO_INDEX)
            add_reason(&page->head, scene, layer);
        else
            words_add(&page->head, "Estimates per bit width follow calibration.");
        return;
    }
    add_neighbours(&page->head, state, scene->plan->layers[layer].weight_bits);
    words_add(
        &page->words,
        "One bit more halves the step between codes and divides the error by about four. The estimate "
        "needs one factorization and no solve; it is too low where few bits clip many weights. %s solves "
        "this layer at every bit width.",
        scene_keys(scene, "widths"));
}
