/* SPDX-License-Identifier: MIT */
/* What the error of one layer is made of when the range of its codes narrows: rounding and clipping. */
#include "views/page.h"

#include <math.h>
#include <stdio.h>

#define RANGES CLIPPING_RANGES

/* The place of the least finite number; RANGES where there is none. */
static size_t least_of(const double *numbers)
{
    size_t least = RANGES;
    for (size_t i = 0; i < RANGES; i++)
        if (isfinite(numbers[i]) && (least == RANGES || numbers[i] < numbers[least])) least = i;
    return least;
}

/* A point at the range and error of the codes that the plan has. */
static void plot_standing(Plot *plot, const LayerResult *result)
{
    double *x = plot_array(plot, 1), *y = plot_array(plot, 1);
    if (!x || !y) return;
    *x = result->range;
    *y = isnan(result->heldout_error) ? layer_result_error(result) : result->heldout_error;
    plot_series(plot, (Series){"this plan", SERIES_POINTS, STYLE_SERIES_4, GLYPH_DIAMOND, x, y, NULL, 1});
}

static void plot_ranges(Plot *plot, const Clipping *clipping, const LayerResult *result)
{
    double *x = plot_array(plot, RANGES);
    if (!x) return;
    for (size_t i = 0; i < RANGES; i++) x[i] = clipping_range(i);
    plot_start(plot, (Axis){"range / largest weight", false, x[0], x[RANGES - 1], false, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_series(plot,
                (Series){"RTN", SERIES_LINE, STYLE_SERIES_3, GLYPH_CROSS, x, clipping->error, NULL, RANGES});
    plot_series(plot, (Series){"rounding", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, x, clipping->rounding,
                               NULL, RANGES});
    plot_series(plot,
                (Series){"clipping", SERIES_LINE, STYLE_DIM, GLYPH_DOT, x, clipping->clipping, NULL, RANGES});
    const size_t least = least_of(clipping->heldout);
    plot_series(plot, (Series){"solved, held-out", SERIES_POINTS, STYLE_SERIES_1, GLYPH_CIRCLE, x,
                               least < RANGES ? clipping->heldout : clipping->solved,
                               plot_highlight(plot, RANGES, least), RANGES});
    if (result) plot_standing(plot, result);
}

/* Where a kind of error is least. */
static void add_least(Words *words, const char *name, const double *errors, const char *end)
{
    const size_t least = least_of(errors);
    if (least < RANGES)
        words_add(words, "%s least at %.1f (%s)%s", name, clipping_range(least),
                  figure_number(errors[least]).text, end);
}

static void add_accuracy(Words *words, const ClippingStudy *study)
{
    if (!isfinite(study->accuracy[0])) return;
    words_add(words, "%s on %zu images with the codes of each range:",
              study->labelled ? "Top-1" : "Agreement with float", study->images);
    for (size_t i = 0; i < RANGES && isfinite(study->accuracy[i]); i++)
        words_add(words, "%s %.1f: %s", i ? "," : "", clipping_range(i),
                  figure_percent(study->accuracy[i]).text);
    words_add(words, ". ");
}

static void explain(Words *words, const ClippingStudy *study)
{
    const Clipping *clipping = &study->errors;
    add_accuracy(words, study);
    const size_t least = least_of(clipping->error);
    if (least < RANGES)
        words_add(words, "In weights alone, at %.1f: rounding %s, clipping %s of their energy. ",
                  clipping_range(least), figure_number(clipping->weight_rounding[least]).text,
                  figure_number(clipping->weight_clipping[least]).text);
    words_add(
        words,
        "The range is each channel's scale times its largest code, as a share of its largest weight. A "
        "narrow range rounds finely and clips much, a wide one the other way round; RTN's error is "
        "both parts and what they share. Solved: GPTQ and coordinate descent at that scale, on held-out "
        "rows, behind float layers. Diamond: the plan's codes, at their median range.");
}

void view_error_clipping(Page *page, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    title_with_layer(page->title, sizeof page->title, scene, layer);
    const bool known = state && isfinite(state->clipping.errors.error[0]);
    if (!known) {
        if (layer == NO_INDEX || (state && state->state == LAYER_FLOAT))
            add_reason(&page->head, scene, layer);
        else
            words_add(&page->head, "%s computes the error by clipping range: rounding and clipping apart.",
                      scene_keys(scene, "widths"));
        return;
    }
    const bool standing = state->state == LAYER_SOLVED && state->solved && state->solved->result.range > 0;
    plot_ranges(&page->plot, &state->clipping.errors, standing ? &state->solved->result : NULL);
    add_least(&page->head, "RTN", state->clipping.errors.error, "; ");
    add_least(&page->head, "solved", state->clipping.errors.heldout, ".");
    if (standing) words_add(&page->head, " This plan: %.2f.", state->solved->result.range);
    explain(&page->words, &state->clipping);
}
