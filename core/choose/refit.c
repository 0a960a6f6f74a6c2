/* SPDX-License-Identifier: MIT */
#include "choose/refit.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>

#define RIDGE_MANY_ROWS 0.1
#define RIDGE_FEW_ROWS 0.3
#define ROWS_ENOUGH 8 /* times the inputs */
#define CHANNELS 32   /* solved at a time */

typedef struct Refit {
    const Problem *problems;
    double ridge;
    double *hessians; /* [groups][n][n], centred H */
    double *factors;  /* [groups][n][n], Cholesky factors of H + lambda I */
    double *change;   /* [groups*m][n], G - W H, then dW */
    double *start;    /* [groups*m][n], W */
    bool *fixed;      /* [groups]: inputs that do not vary leave the weights as they are */
    float *weights, *shift;
    size_t tiles; /* per group */
} Refit;

double refit_ridge(size_t rows, size_t n)
{
    return rows >= ROWS_ENOUGH * n ? RIDGE_MANY_ROWS : RIDGE_FEW_ROWS;
}

size_t refit_bytes(size_t groups, size_t m, size_t n)
{
    return groups * (2 * n * n + 2 * m * n) * sizeof(double);
}

/* H - N mean(x) mean(x)', and its factor with the ridge. */
static void factor_group(void *context, size_t group, size_t worker)
{
    (void)worker;
    Refit *refit = context;
    const Problem *problem = &refit->problems[group];
    const size_t n = problem->n;
    double *h = refit->hessians + group * n * n, *factor = refit->factors + group * n * n, trace = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            h[i * n + j] =
                problem->h[i * n + j] -
                (problem->rows ? problem->x_sum[i] * problem->x_sum[j] / (double)problem->rows : 0);
    for (size_t i = 0; i < n; i++) trace += h[i * n + i];
    for (size_t i = 0; i < n * n; i++) factor[i] = h[i];
    for (size_t i = 0; i < n; i++) factor[i * n + i] += refit->ridge * trace / (double)n;
    const int order = (int)n;
    int info = 0;
    if (trace > 0) dpotrf_("L", &order, factor, &order, &info);
    refit->fixed[group] = trace <= 0 || info != 0;
}

/* change [count][n] = G - W H, both centred, of channels from `first` on. */
static void residual(double *change, const Refit *refit, size_t group, size_t first, size_t count)
{
    const Problem *problem = &refit->problems[group];
    const size_t n = problem->n;
    const double rows = (double)size_max(problem->rows, 1);
    const double *h = refit->hessians + group * n * n;
    double *start = refit->start + (group * problem->m + first) * n;
    for (size_t i = 0; i < count * n; i++) start[i] = (double)problem->weights[first * n + i];
    for (size_t c = 0; c < count; c++)
        for (size_t k = 0; k < n; k++)
            change[c * n + k] =
                problem->g[(first + c) * n + k] - problem->y_sum[first + c] * problem->x_sum[k] / rows;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)count, (int)n, (int)n, -1, start, (int)n, h,
                (int)n, 1, change, (int)n);
}

/* The weights and the shift of channels from `first` on. */
static void take(Refit *refit, size_t group, size_t first, size_t count, const double *change)
{
    const Problem *problem = &refit->problems[group];
    const size_t n = problem->n, channel = group * problem->m + first;
    const double rows = (double)size_max(problem->rows, 1);
    for (size_t c = 0; c < count; c++) {
        double output = 0;
        for (size_t k = 0; k < n; k++) {
            const double moved = refit->fixed[group] ? 0 : change[c * n + k];
            const float weight = (float)((double)problem->weights[(first + c) * n + k] + moved);
            refit->weights[(channel + c) * n + k] = weight;
            output += (double)weight * problem->x_sum[k];
        }
        refit->shift[channel + c] = (float)((problem->y_sum[first + c] - output) / rows);
    }
}

