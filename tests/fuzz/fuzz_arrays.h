/* SPDX-License-Identifier: MIT */
/* Arrays of images, for the harnesses of their formats. */
#ifndef TESTS_FUZZ_ARRAYS_H
#define TESTS_FUZZ_ARRAYS_H

#include "dataset/dataset.h"
#include "fuzz_input.h"

#include <stdlib.h>

#define MOST_ELEMENTS ((size_t)1 << 20) /* of an image: floats that a reader of it needs */

/* Opens the images and, where `labels` is not NULL, the labels; reads the first and the last image. */
static inline void try_images(const char *images, const char *labels, const Preparation *preparation,
                              size_t side)
{
    Dataset *dataset;
    Message message = {0};
    const DatasetSource source = {.images = images,
                                  .labels = labels,
                                  .classes = 10,
                                  .height = side,
                                  .width = side,
                                  .channels = side ? 3 : 0,
                                  .preparation = *preparation};
    Normalization normalization;
    for (size_t c = 0; c < DATASET_MAX_CHANNELS; c++) normalization.std[c] = 1, normalization.mean[c] = 0;
    fuzz_require_message(dataset_open(&dataset, &source, &message), &message);
    if (!dataset) return;
    fuzz_require(dataset->count > 0 && dataset->channels <= DATASET_MAX_CHANNELS, "there are images");
    const size_t elements = dataset->height * dataset->width * dataset->channels;
    float *tile = elements <= MOST_ELEMENTS ? malloc(elements * sizeof *tile) : NULL;
    for (size_t i = 0; tile && i < 2; i++)
        fuzz_require(dataset_read(dataset, tile, i ? dataset->count - 1 : 0, 1, &normalization, &message) ==
                         STATUS_OK,
                     "images that were opened can be read");
    for (size_t i = 0; dataset->labelled && i < dataset->count; i++)
        fuzz_require(dataset_label(dataset, i) < 10, "labels are among the classes");
    free(tile);
    dataset_free(dataset);
}

/* Reads the bytes as images in several preparations, and as labels of three images. */
static inline void try_array(const uint8_t *data, size_t size)
{
    static const uint8_t three[16 + 12] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2};
    const char *path = fuzz_file("fuzz", data, size);
    try_images(path, NULL, &(Preparation){0}, 0);
    try_images(path, NULL, &(Preparation){.layout = LAYOUT_NCHW, .bgr = true, .crop = {2, 2}}, 2);
    try_images(path, NULL, &(Preparation){.resize = {4, 0}}, 3);
    try_images(fuzz_file("three", three, sizeof three), path, &(Preparation){0}, 0);
}

#endif
