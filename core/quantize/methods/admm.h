/* SPDX-License-Identifier: MIT */
/* ADMM between float weights and the grid, for all channels of a solver.
 *
 * Per channel, min over w of w'H'w - 2 g'.w subject to w = a q is split by scaled ADMM:
 *
 *     w <- (H' + rho I)^-1 (g' + rho (a q - u)),
 *     (a, q) <- the grid's projection of w + u: q = the levels nearest to (w + u)/a, and a = (w + u).q / q.q
 *               or the power of two nearest to it, in turn,
 *     u <- u + w - a q.
 *
 * H' in units of its mean diagonal. One Cholesky factor per rho serves all channels of a group; rho doubles
 * from stage to stage, and u halves with it. Every few steps a channel takes the codes where their objective,
 * at their own least-squares scale, is lower than that of its codes so far: the objective never rises.
 * Private to core/quantize.
 *
 * Example (Solver *solver, size_t own_bytes, size_t n):
 *     size_t group_bytes = own_bytes + admm_group_bytes(n);   // what the method's row of the table asks for
 *     return admm_improve(solver, own_bytes, &solver->solution->epochs);
 */
#ifndef QUANTIZE_ADMM_H
#define QUANTIZE_ADMM_H

#include "quantize/solver.h"

/* Bytes that ADMM needs of a group's memory, and all of a tile's. */
size_t admm_group_bytes(size_t n);
size_t admm_tile_bytes(size_t n, size_t lanes);

/* Starts at the codes and scales as they are and leaves better ones where it finds any, measured.
 * group_offset: where its part of solver->group_memory[g] starts, a multiple of 64. Reports one epoch per
 * stage. STATUS_CANCELLED. */
Status admm_improve(Solver *solver, size_t group_offset, size_t *epochs);

#endif
