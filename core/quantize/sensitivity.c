/* SPDX-License-Identifier: MIT */
#include "quantize/sensitivity.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define WIDTHS (SOLVE_MAX_BITS - SOLVE_MIN_BITS + 1)
#define LEAST_DAMPING 1e-6 /* of the mean diagonal */
#define MOST_DAMPING 10
#define RESIDUAL_BITS 3  /* up to here the mean squared residual is taken in place of a^2 / 12 */
#define FLOOR_COLUMNS 32 /* outputs whose least-squares weights are computed at a time */

typedef struct Job {
    const Problem *problems;
    bool centred;
    double *variances; /* [groups]: sum of 1/U_jj^2; 0 where inputs do not vary, NAN where H cannot be
                          factorized */
    double (*residuals)[WIDTHS]; /* [groups*m]: the expected squared rounding error of a weight */
    double (*rounding)[WIDTHS];  /* [groups*m] */
    double *floors;              /* [groups]: sum over outputs of y2 - g'w - part w'w, w the least-squares
                                    weights with damping `part` */
    Status *statuses;            /* [groups*m]: of the factorizations, then of the channels */
} Job;

/* --- the factorization ------------------------------------------------------------------------------ */

/* An element of H, centred where the bias is corrected. */
static double entry(const Job *job, const Problem *problem, size_t i, size_t j)
{
    double h = problem->h[i * problem->n + j];
    return job->centred ? h - problem->x_sum[i] * problem->x_sum[j] / (double)problem->rows : h;
}

typedef struct Input {
    double diagonal;
    size_t index;
} Input;

static int compare_inputs(const void *a, const void *b)
{
    const Input *x = a, *y = b;
    if (x->diagonal != y->diagonal) return x->diagonal < y->diagonal ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Sorts by ascending diagonal, the order of visits reversed, and returns the mean diagonal: 0 where it is
 * within the rounding of float sums over that many rows, so that the inputs do not vary. */
static double order_inputs(Input *inputs, const Job *job, const Problem *problem)
{
    const double rounding = FLT_EPSILON * (double)size_min(problem->rows, PROBLEM_ROWS);
    double sum = 0, uncentred = 0;
    for (size_t k = 0; k < problem->n; k++) {
        inputs[k] = (Input){entry(job, problem, k, k), k};
        sum += inputs[k].diagonal;
        uncentred += problem->h[k * problem->n + k];
    }
    qsort(inputs, problem->n, sizeof *inputs, compare_inputs);
    return sum <= rounding * uncentred ? 0 : sum / (double)problem->n;
}

/* Factors H + damping: a [n][n] is the factor of the inputs in their order. Returns the damping, NAN where
 * none makes H regular. */
static double factor_inputs(double *a, const Job *job, const Problem *problem, const Input *inputs,
                            double unit)
{
    const size_t n = problem->n;
    const int order = (int)n;
    int info;
    for (double part = 0; part <= MOST_DAMPING; part = part == 0 ? LEAST_DAMPING : 10 * part) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                a[i * n + j] =
                    entry(job, problem, inputs[i].index, inputs[j].index) + (i == j ? part * unit : 0);
        dpotrf_("L", &order, a, &order, &info);
        if (info == 0) return part * unit;
    }
    return NAN;
}

/* The sum of the factor's squared diagonal, less the damping's share. */
static double factor_variance(const double *a, size_t n, double damping)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += fmax(a[k * n + k] * a[k * n + k] - damping, 0);
    return sum;
}

/* The squared error of the least-squares weights w = (H + damping)^-1 g, summed over outputs: |y - X w|^2 =
 * y2 - g'w - damping w'w. a [n][n]: the factor L of factor_inputs(), in columns. b [FLOOR_COLUMNS][n]:
 * scratch. */
static double least_error(double *b, const double *a, const Job *job, const Problem *problem,
                          const Input *inputs, double damping)
{
    const size_t n = problem->n;
    const int order = (int)n;
    const double rows = (double)problem->rows;
    double total = 0;
    for (size_t first = 0; first < problem->m; first += FLOOR_COLUMNS) {
        const size_t count = size_min(FLOOR_COLUMNS, problem->m - first);
        for (size_t c = 0; c < count; c++) {
            const double mean = job->centred ? problem->y_sum[first + c] / rows : 0;
            const double *g = problem->g + (first + c) * n;
            for (size_t k = 0; k < n; k++) {
                const size_t input = inputs[k].index;
                b[c * n + k] = g[input] - mean * problem->x_sum[input];
            }
            total += problem->y2[first + c] - mean * mean * rows;
        }
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, order, (int)count, 1, a,
                    order, b, order);
        total -= cblas_ddot((int)(count * n), b, 1, b, 1); /* |L^-1 g|^2 = g'w */
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, order, (int)count, 1, a,
                    order, b, order);
        total -= damping * cblas_ddot((int)(count * n), b, 1, b, 1);
    }
    return fmax(total, 0);
}

/* Inputs that do not vary cost nothing. */
static void factor_group(Job *job, size_t group, double *a, double *b, Input *inputs)
{
    const Problem *problem = &job->problems[group];
    const double unit = order_inputs(inputs, job, problem);
    job->variances[group] = job->floors[group] = 0;
    if (unit == 0) return;
    const double damping = factor_inputs(a, job, problem, inputs, unit);
    const bool factored = !isnan(damping);
    job->variances[group] = factored ? factor_variance(a, problem->n, damping) : NAN;
    job->floors[group] = factored ? least_error(b, a, job, problem, inputs, damping) : NAN;
}

