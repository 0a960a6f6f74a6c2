/* SPDX-License-Identifier: MIT */
/* Layer solve: the optimizer's options and memory for one layer of a plan. Private to core/explore: the
 * pipeline, the trials and the sweep solve layers alike. */
#ifndef EXPLORE_LAYER_SOLVE_H
#define EXPLORE_LAYER_SOLVE_H

#include "explore/plan.h"
#include "quantize/solve.h"

/* The options for a layer of n inputs per group and `rows` rows, without a progress function. */
SolveOptions layer_solve_options(const PlanOptions *plan, const LayerPlan *choice, size_t rows, size_t n);

/* Bytes that solving and stitching the layer take beside its Problems; 0 for float weights. */
size_t layer_solve_bytes(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice,
                         size_t workers);

/* STATUS_MEMORY where layer_solve_bytes() is above `memory`. */
Status layer_solve_check(const Layer *layer, const PlanOptions *plan, const LayerPlan *choice, size_t workers,
                         size_t memory, Message *message);

/* The reconstruction error after polish, or after the method where there was none. */
double layer_final_error(const Solution *solution);

#endif
