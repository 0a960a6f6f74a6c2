/* SPDX-License-Identifier: MIT */
/* The weights' rounding and clipping error over the clipping range, and the staircase at the chosen range. */
#include "base/sizes.h"
#include "views/page.h"
#include "views/panels/staircase.h"

#include <math.h>
#include <stdio.h>

#define SAMPLE 1024
#define STEPS_ROWS 5 /* of the staircase */

/* --- errors ------------------------------------------------------------------------------------------- */

double staircase_range(size_t i)
{
    return (double)(i + 1) / STAIRCASE_RANGES;
}

static double largest_weight(const float *weights, size_t n)
{
    double most = 0;
    for (size_t k = 0; k < n; k++) most = fmax(most, fabs((double)weights[k]));
    return most;
}

static void add_channel(StaircaseError *error, double *signal, const float *weights, size_t n, unsigned bits,
                        double range)
{
    const double limit = range * largest_weight(weights, n), codes = (1 << (bits - 1)) - 1;
    const double scale = limit / codes;
    double rounding = 0;
    for (size_t k = 0; k < n; k++) {
        const double w = weights[k], size = fabs(w);
        *signal += w * w;
        if (size > limit)
            error->clipping += (size - limit) * (size - limit);
        else if (scale > 0)
            rounding += (w - scale * rint(w / scale)) * (w - scale * rint(w / scale));
    }
    error->rounding += rounding;
}

StaircaseError staircase_error(const Layer *layer, unsigned bits, double range)
{
    const size_t channels = layer->groups * layer->m;
    const size_t step = size_max(channels * layer->n / SAMPLE, 1);
    StaircaseError error = {0};
    double signal = 0;
    for (size_t c = 0; c < channels; c += step)
        add_channel(&error, &signal, layer->weights + c * layer->n, layer->n, bits, range);
    if (signal > 0) {
        error.rounding /= signal;
        error.clipping /= signal;
    }
    return error;
}

static size_t least_of(const StaircaseError errors[STAIRCASE_RANGES])
{
    size_t best = 0;
    for (size_t i = 1; i < STAIRCASE_RANGES; i++)
        if (errors[i].rounding + errors[i].clipping < errors[best].rounding + errors[best].clipping) best = i;
    return best;
}

size_t staircase_best(const Layer *layer, unsigned bits)
{
    StaircaseError errors[STAIRCASE_RANGES];
    for (size_t i = 0; i < STAIRCASE_RANGES; i++)
        errors[i] = staircase_error(layer, bits, staircase_range(i));
    return least_of(errors);
}

/* --- the page ----------------------------------------------------------------------------------------- */

static void plot_errors(Plot *plot, const StaircaseError errors[STAIRCASE_RANGES])
{
    double *range = plot_array(plot, STAIRCASE_RANGES), *rounding = plot_array(plot, STAIRCASE_RANGES);
    double *clipping = plot_array(plot, STAIRCASE_RANGES), *sum = plot_array(plot, STAIRCASE_RANGES);
    if (!range || !rounding || !clipping || !sum) return;
    for (size_t i = 0; i < STAIRCASE_RANGES; i++) {
        range[i] = 100 * staircase_range(i);
        rounding[i] = errors[i].rounding;
        clipping[i] = errors[i].clipping;
        sum[i] = errors[i].rounding + errors[i].clipping;
    }
    plot_series(
        plot, (Series){"sum", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, range, sum, NULL, STAIRCASE_RANGES});
    plot_series(plot, (Series){"rounding", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, range, rounding, NULL,
                               STAIRCASE_RANGES});
    plot_series(plot, (Series){"clipping", SERIES_LINE, STYLE_SERIES_3, GLYPH_DIAMOND, range, clipping, NULL,
                               STAIRCASE_RANGES});
}

/* The stairs over the weights from - to + the largest: steps inside of the range, flat outside. */
static void add_stairs(Words *words, unsigned bits, double range)
{
    const int width = 40, codes = (1 << (bits - 1)) - 1;
    words_add(words, "\n");
    for (int c = 0; c <= width; c++) {
        const double w = 2.0 * c / width - 1; /* of the largest weight */
        const int code = (int)fmin(fmax(rint(w / range * codes), -codes), codes);
        words_add(words, "%c", fabs(w) > range ? '=' : code % 2 ? '-' : '_');
    }
    words_add(words, "\n= is clipped; _ and - are the steps between.");
}

void view_error_staircase(Page *page, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    snprintf(page->title, sizeof page->title, "Clipping range · rounding and clipping apart");
    if (layer == NO_INDEX) {
        add_reason(&page->head, scene, layer);
        return;
    }
    const unsigned chosen = scene->plan->layers[layer].weight_bits, bits = chosen == BITS_FLOAT ? 4 : chosen;
    const size_t cursor = scene->chart_cursor[PANEL_ERROR];
    const size_t at = cursor < STAIRCASE_RANGES ? cursor : STAIRCASE_RANGES - 1;
    const Layer *weights = &scene->network->layers[layer];
    StaircaseError errors[STAIRCASE_RANGES];
    for (size_t i = 0; i < STAIRCASE_RANGES; i++)
        errors[i] = staircase_error(weights, bits, staircase_range(i));
    const StaircaseError error = errors[at];
    plot_start(&page->plot, (Axis){"codes reach % of the largest weight", false, 0, 100, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_errors(&page->plot, errors);
    words_add(&page->head,
              "%s at %s: at %.0f %% rounding %s + clipping %s = %s of the weights' squares; least at "
              "%.0f %%. h and l move the range.",
              scene_short_name(scene, layer).text, bits_words(bits), 100 * staircase_range(at),
              figure_number(error.rounding).text, figure_number(error.clipping).text,
              figure_number(error.rounding + error.clipping).text, 100 * staircase_range(least_of(errors)));
    words_add(&page->words,
              "A short range has fine steps, and clips; a long one clips nothing, and has coarse "
              "steps.");
    add_stairs(&page->words, bits, staircase_range(at));
}
