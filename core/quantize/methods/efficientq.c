/* SPDX-License-Identifier: MIT */
/* EfficientQ: ADMM between float weights and the grid (Zhang and Chung, "EfficientQ: An efficient and
 * accurate post-training neural network quantization method for medical image segmentation", Medical Image
 * Analysis 2024). The formulas are in methods/admm.h. It starts at round-to-nearest and is never above it. */
#include "quantize/methods/admm.h"

size_t efficientq_group_bytes(size_t n, const SolveOptions *options)
{
    (void)options;
    return admm_group_bytes(n);
}

size_t efficientq_tile_bytes(size_t n, size_t lanes, const SolveOptions *options)
{
    (void)options;
    return admm_tile_bytes(n, lanes);
}

Status efficientq_solve(Solver *solver)
{
    solver_fit(solver);
    return admm_improve(solver, 0, &solver->solution->epochs);
}
