#define _GNU_SOURCE
#include "dataset/dataset.h"

#include "base/file.h"
#include "base/number.h"
#include "base/sizes.h"
#include "dataset/dataset_storage.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- opening ---------------------------------------------------------------------------------------- */

static Status read_images(Dataset *dataset, size_t classes, Message *message)
{
    struct DatasetStorage *storage = dataset->storage;
    const char *path = dataset->images_path;
    char *data;
    Status status = file_sha256(dataset->sha256, path, message);
    if (status == STATUS_OK)
        status = file_read_gzip(&data, &storage->images_size, path, DATASET_MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    storage->images_file = (unsigned char *)data;
    const unsigned char *bytes = storage->images_file;
    const size_t size = storage->images_size;
    /* A CIFAR file may start like an IDX file, by chance; then the lengths tell. */
    if (cifar_matches(size) && !idx_matches(bytes, size)) return cifar_read_images(dataset, classes, message);
    if (size >= 2 && bytes[0] == 0 && bytes[1] == 0) return idx_read_images(dataset, message);
    return status_fail(message, STATUS_UNSUPPORTED,
                       "cannot open '%s': neither an IDX file (it would start with two bytes of 0) nor CIFAR "
                       "binary (%zu bytes are no multiple of 3073 or 3074)",
                       path, size);
}

static bool ends_in_gz(const char *text)
{
    size_t length = strlen(text);
    return length >= 3 && strcmp(text + length - 3, ".gz") == 0;
}

/* `images` with what stands at `place` replaced, as names[0] by names[1], and ending in .gz or not;
 * malloc'ed. */
static char *renamed(const char *images, const char *place, const char *const names[2], bool packed)
{
    const char *rest = place + strlen(names[0]);
    size_t kept = strlen(rest) - (ends_in_gz(rest) ? 3 : 0);
    Text text = {0};
    text_append(&text, "%.*s%s%.*s%s", (int)(place - images), images, names[1], (int)kept, rest,
                packed ? ".gz" : "");
    if (text.failed) text_free(&text);
    return text.data;
}

/* Looks for the labels beside the images by IDX's convention; dataset->labels_path stays NULL where there are
 * none. */
static Status find_labels(Dataset *dataset, Message *message)
{
    static const char *const names[][2] = {{"images-idx3", "labels-idx1"},
                                           {"images-idx4", "labels-idx1"},
                                           {"images.idx3", "labels.idx1"},
                                           {"images.idx4", "labels.idx1"}};
    const char *images = dataset->images_path, *slash = strrchr(images, '/');
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const char *place = strstr(slash ? slash : images, names[i / 2][0]);
        if (!place) continue;
        char *path = renamed(images, place, names[i / 2], ends_in_gz(images) == (i % 2 == 0));
        if (!path) return status_no_memory(message, images);
        if (access(path, F_OK) == 0) {
            dataset->labels_path = path;
            return STATUS_OK;
        }
        free(path);
    }
    return STATUS_OK;
}

static Status read_labels(Dataset *dataset, const char *path, Message *message)
{
    Status status = STATUS_OK;
    if (path && !(dataset->labels_path = strdup(path))) return status_no_memory(message, path);
    if (!path && !dataset->labelled) status = find_labels(dataset, message);
    if (status != STATUS_OK || !dataset->labels_path) return status;
    char *data;
    size_t size;
    status = file_read_gzip(&data, &size, dataset->labels_path, DATASET_MOST_BYTES, message);
    return status == STATUS_OK ? idx_read_labels(dataset, (unsigned char *)data, size, message) : status;
}

static Status check_labels(const Dataset *dataset, size_t classes, Message *message)
{
    if (!dataset->labelled || classes == 0) return STATUS_OK;
    for (size_t i = 0; i < dataset->count; i++)
        if (dataset_label(dataset, i) >= classes)
            return status_fail(message, STATUS_INVALID,
                               "cannot open '%s': image %zu has label %zu, the network has outputs 0 to %zu",
                               dataset->labels_path ? dataset->labels_path : dataset->images_path, i,
                               dataset_label(dataset, i), classes - 1);
    return STATUS_OK;
}

