/* SPDX-License-Identifier: MIT */
/* The reconstruction error of one layer over its bit width. */
#include "views/page.h"
#include "views/pinned.h"

#include <math.h>
#include <string.h>

enum { WIDTHS = SOLVE_MAX_BITS - SOLVE_MIN_BITS + 1 };

/* Floors below this part of the smallest error drawn are rounding noise of sums. */
#define LEAST_FLOOR 1e-6

/* Ratios of one bit that are called "about four". */
#define QUARTER_LEAST 3.0
#define QUARTER_MOST 5.0

/* The local error at a bit width: solved if the layer was solved at it, otherwise estimated. */
static double error_at(const LayerSnapshot *state, unsigned bits)
{
    if (bits < SOLVE_MIN_BITS || bits > SOLVE_MAX_BITS) return NAN;
    return isfinite(state->local[bits]) ? state->local[bits] : state->estimate[bits];
}

/* Compares errors of one kind alone: solves with solves, estimates with estimates. */
static void add_neighbours(Words *words, const LayerSnapshot *state, const LayerPlan *choice)
{
    const unsigned bits = choice->weight_bits;
    if (bits == BITS_FLOAT) {
        words_add(words, "The plan leaves these weights in float.");
        return;
    }
    const bool solved = isfinite(state->local[bits]);
    if (choice->grid != GRID_UNIFORM) words_add(words, "RTN and estimate are for the uniform grid. ");
    if (choice->grid != GRID_UNIFORM && !solved) return;
    const double *errors = solved ? state->local : state->estimate, here = errors[bits];
    const double less = bits > SOLVE_MIN_BITS ? errors[bits - 1] : NAN;
    const double more = bits < SOLVE_MAX_BITS ? errors[bits + 1] : NAN;
    if (isnan(here)) return;
    words_add(words, "%s, %s: %s", bits_words(bits),
              !solved        ? "estimated"
              : state->swept ? "on float input"
                             : "solved",
              figure_number(here).text);
    if (less > 0 && here > 0) words_add(words, "; one bit less: × %s", figure_ratio(less / here).text);
    if (more > 0 && here > 0) words_add(words, "; one bit more: ÷ %s", figure_ratio(here / more).text);
    words_add(words, ".");
}

/* Whether the plan's input is quantized, so that the error in the plan has a floor. */
static bool has_floor(const LayerSnapshot *state)
{
    double least = INFINITY;
    for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++)
        if (error_at(state, bits) > 0) least = fmin(least, error_at(state, bits));
    return state->input_floor > LEAST_FLOOR * least && isfinite(least);
}

/* in_plan: the error in the plan is shown although it has no floor, since the pinned plan's is. */
static void plot_widths(Plot *plot, const LayerSnapshot *state, unsigned bits, bool in_plan)
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
    plot_series(plot, (Series){state->swept ? "on float input" : "solved", SERIES_POINTS, STYLE_SERIES_1,
                               GLYPH_CIRCLE, x, state->local + SOLVE_MIN_BITS, here, WIDTHS});
    if (!has_floor(state) && !in_plan) return;
    plot_series(plot, (Series){"in this plan", SERIES_POINTS, STYLE_SERIES_4, GLYPH_DIAMOND, x,
                               state->measured + SOLVE_MIN_BITS, here, WIDTHS});
    if (has_floor(state))
        plot_level(plot, state->input_floor, STYLE_SERIES_4, "floor", figure_number(state->input_floor).text);
}

/* The layer's error in the pinned plan, at that plan's bit width; false where it is not known. */
static bool plot_pinned(Plot *plot, const Scene *scene, size_t layer)
{
    const Solved *solved = pinned_solved(scene, layer);
    double *x = plot_array(plot, 1), *error = plot_array(plot, 1);
    if (!solved || solved->result.bits == BITS_FLOAT || !x || !error) return false;
    *x = solved->result.bits;
    *error = layer_result_error(&solved->result);
    pinned_series(plot, scene, SERIES_POINTS, x, error, 1);
    return true;
}

/* What one bit divides the drawn errors by. */
static void add_ratios(Words *words, const LayerSnapshot *state)
{
    double least = INFINITY, most = 0;
    bool solved = false;
    for (unsigned bits = SOLVE_MIN_BITS; bits < SOLVE_MAX_BITS; bits++)
        solved |= isfinite(state->local[bits]) && isfinite(state->local[bits + 1]);
    const double *errors = solved ? state->local : state->estimate;
    for (unsigned bits = SOLVE_MIN_BITS; bits < SOLVE_MAX_BITS; bits++) {
        const double ratio = errors[bits] / errors[bits + 1];
        if (!isfinite(ratio)) continue;
        least = fmin(least, ratio);
        most = fmax(most, ratio);
    }
    if (!(most > 0)) return;
    const Figure low = figure_ratio(least), high = figure_ratio(most);
    words_add(words, "Here one bit more divides the %s squared error by %s", solved ? "solved" : "estimated",
              low.text);
    if (strcmp(low.text, high.text) != 0) words_add(words, " to %s", high.text);
    const bool quarter = least >= QUARTER_LEAST && most <= QUARTER_MOST;
    words_add(words, quarter ? ", about four, because it halves the step between codes. " : ". ");
}

static void explain(Words *words, const Scene *scene, const LayerSnapshot *state)
{
    add_ratios(words, state);
    words_add(words, "%s and estimate are local errors: against the float layer, on the %s. ",
              isfinite(state->local[SOLVE_MIN_BITS]) ? "RTN, solved" : "RTN",
              state->swept ? "float network's input" : "plan's input");
    words_add(words, "The estimate is too low where few bits clip many weights. ");
    if (has_floor(state))
        words_add(words, "In this plan the input is quantized already: no weights, not even float ones, come "
                         "below the floor. ");
    words_add(words, "%s solves this layer at every bit width on the float network's input.",
              scene_keys(scene, "widths"));
}

void view_error_widths(Page *page, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    title_with_layer(page->title, sizeof page->title, scene, layer);
    if (state)
        plot_widths(&page->plot, state, scene->plan->layers[layer].weight_bits, pinned_solved(scene, layer));
    if (page->plot.chart.series_count == 0) {
        if (layer == NO_INDEX)
            add_reason(&page->head, scene, layer);
        else
            words_add(&page->head, "Estimates per bit width follow calibration.");
        return;
    }
    add_neighbours(&page->head, state, &scene->plan->layers[layer]);
    const bool pinned = plot_pinned(&page->plot, scene, layer);
    add_pinned(&page->head, scene, pinned);
    if (pinned) words_add(&page->head, " Its point is the error in that plan.");
    explain(&page->words, scene, state);
}
