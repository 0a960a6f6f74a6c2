/* SPDX-License-Identifier: MIT */
#include "quantize/problem.h"

#include "base/blas.h"
#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK                                                                                                \
    192 /* side of the blocks of H and G that are tasks: small enough to share out, large enough for BLAS */

size_t problems_bytes(size_t groups, size_t m, size_t n)
{
    size_t doubles, total;
    if (!size_multiply(&doubles, n + m, n + 2) || !size_multiply(&doubles, doubles, groups) ||
        !size_multiply(&total, doubles, sizeof(double)) || !size_add(&total, total, groups * sizeof(Problem)))
        return SIZE_MAX;
    return total;
}

Status problems_create(Problem **result, size_t groups, size_t m, size_t n, const float *weights,
                       Message *message)
{
    *result = NULL;
    size_t bytes = problems_bytes(groups, m, n);
    Problem *problems = bytes == SIZE_MAX ? NULL : calloc(1, bytes);
    if (!problems) return status_no_memory(message, "a layer's statistics");
    double *next = (double *)(problems + groups);
    for (size_t g = 0; g < groups; g++) {
        Problem *problem = &problems[g];
        *problem = (Problem){.m = m, .n = n, .weights = weights + g * m * n};
        problem->h = next;
        problem->g = problem->h + n * n;
        problem->y2 = problem->g + m * n;
        problem->y_sum = problem->y2 + m;
        problem->x_sum = problem->y_sum + m;
        next = problem->x_sum + n;
    }
    *result = problems;
    return STATUS_OK;
}

void problems_free(Problem *problems)
{
    free(problems);
}

/* One call of problems_add(). Tasks per group: blocks of H on and above the diagonal, blocks of G, and the
 * vectors. */
typedef struct AddJob {
    Problem *problems;
    size_t groups, rows;
    const float *x, *y;
    size_t h_blocks, g_blocks; /* a group */
    float *scratch;            /* [workers][BLOCK][BLOCK] */
} AddJob;

/* sums [height][width] += a'b for a [rows][height], b [rows][width]; the strides of all three are given.
 * block [BLOCK][BLOCK] is scratch. */
static void add_product(double *sums, size_t stride, const float *a, size_t a_stride, size_t height,
                        const float *b, size_t b_stride, size_t width, size_t rows, float *block)
{
    for (size_t row = 0; row < rows; row += PROBLEM_ROWS) {
        size_t count = size_min(PROBLEM_ROWS, rows - row);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)height, (int)width, (int)count, 1,
                    a + row * a_stride, (int)a_stride, b + row * b_stride, (int)b_stride, 0, block,
                    (int)width);
        for (size_t i = 0; i < height; i++)
            for (size_t j = 0; j < width; j++) sums[i * stride + j] += (double)block[i * width + j];
    }
}

/* sums [width] += sum of the rows of a [rows][width]; squares [width] += that of their squares, unless NULL.
 */
static void add_vectors(double *sums, double *squares, const float *a, size_t stride, size_t width,
                        size_t rows)
{
    for (size_t row = 0; row < rows; row++)
        for (size_t j = 0; j < width; j++) {
            double value = (double)a[row * stride + j];
            sums[j] += value;
            if (squares) squares[j] += value * value;
        }
}

static void add_task(void *context, size_t index, size_t worker)
{
    AddJob *job = context;
    size_t per_group = job->h_blocks + job->g_blocks + 1;
    size_t group = index / per_group, part = index % per_group;
    Problem *problem = &job->problems[group];
    size_t n = problem->n, m = problem->m, x_stride = n * job->groups, y_stride = m * job->groups;
    const float *x = job->x + group * n, *y = job->y ? job->y + group * m : NULL;
    float *block = job->scratch + worker * BLOCK * BLOCK;
    if (part < job->h_blocks) {
        size_t i = part, j = 0; /* block number `part` of the upper triangle, column by column */
        while (i > j) i -= ++j;
        i *= BLOCK;
        j *= BLOCK;
        add_product(problem->h + i * n + j, n, x + i, x_stride, size_min(BLOCK, n - i), x + j, x_stride,
                    size_min(BLOCK, n - j), job->rows, block);
    } else if (part < job->h_blocks + job->g_blocks) {
        size_t columns = size_ceil_div(n, BLOCK), number = part - job->h_blocks;
        size_t i = number / columns * BLOCK, j = number % columns * BLOCK;
        add_product(problem->g + i * n + j, n, y + i, y_stride, size_min(BLOCK, m - i), x + j, x_stride,
                    size_min(BLOCK, n - j), job->rows, block);
    } else {
        add_vectors(problem->x_sum, NULL, x, x_stride, n, job->rows);
        if (y) add_vectors(problem->y_sum, problem->y2, y, y_stride, m, job->rows);
    }
}

