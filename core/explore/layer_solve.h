/* Layer solve: what a plan asks of the optimizer at one layer. Private to core/explore: the pipeline and the
 * sweep ask alike. */
#ifndef EXPLORE_LAYER_SOLVE_H
#define EXPLORE_LAYER_SOLVE_H

#include "explore/plan.h"
#include "quantize/solve.h"

/* For a layer of `n` inputs with `rows` rows; without a progress function. */
SolveOptions layer_solve_options(const PlanOptions *plan, Method method, unsigned bits, size_t rows,
                                 size_t n);

/* Bytes that solving the layer so, and stitching it, takes beside its Problems; 0 for float weights. */
size_t layer_solve_bytes(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice,
                         size_t workers);

/* STATUS_MEMORY where that is above `memory`. */
Status layer_solve_check(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice, size_t workers,
                         size_t memory, Message *message);

/* After polish, or after the method where there was none. */
double layer_final_error(const Solution *solution);

#endif
