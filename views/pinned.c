/* SPDX-License-Identifier: MIT */
#include "views/pinned.h"

#include "views/visited_plan.h"

#include <math.h>

size_t pinned_index(const Scene *scene)
{
    const size_t visited = scene->snapshot ? scene->snapshot->visited_count : 0;
    for (size_t i = 0; i < visited; i++)
        if (visited_note(scene, i)->pinned)
            return plan_equal(scene->snapshot->visited[i]->plan, scene->plan) ? NO_INDEX : i;
    return NO_INDEX;
}

/* The snapshot of the pinned plan, where there is one. */
static const Snapshot *pinned_snapshot(const Scene *scene)
{
    const size_t index = pinned_index(scene);
    if (index == NO_INDEX || !scene->pinned) return NULL;
    return plan_equal(scene->pinned->plan, scene->snapshot->visited[index]->plan) ? scene->pinned : NULL;
}

const Solved *pinned_solved(const Scene *scene, size_t layer)
{
    const Snapshot *snapshot = pinned_snapshot(scene);
    if (!snapshot || layer >= snapshot->layer_count) return NULL;
    const LayerSnapshot *state = &snapshot->layers[layer];
    return state->state == LAYER_SOLVED ? state->solved : NULL;
}

double pinned_error(const Scene *scene, size_t layer)
{
    const Solved *solved = pinned_solved(scene, layer);
    return solved ? layer_result_error(&solved->result) : NAN;
}

const Ladder *pinned_ladder(const Scene *scene)
{
    const Snapshot *snapshot = pinned_snapshot(scene);
    const bool known = snapshot && snapshot->ladder_current && snapshot->ladder_fraction >= 1;
    return known && snapshot->ladder.images > 0 && snapshot->ladder.steps ? &snapshot->ladder : NULL;
}

void pinned_series(Plot *plot, const Scene *scene, SeriesKind kind, const double *x, const double *y,
                   size_t count)
{
    const size_t index = pinned_index(scene);
    if (index == NO_INDEX) return;
    const char *name = plot_text(plot, visited_label(scene, index).text);
    plot_series(plot, (Series){name, kind, STYLE_PINNED, GLYPH_UP, x, y, NULL, count});
}

void add_pinned(Words *words, const Scene *scene, bool known)
{
    const size_t index = pinned_index(scene);
    if (index == NO_INDEX) return;
    if (known)
        words_add(words, " Pinned: %s.", visited_label(scene, index).text);
    else
        words_add(words, " Pinned: %s, not known here: return to it once.", visited_label(scene, index).text);
}
