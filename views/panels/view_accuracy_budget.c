/* SPDX-License-Identifier: MIT */
/* The best plan within a budget: predicted quality over size, what was measured, and the plan under the
 * cursor. */
#include "views/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CURVE_POINTS 96
#define WIDTHS 7 /* 2 to 8 bits */
#define ENDS 8   /* bits of first and last layers */

/* Agreement with the float network, or, where it is not predicted, the signal-to-noise ratio of the output.
 */
static double quality(const BudgetScene *budget, double sum)
{
    const Prediction prediction = forecast_predict(budget->forecast, sum);
    return prediction.known ? prediction.agreement.expected : prediction.sqnr_db;
}

static void plot_front(Plot *plot, const BudgetScene *budget)
{
    const Front *front = budget->front;
    const size_t count = front->count < CURVE_POINTS ? front->count : CURVE_POINTS;
    double *x = plot_array(plot, count), *y = plot_array(plot, count);
    for (size_t i = 0; x && y && i < count; i++) {
        const size_t point = count > 1 ? i * (front->count - 1) / (count - 1) : 0;
        x[i] = front->points[point].costs[COST_BYTES] / 1024;
        y[i] = quality(budget, front->points[point].error);
    }
    plot_series(plot, (Series){"front", SERIES_LINE, STYLE_SERIES_1, GLYPH_CIRCLE, x, y, NULL, count});
}

/* Plans of one width, first and last layers at 8 bits, the others' activations as in the edited plan. */
static void plot_uniform(Plot *plot, const Scene *scene)
{
    double *x = plot_array(plot, WIDTHS), *y = plot_array(plot, WIDTHS);
    for (unsigned i = 0; x && y && i < WIDTHS; i++) {
        Plan *plan;
        if (plan_copy(&plan, scene->plan, NULL) != STATUS_OK) return;
        plan_set_bits(plan, scene->network, i + BITS_MIN, ENDS, ENDS);
        const Choice sum = plan_choice(plan, scene->network, scene->budget->forecast, NULL);
        plan_drop(plan);
        x[i] = sum.costs[COST_BYTES] / 1024;
        y[i] = quality(scene->budget, sum.error);
    }
    plot_series(plot, (Series){"uniform", SERIES_LINE, STYLE_SERIES_3, GLYPH_CROSS, x, y, NULL, WIDTHS});
}

/* Visited plans that were evaluated, with the ends of their 95 % intervals. */
static void plot_measured(Plot *plot, const Scene *scene)
{
    const size_t count = scene->snapshot->visited_count;
    double *x = plot_array(plot, count), *y = plot_array(plot, count), *both = plot_array(plot, 2 * count),
           *ends = plot_array(plot, 2 * count);
    if (!scene->budget->forecast->images) return;
    for (size_t i = 0; x && y && both && ends && i < count; i++) {
        const VisitedPlan *visited = scene->snapshot->visited[i];
        const Evaluation *accuracy = &visited->accuracy;
        if (!visited->evaluated || !accuracy->images || accuracy->task != TASK_CLASSIFY) continue;
        const Interval interval = interval_wilson(accuracy->agreeing, accuracy->images);
        x[i] = both[2 * i] = both[2 * i + 1] = (double)visited->totals.bytes / 1024;
        y[i] = (double)accuracy->agreeing / (double)accuracy->images;
        ends[2 * i] = interval.low;
        ends[2 * i + 1] = interval.high;
    }
    plot_series(plot, (Series){"measured", SERIES_POINTS, STYLE_SERIES_2, GLYPH_SQUARE, x, y, NULL, count});
    plot_series(plot, (Series){NULL, SERIES_POINTS, STYLE_SERIES_2, GLYPH_DOT, both, ends, NULL, 2 * count});
}

static void plot_point(Plot *plot, const BudgetScene *budget, const Choice *sum, const char *name,
                       Style style, Glyph mark)
{
    double *x = plot_array(plot, 1), *y = plot_array(plot, 1);
    if (!x || !y) return;
    x[0] = sum->costs[COST_BYTES] / 1024;
    y[0] = quality(budget, sum->error);
    plot_series(plot, (Series){name, SERIES_POINTS, style, mark, x, y, NULL, 1});
}

