/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/formats/array_file.h"

#include "base/file.h"
#include "base/gzip.h"
#include "base/sizes.h"
#include "base/text.h"
#include "dataset/formats/array.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ArrayFormat *const formats[] = {&npy_format, &cifar_format, &idx_format};

/* The format that fits best; NULL where none fits. labels: only formats with label files. */
static const ArrayFormat *find_format(const unsigned char *data, size_t size, bool labels)
{
    const ArrayFormat *best = NULL;
    FormatMatch match = MATCH_NONE;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const FormatMatch fits = formats[i]->matches(data, size);
        if (fits <= match || (labels && !formats[i]->read_labels)) continue;
        best = formats[i];
        match = fits;
    }
    return best;
}

/* --- memory ------------------------------------------------------------------------------------------- */

/* STATUS_MEMORY where the file, unpacked, is above the ceiling; 0: none. It is in memory as a whole. */
static Status check_memory(size_t ceiling, const char *path, Message *message)
{
    const size_t bytes = gzip_bytes(path);
    if (ceiling == 0 || bytes <= ceiling) return STATUS_OK;
    Status status = status_fail(message, STATUS_MEMORY,
                                "cannot open '%s': it takes %zu MiB, above the %zu MiB that are left", path,
                                size_mib(bytes), size_mib(ceiling));
    return status_advise_memory(status, message, REMEDY_MEMORY_FOR_FILE, bytes, ceiling);
}

static size_t most_bytes(size_t ceiling)
{
    return ceiling ? size_min(ceiling, DATASET_MOST_BYTES) : DATASET_MOST_BYTES;
}

/* --- images ------------------------------------------------------------------------------------------- */

/* The size and channels that bytes are prepared to: the array's own unless a resize or a crop is asked for.
 * Colour and grey become each other; other channels stay. */
static ImageShape prepared_shape(const ImageShape *own, const DatasetSource *source)
{
    const Preparation *preparation = &source->preparation;
    ImageShape shape = *own;
    if ((own->channels == 1 || own->channels == 3) && (source->channels == 1 || source->channels == 3))
        shape.channels = source->channels;
    preparation_resized(&shape.height, &shape.width, preparation, own->height, own->width);
    if (preparation->resize[0] && source->height && source->width) {
        shape.height = source->height;
        shape.width = source->width;
    }
    if (preparation->crop[0]) {
        shape.height = preparation->crop[0];
        shape.width = preparation->crop[1];
    }
    return shape;
}

static Status set_shape(Dataset *dataset, const DatasetSource *source, Message *message)
{
    struct DatasetStorage *storage = dataset->storage;
    const ImageShape *own = &storage->array.shape;
    const Preparation *preparation = &source->preparation;
    dataset->floats = storage->array.type != ARRAY_BYTES;
    const ImageShape shape = dataset->floats ? *own : prepared_shape(own, source);
    dataset->height = shape.height;
    dataset->width = shape.width;
    dataset->channels = shape.channels;
    if (dataset->floats) return array_check_floats(dataset, message);
    storage->preparation = *preparation;
    storage->prepares =
        preparation->resize[0] || preparation->crop[0] || preparation->bgr || shape.channels != own->channels;
    if (!storage->prepares) return STATUS_OK;
    dataset->reading_bytes = own->height * own->width * own->channels +   /* a copy */
                             own->height * shape.width * own->channels +  /* resized in one direction */
                             shape.height * shape.width * shape.channels; /* prepared */
    return preparation_check(preparation, own, &shape, dataset->images_path, message);
}

static Status read_images(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    const char *path = dataset->images_path;
    char *data;
    Status status = check_memory(source->memory, path, message);
    if (status == STATUS_OK) status = file_sha256(dataset->sha256, path, message);
    if (status == STATUS_OK)
        status = gzip_read(&data, &array->size, path, most_bytes(source->memory), message);
    if (status != STATUS_OK) return status;
    array->file = (unsigned char *)data;
    const ArrayFormat *format = find_format(array->file, array->size, false);
    if (!format)
        return status_fail(
            message, STATUS_UNSUPPORTED,
            "cannot open '%s': neither a folder of images, nor NumPy's .npy, nor an IDX file (it "
            "would start with two bytes of 0), nor CIFAR binary (%zu bytes are no multiple of 3073 "
            "or 3074)",
            path, array->size);
    status = format->read_images(dataset, source, message);
    return status == STATUS_OK ? set_shape(dataset, source, message) : status;
}

/* --- labels ------------------------------------------------------------------------------------------- */

static bool ends_in_gz(const char *text)
{
    const size_t length = strlen(text);
    return length >= 3 && strcmp(text + length - 3, ".gz") == 0;
}

/* The path of a label file beside the images: `images` with names[0], which is at `place`, replaced by
 * names[1], and with or without .gz at the end. malloc'ed; NULL when out of memory. */
static char *label_path(const char *images, const char *place, const char *const names[2], bool gzip)
{
    const char *rest = place + strlen(names[0]);
    const size_t kept = strlen(rest) - (ends_in_gz(rest) ? 3 : 0);
    Text text = {0};
    text_append(&text, "%.*s%s%.*s%s", (int)(place - images), images, names[1], (int)kept, rest,
                gzip ? ".gz" : "");
    if (text.failed) text_free(&text);
    return text.data;
}

/* Sets dataset->labels_path to the file of labels beside the images, if there is one. */
static Status find_label_file(Dataset *dataset, Message *message)
{
    static const char *const names[][2] = {{"images-idx3", "labels-idx1"},
                                           {"images-idx4", "labels-idx1"},
                                           {"images.idx3", "labels.idx1"},
                                           {"images.idx4", "labels.idx1"},
                                           {"images.npy", "labels.npy"}};
    const char *images = dataset->images_path, *slash = strrchr(images, '/');
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const char *place = strstr(slash ? slash : images, names[i / 2][0]);
        if (!place) continue;
        const bool same = i % 2 == 0; /* first packed or not as the images, then the other way */
        char *path = label_path(images, place, names[i / 2], ends_in_gz(images) == same);
        if (!path) return status_no_memory(message, images);
        if (access(path, F_OK) == 0) {
            dataset->labels_path = path;
            return STATUS_OK;
        }
        free(path);
    }
    return STATUS_OK;
}

/* A file that fits no format is read as IDX, which says what is missing. */
static Status read_labels(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Status status = STATUS_OK;
    if (source->labels) {
        dataset->labels_path = strdup(source->labels);
        if (!dataset->labels_path) return status_no_memory(message, source->labels);
    } else if (!dataset->labelled) {
        status = find_label_file(dataset, message);
    }
    if (status != STATUS_OK || !dataset->labels_path) return status;
    char *file;
    size_t size, ceiling = source->memory;
    if (ceiling) ceiling -= size_min(dataset->storage->array.size, ceiling - 1); /* what the images leave */
    status = check_memory(ceiling, dataset->labels_path, message);
    if (status == STATUS_OK)
        status = gzip_read(&file, &size, dataset->labels_path, most_bytes(ceiling), message);
    if (status != STATUS_OK) return status;
    const unsigned char *data = (const unsigned char *)file;
    const ArrayFormat *format = find_format(data, size, true);
    status = (format ? format : &idx_format)->read_labels(dataset, data, size, message);
    free(file);
    return status;
}

Status array_file_open(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Status status = read_images(dataset, source, message);
    return status == STATUS_OK ? read_labels(dataset, source, message) : status;
}