static void factor_task(void *context, size_t group, size_t worker)
{
    (void)worker;
    Job *job = context;
    const Problem *problem = &job->problems[group];
    double *a = malloc(problem->n * problem->n * sizeof *a);
    double *b = malloc(FLOOR_COLUMNS * problem->n * sizeof *b);
    Input *inputs = malloc(problem->n * sizeof *inputs);
    if (a && b && inputs)
        factor_group(job, group, a, b, inputs);
    else
        job->statuses[group] = STATUS_MEMORY;
    free(a);
    free(b);
    free(inputs);
}

/* --- rounding --------------------------------------------------------------------------------------- */

/* job->rounding[channel] = d'Hd for each width's d = w - a q. differences, products [WIDTHS][n], codes [n]:
 * scratch. */
static void round_channel(const Job *job, size_t channel, double *differences, double *products,
                          int8_t *codes)
{
    const Problem *problem = &job->problems[channel / job->problems->m];
    const size_t n = problem->n;
    const float *weights = problem->weights + channel % problem->m * n;
    for (size_t w = 0; w < WIDTHS; w++) {
        double scale = rounding_start(codes, weights, n, (unsigned)w + SOLVE_MIN_BITS, SOLVE_MAX_EPOCHS);
        double *d = differences + w * n;
        for (size_t k = 0; k < n; k++) d[k] = (double)weights[k] - scale * codes[k];
        job->residuals[channel][w] = w + SOLVE_MIN_BITS <= RESIDUAL_BITS
                                         ? cblas_ddot((int)n, d, 1, d, 1) / (double)n
                                         : scale * scale / 12;
    }
    const int order = (int)n;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, WIDTHS, order, order, 1, differences, order,
                problem->h, order, 0, products, order);
    for (size_t w = 0; w < WIDTHS; w++) {
        const double *d = differences + w * n;
        double mean = job->centred ? cblas_ddot(order, d, 1, problem->x_sum, 1) : 0;
        job->rounding[channel][w] =
            cblas_ddot(order, d, 1, products + w * n, 1) - mean * mean / (double)problem->rows;
    }
}

static void round_task(void *context, size_t channel, size_t worker)
{
    (void)worker;
    Job *job = context;
    const size_t n = job->problems->n;
    double *differences = malloc(2 * WIDTHS * n * sizeof *differences);
    int8_t *codes = malloc(n);
    if (differences && codes)
        round_channel(job, channel, differences, differences + WIDTHS * n, codes);
    else
        job->statuses[channel] = STATUS_MEMORY;
    free(differences);
    free(codes);
}

/* --- the whole -------------------------------------------------------------------------------------- */

/* Relative errors, as in solve.h: 0/0 is 0. */
static double relative(double error, double signal)
{
    return error <= 0 ? 0 : error / signal;
}

/* Adds up the channels. */
static Status gather(Sensitivity *sensitivity, const Job *job, size_t groups, Message *message)
{
    const size_t m = job->problems->m;
    double signal = 0, least = 0, estimates[WIDTHS] = {0}, rounding[WIDTHS] = {0};
    for (size_t g = 0; g < groups; g++) least += job->floors[g];
    for (size_t c = 0; c < groups * m; c++) {
        if (job->statuses[c] != STATUS_OK) return status_no_memory(message, "a layer's sensitivity");
        signal += job->problems[c / m].y2[c % m];
        for (size_t w = 0; w < WIDTHS; w++) {
            const double variance = job->variances[c / m];
            estimates[w] += job->residuals[c][w] * variance;
            rounding[w] += variance == 0 ? 0 : job->rounding[c][w];
        }
    }
    if (!isfinite(signal)) return status_fail(message, STATUS_INVALID, "the input statistics are not finite");
    sensitivity->floor = isnan(least) ? NAN : relative(least, signal);
    for (size_t w = 0; w < WIDTHS; w++) {
        sensitivity->estimate[w + SOLVE_MIN_BITS] = relative(estimates[w], signal);
        sensitivity->rounding[w + SOLVE_MIN_BITS] = relative(rounding[w], signal);
    }
    return STATUS_OK;
}

Status sensitivity_measure(Sensitivity *sensitivity, const Problem *problems, size_t groups,
                           bool bias_correction, Pool *pool, Message *message)
{
    const size_t channels = groups * problems->m;
    *sensitivity = (Sensitivity){0};
    for (unsigned bits = 0; bits <= SOLVE_MAX_BITS; bits++)
        sensitivity->measured[bits] = sensitivity->heldout[bits] = NAN;
    if (problems->n > INT_MAX) return status_fail(message, STATUS_UNSUPPORTED, "too many inputs");
    Job job = {.problems = problems,
               .centred = bias_correction,
               .variances = calloc(groups, sizeof *job.variances),
               .floors = calloc(groups, sizeof *job.floors),
               .residuals = calloc(channels, sizeof *job.residuals),
               .rounding = calloc(channels, sizeof *job.rounding),
               .statuses = calloc(channels, sizeof *job.statuses)};
    Status status = STATUS_OK;
    if (job.variances && job.floors && job.residuals && job.rounding && job.statuses) {
        pool_run(pool, groups, factor_task, &job);
        pool_run(pool, channels, round_task, &job);
        status = gather(sensitivity, &job, groups, message);
    } else {
        status = status_no_memory(message, "a layer's sensitivity");
    }
    free(job.variances);
    free(job.floors);
    free(job.residuals);
    free(job.rounding);
    free(job.statuses);
    return status;
}

size_t sensitivity_bytes(size_t groups, size_t m, size_t n, size_t workers)
{
    const size_t factor = n * n * sizeof(double) + FLOOR_COLUMNS * n * sizeof(double) + n * sizeof(Input);
    const size_t rounding = n * (2 * WIDTHS * sizeof(double) + 1);
    return size_min(groups, workers) * factor + workers * rounding +
           groups * m * (2 * WIDTHS * sizeof(double) + sizeof(Status)) + groups * 2 * sizeof(double);
}
