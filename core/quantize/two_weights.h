/* SPDX-License-Identifier: MIT */
/* Two weights: a layer's problem cut down to two weights of one channel, which can be drawn on a plane.
 *
 * All other weights keep their float values, and the scale a that of round-to-nearest. With u = w / a the two
 * weights in units of the scale, and H the block of the Hessian of their two inputs (centred where the bias
 * is corrected), codes q have the squared error E(q) = (u - q)' H (u - q), whose level sets are ellipses
 * around u. A route is what a method visits on the way to its codes:
 *   - rounding: each code is the nearest to its weight, whatever H is;
 *   - digits: from there, digit by digit from the highest, one weight after the other, each the best of -1, 0
 *     and 1 with all else fixed (bit-split, methods/bitsplit.c), until no digit changes;
 *   - nearest plane: the weight of the larger H_kk is rounded, and the other one is rounded after it has been
 *     moved by H_ab / H_bb times the error of the first;
 *   - best: the codes of the least error within WINDOW of the rounded ones.
 *
 * Example (const Problem *problems, size_t groups, TwoWeights *pair, Message *message):
 *     TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
 *     two_weights_choose(pair, problems, groups, true, 4, message);
 *     size_t count = two_weights_route(steps, pair, ROUTE_DIGITS);
 *     double stuck_at = steps[count - 1].error;
 */
#ifndef QUANTIZE_TWO_WEIGHTS_H
#define QUANTIZE_TWO_WEIGHTS_H

#include "quantize/problem.h"

#define TWO_WEIGHTS_STEPS 32 /* of a route at most */

typedef struct TwoWeights {
    bool known;        /* false: all else is 0 */
    size_t channel;    /* of groups * m */
    size_t inputs[2];  /* of n */
    double scale;      /* a */
    double weights[2]; /* u: in units of the scale */
    double h[2][2];
    unsigned bits; /* codes are -(2^(bits-1) - 1) .. 2^(bits-1) - 1 */
} TwoWeights;

typedef enum TwoWeightsRoute {
    ROUTE_ROUNDING,
    ROUTE_DIGITS,
    ROUTE_NEAREST_PLANE,
    ROUTE_BEST,
    ROUTE_COUNT
} TwoWeightsRoute;

typedef struct TwoWeightsStep {
    int codes[2];
    double error; /* E(codes) / E(0) */
    int weight;   /* that has moved: 0 or 1; -1 for the start */
    int digit;    /* p, the digit that has changed, for ROUTE_DIGITS; else -1 */
} TwoWeightsStep;

/* "round-to-nearest", "single digits", "nearest plane", "optimum". */
const char *two_weights_route_name(TwoWeightsRoute route);

/* Chooses a pair among a sample of the layer's weights: where single digits end farthest above the best codes;
 * where they reach them everywhere, the pair of most correlated inputs. known is false where there are fewer
 * than two inputs that vary. STATUS_MEMORY. */
Status two_weights_choose(TwoWeights *pair, const Problem *problems, size_t groups, bool centred,
                          unsigned bits, Message *message);

/* E(codes) / E(0), for codes that need not be whole. */
double two_weights_error(const TwoWeights *pair, double first, double second);

/* Fills the route; returns the number of steps, the start included: 1 for ROUTE_ROUNDING and ROUTE_BEST. */
size_t two_weights_route(TwoWeightsStep steps[TWO_WEIGHTS_STEPS], const TwoWeights *pair,
                         TwoWeightsRoute route);

#endif
