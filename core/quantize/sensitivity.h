/* SPDX-License-Identifier: MIT */
/* Sensitivity: an estimate of a layer's error at every bit width, before any solve, from one factorization.
 *
 * Model: inputs are visited one by one, each weight is rounded to a grid of step a, and the weights not yet
 * visited compensate the error (as in GPTQ). With H^-1 = U'U the squared error is then a^2 sum over j of
 * d_j^2 / U_jj^2,    d_j the rounding in steps, on average (a^2 / 12) sum 1/U_jj^2 for d_j uniform in
 * -1/2..1/2. (1/4 in place of 1/12 would be a bound, but only where no code is clipped.) Inputs are visited
 * by descending H_kk. 1/U_jj^2 is the squared diagonal of the Cholesky factor of H with the inputs in reverse
 * order, so H is factored once for all channels and widths.
 *
 * The step a is the scale of round-to-nearest at the width (rounding_start() in quantize/solve.h). At 2 and 3
 * bits many weights are clipped, or fill their steps unevenly: there the mean squared residual of
 * round-to-nearest over the channel's weights takes the place of a^2 / 12. Solved at the effort `fast`, the
 * layers of the networks in data/ have 0.7 to 4.3 times their estimates at 5 to 8 bits, nine in ten less
 * than 1.8 times.
 */
#ifndef QUANTIZE_SENSITIVITY_H
#define QUANTIZE_SENSITIVITY_H

#include "quantize/problem.h"
#include "quantize/solve.h"

/* Errors by bit width, relative to the uncentred sum of y2. Y must be the float layer's output on the same X.
 */
typedef struct Sensitivity {
    double estimate[SOLVE_MAX_BITS + 1]; /* NAN where H cannot be factorized */
    double rounding[SOLVE_MAX_BITS + 1]; /* of round-to-nearest, computed */
    double measured[SOLVE_MAX_BITS + 1]; /* the final error of a solve at the width; NAN where unknown */
    double floor; /* the least that any real weights leave, NAN where H cannot be factorized */
    double heldout[SOLVE_MAX_BITS + 1]; /* that error on held-out rows; NAN where unknown */
} Sensitivity;

/* Sets `estimate` and `rounding`; the other errors become NAN. bias_correction: H is centred, the means of X
 * are left to the bias. A singular H gets the least of 1e-6, 1e-5, ... 10 times its mean diagonal added to
 * its diagonal that makes it regular. Both errors are 0 where the inputs vary by no more than the rounding of
 * their sums. STATUS_INVALID where the outputs are not finite, STATUS_MEMORY. */
Status sensitivity_measure(Sensitivity *sensitivity, const Problem *problems, size_t groups,
                           bool bias_correction, Pool *pool, Message *message);

/* Bytes that sensitivity_measure() takes at most beside the Problems. */
size_t sensitivity_bytes(size_t groups, size_t m, size_t n, size_t workers);

#endif
