/* SPDX-License-Identifier: MIT */
/* The reconstruction error of one layer over the solver's epochs and digits. */
#include "views/page.h"
#include "views/pinned.h"

#include <math.h>
#include <stdio.h>

/* The points of a step: one per digit in a sweep over digits, otherwise one. */
static size_t points_of(const SolveProgress *step)
{
    bool digits =
        step->stage == SOLVE_STAGE_DIGITS && step->bits >= SOLVE_MIN_BITS && step->bits <= SOLVE_MAX_BITS;
    return digits ? step->bits - 1 : 1;
}

static bool has_digits(const SolveProgress *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i].stage == SOLVE_STAGE_DIGITS) return true;
    return false;
}

/* Two series, of digits and of whole codes; without digits, all is of whole codes. An epoch is one unit long;
 * the points of its digits, the highest first, divide it. The last point of an epoch is its error, after the
 * scales are refitted. Where the codes begin, both series have the point, so that the curve is not
 * interrupted. */
static void plot_trace(Plot *plot, const SolveProgress *steps, size_t count)
{
    const bool by_digit = has_digits(steps, count);
    size_t points = 0, at = 0, epoch = 0;
    for (size_t i = 0; i < count; i++) points += points_of(&steps[i]);
    double *x = plot_array(plot, points), *digits = plot_array(plot, points),
           *codes = plot_array(plot, points);
    if (!x || !digits || !codes) return;
    for (size_t i = 0; i < count; i++) {
        const SolveProgress *step = &steps[i];
        bool whole = step->stage == SOLVE_STAGE_CODES || !by_digit;
        if (step->stage != SOLVE_STAGE_START) epoch++;
        if (whole && at > 0 && isnan(codes[at - 1])) codes[at - 1] = digits[at - 1];
        size_t parts = points_of(step);
        for (size_t d = 1; d <= parts; d++, at++) {
            x[at] = (double)epoch - 1 + (double)d / (double)parts;
            *(whole ? &codes[at] : &digits[at]) =
                d == parts ? step->error : step->error_after_digit[parts - d];
        }
    }
    if (by_digit)
        plot_series(plot,
                    (Series){"digits", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, x, digits, NULL, points});
    plot_series(plot,
                (Series){"whole codes", SERIES_LINE, STYLE_SERIES_2, GLYPH_SQUARE, x, codes, NULL, points});
}

/* The pinned plan's error behind each of its epochs; false where it is not known. */
static bool plot_pinned(Plot *plot, const Scene *scene, size_t layer)
{
    const Solved *solved = pinned_solved(scene, layer);
    const size_t count = solved ? solved->trace_count : 0;
    double *x = plot_array(plot, count), *errors = plot_array(plot, count);
    for (size_t i = 0, epoch = 0; x && errors && i < count; i++) {
        epoch += solved->trace[i].stage != SOLVE_STAGE_START;
        x[i] = (double)epoch;
        errors[i] = solved->trace[i].error;
    }
    if (errors) pinned_series(plot, scene, SERIES_LINE, x, errors, count);
    return count > 0;
}

/* The other methods that were tried on the layer. */
static void plot_methods(Plot *plot, const Scene *scene, size_t layer)
{
    const LayerSnapshot *state = scene_state(scene, layer);
    unsigned own = scene->snapshot->plan->layers[layer].method;
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (m != own && m != METHOD_ROUND_MSE && isfinite(state->methods[m]))
            plot_level(plot, state->methods[m], STYLE_SERIES_4, method_title(m),
                       figure_number(state->methods[m]).text);
}

/* Names the method of the least final error, once methods were compared, and by how much it is below the next
 * one and the plan's own. */
static void add_winner(Words *words, const LayerSnapshot *state, Method own, bool comparing)
{
    const double *errors = state->methods;
    size_t best = METHOD_COUNT, second = METHOD_COUNT, tried = 0;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        if (!isfinite(errors[m])) continue;
        tried++;
        if (best == METHOD_COUNT || errors[m] < errors[best]) {
            second = best;
            best = m;
        } else if (second == METHOD_COUNT || errors[m] < errors[second]) {
            second = m;
        }
    }
    if (tried < 3 || !(errors[second] > 0))
        return; /* the plan's method and round-to-nearest are always there */
    words_add(words, "%s of %zu methods: %s, %s, %s below %s", comparing ? "So far best" : "Best", tried,
              method_title((Method)best), figure_number(errors[best]).text,
              figure_percent(1 - errors[best] / errors[second]).text, method_title((Method)second));
    if (best != (size_t)own && second != (size_t)own && isfinite(errors[own]))
        words_add(words, " and %s below %s", figure_percent(1 - errors[best] / errors[own]).text,
                  method_title(own));
    words_add(words, ". ");
}

