/* SPDX-License-Identifier: MIT */
#include "quantize/two_weights.h"

#include "base/sizes.h"
#include "quantize/solve.h"

#include <math.h>
#include <stdlib.h>

#define WINDOW 6         /* codes on each side of the rounded one */
#define MOST_CHANNELS 16 /* of a layer that are tried */
#define MOST_INPUTS 12   /* of a channel */
#define MOST_CORRELATION 0.98

const char *two_weights_route_name(TwoWeightsRoute route)
{
    static const char *const names[ROUTE_COUNT] = {[ROUTE_ROUNDING] = "round-to-nearest",
                                                   [ROUTE_DIGITS] = "single digits",
                                                   [ROUTE_NEAREST_PLANE] = "nearest plane",
                                                   [ROUTE_BEST] = "optimum"};
    return names[route];
}

/* --- errors and codes ------------------------------------------------------------------------------- */

static double squared(const TwoWeights *pair, double first, double second)
{
    const double a = pair->weights[0] - first, b = pair->weights[1] - second;
    return pair->h[0][0] * a * a + 2 * pair->h[0][1] * a * b + pair->h[1][1] * b * b;
}

double two_weights_error(const TwoWeights *pair, double first, double second)
{
    return squared(pair, first, second) / squared(pair, 0, 0);
}

static int most_code(const TwoWeights *pair)
{
    return (1 << (pair->bits - 1)) - 1;
}

static int nearest_code(const TwoWeights *pair, double weight)
{
    const double most = most_code(pair);
    return (int)fmin(fmax(rint(weight), -most), most);
}

static TwoWeightsStep step_at(const TwoWeights *pair, int first, int second, int weight, int digit)
{
    return (TwoWeightsStep){{first, second}, two_weights_error(pair, first, second), weight, digit};
}

static TwoWeightsStep rounded(const TwoWeights *pair)
{
    return step_at(pair, nearest_code(pair, pair->weights[0]), nearest_code(pair, pair->weights[1]), -1, -1);
}

/* --- routes ----------------------------------------------------------------------------------------- */

static TwoWeightsStep best_codes(const TwoWeights *pair)
{
    const TwoWeightsStep start = rounded(pair);
    const int most = most_code(pair);
    TwoWeightsStep best = start;
    for (int i = start.codes[0] - WINDOW; i <= start.codes[0] + WINDOW; i++)
        for (int j = start.codes[1] - WINDOW; j <= start.codes[1] + WINDOW; j++) {
            if (abs(i) > most || abs(j) > most) continue;
            const TwoWeightsStep here = step_at(pair, i, j, -1, -1);
            if (here.error < best.error) best = here;
        }
    return best;
}

/* The digit p of weight k that is best with all else fixed: clamp(round(t - r_k / (2^p H_kk)), -1, 1) with
 * r = H (q - u). */
static int best_digit(const TwoWeights *pair, const int codes[2], int k, int p, int now)
{
    const double r =
        pair->h[k][0] * (codes[0] - pair->weights[0]) + pair->h[k][1] * (codes[1] - pair->weights[1]);
    const double best = now - r / (ldexp(1, p) * pair->h[k][k]);
    return (int)fmin(fmax(rint(best), -1), 1);
}

static size_t digits_route(TwoWeightsStep steps[TWO_WEIGHTS_STEPS], const TwoWeights *pair)
{
    int digits[2][16], codes[2];
    size_t count = 1;
    steps[0] = rounded(pair);
    for (int k = 0; k < 2; k++) {
        codes[k] = steps[0].codes[k];
        for (int p = 0; p < (int)pair->bits - 1; p++)
            digits[k][p] = (abs(codes[k]) >> p & 1) * (codes[k] < 0 ? -1 : 1);
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (int p = (int)pair->bits - 2; p >= 0; p--)
            for (int k = 0; k < 2; k++) {
                const int digit = best_digit(pair, codes, k, p, digits[k][p]);
                int tried[2] = {codes[0], codes[1]};
                tried[k] += (digit - digits[k][p]) * (1 << p);
                const TwoWeightsStep next = step_at(pair, tried[0], tried[1], k, p);
                if (digit == digits[k][p] || !(next.error < steps[count - 1].error)) continue;
                digits[k][p] = digit;
                codes[k] = tried[k];
                steps[count++] = next;
                changed = true;
                if (count == TWO_WEIGHTS_STEPS) return count;
            }
    }
    return count;
}

