#define _GNU_SOURCE
#include "dataset/dataset.h"

#include "base/file.h"
#include "base/number.h"
#include "base/sizes.h"
#include "dataset/dataset_storage.h"
#include "dataset/formats/folder.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- images ----------------------------------------------------------------------------------------- */

static Status find_format(Dataset *dataset, const DatasetSource *source, Message *message)
{
    const unsigned char *data = dataset->storage->array.file;
    const size_t size = dataset->storage->array.size;
    if (npy_matches(data, size)) return npy_read_images(dataset, source, message);
    /* A CIFAR file may start like an IDX file, by chance; then the lengths tell. */
    if (cifar_matches(size) && !idx_matches(data, size)) return cifar_read_images(dataset, source, message);
    if (size >= 2 && data[0] == 0 && data[1] == 0) return idx_read_images(dataset, source, message);
    return status_fail(
        message, STATUS_UNSUPPORTED,
        "cannot open '%s': neither a folder of images, nor NumPy's .npy, nor an IDX file (it "
        "would start with two bytes of 0), nor CIFAR binary (%zu bytes are no multiple of 3073 "
        "or 3074)",
        dataset->images_path, size);
}

/* Colour and grey stand in for each other; more channels are what they are. */
static bool converts(size_t from, size_t to)
{
    return (from == 1 || from == 3) && (to == 1 || to == 3);
}

/* What bytes are handed out as: the array's own size unless a resize or a crop is asked for. */
static ImageShape prepared_shape(const ImageShape *own, const DatasetSource *source)
{
    const Preparation *preparation = &source->preparation;
    ImageShape shape = *own;
    if (converts(own->channels, source->channels)) shape.channels = source->channels;
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

static Status shape_array(Dataset *dataset, const DatasetSource *source, Message *message)
{
    struct DatasetStorage *storage = dataset->storage;
    const ImageShape *own = &storage->array.shape;
    const bool bytes = storage->array.type == ARRAY_BYTES;
    const ImageShape shape = bytes ? prepared_shape(own, source) : *own;
    const Preparation *preparation = &source->preparation;
    dataset->height = shape.height;
    dataset->width = shape.width;
    dataset->channels = shape.channels;
    dataset->floats = !bytes;
    storage->preparation = *preparation;
    storage->prepares = bytes && (preparation->resize[0] || preparation->crop[0] || preparation->bgr ||
                                  shape.channels != own->channels);
    if (storage->prepares) /* a copy, and what is resized halfway */
        dataset->reading_bytes = own->height * (own->width + shape.width) * own->channels +
                                 shape.height * shape.width * shape.channels;
    if (!bytes) return array_check_floats(dataset, message);
    return storage->prepares ? preparation_check(preparation, own, &shape, dataset->images_path, message)
                             : STATUS_OK;
}

static size_t cap_of(const DatasetSource *source)
{
    return source->memory ? size_min(source->memory, DATASET_MOST_BYTES) : DATASET_MOST_BYTES;
}

/* An array lies in memory as a whole. */
static Status check_memory(const DatasetSource *source, const char *path, Message *message)
{
    const size_t bytes = file_gzip_bytes(path);
    if (source->memory == 0 || bytes <= source->memory) return STATUS_OK;
    Status status = status_fail(message, STATUS_MEMORY,
                                "cannot open '%s': it takes %zu MiB, above the %zu MiB that are left", path,
                                size_mib(bytes), size_mib(source->memory));
    return status_advise_memory(status, message, REMEDY_MEMORY_FOR_FILE, bytes, source->memory);
}

static Status read_array(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    const char *path = dataset->images_path;
    char *data;
    Status status = check_memory(source, path, message);
    if (status == STATUS_OK) status = file_sha256(dataset->sha256, path, message);
    if (status == STATUS_OK) status = file_read_gzip(&data, &array->size, path, cap_of(source), message);
    if (status != STATUS_OK) return status;
    array->file = (unsigned char *)data;
    status = find_format(dataset, source, message);
    return status == STATUS_OK ? shape_array(dataset, source, message) : status;
}

/* --- labels ----------------------------------------------------------------------------------------- */

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

/* Looks for the labels beside the images by the name; dataset->labels_path stays NULL where there are
 * none. */
static Status find_labels(Dataset *dataset, Message *message)
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

Status dataset_allocate_labels(Dataset *dataset, Message *message)
{
    dataset->storage->labels = calloc(dataset->count, sizeof *dataset->storage->labels);
    dataset->labelled = dataset->storage->labels != NULL;
    return dataset->labelled ? STATUS_OK : status_no_memory(message, "labels");
}

Status dataset_check_label_count(const Dataset *dataset, size_t count, Message *message)
{
    if (count == dataset->count) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "cannot open '%s': %zu labels for the %zu images of '%s'",
                       dataset->labels_path, count, dataset->count, dataset->images_path);
}

