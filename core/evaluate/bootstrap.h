/* SPDX-License-Identifier: MIT */
/* Bootstrap: 95 % intervals of figures that are no mean over images, by resampling images (Efron and
 * Tibshirani, "An Introduction to the Bootstrap", 1993). Pure; any thread may call.
 *
 * A resample draws as many images as there are, with replacement: image i counts weights[i] times. Resample
 * number r is a function of (seed, r) alone, so two networks are compared on the same resamples: the interval
 * of the difference is paired. The interval is from the 2.5th to the 97.5th percentile of the figure's
 * values.
 *
 * Example (uint32_t *weights, size_t images, double figure(const uint32_t *weights)):
 *     double values[BOOTSTRAP_RESAMPLES];
 *     for (size_t r = 0; r < BOOTSTRAP_RESAMPLES; r++) {
 *         bootstrap_draw(weights, images, 1, r);
 *         values[r] = figure(weights);
 *     }
 *     Interval interval = bootstrap_interval(values, BOOTSTRAP_RESAMPLES);
 */
#ifndef EVALUATE_BOOTSTRAP_H
#define EVALUATE_BOOTSTRAP_H

#include "evaluate/interval.h"

#include <stdint.h>

#define BOOTSTRAP_RESAMPLES 1000

/* weights[images]: how often each image is in the resample. */
void bootstrap_draw(uint32_t *weights, size_t images, uint64_t seed, size_t resample);

/* Sorts values[count], count at least 1. Percentiles lie between order statistics, as numpy.percentile()
 * takes them; NaN sorts last. */
Interval bootstrap_interval(double *values, size_t count);

#endif
