/* SPDX-License-Identifier: MIT */
#include "explore/layer_solve.h"

#include "base/sizes.h"

#include <math.h>

SolveOptions layer_solve_options(const PlanOptions *plan, const LayerPlan *choice, size_t rows, size_t n)
{
    const Method method = (Method)choice->method;
    return (SolveOptions){.method = method,
                          .effort = plan->effort,
                          .grid = (GridKind)choice->grid,
                          .bits = choice->weight_bits,
                          .polish = plan->polish,
                          .bias_correction = plan->bias_correction && !method_is_rounding(method),
                          .ridge = plan->ridge >= 0 ? plan->ridge : method_ridge(method, rows, n)};
}

size_t layer_solve_bytes(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice, size_t workers)
{
    if (choice->weight_bits == BITS_FLOAT) return 0;
    const SolveOptions options = layer_solve_options(plan, choice, 0, layer->n);
    return solve_bytes(layer->groups, layer->m, layer->n, &options, workers) +
           layer->groups * layer->m * layer->n * sizeof(float);
}

Status layer_solve_check(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice, size_t workers,
                         size_t memory, Message *message)
{
    const size_t bytes = layer_solve_bytes(layer, plan, choice, workers);
    if (bytes <= memory) return STATUS_OK;
    Status status = status_fail(
        message, STATUS_MEMORY, "layer '%s' takes %zu MiB to solve by %s, above the %zu MiB that are left",
        layer->name, size_mib(bytes), method_name((Method)choice->method), size_mib(memory));
    return status_advise_memory(status, message, REMEDY_MEMORY | REMEDY_FLOAT_LAYER, bytes, memory);
}

double layer_final_error(const Solution *solution)
{
    return isnan(solution->polished_error) ? solution->method_error : solution->polished_error;
}