Status problems_add(Problem *problems, size_t groups, const float *x, const float *y, size_t rows, Pool *pool,
                    Message *message)
{
    size_t columns = size_ceil_div(problems->n, BLOCK);
    AddJob job = {problems, groups, rows, x, y, columns * (columns + 1) / 2, 0, NULL};
    if (y) job.g_blocks = columns * size_ceil_div(problems->m, BLOCK);
    job.scratch = malloc(pool_workers(pool) * BLOCK * BLOCK * sizeof *job.scratch);
    if (!job.scratch) return status_no_memory(message, "a layer's statistics");
    pool_run(pool, groups * (job.h_blocks + job.g_blocks + 1), add_task, &job);
    free(job.scratch);
    for (size_t g = 0; g < groups; g++) problems[g].rows += rows;
    return STATUS_OK;
}

#define CHANNEL_TILE 16
#define PANEL 256

/* G = W H, y2 = diag(W H W'), y_sum = W x_sum, for channels first..first+count-1, at most CHANNEL_TILE. */
static void derive_outputs(Problem *problem, size_t first, size_t count)
{
    size_t n = problem->n;
    double panel[CHANNEL_TILE * PANEL];
    const float *w = problem->weights + first * n;
    double *g = problem->g + first * n;
    for (size_t k = 0; k < n; k += PANEL) {
        size_t width = size_min(PANEL, n - k);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < width; j++) panel[i * width + j] = (double)w[i * n + k + j];
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)count, (int)n, (int)width, 1, panel,
                    (int)width, problem->h + k * n, (int)n, 1, g, (int)n);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++) {
            problem->y2[first + i] += g[i * n + k] * (double)w[i * n + k];
            problem->y_sum[first + i] += problem->x_sum[k] * (double)w[i * n + k];
        }
}

typedef struct FinishJob {
    Problem *problems;
    size_t tiles; /* of channels, a group */
} FinishJob;

static void derive_task(void *context, size_t index, size_t worker)
{
    (void)worker;
    const FinishJob *job = context;
    Problem *problem = &job->problems[index / job->tiles];
    size_t first = index % job->tiles * CHANNEL_TILE;
    derive_outputs(problem, first, size_min(CHANNEL_TILE, problem->m - first));
}

void problems_finish(Problem *problems, size_t groups, bool own_outputs, Pool *pool)
{
    const size_t n = problems->n;
    for (size_t g = 0; g < groups; g++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) problems[g].h[i * n + j] = problems[g].h[j * n + i];
    if (!own_outputs) return;
    FinishJob job = {problems, size_ceil_div(problems->m, CHANNEL_TILE)};
    pool_run(pool, groups * job.tiles, derive_task, &job);
}

typedef struct OutputJob {
    const Problem *problems;
    size_t groups, rows, tiles;
    const float *x;
    float *y;
} OutputJob;

static void output_task(void *context, size_t index, size_t worker)
{
    (void)worker;
    const OutputJob *job = context;
    size_t group = index / job->tiles, row = index % job->tiles * PROBLEM_ROWS;
    const Problem *problem = &job->problems[group];
    size_t n = problem->n, m = problem->m, x_stride = n * job->groups, y_stride = m * job->groups;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)size_min(PROBLEM_ROWS, job->rows - row), (int)m,
                (int)n, 1, job->x + row * x_stride + group * n, (int)x_stride, problem->weights, (int)n, 0,
                job->y + row * y_stride + group * m, (int)y_stride);
}

void problems_outputs(const Problem *problems, size_t groups, float *y, const float *x, size_t rows,
                      Pool *pool)
{
    OutputJob job = {problems, groups, rows, size_ceil_div(rows, PROBLEM_ROWS), x, y};
    pool_run(pool, groups * job.tiles, output_task, &job);
}
