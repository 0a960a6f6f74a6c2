/* SPDX-License-Identifier: MIT */
/* The solver against its plain twin, and against the machine's own SGEMM, in one run.
 *
 * usage: bench_solve          prints one line per benchmark
 */
#include "app/cli/blas_kernel.h"
#include "base/blas.h"
#include "base/random.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "plain_bitsplit.h"
#include "quantize/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void *need(void *memory)
{
    if (!memory) {
        fputs("bench_solve: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

/* Correlated inputs, half of them zero as after a ReLU, and bell-shaped weights. */
static Problem *make_problem(float **weights, size_t m, size_t n, size_t rows, Pool *pool)
{
    float *x = need(malloc(rows * n * sizeof *x)), *w = need(malloc(m * n * sizeof *w));
    for (size_t i = 0; i < m * n; i++) {
        double sum = -3;
        for (uint64_t j = 0; j < 6; j++) sum += random_uniform(1, i, j, 0);
        w[i] = (float)(0.05 * sum);
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < n; k++) {
            double value = fmax(random_uniform(2, row, k, 0) - 0.5, 0);
            x[row * n + k] = (float)(value + (k ? 0.5 * (double)x[row * n + k - 1] : 0));
        }
    Problem *problem;
    need(problems_create(&problem, 1, m, n, w, NULL) == STATUS_OK ? problem : NULL);
    need(problems_add(problem, 1, x, NULL, rows, pool, NULL) == STATUS_OK ? problem : NULL);
    problems_finish(problem, 1, true, pool);
    free(x);
    *weights = w;
    return problem;
}

static double solve_seconds(Solution *solution, const Problem *problem, const SolveOptions *options,
                            Pool *pool)
{
    double start = seconds_now();
    if (solve(solution, problem, 1, options, pool, NULL) != STATUS_OK) exit(1);
    return seconds_now() - start;
}

static void against_plain_twin(Pool *pool)
{
    enum { M = 128, N = 1152, ROWS = 4096 };
    float *w;
    Problem *problem = make_problem(&w, M, N, ROWS, pool);
    SolveOptions options = {.method = METHOD_BITSPLIT, .bits = 4};
    Solution solution;
    double blocked = solve_seconds(&solution, problem, &options, pool);
    int8_t *codes = need(malloc(N));
    size_t different = 0;
    double start = seconds_now();
    for (size_t c = 0; c < M; c++) {
        plain_bitsplit(codes, problem->h, problem->g + c * N, w + c * N, N, 4);
        for (size_t k = 0; k < N; k++) different += codes[k] != solution.codes[c * N + k];
    }
    double plain = seconds_now() - start;
    printf("blocked bit-split, n=%d m=%d, 4 bits: %.2f s; plain twin on one thread: %.2f s, %.1f times as "
           "long; %zu of %d "
           "codes differ\n",
           N, M, blocked, plain, plain / blocked, different, M * N);
    free(codes);
    solution_free(&solution);
    problems_free(problem);
    free(w);
}

typedef struct Gemm {
    float *a, *b, *c;
    int size;
} Gemm;

static void gemm_task(void *context, size_t index, size_t worker)
{
    (void)index;
    const Gemm *gemm = context;
    int size = gemm->size;
    float *c = gemm->c + worker * (size_t)(size * size);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, gemm->a, size, gemm->b, size,
                0, c, size);
}

/* Floating-point operations per second of square matrix products on all threads at once. */
static double gemm_rate(Pool *pool)
{
    enum { SIZE = 1536, ROUNDS = 4 };
    size_t workers = pool_workers(pool), count = SIZE * SIZE;
    Gemm gemm = {need(calloc(count, sizeof(float))), need(calloc(count, sizeof(float))),
                 need(calloc(count * workers, sizeof(float))), SIZE};
    double start = seconds_now();
    pool_run(pool, ROUNDS * workers, gemm_task, &gemm);
    double rate = 2.0 * SIZE * SIZE * SIZE * ROUNDS * (double)workers / (seconds_now() - start);
    free(gemm.a);
    free(gemm.b);
    free(gemm.c);
    return rate;
}

static void against_gemm(Pool *pool)
{
    enum { M = 512, N = 4608, ROWS = 12000, BITS = 4 };
    float *w;
    double start = seconds_now();
    Problem *problem = make_problem(&w, M, N, ROWS, pool);
    double statistics = seconds_now() - start, before = gemm_rate(pool);
    SolveOptions options = {.method = METHOD_BITSPLIT, .bits = BITS};
    Solution solution;
    double seconds = solve_seconds(&solution, problem, &options, pool), rate = (before + gemm_rate(pool)) / 2;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("bit-split, n=%d m=%d, 4 bits: %.2f s for %zu epochs (statistics of %d rows: %.2f s), peak memory "
           "%ld MiB\n",
           N, M, seconds, solution.epochs, ROWS, statistics, usage.ru_maxrss >> 10);
    printf("  its matrix products at %.0f GFLOP/s are %.0f %% of this machine's SGEMM at %.0f GFLOP/s on %zu "
           "threads\n",
           solution.flops / seconds * 1e-9, 100 * solution.flops / seconds / rate, rate * 1e-9,
           pool_workers(pool));
    double dense = 2.0 * M * N * N * BITS * (double)solution.epochs;
    printf("  a dense product a digit and an epoch would need %.1f times as many operations\n",
           dense / solution.flops);
    solution_free(&solution);
    problems_free(problem);
    free(w);
}

int main(int count, char **arguments)
{
    (void)count;
    Pool *pool;
    if (blas_kernel_choose(arguments, NULL) != STATUS_OK || pool_create(&pool, 0, NULL) != STATUS_OK)
        return 1;
    against_plain_twin(pool);
    against_gemm(pool);
    pool_free(pool);
    return 0;
}