Status dataset_open(Dataset **result, const DatasetSource *source, Message *message)
{
    *result = NULL;
    Dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) return status_no_memory(message, "a dataset");
    dataset->storage = calloc(1, sizeof *dataset->storage);
    dataset->images_path = strdup(source->images);
    Status status = STATUS_OK;
    if (!dataset->storage || !dataset->images_path) status = status_no_memory(message, "a dataset");
    if (status == STATUS_OK) status = read_images(dataset, source->classes, message);
    if (status == STATUS_OK) status = read_labels(dataset, source->labels, message);
    if (status == STATUS_OK) status = check_labels(dataset, source->classes, message);
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
        free(dataset->storage->images_file);
        free(dataset->storage->labels_file);
    }
    free(dataset->storage);
    free(dataset->images_path);
    free(dataset->labels_path);
    free(dataset);
}

/* --- reading ---------------------------------------------------------------------------------------- */

/* What each of a channel's 256 pixel values becomes. */
static void make_table(float table[DATASET_MAX_CHANNELS][256], size_t channels,
                       const Normalization *normalization)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t pixel = 0; pixel < 256; pixel++)
            table[c][pixel] = ((float)pixel / 255 - normalization->mean[c]) / normalization->std[c];
}

void dataset_read(const Dataset *dataset, float *tile, size_t first, size_t count,
                  const Normalization *normalization)
{
    assert(first <= dataset->count && count <= dataset->count - first);
    const struct DatasetStorage *storage = dataset->storage;
    const size_t channels = dataset->channels, area = dataset->height * dataset->width;
    const size_t pixel_step = storage->planar ? 1 : channels, channel_step = storage->planar ? area : 1;
    float table[DATASET_MAX_CHANNELS][256];
    make_table(table, channels, normalization);
    for (size_t i = first; i < first + count; i++) {
        const unsigned char *image = storage->pixels + i * storage->pixels_stride;
        for (size_t p = 0; p < area; p++)
            for (size_t c = 0; c < channels; c++)
                *tile++ = table[c][image[p * pixel_step + c * channel_step]];
    }
}

size_t dataset_label(const Dataset *dataset, size_t image)
{
    assert(dataset->labelled && image < dataset->count);
    return dataset->storage->labels[image * dataset->storage->labels_stride];
}

/* --- normalization ---------------------------------------------------------------------------------- */

static bool usable(float value, bool is_std)
{
    return isfinite(value) && (!is_std || value > 0);
}

Status normalization_parse(float values[DATASET_MAX_CHANNELS], const char *text, size_t channels, bool is_std,
                           const char *what, Message *message)
{
    float parsed[DATASET_MAX_CHANNELS];
    size_t count = 0;
    if (channels > DATASET_MAX_CHANNELS)
        return status_fail(message, STATUS_UNSUPPORTED, "%s: %zu channels, more than %d", what, channels,
                           DATASET_MAX_CHANNELS);
    for (const char *rest = text;; rest++) {
        double value;
        rest += strspn(rest, " ");
        if (!number_parse(&value, &rest, rest) || !usable((float)value, is_std))
            return status_fail(message, STATUS_INVALID, "%s: '%s': value %zu is not a %snumber", what, text,
                               count + 1, is_std ? "positive " : "");
        if (count == channels)
            return status_fail(message, STATUS_INVALID, "%s: '%s': more values than the %zu channels", what,
                               text, channels);
        parsed[count++] = (float)value;
        rest += strspn(rest, " ");
        if (!*rest) break;
        if (*rest != ',')
            return status_fail(message, STATUS_INVALID, "%s: '%s': values are separated by commas", what,
                               text);
    }
    if (count != 1 && count != channels)
        return status_fail(message, STATUS_INVALID, "%s: '%s': %zu values for %zu channels: give 1 or %zu",
                           what, text, count, channels, channels);
    for (size_t c = 0; c < channels; c++) values[c] = parsed[count == 1 ? 0 : c];
    return STATUS_OK;
}