/* --- words ------------------------------------------------------------------------------------------- */

static void add_prediction(Words *words, const BudgetScene *budget, double sum)
{
    const Prediction prediction = forecast_predict(budget->forecast, sum);
    if (prediction.known)
        words_add(words, "agreement %s %%",
                  figure_interval(prediction.agreement.expected, prediction.agreement.interval.low,
                                  prediction.agreement.interval.high)
                      .text);
    if (prediction.known && budget->forecast->labelled)
        words_add(words, ", top-1 %s",
                  figure_change(prediction.change.expected, prediction.change.interval.low,
                                prediction.change.interval.high)
                      .text);
    words_add(words, "%sSQNR %.1f dB. ", prediction.known ? ", " : "", prediction.sqnr_db);
}

/* The widths as digits, one per layer, those that change in brackets. */
static void add_strip(Words *words, const Scene *scene)
{
    const Plan *chosen = scene->budget->plan;
    size_t differ = 0;
    words_add(words, "Weight bits: ");
    for (size_t l = 0; l < chosen->layer_count; l++) {
        const unsigned bits = chosen->layers[l].weight_bits;
        const bool changes = bits != scene->plan->layers[l].weight_bits;
        differ += changes;
        words_add(words, changes ? "[" : "");
        words_add(words, bits ? "%u" : "f", bits);
        words_add(words, changes ? "]" : "");
    }
    words_add(words, differ ? " ([changed] in %zu of %zu layers). " : " (the plan that stands). ", differ,
              chosen->layer_count);
}

/* What the next KiB of the budget would buy. */
static void add_next(Words *words, const BudgetScene *budget)
{
    const size_t next = front_find(budget->front, budget->most + 1024);
    if (next >= budget->front->count) return;
    const double more =
        quality(budget, budget->front->points[next].error) - quality(budget, budget->sum.error);
    const bool known = forecast_predict(budget->forecast, budget->sum.error).known;
    words_add(words, known ? "The next KiB buys %+.3f points of agreement. " : "The next KiB buys %+.2f dB. ",
              (known ? 100 : 1) * more);
}

/* What a bit more or less would do to predicted error, agreement and size. */
static void add_bit(Words *words, const Scene *scene, size_t layer, int step)
{
    const BudgetScene *budget = scene->budget;
    const LayerPlan *choice = &budget->plan->layers[layer];
    const unsigned bits = choice->weight_bits, other = bits + (unsigned)step;
    const LayerWidths now = {choice->weight_bits, choice->activation_bits},
                      then = {(uint8_t)other, choice->activation_bits};
    if (bits == BITS_FLOAT || other < BITS_MIN || other > BITS_MAX) return;
    const double change =
        forecast_layer(budget->forecast, layer, then) - forecast_layer(budget->forecast, layer, now);
    const Prediction before = forecast_predict(budget->forecast, budget->sum.error),
                     after = forecast_predict(budget->forecast, budget->sum.error + change);
    const Layer *of = &scene->network->layers[layer];
    const double bytes = (double)layer_cost_bytes(of, other, 0) - (double)layer_cost_bytes(of, bits, 0);
    words_add(words, "%s bit: %+.1f %% of error", step < 0 ? ", one less" : ", one more",
              100 * (after.error / before.error - 1));
    if (before.known)
        words_add(words, " and %+.2f points of agreement",
                  100 * (after.agreement.expected - before.agreement.expected));
    words_add(words, " for %+.2f KiB", bytes / 1024);
}

/* Why the layer under the cursor of the table has its width. */
static void add_why(Words *words, const Scene *scene)
{
    const size_t layer = scene_layer(scene);
    if (layer == NO_INDEX) return;
    const LayerPlan *choice = &scene->budget->plan->layers[layer];
    const LayerWidths widths = {choice->weight_bits, choice->activation_bits};
    words_add(words, "%s makes %.1f %% of the predicted error", scene_short_name(scene, layer).text,
              100 * forecast_layer(scene->budget->forecast, layer, widths) / scene->budget->sum.error);
    add_bit(words, scene, layer, -1);
    add_bit(words, scene, layer, 1);
    words_add(words, ". ");
}

