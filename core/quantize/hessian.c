/* SPDX-License-Identifier: MIT */
#include "quantize/hessian.h"

#include <math.h>
#include <stdlib.h>

#define DEAD 1e-10f /* of the mean diagonal: an input below it is dead */
#define CONSTANT                                                                                             \
    1e-5 /* of H's diagonal: centred, less than this is the rounding of float sums of 1,024 rows */

double hessian_at(const Hessian *hessian, size_t row, size_t column)
{
    const Problem *problem = hessian->problem;
    double value = problem->h[row * problem->n + column] -
                   (double)problem->rows * hessian->x_mean[row] * hessian->x_mean[column];
    return row == column ? value + hessian->ridge : value;
}

double cross_term_at(const Hessian *hessian, size_t channel, size_t k)
{
    const Problem *problem = hessian->problem;
    size_t at = channel * problem->n + k;
    return problem->g[at] - problem->y_sum[channel] * hessian->x_mean[k] +
           hessian->ridge * (double)problem->weights[at];
}

void hessian_prepare(Hessian *hessian, bool centred, double ridge)
{
    const Problem *problem = hessian->problem;
    size_t n = problem->n;
    hessian->centred = centred;
    for (size_t k = 0; k < n; k++)
        hessian->x_mean[k] = centred && problem->rows ? problem->x_sum[k] / (double)problem->rows : 0;
    hessian->ridge = 0;
    double sum = 0, uncentred = 0;
    for (size_t k = 0; k < n; k++) {
        sum += fmax(hessian_at(hessian, k, k), 0);
        uncentred += problem->h[k * n + k];
    }
    hessian->constant = centred && sum <= CONSTANT * uncentred;
    double mean = hessian->constant ? 0 : sum / (double)n;
    hessian->unit = mean > 0 ? mean : 1;
    hessian->ridge = ridge * mean;
    for (size_t k = 0; k < n; k++) {
        float diagonal = (float)(hessian_at(hessian, k, k) / hessian->unit);
        hessian->inverse[k] = diagonal > DEAD ? (float)((1 - HESSIAN_SHORT) / (double)diagonal) : 0;
    }
}

void hessian_fill_rows(Hessian *hessian, size_t first, size_t count)
{
    size_t n = hessian->problem->n;
    double scale = 1 / hessian->unit;
    for (size_t i = first; i < first + count; i++) {
        float reach = 0;
        for (size_t j = 0; j < n; j++) {
            const float element = (float)(hessian_at(hessian, i, j) * scale);
            hessian->h[i * n + j] = element;
            if (j != i) reach = fmaxf(reach, fabsf(element));
        }
        hessian->reach[i] = reach;
    }
}

typedef struct Ranked {
    double diagonal;
    size_t input;
} Ranked;

static int compare_ranked(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->diagonal != y->diagonal) return x->diagonal > y->diagonal ? -1 : 1;
    return (x->input > y->input) - (x->input < y->input);
}

Status hessian_order(size_t *order, const Hessian *hessian, Message *message)
{
    const size_t n = hessian->problem->n;
    Ranked *ranked = malloc(n * sizeof *ranked);
    if (!ranked) return status_no_memory(message, "the order of a layer's inputs");
    for (size_t k = 0; k < n; k++) ranked[k] = (Ranked){hessian_at(hessian, k, k), k};
    qsort(ranked, n, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < n; i++) order[i] = ranked[i].input;
    free(ranked);
    return STATUS_OK;
}
