/* SPDX-License-Identifier: MIT */
/* How good the codes of each method are, on layers of the bundled networks: independent mode, 12,000 rows,
 * centred sums. For a layer with few inputs beside the exact optimum, found by enumeration.
 *
 * usage: bench_codes FOLDER      prints three tables: reconstruction errors, held-out errors, seconds;
 *                                FOLDER has the networks and fashion-mnist/
 */
#include "app/cli/blas_kernel.h"
#include "base/seconds.h"
#include "base/sizes.h"
#include "dataset/dataset.h"
#include "network/network.h"
#include "quantize/calibrate/calibrate.h"
#include "quantize/solve.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 12000
#define IMAGES 1024
#define EXACT_INPUTS 9
#define MOST_LAYERS 256
#define RIDGE_RULE (-1.0) /* 0.2 n / rows of the mean diagonal: the lowest held-out error */

typedef struct Column {
    const char *title;
    Method method;
    Effort effort;
    bool polish;
    double ridge;
} Column;

static const Column columns[] = {
    {"RTN", METHOD_ROUND_MSE, EFFORT_FAST, false, 0},
    {"bit-split", METHOD_BITSPLIT, EFFORT_PAPER, false, 0},
    {"bs fast", METHOD_BITSPLIT, EFFORT_FAST, true, 0.1},
    {"bs default", METHOD_BITSPLIT, EFFORT_DEFAULT, true, RIDGE_RULE},
    {"GPTQ-polish", METHOD_GPTQ_POLISH, EFFORT_FAST, true, 0},
    {"AdaRound", METHOD_ADAROUND, EFFORT_FAST, false, 0},
    {"EfficientQ", METHOD_EFFICIENTQ, EFFORT_FAST, false, 0},
    {"COMQ", METHOD_COMQ, EFFORT_FAST, false, 0},
    {"np default", METHOD_KBEST, EFFORT_DEFAULT, true, RIDGE_RULE},
    {"np thorough", METHOD_KBEST, EFFORT_THOROUGH, true, RIDGE_RULE},
    {"np thor. r0", METHOD_KBEST, EFFORT_THOROUGH, true, 0},
};

#define COLUMNS (sizeof columns / sizeof *columns)

static const struct {
    const char *network, *layer;
} wanted_layers[] = {
    {"resnet20", "stem"},       {"resnet20", "blocks.0.a"}, {"resnet20", "blocks.3.down"},
    {"resnet20", "blocks.6.b"}, {"resnet20", "blocks.8.b"}, {"lenet5", "conv2"},
};

#define LAYERS (sizeof wanted_layers / sizeof *wanted_layers)

typedef struct Row {
    char label[64];
    double error[COLUMNS], heldout[COLUMNS], seconds[COLUMNS], exact;
} Row;

typedef struct Table {
    Row rows[2 * LAYERS];
    size_t count;
} Table;

static void require(Status status, const Message *message)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "bench_codes: %s\n", message->text);
    exit(1);
}

/* --- the exact optimum ---------------------------------------------------------------------------------- */

/* All codes of a channel, depth first. h [n][n] and g [n] centred. */
typedef struct Enumeration {
    const Problem *problem;
    int limit;
    double *left; /* [m]: the least |y - a X q|^2 */
} Enumeration;

typedef struct Channel {
    size_t n;
    int limit;
    double h[EXACT_INPUTS][EXACT_INPUTS], g[EXACT_INPUTS], score;
} Channel;

/* gq, qp: g.q and q'Hq of the codes so far; p [n]: Hq. */
static void enumerate(Channel *channel, size_t k, double gq, double qp, const double *p)
{
    if (k == channel->n) {
        if (gq > 0 && qp > 0) channel->score = fmax(channel->score, gq * gq / qp);
        return;
    }
    for (int q = -channel->limit; q <= channel->limit; q++) {
        double next[EXACT_INPUTS];
        for (size_t j = k + 1; j < channel->n; j++) next[j] = p[j] + q * channel->h[k][j];
        enumerate(channel, k + 1, gq + q * channel->g[k], qp + q * (2 * p[k] + q * channel->h[k][k]), next);
    }
}

static void enumerate_channel(void *context, size_t c, size_t worker)
{
    (void)worker;
    const Enumeration *enumeration = context;
    const Problem *problem = enumeration->problem;
    const double by_rows = 1 / (double)problem->rows;
    Channel channel = {.n = problem->n, .limit = enumeration->limit};
    for (size_t i = 0; i < problem->n; i++) {
        channel.g[i] = problem->g[c * problem->n + i] - problem->y_sum[c] * problem->x_sum[i] * by_rows;
        for (size_t j = 0; j < problem->n; j++)
            channel.h[i][j] =
                problem->h[i * problem->n + j] - problem->x_sum[i] * problem->x_sum[j] * by_rows;
    }
    const double p[EXACT_INPUTS] = {0};
    enumerate(&channel, 0, 0, 0, p);
    enumeration->left[c] = problem->y2[c] - problem->y_sum[c] * problem->y_sum[c] * by_rows - channel.score;
}

