/* SPDX-License-Identifier: MIT */
#include "explore/layer_solve.h"

#include "base/sizes.h"

#include <math.h>

/* The ridge with the lowest error on held-out rows and on the network's output, measured on the networks in
 * data/: more where there are few rows for the inputs, as for a Gemm with its one row per image. Methods of
 * coordinate descent also reach better optima with a ridge than without. Nearest plane needs none for that:
 * its ridge only stands against fitting the rows. */
#define RIDGE_MANY_ROWS 0.1
#define RIDGE_FEW_ROWS 0.3
#define ROWS_ENOUGH 8           /* times the inputs */
#define RIDGE_NEAREST_PLANE 0.2 /* times inputs over rows, at most 1 */

static double ridge_of(const PlanOptions *plan, Method method, size_t rows, size_t n)
{
    if (plan->ridge >= 0) return plan->ridge;
    if (method == METHOD_KBEST) return fmin(RIDGE_NEAREST_PLANE * (double)n / (double)size_max(rows, 1), 1);
    return rows >= ROWS_ENOUGH * n ? RIDGE_MANY_ROWS : RIDGE_FEW_ROWS;
}

SolveOptions layer_solve_options(const PlanOptions *plan, const LayerPlan *choice, size_t rows, size_t n)
{
    const Method method = (Method)choice->method;
    return (SolveOptions){.method = method,
                          .effort = plan->effort,
                          .grid = (GridKind)choice->grid,
                          .bits = choice->weight_bits,
                          .polish = plan->polish,
                          .bias_correction = plan->bias_correction && !method_is_rounding(method),
                          .ridge = ridge_of(plan, method, rows, n)};
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
