/* SPDX-License-Identifier: MIT */
/* The float network's speed, and the optimizer's on a whole network.
 *
 * usage: bench_network speed FILE.onnx THREADS SECONDS     prints images per second
 *        bench_network kernels FILE.onnx PAIRS SECONDS     prints how fast the direct convolution is beside
 * the library's, in pairs on one thread bench_network optimize FILE.onnx IMAGES BITS      prints the seconds
 * of a quantization, per part
 */
#include "app/cli/blas_kernel.h"
#include "base/random.h"
#include "base/seconds.h"
#include "explore/pipeline.h"
#include "network/network.h"
#include "network/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int fail(const Message *message)
{
    fprintf(stderr, "bench_network: %s\n", message->text);
    return 1;
}

typedef struct Speed {
    const Network *network;
    Workspace *workspaces[POOL_MAX_WORKERS];
    float *outputs[POOL_MAX_WORKERS];
    float *input;
    Status status[POOL_MAX_WORKERS];
} Speed;

static void run_tile(void *context, size_t index, size_t worker)
{
    (void)index;
    Speed *speed = context;
    Status status = network_run(speed->network, speed->outputs[worker], speed->input, NULL,
                                speed->workspaces[worker], NULL);
    if (status != STATUS_OK) speed->status[worker] = status;
}

static Status prepare(Speed *speed, const Network *network, size_t workers, Message *message)
{
    size_t elements = network->values[network->input].elements;
    speed->network = network;
    speed->input = malloc(elements * sizeof(float));
    if (!speed->input) return status_no_memory(message, "the input");
    for (size_t i = 0; i < elements; i++) speed->input[i] = (float)(2 * random_uniform(1, 2, 3, i) - 1);
    for (size_t w = 0; w < workers; w++) {
        Status status = workspace_create(&speed->workspaces[w], network, message);
        if (status != STATUS_OK) return status;
        speed->outputs[w] = malloc(network->batch * network->output_elements * sizeof(float));
        if (!speed->outputs[w]) return status_no_memory(message, "the output");
    }
    return STATUS_OK;
}

/* Sets *speed to images per second on `threads` threads. */
static Status measure(double *speed_measured, const Network *network, size_t threads, double seconds,
                      Message *message)
{
    enum { TILES = 16 };
    Pool *pool;
    static Speed speed;
    Status status = pool_create(&pool, threads, message);
    if (!status) status = prepare(&speed, network, pool_workers(pool), message);
    if (status) return status;
    pool_run(pool, TILES, run_tile, &speed);
    size_t images = 0;
    double start = seconds_now();
    do {
        pool_run(pool, TILES, run_tile, &speed);
        images += TILES * network->batch;
    } while (seconds_now() - start < seconds);
    *speed_measured = (double)images / (seconds_now() - start);
    for (size_t w = 0; w < pool_workers(pool); w++) {
        workspace_free(speed.workspaces[w]);
        free(speed.outputs[w]);
    }
    free(speed.input);
    pool_free(pool);
    return STATUS_OK;
}

static int measure_speed(const Network *network, size_t threads, double seconds)
{
    Message message;
    double speed;
    if (measure(&speed, network, threads, seconds, &message)) return fail(&message);
    printf("%.0f\n", speed);
    return 0;
}

/* The direct convolution beside the library's, in pairs on one thread. */
static int compare_kernels(const Network *direct, size_t pairs, double seconds)
{
    Message message;
    Network *library;
    if (network_open(&library, direct->path, &(NetworkOptions){.kernels = KERNELS_LIBRARY}, &message))
        return fail(&message);
    for (size_t i = 0; i < pairs; i++) {
        double with, without;
        if (measure(&with, direct, 1, seconds, &message) || measure(&without, library, 1, seconds, &message))
            return fail(&message);
        printf("%s: %s %.0f, %s %.0f images/s, %.2f times as fast\n", direct->path, network_kernels(direct),
               with, network_kernels(library), without, with / without);
    }
    network_free(library);
    return 0;
}

static int measure_optimizer(const Network *network, const char *images, unsigned bits)
{
    Message message;
    Pool *pool;
    Dataset *dataset;
    Plan *plan;
    Pipeline *pipeline;
    Normalization normalization = {{0.2860f}, {0.3530f}};
    if (pool_create(&pool, 0, &message) != STATUS_OK ||
        dataset_open(&dataset, &(DatasetSource){.images = images}, &message) != STATUS_OK ||
        plan_create(&plan, network, &message) != STATUS_OK)
        return fail(&message);
    plan_set_bits(plan, network, bits, 8, 8);
    PipelineOptions options = {.pool = pool};
    if (pipeline_run(&pipeline, network, plan, dataset, &normalization, &options, &message) != STATUS_OK)
        return fail(&message);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s at %u bits: %.2f s of optimizer time on %zu threads, %.2f s calibrating on %zu images and "
           "%.2f s solving; "
           "peak memory %ld MiB\n",
           network->path, bits, pipeline->calibrate_seconds + pipeline->solve_seconds, pool_workers(pool),
           pipeline->calibrate_seconds, pipeline->images, pipeline->solve_seconds, usage.ru_maxrss >> 10);
    pipeline_free(pipeline);
    plan_drop(plan);
    dataset_free(dataset);
    pool_free(pool);
    return 0;
}

int main(int count, char **arguments)
{
    Message message;
    Network *network;
    if (count != 5) {
        fputs("usage: bench_network speed FILE THREADS SECONDS | kernels FILE PAIRS SECONDS | optimize FILE "
              "IMAGES BITS\n",
              stderr);
        return 2;
    }
    if (blas_kernel_choose(arguments, &message) != STATUS_OK ||
        network_open(&network, arguments[2], &(NetworkOptions){0}, &message) != STATUS_OK)
        return fail(&message);
    const size_t number = strtoul(arguments[3], NULL, 10);
    int status;
    if (strcmp(arguments[1], "speed") == 0)
        status = measure_speed(network, number, strtod(arguments[4], NULL));
    else if (strcmp(arguments[1], "kernels") == 0)
        status = compare_kernels(network, number, strtod(arguments[4], NULL));
    else
        status = measure_optimizer(network, arguments[3], (unsigned)strtoul(arguments[4], NULL, 10));
    network_free(network);
    return status;
}
