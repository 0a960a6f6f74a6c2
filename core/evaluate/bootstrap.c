/* SPDX-License-Identifier: MIT */
#include "evaluate/bootstrap.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEY 0x626f6f7473747261u /* random numbers differ from others with the same seed */

void bootstrap_draw(uint32_t *weights, size_t images, uint64_t seed, size_t resample)
{
    memset(weights, 0, images * sizeof *weights);
    for (size_t i = 0; i < images; i++)
        weights[(size_t)(random_uniform(seed, KEY, resample, i) * (double)images)]++;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    if (isnan(left) || isnan(right)) return isnan(left) - isnan(right);
    return (left > right) - (left < right);
}

/* The value at share * (count - 1) of sorted values, linear in between. */
static double percentile(const double *values, size_t count, double share)
{
    const double at = share * (double)(count - 1);
    const size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}

Interval bootstrap_interval(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return (Interval){percentile(values, count, 0.025), percentile(values, count, 0.975)};
}
