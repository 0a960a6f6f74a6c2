/* SPDX-License-Identifier: MIT */
#include "explore/pareto.h"

static const struct {
    const char *name;
    bool counts_activations;
} axes[PARETO_AXES] = {
    [PARETO_WEIGHT_BYTES] = {"weight bytes", false},
    [PARETO_BITOPS] = {"BitOps", true},
    [PARETO_ACTIVATION_BYTES] = {"peak activation bytes", true},
    [PARETO_WEIGHT_BITS] = {"average weight bits", false},
};

const char *pareto_axis_name(ParetoAxis axis)
{
    return axes[axis].name;
}

bool pareto_counts_activations(ParetoAxis axis)
{
    return axes[axis].counts_activations;
}

double pareto_cost(const VisitedPlan *visited, ParetoAxis axis)
{
    switch (axis) {
    case PARETO_BITOPS:
        return visited->totals.bitops;
    case PARETO_ACTIVATION_BYTES:
        return (double)visited->activation_bytes;
    case PARETO_WEIGHT_BITS:
        return visited->totals.average_weight_bits;
    default:
        return (double)visited->totals.bytes;
    }
}

static bool comparable(const VisitedPlan *a, const VisitedPlan *b, ParetoAxis axis)
{
    if (axes[axis].counts_activations || a->plan == b->plan) return true;
    for (size_t l = 0; l < a->plan->layer_count; l++)
        if (a->plan->layers[l].activation_bits != b->plan->layers[l].activation_bits) return false;
    return true;
}

static double images_right(const VisitedPlan *visited)
{
    const Evaluation *accuracy = &visited->accuracy;
    if (accuracy->task == TASK_NONE) return accuracy->output_sqnr_db * (double)accuracy->images;
    if (accuracy->task != TASK_CLASSIFY)
        return accuracy->figures[1][task_headline(accuracy->task)] * (double)accuracy->images;
    return (double)(accuracy->labelled ? accuracy->quantized.top1_correct : accuracy->agreeing);
}

static bool beats(const VisitedPlan *a, const VisitedPlan *b, ParetoAxis axis)
{
    /* a / images of a against b / images of b, without dividing */
    const double right = images_right(a) * (double)b->accuracy.images,
                 against = images_right(b) * (double)a->accuracy.images;
    const double cost = pareto_cost(a, axis), other = pareto_cost(b, axis);
    if (cost > other || right < against) return false;
    return (cost < other || right > against) && comparable(a, b, axis);
}

static bool competes(const Snapshot *snapshot, const bool *left_out, size_t i)
{
    return snapshot->visited[i]->evaluated && !(left_out && left_out[i]);
}

void pareto_front(bool *front, const Snapshot *snapshot, const bool *left_out, ParetoAxis axis)
{
    for (size_t i = 0; i < snapshot->visited_count; i++) {
        front[i] = competes(snapshot, left_out, i);
        for (size_t k = 0; front[i] && k < snapshot->visited_count; k++)
            front[i] =
                !competes(snapshot, left_out, k) || !beats(snapshot->visited[k], snapshot->visited[i], axis);
    }
}
