/* Sensitivity: what a layer's error will be at every width, before any solve, from one factorization.
 *
 * Visit the inputs one by one, let those to come make up for the error so far, and round each to a grid
 * of step a: the squared error is a^2 sum over j of d_j^2 / U_jj^2, H^-1 = U'U, d_j the rounding in steps.
 * With d_j uniform in +-1/2 that is (a^2 / 12) sum 1/U_jj^2 on average. 1/4 in place of 1/12 is a bound, but
 * only where no code is clipped. The squared inverse diagonal of U is that of the Cholesky factor of H with
 * the inputs reversed, so H is factored once. Inputs are visited by descending H_kk.
 *
 * The step is that of the weight-space start of the width (quantize/solve.h). Few bits clip more, and then
 * the estimate is low. Solved by bit-split as by default, the layers of the networks in data/ have 0.7 to 4.3
 * times their estimates at 5 to 8 bits, nine in ten less than 1.8 times (`bitstitch sensitivity --measure`).
 */
#ifndef QUANTIZE_SENSITIVITY_H
#define QUANTIZE_SENSITIVITY_H

#include "quantize/problem.h"
#include "quantize/solve.h"

/* By width; relative to the uncentred sum of y^2. Y must be the float layer's on the same X. */
typedef struct Sensitivity {
    double estimate[SOLVE_MAX_BITS + 1]; /* NAN where H cannot be factorized */
    double rounding[SOLVE_MAX_BITS + 1]; /* the error of the weight-space start, as it is */
    double measured[SOLVE_MAX_BITS + 1]; /* the final error of a solve at the width */
    double heldout[SOLVE_MAX_BITS + 1];  /* that error on held-out rows; both NAN where unknown */
} Sensitivity;

/* The estimate and the error of rounding; the other errors are left unknown.
 * bias_correction: the means of X are left to the bias. A singular H gets the least diagonal that makes it
 * regular: 1e-6 of its mean, or ten times that, and so on up to 10 times its mean. Of inputs that vary by no
 * more than the rounding of their sums, both errors are 0. STATUS_INVALID where the outputs' are not
 * finite. */
Status sensitivity_measure(Sensitivity *sensitivity, const Problem *problems, size_t groups,
                           bool bias_correction, Pool *pool, Message *message);

/* Bytes that it takes at most beside the Problems. */
size_t sensitivity_bytes(size_t groups, size_t m, size_t n, size_t workers);

#endif
