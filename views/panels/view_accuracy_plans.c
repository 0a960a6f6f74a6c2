/* SPDX-License-Identifier: MIT */
/* Accuracy over size, of all visited plans. */
#include "views/page.h"

#include <math.h>
#include <stdio.h>

static double plan_score(const VisitedPlan *visited)
{
    Score score = score_of(&visited->accuracy);
    return visited->evaluated && score.known ? score.value : NAN;
}

static void plot_plans(Plot *plot, const Snapshot *snapshot)
{
    const size_t count = snapshot->visited_count;
    const double reference = score_of(&snapshot->accuracy).reference;
    bool *pareto = plot_highlight(plot, count, SIZE_MAX);
    double *size = plot_array(plot, count), *others = plot_array(plot, count),
           *front = plot_array(plot, count), *current = plot_array(plot, count);
    if (!pareto || !size || !others || !front || !current) return;
    snapshot_pareto(pareto, snapshot);
    for (size_t i = 0; i < count; i++) {
        double *series = i == snapshot->visit ? current : pareto[i] ? front : others;
        size[i] = (double)snapshot->visited[i]->totals.bytes / 1024;
        series[i] = plan_score(snapshot->visited[i]);
    }
    plot_start(plot, (Axis){"KiB", false, NAN, NAN, false, false}, (Axis){"", false, NAN, NAN, false, true});
    plot_series(plot,
                (Series){"plan", SERIES_POINTS, STYLE_SERIES_3, GLYPH_CROSS, size, others, NULL, count});
    plot_series(plot, (Series){"on the Pareto front", SERIES_POINTS, STYLE_SERIES_2, GLYPH_CIRCLE, size,
                               front, NULL, count});
    plot_series(plot, (Series){"current plan", SERIES_POINTS, STYLE_SERIES_1, GLYPH_DIAMOND, size, current,
                               NULL, count});
    plot_level(plot, reference, STYLE_GRID, "float", figure_percent_fixed(reference, 2).text);
}

static void add_accuracy(Words *words, const VisitedPlan *visited)
{
    const Evaluation *accuracy = &visited->accuracy;
    words_add(words, ", %s %.2f %%", accuracy->labelled ? "top-1" : "agreement", 100 * plan_score(visited));
    if (accuracy->labelled)
        words_add(words, ", %s points against float",
                  paired_change(accuracy->lost, accuracy->gained, accuracy->images).text);
}

void view_accuracy_plans(Page *page, const Scene *scene)
{
    const Snapshot *snapshot = scene->snapshot;
    size_t evaluated = 0, selected = scene->chart_cursor[PANEL_ACCURACY];
    snprintf(page->title, sizeof page->title, "Accuracy · visited plans");
    words_add(
        &page->words,
        "A plan on the Pareto front: no other plan is both smaller and more accurate. %s lists the plans "
        "and returns to one.",
        scene_keys(scene, "visits"));
    if (!snapshot || snapshot->visited_count == 0) {
        words_add(&page->head, "A plan becomes a point here once it is evaluated: %s.", scene_pending(scene));
        return;
    }
    plot_plans(&page->plot, snapshot);
    for (size_t i = 0; i < snapshot->visited_count; i++)
        evaluated += isfinite(plan_score(snapshot->visited[i])) ? 1 : 0;
    if (selected >= snapshot->visited_count) selected = snapshot->visit;
    if (selected < snapshot->visited_count) {
        const VisitedPlan *visited = snapshot->visited[selected];
        words_add(&page->head, "Plan %zu: %s, %.1f bits", visited->number,
                  figure_bytes(visited->totals.bytes).text, visited->totals.average_weight_bits);
        if (isfinite(plan_score(visited))) add_accuracy(&page->head, visited);
        words_add(&page->head, selected == snapshot->visit ? " (current). " : ". ");
    }
    words_add(&page->head, "%zu of %zu plans are evaluated.", evaluated, snapshot->visited_count);
}
