/* SPDX-License-Identifier: MIT */
/* Intervals: 95 % confidence intervals of fractions measured on a sample of images. Pure functions. With z
 * the normal distribution's 97.5 % quantile, 1.96:
 *
 * Wilson's score interval of p = k/n (Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22, 1927):
 *     (p + z^2/2n  +-  z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n).
 *
 * Agresti and Min's interval of the difference of two fractions on the same n images ("Simple improved
 * confidence intervals for comparing matched proportions", Statistics in Medicine 24, 2005): Wald's interval
 * with 1/2 added to each cell of the 2x2 table. With b = gained + 1/2, c = lost + 1/2, N = n + 2: (b - c)/N
 * +-  z sqrt(b + c - (b - c)^2/N) / N. */
#ifndef EVALUATE_INTERVAL_H
#define EVALUATE_INTERVAL_H

#include <stddef.h>

typedef struct Interval {
    double low, high;
} Interval;

/* Wilson's interval of correct/images, within 0..1. 0 images: {0, 1}. */
Interval interval_wilson(size_t correct, size_t images);

/* Agresti and Min's interval of the change (gained - lost)/images, within -1..1. lost: images right before
 * and wrong after; gained: the other way round. 0 images: {-1, 1}. */
Interval interval_paired(size_t lost, size_t gained, size_t images);

#endif
