/* SPDX-License-Identifier: MIT */
#include "plain_bitsplit.h"

#include "quantize/solve.h"

#include <math.h>
#include <stdlib.h>

void plain_bitsplit(int8_t *codes, const double *h, const double *g, const float *w, size_t n, unsigned bits)
{
    double *r = malloc(n * sizeof *r);
    bool moved = true;
    int *digits = calloc(n * bits, sizeof *digits);
    rounding_start(codes, w, n, bits, 100);
    for (size_t k = 0; k < n; k++)
        for (unsigned p = 0; p + 1 < bits; p++)
            digits[k * bits + p] = ((abs(codes[k]) >> p) & 1) * (codes[k] < 0 ? -1 : 1);
    for (int epoch = 0; moved && epoch < SOLVE_MAX_EPOCHS; epoch++) {
        double gq = 0, qhq = 0;
        moved = false;
        for (size_t i = 0; i < n; i++) {
            r[i] = 0;
            for (size_t j = 0; j < n; j++) r[i] += h[i * n + j] * codes[j];
            gq += g[i] * codes[i];
            qhq += r[i] * codes[i];
        }
        if (!(gq > 0 && qhq > 0)) break;
        double scale = gq / qhq;
        for (size_t i = 0; i < n; i++) r[i] -= g[i] / scale;
        for (unsigned p = bits - 1; p-- > 0;)
            for (size_t k = 0; k < n; k++) {
                if (h[k * n + k] == 0) continue;
                int *t = &digits[k * bits + p], unit = 1 << p;
                double shift = -r[k] / (unit * h[k * n + k]) * (1 - 1e-4);
                int next = (int)fmin(fmax(rint(*t + shift), -1), 1), change = (next - *t) * unit;
                *t = next;
                moved |= change != 0;
                codes[k] = (int8_t)(codes[k] + change);
                for (size_t j = 0; change && j < n; j++) r[j] += change * h[k * n + j];
            }
    }
    free(r);
    free(digits);
}