/* How far predicted and measured agreement of visited plans were apart. */
static void add_record(Words *words, const Scene *scene)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < scene->snapshot->visited_count && scene->budget->forecast->images; i++) {
        const VisitedPlan *visited = scene->snapshot->visited[i];
        if (!visited->evaluated || !visited->accuracy.images || visited->accuracy.task != TASK_CLASSIFY)
            continue;
        const Choice choice = plan_choice(visited->plan, scene->network, scene->budget->forecast, NULL);
        const Prediction prediction = forecast_predict(scene->budget->forecast, choice.error);
        if (!prediction.known) continue;
        sum += fabs(prediction.agreement.expected -
                    (double)visited->accuracy.agreeing / (double)visited->accuracy.images);
        count++;
    }
    if (count)
        words_add(words, "Predicted and measured agreement of %zu plan%s: %.2f points apart on average. ",
                  count, count == 1 ? "" : "s", 100 * sum / (double)count);
}

/* Where predictions are weak. */
static void add_weakness(Words *words, const Plan *plan)
{
    size_t narrow = 0;
    for (size_t l = 0; l < plan->layer_count; l++) narrow += plan->layers[l].weight_bits == BITS_MIN;
    if (2 * narrow > plan->layer_count)
        words_add(words, "Weak prediction: most layers have 2 bits, where errors no longer add up. ");
}

static void add_chosen(Page *page, const Scene *scene)
{
    const BudgetScene *budget = scene->budget;
    words_add(&page->head, "%.1f KiB: ", budget->most / 1024);
    if (!budget->plan) {
        words_add(&page->head, "no plan is that small; the smallest takes %.1f KiB.",
                  budget->front->points[0].costs[COST_BYTES] / 1024);
        return;
    }
    words_add(&page->head, "a plan of %s, predicted ",
              figure_bytes((size_t)budget->sum.costs[COST_BYTES]).text);
    add_prediction(&page->head, budget, budget->sum.error);
    add_strip(&page->words, scene);
    add_next(&page->words, budget);
    add_why(&page->words, scene);
    add_record(&page->words, scene);
    add_weakness(&page->words, budget->plan);
    if (budget->pinned)
        words_add(&page->words, "%zu marked layer%s keep%s their bits. ", budget->pinned,
                  budget->pinned == 1 ? "" : "s", budget->pinned == 1 ? "s" : "");
}

static void explain(Words *words, const Scene *scene)
{
    words_add(words,
              "%s takes a budget, h and l step, Enter adopts, %s undoes; marked layers keep their bits.",
              scene_keys(scene, "budget"), scene_keys(scene, "undo"));
}

void view_accuracy_budget(Page *page, const Scene *scene)
{
    const BudgetScene *budget = scene->budget;
    snprintf(page->title, sizeof page->title, "Budget · the best plan of a size");
    if (!budget || !budget->front || !scene->snapshot) {
        const bool begun = scene->snapshot && scene->snapshot->forecast_fraction > 0;
        words_add(&page->head, "The layers' sensitivities come first: ");
        if (begun)
            words_add(&page->head, "%.0f %% are computed%s. ", 100 * scene->snapshot->forecast_fraction,
                      budget && budget->waiting ? "; then the plan is chosen" : "");
        else
            words_add(&page->head, "%s. ",
                      scene->snapshot && scene->snapshot->activity != ACTIVITY_IDLE
                          ? scene_pending(scene)
                          : "they are about to be computed");
        return;
    }
    const bool known = budget->forecast->images > 0;
    plot_start(&page->plot, (Axis){"weight KiB", false, NAN, NAN, false, false},
               (Axis){known ? "" : "predicted SQNR, dB", false, NAN, NAN, false, known});
    plot_front(&page->plot, budget);
    plot_uniform(&page->plot, scene);
    plot_measured(&page->plot, scene);
    plot_point(&page->plot, budget, &budget->present, "this plan", STYLE_SERIES_4, GLYPH_CIRCLE);
    if (budget->plan) plot_point(&page->plot, budget, &budget->sum, "cursor", STYLE_STRONG, GLYPH_DIAMOND);
    add_chosen(page, scene);
    explain(&page->words, scene);
}
