/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
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

/* --- Clopper and Pearson ---------------------------------------------------------------------------- */

#define FRACTION_TERMS 100000
#define FRACTION_TOLERANCE 1e-15
#define FRACTION_LEAST 1e-300 /* in place of 0 */

static double not_zero(double value)
{
    return fabs(value) < FRACTION_LEAST ? FRACTION_LEAST : value;
}

/* 1 / (1 + d_1 / (1 + d_2 / (1 + ...))) by Lentz's method, with (Abramowitz and Stegun, 26.5.8)
 *     d_(2m+1) = -(a + m)(a + b + m) x / ((a + 2m)(a + 2m + 1)),
 *     d_(2m) = m (b - m) x / ((a + 2m - 1)(a + 2m)).
 * It converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    double above = 1, below = 1 / not_zero(1 - (a + b) * x / (a + 1)), value = below;
    for (int m = 1; m < FRACTION_TERMS; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        below = 1 / not_zero(1 + even * below);
        above = not_zero(1 + even / above);
        value *= above * below;
        below = 1 / not_zero(1 + odd * below);
        above = not_zero(1 + odd / above);
        value *= above * below;
        if (fabs(above * below - 1) < FRACTION_TOLERANCE) break;
    }
    return value;
}

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) beta_fraction(x, a, b), and 1 - I_(1-x)(b, a) where that converges
 * faster. */
double incomplete_beta(double x, double a, double b)
{
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    const double scale = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x);
    if (x < (a + 1) / (a + b + 2)) return exp(scale) * beta_fraction(x, a, b) / a;
    return 1 - exp(scale) * beta_fraction(1 - x, b, a) / b;
}

/* By bisection: I_p rises with p. */
double interval_upper_limit(size_t count, size_t images)
{
    if (count >= images) return 1;
    double low = 0, high = 1;
    while (high - low > 1e-15 * high) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        if (incomplete_beta(middle, (double)count + 1, (double)(images - count)) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return high;
}
