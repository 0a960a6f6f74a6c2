/* SPDX-License-Identifier: MIT */
/* Staircase: the error of rounding a layer's weights at a clipping range, with its two parts apart. Private
 * to views/.
 *
 * At range r, every channel's codes reach r times its largest weight. A weight inside of it is off by its
 * distance to the nearest step, one outside by what is clipped. Both parts are relative to the weights' sum
 * of squares.
 *
 * Example (const Layer *layer):
 *     const StaircaseError error = staircase_error(layer, 4, 0.8);
 *     double total = error.rounding + error.clipping;
 */
#ifndef VIEWS_STAIRCASE_H
#define VIEWS_STAIRCASE_H

#include "network/types.h"

#define STAIRCASE_RANGES 20 /* 5 %, 10 % ... 100 % */

typedef struct StaircaseError {
    double rounding, clipping;
} StaircaseError;

/* Over a sample of at most some 1024 weights. range: above 0, at most 1. */
StaircaseError staircase_error(const Layer *layer, unsigned bits, double range);

/* The i-th range, from 0. */
double staircase_range(size_t i);

/* The index of the range with the least sum of both. */
size_t staircase_best(const Layer *layer, unsigned bits);

#endif
