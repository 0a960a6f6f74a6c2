/* SPDX-License-Identifier: MIT */
#include "evaluate/interval.h"

#include <math.h>

#define Z 1.959963984540054 /* the normal distribution's 97.5 % quantile */

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

Interval interval_wilson(size_t correct, size_t images)
{
    if (images == 0) return (Interval){0, 1};
    double n = (double)images, p = (double)correct / n;
    double centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
    double half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n);
    /* there the formula gives exactly 0 and 1; rounding does not */
    return (Interval){correct == 0 ? 0 : clamp(centre - half, 0, 1),
                      correct == images ? 1 : clamp(centre + half, 0, 1)};
}

Interval interval_paired(size_t lost, size_t gained, size_t images)
{
    if (images == 0) return (Interval){-1, 1};
    double n = (double)images + 2, down = (double)lost + 0.5, up = (double)gained + 0.5;
    double change = (up - down) / n;
    double half = Z * sqrt(up + down - (up - down) * (up - down) / n) / n;
    return (Interval){clamp(change - half, -1, 1), clamp(change + half, -1, 1)};
}
