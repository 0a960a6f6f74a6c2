/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/dataset.h"

#include "dataset/formats/array.h"
#include "dataset/formats/array_file.h"
#include "dataset/formats/folder.h"
#include "dataset/truth.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- opening ------------------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static Status check_labels(const Dataset *dataset, size_t classes, Message *message)
{
    if (!dataset->labelled || classes == 0) return STATUS_OK;
    const struct Folder *folder = dataset->storage->folder;
    for (size_t i = 0; i < dataset->count; i++) {
        const size_t label = dataset_label(dataset, i);
        if (label < classes) continue;
        char image[32];
        snprintf(image, sizeof image, "image %zu", i);
        return status_fail(message, STATUS_INVALID,
                           "cannot open '%s': %s has label %zu, the network has outputs 0 to %zu",
                           dataset->labels_path ? dataset->labels_path : dataset->images_path,
                           folder ? folder_image_name(folder, i) : image, label, classes - 1);
    }
    return STATUS_OK;
}

Status dataset_open(Dataset **result, const DatasetSource *source, Message *message)
{
    *result = NULL;
    Dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) return status_no_memory(message, "a dataset");
    dataset->storage = calloc(1, sizeof *dataset->storage);
    dataset->images_path = strdup(source->images);
    dataset->prepared = source->preparation;
    dataset->class_count = source->class_count;
    preparation_describe(dataset->preparation, sizeof dataset->preparation, &source->preparation);
    Status status = STATUS_OK;
    if (!dataset->storage || !dataset->images_path) status = status_no_memory(message, "a dataset");
    if (status == STATUS_OK)
        status = (is_folder(source->images) ? folder_open : array_file_open)(dataset, source, message);
    if (status == STATUS_OK) status = check_labels(dataset, source->classes, message);
    if (status == STATUS_OK) status = truth_open(dataset, source, message);
    if (status == STATUS_OK)
        *result = dataset;
    else
        dataset_free(dataset);
    return status;
}

void dataset_free(Dataset *dataset)
{
    if (!dataset) return;
    if (dataset->storage) {
        free(dataset->storage->array.file);
        free(dataset->storage->labels);
        folder_free(dataset->storage->folder);
    }
    truth_free(dataset->truth);
    free(dataset->storage);
    free(dataset->images_path);
    free(dataset->labels_path);
    free(dataset);
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* out[height][width][channels] = an array's image of bytes, prepared. */
static Status prepare_from_array(unsigned char *out, const Dataset *dataset, size_t index, Message *message)
{
    const struct DatasetStorage *storage = dataset->storage;
    const ImageShape *own = &storage->array.shape;
    const ImageShape shape = {dataset->height, dataset->width, dataset->channels};
    Image image = {.pixels = malloc(own->height * own->width * own->channels),
                   .height = own->height,
                   .width = own->width,
                   .channels = own->channels};
    if (!image.pixels) return status_no_memory(message, dataset->images_path);
    array_read_bytes(image.pixels, &storage->array, index);
    Status status =
        preparation_apply(out, &image, &storage->preparation, &shape, dataset->images_path, message);
    free(image.pixels);
    return status;
}

/* dataset_read() for images whose bytes are decoded or prepared first. */
static Status read_prepared(const Dataset *dataset, float *tile, size_t first, size_t count,
                            float table[][256], Message *message)
{
    const struct Folder *folder = dataset->storage->folder;
    const size_t channels = dataset->channels, bytes = dataset->height * dataset->width * channels;
    unsigned char *room = malloc(bytes);
    Status status = room ? STATUS_OK : status_no_memory(message, dataset->images_path);
    for (size_t i = first; i < first + count && status == STATUS_OK; i++) {
        const unsigned char *pixels = room;
        status = folder ? folder_read(&pixels, room, folder, i, message)
                        : prepare_from_array(room, dataset, i, message);
        for (size_t p = 0; p < bytes && status == STATUS_OK; p += channels)
            for (size_t c = 0; c < channels; c++) *tile++ = table[c][pixels[p + c]];
    }
    free(room);
    return status;
}

Status dataset_read(const Dataset *dataset, float *tile, size_t first, size_t count,
                    const Normalization *normalization, Message *message)
{
    assert(first <= dataset->count && count <= dataset->count - first);
    const struct DatasetStorage *storage = dataset->storage;
    const size_t elements = dataset->height * dataset->width * dataset->channels;
    float table[DATASET_MAX_CHANNELS][256];
    normalization_table(table, normalization, dataset->channels);
    if (storage->folder || storage->prepares)
        return read_prepared(dataset, tile, first, count, table, message);
    for (size_t i = 0; i < count; i++) array_read(tile + i * elements, &storage->array, first + i, table);
    return STATUS_OK;
}

const char *dataset_image_name(const Dataset *dataset, size_t image)
{
    const struct Folder *folder = dataset->storage->folder;
    return folder ? folder_image_name(folder, image) : NULL;
}

size_t dataset_label(const Dataset *dataset, size_t image)
{
    assert(dataset->labelled && image < dataset->count);
    return dataset->storage->labels[image];
}
