/* SPDX-License-Identifier: MIT */
/* Noise: random images with random labels, as IDX files in the scratch folder. */
#ifndef NOISE_H
#define NOISE_H

#include "base/random.h"
#include "dataset/dataset.h"
#include "scratch.h"

#include <stdint.h>
#include <stdlib.h>

#define NOISE_CLASSES 5

/* Up to 255 images of side x side x channels, each at most 255. Free with dataset_free(). */
static inline Dataset *noise_open(uint8_t images, uint8_t side, uint8_t channels)
{
    const uint8_t head[20] = {0, 0, 8, 4, 0, 0, 0, images, 0, 0, 0, side, 0, 0, 0, side, 0, 0, 0, channels};
    const uint8_t labels_head[8] = {0, 0, 8, 1, 0, 0, 0, images};
    const size_t size = sizeof head + (size_t)images * side * side * channels;
    uint8_t *file = malloc(size), labels[sizeof labels_head + UINT8_MAX];
    assert_non_null(file);
    memcpy(file, head, sizeof head);
    for (size_t i = sizeof head; i < size; i++) file[i] = (uint8_t)(random_bits(1, i, 0, 0) & 255);
    scratch_write("noise", file, size);
    free(file);
    memcpy(labels, labels_head, sizeof labels_head);
    for (size_t i = sizeof labels_head; i < sizeof labels_head + images; i++)
        labels[i] = (uint8_t)(random_bits(2, i, 0, 0) % NOISE_CLASSES);
    scratch_write("labels", labels, sizeof labels_head + images);
    const DatasetSource source = {.images = scratch_path("noise"), .labels = scratch_path("labels")};
    Dataset *noise;
    assert_int_equal(dataset_open(&noise, &source, NULL), STATUS_OK);
    return noise;
}

#endif
