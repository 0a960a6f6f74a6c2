/* SPDX-License-Identifier: MIT */
#include "views/visited_plan.h"

#include "base/sizes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const PlanNote *visited_note(const Scene *scene, size_t index)
{
    static const PlanNote none = {0};
    return index < scene->note_count ? &scene->notes[index] : &none;
}

Figure visited_label(const Scene *scene, size_t index)
{
    Figure label;
    const PlanNote *note = visited_note(scene, index);
    if (note->name[0])
        snprintf(label.text, sizeof label.text, "%s", note->name);
    else
        snprintf(label.text, sizeof label.text, "plan %zu", scene->snapshot->visited[index]->number);
    return label;
}

Figure visited_cost(const VisitedPlan *visited, ParetoAxis axis)
{
    Figure cost;
    switch (axis) {
    case PARETO_BITOPS:
        return figure_quantity(visited->totals.bitops);
    case PARETO_ACTIVATION_BYTES:
        return figure_bytes(visited->activation_bytes);
    case PARETO_WEIGHT_BITS:
        snprintf(cost.text, sizeof cost.text, "%.2f bits", visited->totals.average_weight_bits);
        return cost;
    default:
        return figure_bytes(visited->totals.bytes);
    }
}

double visited_score(const VisitedPlan *visited)
{
    const Score score = score_of(&visited->accuracy);
    return visited->evaluated && score.known ? score.value : NAN;
}

double visited_change(const VisitedPlan *visited)
{
    const Evaluation *accuracy = &visited->accuracy;
    if (accuracy->images && accuracy->task != TASK_CLASSIFY)
        return visited->evaluated ? evaluation_change(accuracy) : (double)NAN;
    if (!visited->evaluated || !accuracy->labelled || !accuracy->compared || accuracy->images == 0)
        return NAN;
    return ((double)accuracy->gained - (double)accuracy->lost) / (double)accuracy->images;
}

double visited_certified(const VisitedPlan *visited)
{
    if (!visited->bounded || visited->certified_of == 0) return NAN;
    return (double)visited->certified[CERTIFIED_NORMS] / (double)visited->certified_of;
}

const char *visited_method(const VisitedPlan *visited)
{
    const Plan *plan = visited->plan;
    unsigned method = METHOD_COUNT;
    for (size_t l = 0; l < plan->layer_count; l++) {
        if (plan->layers[l].weight_bits == BITS_FLOAT) continue;
        if (method != METHOD_COUNT && plan->layers[l].method != method) return "mixed";
        method = plan->layers[l].method;
    }
    return method == METHOD_COUNT ? "float" : method_name((Method)method);
}

bool *visited_front(const Scene *scene)
{
    const size_t count = scene->snapshot->visited_count;
    bool *front = calloc(size_max(count, 1), sizeof *front), *left_out = calloc(size_max(count, 1), 1);
    if (front && left_out) {
        for (size_t i = 0; i < count; i++) left_out[i] = visited_note(scene, i)->deleted;
        pareto_front(front, scene->snapshot, left_out, scene->pareto_axis);
    } else {
        free(front);
        front = NULL;
    }
    free(left_out);
    return front;
}
