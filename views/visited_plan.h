/* SPDX-License-Identifier: MIT */
/* Visited plan: what screens say of one of the snapshot's visited plans. `index`: into snapshot->visited.
 *
 * Example (const Scene *scene, size_t index):
 *     printf("%s: %s\n", visited_label(scene, index).text,
 *            visited_cost(scene->snapshot->visited[index], PARETO_BITOPS).text);
 */
#ifndef VIEWS_VISITED_PLAN_H
#define VIEWS_VISITED_PLAN_H

#include "base/figures.h"
#include "views/scene.h"

/* What the person typed; never NULL. */
const PlanNote *visited_note(const Scene *scene, size_t index);

/* The name that was typed, or else "plan 3". */
Figure visited_label(const Scene *scene, size_t index);

/* The plan's cost with its unit: "139 KiB", "1.25 G", "4.02 bits". */
Figure visited_cost(const VisitedPlan *visited, ParetoAxis axis);

/* Top-1, or without labels the agreement, as a fraction; NAN where it was not evaluated. */
double visited_score(const VisitedPlan *visited);

/* The change of top-1 against float, as a fraction; NAN where it was not evaluated or has no labels. */
double visited_change(const VisitedPlan *visited);

/* The share of images certified by norms at the hybrid rung (bound/ladder.h); NAN where it is not known. */
double visited_certified(const VisitedPlan *visited);

/* The method of all layers with quantized weights, "mixed", or "float" where there is no such layer. */
const char *visited_method(const VisitedPlan *visited);

/* pareto_front() along the scene's axis, without deleted plans. NULL without memory; free with free(). */
bool *visited_front(const Scene *scene);

#endif