/* The source with the ceiling that the images, which are read by now, leave for the labels. */
static DatasetSource beside_images(const Dataset *dataset, const DatasetSource *source)
{
    DatasetSource left = *source;
    const size_t taken = size_min(dataset->storage->array.size, source->memory);
    if (taken > 0) left.memory = size_max(source->memory - taken, 1);
    return left;
}

static Status read_labels(Dataset *dataset, const DatasetSource *source, Message *message)
{
    const char *path = source->labels;
    Status status = STATUS_OK;
    if (path && !(dataset->labels_path = strdup(path))) return status_no_memory(message, path);
    if (!path && !dataset->labelled) status = find_labels(dataset, message);
    if (status != STATUS_OK || !dataset->labels_path) return status;
    char *file;
    size_t size;
    const DatasetSource left = beside_images(dataset, source);
    status = check_memory(&left, dataset->labels_path, message);
    if (status == STATUS_OK)
        status = file_read_gzip(&file, &size, dataset->labels_path, cap_of(&left), message);
    if (status != STATUS_OK) return status;
    const unsigned char *data = (const unsigned char *)file;
    status = npy_matches(data, size) ? npy_read_labels(dataset, data, size, message)
                                     : idx_read_labels(dataset, data, size, message);
    free(file);
    return status;
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

/* --- opening ---------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static Status open_source(Dataset *dataset, const DatasetSource *source, Message *message)
{
    if (is_folder(source->images)) return folder_open(dataset, source, message);
    Status status = read_array(dataset, source, message);
    return status == STATUS_OK ? read_labels(dataset, source, message) : status;
}

Status dataset_open(Dataset **result, const DatasetSource *source, Message *message)
{
    *result = NULL;
    Dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) return status_no_memory(message, "a dataset");
    dataset->storage = calloc(1, sizeof *dataset->storage);
    dataset->images_path = strdup(source->images);
    preparation_describe(dataset->preparation, sizeof dataset->preparation, &source->preparation);
    Status status = STATUS_OK;
    if (!dataset->storage || !dataset->images_path) status = status_no_memory(message, "a dataset");
    if (status == STATUS_OK) status = open_source(dataset, source, message);
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
        free(dataset->storage->array.file);
        free(dataset->storage->labels);
        folder_free(dataset->storage->folder);
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

/* An image of bytes from an array, prepared into room[height][width][channels]. */
static Status prepare_from_array(unsigned char *room, const Dataset *dataset, size_t index, Message *message)
{
    const struct DatasetStorage *storage = dataset->storage;
    const ImageShape *own = &storage->array.shape,
                     shape = {dataset->height, dataset->width, dataset->channels};
    Image image = {.pixels = malloc(own->height * own->width * own->channels),
                   .height = own->height,
                   .width = own->width,
                   .channels = own->channels};
    if (!image.pixels) return status_no_memory(message, dataset->images_path);
    array_gather(image.pixels, &storage->array, index);
    Status status =
        preparation_apply(room, &image, &storage->preparation, &shape, dataset->images_path, message);
    free(image.pixels);
    return status;
}

/* *pixels: the image's bytes, in `room` or elsewhere. */
static Status read_pixels(const unsigned char **pixels, unsigned char *room, const Dataset *dataset,
                          size_t image, Message *message)
{
    *pixels = room;
    if (dataset->storage->folder) return folder_read(pixels, room, dataset->storage->folder, image, message);
    return prepare_from_array(room, dataset, image, message);
}

/* Images that are prepared on their way. */
static Status read_prepared(const Dataset *dataset, float *tile, size_t first, size_t count,
                            float table[][256], Message *message)
{
    const size_t channels = dataset->channels, bytes = dataset->height * dataset->width * channels;
    unsigned char *room = malloc(bytes);
    Status status = room ? STATUS_OK : status_no_memory(message, dataset->images_path);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const unsigned char *pixels;
        status = read_pixels(&pixels, room, dataset, first + i, message);
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
    make_table(table, dataset->channels, normalization);
    if (storage->folder || storage->prepares)
        return read_prepared(dataset, tile, first, count, table, message);
    for (size_t i = 0; i < count; i++) array_read(tile + i * elements, &storage->array, first + i, table);
    return STATUS_OK;
}

size_t dataset_label(const Dataset *dataset, size_t image)
{
    assert(dataset->labelled && image < dataset->count);
    return dataset->storage->labels[image];
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
