/* Bit-split and stitching (Wang et al., ICML 2020): see solve.h. */
#include "quantize/grid.h"
#include "quantize/solver.h"

static void split(Solver *solver, Descent *descent, size_t worker)
{
    (void)solver;
    (void)worker;
    descent_split(descent);
}

static void sweep_digit(Solver *solver, Descent *descent, size_t worker)
{
    if (!descent->settled) descent_sweep_digit(descent, solver->digit, &solver->scratch[worker]);
}

/* From the highest digit to the lowest, all tiles in step, so that each digit has one objective. */
static void sweep_digits(Solver *solver)
{
    for (unsigned p = grid_digits(solver->options.bits); p-- > 0;) {
        solver->digit = p;
        solver_each_tile(solver, sweep_digit);
        solver->progress.after_digit[p] = solver_objective(solver);
    }
}

Status bitsplit_solve(Solver *solver)
{
    solver_fit(solver);
    solver_each_tile(solver, split);
    return solver_run_epochs(solver, SOLVE_STAGE_DIGITS, sweep_digits, &solver->solution->epochs);
}
