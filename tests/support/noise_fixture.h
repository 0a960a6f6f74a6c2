/* SPDX-License-Identifier: MIT */
/* Noise fixture: random images, a pool of two threads and a scratch folder, for all tests of a group. */
#ifndef NOISE_FIXTURE_H
#define NOISE_FIXTURE_H

#include "app/cli/blas_kernel.h"
#include "noise.h"

static const Normalization normalization = {.mean = {0.5f, 0.5f, 0.5f}, .std = {0.3f, 0.3f, 0.3f}};
static Pool *pool;
static Dataset *noise;

static inline int noise_start(uint8_t images, uint8_t side, uint8_t channels)
{
    assert_int_equal(blas_kernel_choose(NULL, &message), STATUS_OK);
    scratch_create();
    noise = noise_open(images, side, channels);
    assert_int_equal(pool_create(&pool, 2, NULL), STATUS_OK);
    return 0;
}

static inline int noise_stop(void **state)
{
    (void)state;
    dataset_free(noise);
    pool_free(pool);
    scratch_remove();
    return 0;
}

#endif