static void solve_tile(void *context, size_t index, size_t worker)
{
    (void)worker;
    Refit *refit = context;
    const size_t group = index / refit->tiles, first = index % refit->tiles * CHANNELS;
    const Problem *problem = &refit->problems[group];
    const size_t n = problem->n, count = size_min(CHANNELS, problem->m - first);
    const double *factor = refit->factors + group * n * n;
    double *change = refit->change + (group * problem->m + first) * n;
    if (!refit->fixed[group]) {
        residual(change, refit, group, first, count);
        const int order = (int)n;
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, order, (int)count, 1,
                    factor, order, change, order);
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, order, (int)count, 1,
                    factor, order, change, order);
    }
    take(refit, group, first, count, change);
}

Status refit_weights(float *weights, float *shift, const Problem *problems, size_t groups, double ridge,
                     Pool *pool, Message *message)
{
    const size_t m = problems->m, n = problems->n;
    Refit refit = {.problems = problems,
                   .ridge = ridge,
                   .hessians = calloc(groups * n * n + 1, sizeof(double)),
                   .factors = calloc(groups * n * n + 1, sizeof(double)),
                   .change = calloc(groups * m * n + 1, sizeof(double)),
                   .start = calloc(groups * m * n + 1, sizeof(double)),
                   .fixed = calloc(groups + 1, sizeof(bool)),
                   .weights = weights,
                   .shift = shift,
                   .tiles = size_ceil_div(m, CHANNELS)};
    Status status = STATUS_OK;
    if (refit.hessians && refit.factors && refit.change && refit.start && refit.fixed) {
        pool_run(pool, groups, factor_group, &refit);
        pool_run(pool, groups * refit.tiles, solve_tile, &refit);
    } else {
        status = status_no_memory(message, "a re-fit");
    }
    free(refit.hessians);
    free(refit.factors);
    free(refit.change);
    free(refit.start);
    free(refit.fixed);
    return status;
}

/* --- errors ------------------------------------------------------------------------------------------ */

typedef struct ErrorJob {
    const Problem *problems;
    const float *weights;
    double *start, *product; /* [groups*m][n], W and W H */
    double *errors;          /* [groups*m] */
    size_t tiles;            /* per group */
} ErrorJob;

/* Per channel |y|^2 - 2 g.w + w'Hw, less what the means explain. */
static void error_tile(void *context, size_t index, size_t worker)
{
    (void)worker;
    ErrorJob *job = context;
    const size_t group = index / job->tiles, first = index % job->tiles * CHANNELS;
    const Problem *problem = &job->problems[group];
    const size_t n = problem->n, count = size_min(CHANNELS, problem->m - first);
    const size_t offset = (group * problem->m + first) * n;
    double *start = job->start + offset, *product = job->product + offset;
    for (size_t i = 0; i < count * n; i++) start[i] = (double)job->weights[offset + i];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)count, (int)n, (int)n, 1, start, (int)n,
                problem->h, (int)n, 0, product, (int)n);
    for (size_t c = 0; c < count; c++) {
        double sum = problem->y2[first + c], mean = problem->y_sum[first + c];
        for (size_t k = 0; k < n; k++) {
            const double w = start[c * n + k];
            sum += w * (product[c * n + k] - 2 * problem->g[(first + c) * n + k]);
            mean -= w * problem->x_sum[k];
        }
        job->errors[group * problem->m + first + c] = sum - mean * mean / (double)size_max(problem->rows, 1);
    }
}

Status refit_error(double *error, const float *weights, const Problem *problems, size_t groups, Pool *pool,
                   Message *message)
{
    const size_t m = problems->m, n = problems->n;
    ErrorJob job = {.problems = problems,
                    .weights = weights,
                    .start = calloc(groups * m * n + 1, sizeof(double)),
                    .product = calloc(groups * m * n + 1, sizeof(double)),
                    .errors = calloc(groups * m + 1, sizeof(double)),
                    .tiles = size_ceil_div(m, CHANNELS)};
    Status status = STATUS_OK;
    double sum = 0, signal = 0;
    if (job.start && job.product && job.errors) {
        pool_run(pool, groups * job.tiles, error_tile, &job);
        for (size_t c = 0; c < groups * m; c++) {
            sum += fmax(job.errors[c], 0);
            signal += problems[c / m].y2[c % m];
        }
        *error = signal > 0 ? sum / signal : 0;
    } else {
        status = status_no_memory(message, "a re-fit");
    }
    free(job.start);
    free(job.product);
    free(job.errors);
    return status;
}