static size_t plane_route(TwoWeightsStep steps[TWO_WEIGHTS_STEPS], const TwoWeights *pair)
{
    const int a = pair->h[1][1] > pair->h[0][0], b = 1 - a;
    int codes[2];
    steps[0] = rounded(pair);
    codes[a] = steps[0].codes[a];
    codes[b] =
        nearest_code(pair, pair->weights[b] + pair->h[a][b] / pair->h[b][b] * (pair->weights[a] - codes[a]));
    steps[1] = step_at(pair, codes[0], codes[1], b, -1);
    return 2;
}

size_t two_weights_route(TwoWeightsStep steps[TWO_WEIGHTS_STEPS], const TwoWeights *pair,
                         TwoWeightsRoute route)
{
    switch (route) {
    case ROUTE_DIGITS:
        return digits_route(steps, pair);
    case ROUTE_NEAREST_PLANE:
        return plane_route(steps, pair);
    case ROUTE_BEST:
        steps[0] = best_codes(pair);
        return 1;
    default:
        steps[0] = rounded(pair);
        return 1;
    }
}

/* --- choosing --------------------------------------------------------------------------------------- */

static double entry(const Problem *problem, bool centred, size_t i, size_t j)
{
    const double h = problem->h[i * problem->n + j];
    return centred ? h - problem->x_sum[i] * problem->x_sum[j] / (double)problem->rows : h;
}

/* How much there is to see: what the best codes gain on the digits', more where digits move at all; where
 * they reach the optimum, a little of the correlation. -1: nothing can be drawn. */
static double merit_of(const TwoWeights *pair)
{
    const double correlation = pair->h[0][1] / sqrt(pair->h[0][0] * pair->h[1][1]);
    TwoWeightsStep steps[TWO_WEIGHTS_STEPS];
    if (!(fabs(correlation) <= MOST_CORRELATION) || !(squared(pair, 0, 0) > 0)) return -1;
    const size_t count = digits_route(steps, pair);
    const TwoWeightsStep best = best_codes(pair);
    const double gain =
        (steps[count - 1].error - best.error) * squared(pair, 0, 0) / (pair->h[0][0] + pair->h[1][1]);
    return gain > 0 ? (count > 1 ? 4 : 1) * gain : 1e-6 * fabs(correlation);
}

static void try_channel(TwoWeights *best, double *merit, const Problem *problem, size_t first, size_t channel,
                        bool centred, unsigned bits, double scale)
{
    const size_t n = problem->n, step = size_max(n / MOST_INPUTS, 1);
    const float *weights = problem->weights + channel * n;
    for (size_t i = 0; i < n; i += step)
        for (size_t near = 1; near <= 2; near++) { /* neighbours are the most correlated inputs */
            const size_t j = i + near;
            if (j >= n) continue;
            TwoWeights pair = {.known = true,
                               .channel = first + channel,
                               .inputs = {i, j},
                               .scale = scale,
                               .weights = {weights[i] / scale, weights[j] / scale},
                               .bits = bits};
            pair.h[0][0] = entry(problem, centred, i, i);
            pair.h[1][1] = entry(problem, centred, j, j);
            pair.h[0][1] = pair.h[1][0] = entry(problem, centred, i, j);
            if (!(pair.h[0][0] > 0 && pair.h[1][1] > 0)) continue;
            const double here = merit_of(&pair);
            if (!(here > *merit)) continue;
            *merit = here;
            *best = pair;
        }
}

Status two_weights_choose(TwoWeights *pair, const Problem *problems, size_t groups, bool centred,
                          unsigned bits, Message *message)
{
    const size_t m = problems->m, channels = groups * m, step = size_max(channels / MOST_CHANNELS, 1);
    int8_t *codes = calloc(problems->n, sizeof *codes);
    double merit = 0;
    *pair = (TwoWeights){0};
    if (!codes) return status_no_memory(message, "two weights of a layer");
    for (size_t c = 0; c < channels; c += step) {
        const Problem *problem = &problems[c / m];
        const double scale =
            rounding_start(codes, problem->weights + c % m * problem->n, problem->n, bits, SOLVE_MAX_EPOCHS);
        if (scale > 0) try_channel(pair, &merit, problem, c - c % m, c % m, centred, bits, scale);
    }
    free(codes);
    return STATUS_OK;
}
