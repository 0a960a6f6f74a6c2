/* SPDX-License-Identifier: MIT */
/* Fashion fixture: the bundled networks and their calibration images, and a pool of two threads. */
#ifndef FASHION_FIXTURE_H
#define FASHION_FIXTURE_H

#include "app/cli/blas_kernel.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define DATA SOURCE_ROOT "/data/"

static const Normalization normalization = {.mean = {0.2860f}, .std = {0.3530f}};

typedef struct Bench {
    Pool *pool;
    Dataset *images;
} Bench;

/* name: "resnet20" */
static inline Network *open_network(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, DATA "%s.onnx", name);
    Network *network;
    Message message;
    if (network_open(&network, path, &(NetworkOptions){0}, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    return network;
}

static inline int start(void **state)
{
    static Bench bench;
    Message message;
    DatasetSource source = {.images = DATA "fashion-mnist/calibration-images-idx3-ubyte.gz"};
    if (blas_kernel_choose(NULL, &message) != STATUS_OK ||
        pool_create(&bench.pool, 2, &message) != STATUS_OK ||
        dataset_open(&bench.images, &source, &message) != STATUS_OK) {
        fprintf(stderr, "%s\n", message.text);
        return -1;
    }
    *state = &bench;
    return 0;
}

static inline int stop(void **state)
{
    Bench *bench = *state;
    dataset_free(bench->images);
    pool_free(bench->pool);
    return 0;
}

#endif
