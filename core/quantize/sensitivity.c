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

typedef struct Job {
    const Problem *problems;
    bool centred;
    double *variances;        /* [groups]: sum of 1/U_jj^2; 0 where inputs do not vary, NAN where H cannot be
                                 factorized */
    double (*scales)[WIDTHS]; /* [groups*m] */
    double (*rounding)[WIDTHS]; /* [groups*m] */
    Status *statuses;           /* [groups*m]: of the factorizations, then of the channels */
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

/* The sum of the factor's squared diagonal, less the damping's share; NAN where no damping makes H regular.
 */
static double factor_variance(double *a, const Job *job, const Problem *problem, const Input *inputs,
                              double unit)
{
    const size_t n = problem->n;
    const int order = (int)n;
    int info;
    if (unit == 0) return 0;
    for (double part = 0; part <= MOST_DAMPING; part = part == 0 ? LEAST_DAMPING : 10 * part) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                a[i * n + j] =
                    entry(job, problem, inputs[i].index, inputs[j].index) + (i == j ? part * unit : 0);
        dpotrf_("L", &order, a, &order, &info);
        if (info != 0) continue;
        double sum = 0;
        for (size_t k = 0; k < n; k++) {
            double diagonal = a[k * n + k];
            sum += fmax(diagonal * diagonal - part * unit, 0);
        }
        return sum;
    }
    return NAN;
}

static void factor_task(void *context, size_t group, size_t worker)
{
    (void)worker;
    Job *job = context;
    const Problem *problem = &job->problems[group];
    double *a = malloc(problem->n * problem->n * sizeof *a);
    Input *inputs = malloc(problem->n * sizeof *inputs);
    if (a && inputs) {
        double unit = order_inputs(inputs, job, problem);
        job->variances[group] = factor_variance(a, job, problem, inputs, unit);
    } else {
        job->statuses[group] = STATUS_MEMORY;
    }
    free(a);
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
        job->scales[channel][w] = scale;
        for (size_t k = 0; k < n; k++) differences[w * n + k] = (double)weights[k] - scale * codes[k];
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
    double signal = 0, estimates[WIDTHS] = {0}, rounding[WIDTHS] = {0};
    for (size_t c = 0; c < groups * m; c++) {
        if (job->statuses[c] != STATUS_OK) return status_no_memory(message, "a layer's sensitivity");
        signal += job->problems[c / m].y2[c % m];
        for (size_t w = 0; w < WIDTHS; w++) {
            const double scale = job->scales[c][w], variance = job->variances[c / m];
            estimates[w] += scale * scale / 12 * variance;
            rounding[w] += variance == 0 ? 0 : job->rounding[c][w];
        }
    }
    if (!isfinite(signal)) return status_fail(message, STATUS_INVALID, "the input statistics are not finite");
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
               .scales = calloc(channels, sizeof *job.scales),
               .rounding = calloc(channels, sizeof *job.rounding),
               .statuses = calloc(channels, sizeof *job.statuses)};
    Status status = STATUS_OK;
    if (job.variances && job.scales && job.rounding && job.statuses) {
        pool_run(pool, groups, factor_task, &job);
        pool_run(pool, channels, round_task, &job);
        status = gather(sensitivity, &job, groups, message);
    } else {
        status = status_no_memory(message, "a layer's sensitivity");
    }
    free(job.variances);
    free(job.scales);
    free(job.rounding);
    free(job.statuses);
    return status;
}

size_t sensitivity_bytes(size_t groups, size_t m, size_t n, size_t workers)
{
    const size_t factor = n * n * sizeof(double) + n * sizeof(Input);
    const size_t rounding = n * (2 * WIDTHS * sizeof(double) + 1);
    return size_min(groups, workers) * factor + workers * rounding +
           groups * m * (2 * WIDTHS * sizeof(double) + sizeof(Status)) + groups * sizeof(double);
}