static void add_result(Words *words, const LayerResult *result)
{
    double final = layer_result_error(result);
    if (method_is_rounding(result->method)) {
        words_add(words, "%s: %s.", method_title(result->method), figure_number(final).text);
        return;
    }
    words_add(words, "RTN %s, %s %s", figure_number(result->rounding_error).text,
              method_title(result->method), figure_number(result->bitsplit_error).text);
    if (!isnan(result->polished_error))
        words_add(words, ", polished %s", figure_number(result->polished_error).text);
    if (final > 0 && final < result->rounding_error)
        words_add(words, ": %s times less", figure_ratio(result->rounding_error / final).text);
    if (!isnan(result->heldout_error))
        words_add(words, "; %s on held-out rows", figure_number(result->heldout_error).text);
    words_add(words, ".");
}

/* result: NULL while the layer is not solved; method: that of the curve. */
static void explain(Words *words, const Scene *scene, Method method, const LayerResult *result)
{
    if (method == METHOD_BITSPLIT)
        words_add(words, "A point is one sweep over one digit of all codes, the highest digit first; after "
                         "the lowest digit the scales are refitted.");
    else if (!method_is_rounding(method))
        words_add(words,
                  "The first point is round-to-nearest; each of the next is one pass over whole codes.");
    if (result && !isnan(result->polished_error))
        words_add(words, " Polish is coordinate descent on whole codes.");
    if (result && result->ridge > 0)
        words_add(words,
                  " The sweeps minimise this error plus a ridge term, so the curve may rise a little.");
    else if (result)
        words_add(words, " The error never rises.");
    words_add(words, " %s tries the other methods on this layer.", scene_keys(scene, "compare"));
}

void view_error_epochs(Page *page, const Scene *scene)
{
    size_t layer = scene_layer(scene);
    const Snapshot *snapshot = scene->snapshot;
    const LayerSnapshot *state = layer == NO_INDEX ? NULL : scene_state(scene, layer);
    const bool live = state && scene_is_live(scene, layer);
    const Solved *solved = state && !live ? state->solved : NULL;
    const LayerResult *result = solved ? &solved->result : NULL;
    size_t count = live ? snapshot->trace_count : solved ? solved->trace_count : 0;

    title_with_layer(page->title, sizeof page->title, scene, layer);
    if (layer != NO_INDEX)
        explain(&page->words, scene,
                count && result ? result->method : (Method)scene->plan->layers[layer].method,
                count ? result : NULL);
    if (count == 0) {
        add_reason(&page->head, scene, layer);
        return;
    }
    const SolveProgress *steps = live ? snapshot->trace : solved->trace;
    double rounding = scene_rounding_error(scene, layer);
    plot_start(&page->plot, (Axis){"epoch", false, 0, NAN, true, false},
               (Axis){"", true, NAN, NAN, false, false});
    plot_trace(&page->plot, steps, count);
    const bool pinned = plot_pinned(&page->plot, scene, layer);
    plot_level(&page->plot, rounding, STYLE_SERIES_3, "RTN", figure_number(rounding).text);
    plot_methods(&page->plot, scene, layer);
    if (result) {
        add_winner(&page->head, state, result->method, snapshot->activity == ACTIVITY_COMPARING);
        add_result(&page->head, result);
    } else {
        words_add(&page->head, "%s %zu: %s; RTN %s",
                  steps[count - 1].stage == SOLVE_STAGE_CODES ? "polish, epoch" : "epoch",
                  steps[count - 1].epoch, figure_number(steps[count - 1].error).text,
                  figure_number(rounding).text);
    }
    if (result && scene_is_stale(scene, layer)) words_add(&page->head, " From an earlier plan.");
    add_pinned(&page->head, scene, pinned);
}
