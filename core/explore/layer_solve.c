#include "explore/layer_solve.h"

#include "base/sizes.h"

#include <math.h>

/* The ridge that is best for the output's error and for rows held out, measured on the networks in data/:
 * more where rows are few for the inputs, as for a Gemm with its one row an image. Both also lead the descent
 * to better optima than none. */
#define RIDGE_MANY_ROWS 0.1
#define RIDGE_FEW_ROWS 0.3
#define ROWS_ENOUGH 8 /* times the inputs */

static double ridge_of(const PlanOptions *plan, size_t rows, size_t n)
{
    if (plan->ridge >= 0) return plan->ridge;
    return rows >= ROWS_ENOUGH * n ? RIDGE_MANY_ROWS : RIDGE_FEW_ROWS;
}

SolveOptions layer_solve_options(const PlanOptions *plan, Method method, unsigned bits, size_t rows, size_t n)
{
    return (SolveOptions){.method = method,
                          .bits = bits,
                          .polish = plan->polish,
                          .bias_correction = plan->bias_correction && !method_is_rounding(method),
                          .ridge = ridge_of(plan, rows, n)};
}

size_t layer_solve_bytes(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice, size_t workers)
{
    if (choice->weight_bits == BITS_FLOAT) return 0;
    const SolveOptions options =
        layer_solve_options(plan, (Method)choice->method, choice->weight_bits, 0, layer->n);
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
