#include "quantize/gptq.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAZY_BLOCK 64 /* inputs whose errors are fed back at once to those beyond the block */

size_t gptq_factor_bytes(size_t n)
{
    return n * sizeof(size_t) + 2 * n * n * sizeof(double);
}

void gptq_factor_place(GptqFactor *factor, void *memory, size_t n)
{
    factor->inverse = memory;
    factor->upper = factor->inverse + n * n;
    factor->order = (size_t *)(factor->upper + n * n);
}

typedef struct Ranked {
    double diagonal;
    size_t index;
} Ranked;

static int compare_ranked(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->diagonal != y->diagonal) return x->diagonal > y->diagonal ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static Status order_inputs(size_t *order, const Curvature *curvature, Message *message)
{
    size_t n = curvature->problem->n;
    Ranked *ranked = malloc(n * sizeof *ranked);
    if (!ranked) return status_no_memory(message, "GPTQ's order");
    for (size_t k = 0; k < n; k++) ranked[k] = (Ranked){curvature_at(curvature, k, k), k};
    qsort(ranked, n, sizeof *ranked, compare_ranked);
    for (size_t k = 0; k < n; k++) order[k] = ranked[k].index;
    free(ranked);
    return STATUS_OK;
}

/* LAPACK is column-major: its lower triangle is our upper one. */
static bool factorize_once(GptqFactor *factor, const Curvature *curvature)
{
    size_t n = curvature->problem->n;
    int order = (int)n, info;
    double *a = factor->inverse;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * n + j] =
                curvature_at(curvature, factor->order[i], factor->order[j]) + (i == j ? factor->damping : 0);
    dpotrf_("L", &order, a, &order, &info);
    if (info != 0) return false;
    dpotri_("L", &order, a, &order, &info);
    if (info != 0) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    memcpy(factor->upper, a, n * n * sizeof *a);
    dpotrf_("L", &order, factor->upper, &order, &info);
    return info == 0;
}

Status gptq_factorize(GptqFactor *factor, const Curvature *curvature, Message *message)
{
    Status status = order_inputs(factor->order, curvature, message);
    if (status != STATUS_OK) return status;
    factor->damping = GPTQ_DAMPING * curvature->unit;
    for (int attempt = 0; attempt < 10; attempt++, factor->damping *= 10)
        if (factorize_once(factor, curvature)) return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "GPTQ cannot invert the input statistics: use --ridge or another --method");
}

size_t gptq_scratch_bytes(size_t n)
{
    return (2 * n + LAZY_BLOCK) * sizeof(double);
}

/* w [n] in visiting order: row of (G' + damping W)(H' + damping)^-1. */
static void target_weights(double *w, double *g, const GptqFactor *factor, const Curvature *curvature,
                           size_t channel)
{
    size_t n = curvature->problem->n;
    const float *weights = curvature->problem->weights + channel * n;
    for (size_t k = 0; k < n; k++) {
        size_t input = factor->order[k];
        g[k] = curvature_target(curvature, channel, input) + factor->damping * (double)weights[input];
    }
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)n, 1, factor->inverse, (int)n, g, 1, 0, w, 1);
}

void gptq_channel(int8_t *codes, const GptqFactor *factor, const Curvature *curvature, size_t channel,
                  double scale, unsigned bits, void *scratch)
{
    size_t n = curvature->problem->n;
    double *w = scratch, *g = w + n, *errors = g + n, limit = (double)((1 << (bits - 1)) - 1);
    target_weights(w, g, factor, curvature, channel);
    for (size_t start = 0; start < n; start += LAZY_BLOCK) {
        size_t rows = size_min(LAZY_BLOCK, n - start), end = start + rows;
        for (size_t k = start; k < end; k++) {
            const double *u = factor->upper + k * n;
            double q = fmin(fmax(rint(w[k] / scale), -limit), limit);
            codes[factor->order[k]] = (int8_t)q;
            double error = (w[k] - scale * q) / u[k];
            errors[k - start] = error;
            for (size_t j = k + 1; j < end; j++) w[j] -= error * u[j];
        }
        if (end < n)
            cblas_dgemv(CblasRowMajor, CblasTrans, (int)rows, (int)(n - end), -1,
                        factor->upper + start * n + end, (int)n, errors, 1, 1, w + end, 1);
    }
}
