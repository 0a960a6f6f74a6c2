/* SPDX-License-Identifier: MIT */
/* Visited order: which visited plans the list shows, and in which order: Scene.visited_sort,
 * visited_descending and visited_evaluated_only. Deleted plans are not shown. What is not known comes last in
 * both directions; equal plans stay in the order of their numbers.
 *
 * Example (const Scene *scene):
 *     size_t count, *order = visited_order(&count, scene);
 *     for (size_t i = 0; i < count; i++) printf("%zu\n", scene->snapshot->visited[order[i]]->number);
 *     free(order);
 */
#ifndef VIEWS_VISITED_ORDER_H
#define VIEWS_VISITED_ORDER_H

#include "views/scene.h"

/* The indices of the plans shown, [*count], to be freed with free(). NULL without a snapshot or memory, with
 * *count 0. */
size_t *visited_order(size_t *count, const Scene *scene);

/* Layers whose weight bits, activation bits or method differ. */
size_t plans_differ(const Plan *a, const Plan *b);

#endif