/* NAN where there are too many codes. */
static double exact_error(const Problem *problem, unsigned bits, Pool *pool)
{
    if (problem->n > EXACT_INPUTS) return NAN;
    double *left = calloc(problem->m, sizeof *left), sum = 0, y2 = 0;
    if (!left) exit(1);
    Enumeration enumeration = {problem, (1 << (bits - 1)) - 1, left};
    pool_run(pool, problem->m, enumerate_channel, &enumeration);
    for (size_t c = 0; c < problem->m; c++) {
        sum += left[c];
        y2 += problem->y2[c];
    }
    free(left);
    return sum / y2;
}

/* --- solving -------------------------------------------------------------------------------------------- */

static double ridge_of(const Column *column, const Problem *problem)
{
    if (column->ridge >= 0) return column->ridge;
    return fmin(0.2 * (double)problem->n / (double)problem->rows, 1);
}

static void fill_row(Row *row, const Problem *problems, size_t groups, unsigned bits, Pool *pool)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const Column *column = &columns[i];
        const SolveOptions options = {.method = column->method,
                                      .effort = column->effort,
                                      .bits = bits,
                                      .polish = column->polish,
                                      .bias_correction = true,
                                      .ridge = ridge_of(column, problems)};
        Solution solution;
        Message message = {0};
        const double start = seconds_now();
        require(solve(&solution, problems, groups, &options, pool, &message), &message);
        row->seconds[i] = seconds_now() - start;
        row->error[i] = isnan(solution.polished_error) ? solution.method_error : solution.polished_error;
        row->heldout[i] = solution.heldout_error;
        solution_free(&solution);
    }
    row->exact = exact_error(problems, bits, pool);
}

/* The wanted layers of one network, at 2 and 3 bits. */
static void fill_network(Table *table, const char *folder, const char *name, const Dataset *images,
                         Pool *pool)
{
    static const Normalization normalization = {.mean = {0.2860f}, .std = {0.3530f}};
    static const size_t solving[MOST_LAYERS];
    char path[4096];
    bool wanted[MOST_LAYERS] = {false};
    Network *network;
    Calibration *calibration;
    Message message = {0};
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    require(network_open(&network, path, &(NetworkOptions){0}, &message), &message);
    for (size_t l = 0; l < size_min(network->layer_count, MOST_LAYERS); l++)
        for (size_t i = 0; i < LAYERS; i++)
            wanted[l] |= strcmp(wanted_layers[i].network, name) == 0 &&
                         strstr(network->layers[l].name, wanted_layers[i].layer) != NULL;
    const CalibrationOptions options = {.independent = true,
                                        .images = IMAGES,
                                        .rows = ROWS,
                                        .wanted = wanted,
                                        .memory = (size_t)4 << 30,
                                        .solving = solving,
                                        .pool = pool};
    require(calibration_create(&calibration, network, images, &normalization, &options, &message), &message);
    for (;;) {
        size_t l;
        const Problem *problems;
        require(calibration_next(calibration, &l, &problems, &message), &message);
        if (l == NO_INDEX) break;
        const Layer *layer = &network->layers[l];
        for (unsigned bits = 2; bits <= 3 && table->count < 2 * LAYERS; bits++) {
            Row *row = &table->rows[table->count++];
            snprintf(row->label, sizeof row->label, "%.24s %zux%zu, %u bits", layer->name, problems->m,
                     problems->n, bits);
            fill_row(row, problems, layer->groups, bits, pool);
        }
    }
    calibration_free(calibration);
    network_free(network);
}

/* --- printing ------------------------------------------------------------------------------------------- */

static void print_table(const Table *table, const char *title, size_t offset, bool exact)
{
    printf("%-34s", title);
    for (size_t i = 0; i < COLUMNS; i++) printf(" %11s", columns[i].title);
    puts(exact ? "       exact" : "");
    for (size_t r = 0; r < table->count; r++) {
        const Row *row = &table->rows[r];
        const double *values = (const double *)(const void *)((const char *)row + offset);
        printf("%-34s", row->label);
        for (size_t i = 0; i < COLUMNS; i++) printf(" %11.3e", values[i]);
        if (exact && !isnan(row->exact)) printf(" %11.3e", row->exact);
        puts("");
    }
    puts("");
}

int main(int count, char **arguments)
{
    static Table table;
    Pool *pool;
    Dataset *images;
    Message message = {0};
    if (count != 2) {
        fputs("usage: bench_codes FOLDER\n", stderr);
        return 2;
    }
    require(blas_kernel_choose(arguments, &message), &message);
    require(pool_create(&pool, 2, &message), &message);
    char path[4096];
    snprintf(path, sizeof path, "%s/fashion-mnist/calibration-images-idx3-ubyte.gz", arguments[1]);
    require(dataset_open(&images, &(DatasetSource){.images = path}, &message), &message);
    fill_network(&table, arguments[1], "resnet20", images, pool);
    fill_network(&table, arguments[1], "lenet5", images, pool);
    print_table(&table, "reconstruction error", offsetof(Row, error), true);
    print_table(&table, "held-out error", offsetof(Row, heldout), false);
    print_table(&table, "seconds", offsetof(Row, seconds), false);
    dataset_free(images);
    pool_free(pool);
    return 0;
}
