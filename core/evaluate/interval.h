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
 * +-  z sqrt(b + c - (b - c)^2/N) / N.
 *
 * Both intervals hold for one look at a number of images that was fixed beforehand: not for every moment
 * while results stream in, and not for the plan that was chosen because its result on these images was best.
 *
 * Clopper and Pearson's upper limit of a fraction ("The use of confidence or fiducial limits illustrated in
 * the case of the binomial", Biometrika 26, 1934): the p at which k or fewer of n images have probability
 * 5 %, that is I_p(k + 1, n - k) = 0.95 with the regularized incomplete beta function I. For k = 0 it is
 * 1 - 0.05^(1/n). It assumes that the images are drawn independently from the same distribution as those that
 * it is applied to, and had no part in choosing the plan. */
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

/* Clopper and Pearson's 95 % upper limit of the fraction of which `count` of `images` were found, within
 * 0..1. 0 images: 1. */
double interval_upper_limit(size_t count, size_t images);

/* I_x(a, b) = B(x; a, b) / B(a, b), for a, b > 0 and x in 0..1. */
double incomplete_beta(double x, double a, double b);

#endif
