/* SPDX-License-Identifier: MIT */
/* Accuracy over cost, of all visited plans: weight bytes, BitOps, activation bytes or bits. */
#include "views/page.h"
#include "views/pinned.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The axis of the chart, and what its values are divided by. */
static const struct {
    const char *name;
    double unit;
} chart_axes[PARETO_AXES] = {
    [PARETO_WEIGHT_BYTES] = {"weight KiB", 1024},
    [PARETO_BITOPS] = {"G BitOps", 1e9},
    [PARETO_ACTIVATION_BYTES] = {"peak activation KiB", 1024},
    [PARETO_WEIGHT_BITS] = {"bits per weight", 1},
};

static void plot_plans(Plot *plot, const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    const size_t count = snapshot->visited_count;
    const double reference = score_of(&snapshot->accuracy).reference;
    bool *pareto = visited_front(scene);
    double *cost = plot_array(plot, count), *others = plot_array(plot, count),
           *front = plot_array(plot, count), *current = plot_array(plot, count),
           *pinned = plot_array(plot, count);
    const size_t pin = pinned_index(scene);
    for (size_t i = 0; pareto && cost && others && front && current && pinned && i < count; i++) {
        if (visited_note(scene, i)->deleted) continue;
        double *series = i == snapshot->visit ? current : i == pin ? pinned : pareto[i] ? front : others;
        cost[i] = pareto_cost(snapshot->visited[i], scene->pareto_axis) / chart_axes[scene->pareto_axis].unit;
        series[i] = visited_score(snapshot->visited[i]);
    }
    free(pareto);
    plot_start(plot, (Axis){chart_axes[scene->pareto_axis].name, false, NAN, NAN, false, false},
               (Axis){"", false, NAN, NAN, false, true});
    plot_series(plot,
                (Series){"plan", SERIES_POINTS, STYLE_SERIES_3, GLYPH_CROSS, cost, others, NULL, count});
    plot_series(plot, (Series){"on the Pareto front", SERIES_POINTS, STYLE_SERIES_2, GLYPH_CIRCLE, cost,
                               front, NULL, count});
    plot_series(plot, (Series){"current plan", SERIES_POINTS, STYLE_SERIES_1, GLYPH_DIAMOND, cost, current,
                               NULL, count});
    pinned_series(plot, scene, SERIES_POINTS, cost, pinned, count);
    plot_level(plot, reference, STYLE_GRID, "float", figure_percent_fixed(reference, 2).text);
}

static void add_accuracy(Words *words, const VisitedPlan *visited)
{
    const Evaluation *accuracy = &visited->accuracy;
    words_add(words, ", %s %.2f %%", score_of(accuracy).name, 100 * visited_score(visited));
    if (score_of(accuracy).labelled)
        words_add(words, ", %s points against float", score_change(accuracy).text);
}

/* A plan's cost along the axis, and its size where that is another. */
static void add_costs(Words *words, const Scene *scene, size_t index)
{
    const VisitedPlan *visited = scene->snapshot->visited[index];
    const PlanNote *note = visited_note(scene, index);
    words_add(words, "Plan %zu", visited->number);
    if (note->name[0]) words_add(words, " (%s)", note->name);
    words_add(words, ": %s, %.2f bits", figure_bytes(visited->totals.bytes).text,
              visited->totals.average_weight_bits);
    if (pareto_counts_activations(scene->pareto_axis))
        words_add(words, ", %s %s", visited_cost(visited, scene->pareto_axis).text,
                  pareto_axis_name(scene->pareto_axis));
}

static void explain(Words *words, const Scene *scene)
{
    words_add(words,
              "A plan on the Pareto front: no other plan has both a lower cost and a higher accuracy. ");
    if (!pareto_counts_activations(scene->pareto_axis))
        words_add(words, "Activations are not in this cost: plans with other activation bits have a front of "
                         "their own. ");
    words_add(words, "%s takes the next cost. %s lists the plans and returns to one.",
              scene_keys(scene, "pareto-axis"), scene_keys(scene, "visits"));
}

void view_accuracy_plans(Page *page, const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    size_t evaluated = 0, shown = 0, selected = scene->chart_cursor[PANEL_ACCURACY];
    snprintf(page->title, sizeof page->title, "Accuracy · by %s", pareto_axis_name(scene->pareto_axis));
    explain(&page->words, scene);
    if (!snapshot || snapshot->visited_count == 0) {
        words_add(&page->head, "A plan becomes a point here once it is evaluated: %s.", scene_pending(scene));
        return;
    }
    plot_plans(&page->plot, scene);
    for (size_t i = 0; i < snapshot->visited_count; i++) {
        if (visited_note(scene, i)->deleted) continue;
        evaluated += isfinite(visited_score(snapshot->visited[i])) ? 1 : 0;
        shown++;
    }
    if (selected >= snapshot->visited_count) selected = snapshot->visit;
    if (selected < snapshot->visited_count) {
        const VisitedPlan *visited = snapshot->visited[selected];
        add_costs(&page->head, scene, selected);
        if (isfinite(visited_score(visited))) add_accuracy(&page->head, visited);
        words_add(&page->head, selected == snapshot->visit ? " (current). " : ". ");
    }
    words_add(&page->head, "%zu of %zu plans are evaluated.", evaluated, shown);
}
