/* SPDX-License-Identifier: MIT */
#include "quantize/clipping.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>

double clipping_range(size_t i)
{
    return 0.2 + 0.1 * (double)i;
}

Clipping clipping_unknown(void)
{
    Clipping clipping;
    double *numbers = (double *)&clipping;
    for (size_t i = 0; i < sizeof clipping / sizeof *numbers; i++) numbers[i] = NAN;
    return clipping;
}

/* A channel's sums at one range. */
typedef struct Parts {
    double weight_rounding, weight_clipping, rounding, clipping, both;
} Parts;

typedef struct Job {
    const Problem *problems;
    const Grid *grid;
    bool centred;
    Parts (*parts)[CLIPPING_RANGES]; /* [groups*m] */
    Status *statuses;                /* [groups*m] */
} Job;

/* s and c [n] of weights [n] at a scale; the weight domain's parts. */
static Parts split_errors(double *s, double *c, const float *weights, size_t n, double scale,
                          const Grid *grid)
{
    const double largest = grid_largest(grid), step = largest - grid->levels[grid->count - 2];
    Parts parts = {0};
    for (size_t k = 0; k < n; k++) {
        const double w = (double)weights[k], d = w - scale * grid_round(grid, w / scale);
        const bool clipped = fabs(w) > scale * (largest + step / 2);
        s[k] = clipped ? 0 : d;
        c[k] = clipped ? d : 0;
        parts.weight_rounding += s[k] * s[k];
        parts.weight_clipping += c[k] * c[k];
    }
    return parts;
}

/* a'Hb from the product hb = Hb, H centred where the job says so. */
static double form(const Job *job, const Problem *problem, const double *a, const double *b, const double *hb)
{
    const int n = (int)problem->n;
    const double uncentred = cblas_ddot(n, a, 1, hb, 1);
    if (!job->centred) return uncentred;
    return uncentred - cblas_ddot(n, a, 1, problem->x_sum, 1) * cblas_ddot(n, b, 1, problem->x_sum, 1) /
                           (double)size_max(problem->rows, 1);
}

/* parts [CLIPPING_RANGES] of one channel. errors, products [2*CLIPPING_RANGES][n]: s and c of each range, and
 * H times them. */
static void measure_channel(const Job *job, size_t channel, double *errors, double *products)
{
    const Problem *problem = &job->problems[channel / job->problems->m];
    const size_t n = problem->n;
    const float *weights = problem->weights + channel % problem->m * n;
    double largest = 0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)weights[k]));
    if (largest == 0) return;
    Parts *parts = job->parts[channel];
    for (size_t i = 0; i < CLIPPING_RANGES; i++) {
        const double scale = grid_scale(job->grid, clipping_range(i) * largest / grid_largest(job->grid));
        parts[i] = split_errors(errors + 2 * i * n, errors + (2 * i + 1) * n, weights, n, scale, job->grid);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 2 * CLIPPING_RANGES, (int)n, (int)n, 1, errors,
                (int)n, problem->h, (int)n, 0, products, (int)n);
    for (size_t i = 0; i < CLIPPING_RANGES; i++) {
        const double *s = errors + 2 * i * n, *c = s + n, *hs = products + 2 * i * n, *hc = hs + n;
        parts[i].rounding = form(job, problem, s, s, hs);
        parts[i].clipping = form(job, problem, c, c, hc);
        parts[i].both = parts[i].rounding + parts[i].clipping + 2 * form(job, problem, s, c, hc);
    }
}

static void measure_task(void *context, size_t channel, size_t worker)
{
    (void)worker;
    Job *job = context;
    const size_t count = 2 * CLIPPING_RANGES * job->problems->n;
    double *errors = malloc(2 * count * sizeof *errors);
    if (errors)
        measure_channel(job, channel, errors, errors + count);
    else
        job->statuses[channel] = STATUS_MEMORY;
    free(errors);
}

static double relative(double error, double whole)
{
    return error > 0 ? error / whole : 0;
}

static Status gather(Clipping *clipping, const Job *job, size_t groups, Message *message)
{
    const size_t m = job->problems->m, n = job->problems->n;
    double outputs = 0, squares = 0;
    Parts sums[CLIPPING_RANGES] = {0};
    for (size_t channel = 0; channel < groups * m; channel++) {
        const Problem *problem = &job->problems[channel / m];
        const float *weights = problem->weights + channel % m * n;
        if (job->statuses[channel] != STATUS_OK) return status_no_memory(message, "a layer's clipping");
        outputs += problem->y2[channel % m];
        for (size_t k = 0; k < n; k++) squares += (double)weights[k] * (double)weights[k];
        for (size_t i = 0; i < CLIPPING_RANGES; i++) {
            const Parts *parts = &job->parts[channel][i];
            sums[i].weight_rounding += parts->weight_rounding;
            sums[i].weight_clipping += parts->weight_clipping;
            sums[i].rounding += parts->rounding;
            sums[i].clipping += parts->clipping;
            sums[i].both += parts->both;
        }
    }
    for (size_t i = 0; i < CLIPPING_RANGES; i++) {
        clipping->weight_rounding[i] = relative(sums[i].weight_rounding, squares);
        clipping->weight_clipping[i] = relative(sums[i].weight_clipping, squares);
        clipping->rounding[i] = relative(sums[i].rounding, outputs);
        clipping->clipping[i] = relative(sums[i].clipping, outputs);
        clipping->error[i] = relative(sums[i].both, outputs);
    }
    return STATUS_OK;
}

Status clipping_measure(Clipping *clipping, const Problem *problems, size_t groups, const Grid *grid,
                        bool bias_correction, Pool *pool, Message *message)
{
    const size_t channels = groups * problems->m;
    *clipping = clipping_unknown();
    Job job = {.problems = problems,
               .grid = grid,
               .centred = bias_correction,
               .parts = calloc(channels, sizeof *job.parts),
               .statuses = calloc(channels, sizeof *job.statuses)};
    Status status = STATUS_OK;
    if (job.parts && job.statuses) {
        pool_run(pool, channels, measure_task, &job);
        status = gather(clipping, &job, groups, message);
    } else {
        status = status_no_memory(message, "a layer's clipping");
    }
    free(job.parts);
    free(job.statuses);
    return status;
}

size_t clipping_bytes(size_t groups, size_t m, size_t n, size_t workers)
{
    return workers * 4 * CLIPPING_RANGES * n * sizeof(double) +
           groups * m * (sizeof(Parts) * CLIPPING_RANGES + sizeof(Status));
}
