/* SPDX-License-Identifier: MIT */
/* Cyclic coordinate descent on whole codes, from round-to-nearest: see descent.h. */
#include "quantize/solver.h"

Status code_descent_solve(Solver *solver)
{
    solver_fit(solver);
    return solver_run_epochs(solver, SOLVE_STAGE_CODES, solver_sweep_codes, &solver->solution->epochs);
}
