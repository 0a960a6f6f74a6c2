/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/formats/folder.h"

#include "base/file.h"
#include "base/random.h"
#include "base/sizes.h"
#include "dataset/formats/folder_labels.h"
#include "dataset/image/decode.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_KEY 0x666f6c646572u /* random numbers of the order differ from others with the same seed */
#define BATCH_BYTES ((size_t)64 << 20)
#define BATCH_IMAGES ((size_t)256)

typedef uint8_t Digest[SHA256_DIGEST_LENGTH];

struct Folder {
    char *path;
    FolderList list;
    Preparation preparation;
    ImageShape shape;
    size_t image_bytes;
    size_t ceiling;      /* bytes that decoding one image may take; SIZE_MAX: no ceiling */
    size_t *taken;       /* [count]: entries of the list, in the order of the dataset */
    Digest *digests;     /* [count], of the files */
    unsigned char *kept; /* [kept_count][image_bytes]: the first images, decoded */
    size_t count, kept_count;
};

/* --- one image -------------------------------------------------------------------------------------- */

/* Reads, hashes, decodes and prepares the image of an entry: out[image_bytes]. digest: to be filled in, or
 * with `known` what it must be. *bytes: memory that it took. */
static Status load(unsigned char *out, Digest digest, size_t *bytes, bool known, const struct Folder *folder,
                   size_t entry, Message *message)
{
    char *path = folder_path(folder->path, folder->list.entries[entry].name), *data = NULL;
    size_t size = 0;
    Digest found;
    Image image = {0};
    Status status = path ? file_read(&data, &size, path, IMAGE_MOST_BYTES, message)
                         : status_no_memory(message, folder->path);
    if (status == STATUS_OK) {
        SHA2_CTX hash;
        SHA256Init(&hash);
        SHA256Update(&hash, (const uint8_t *)data, size);
        SHA256Final(found, &hash);
        if (known && memcmp(found, digest, sizeof found) != 0)
            status = status_fail(message, STATUS_IO, "'%s' has changed since it was opened", path);
        if (!known) memcpy(digest, found, sizeof found);
    }
    if (status == STATUS_OK)
        status = image_decode(&image, (const unsigned char *)data, size, folder->ceiling, path, message);
    *bytes = size + image.bytes + image.height * folder->shape.width * image.channels; /* resized in width */
    if (status == STATUS_OK)
        status = preparation_apply(out, &image, &folder->preparation, &folder->shape, path, message);
    free(image.pixels);
    free(data);
    free(path);
    return status;
}

Status folder_read(const unsigned char **pixels, unsigned char *room, const struct Folder *folder,
                   size_t image, Message *message)
{
    size_t bytes;
    const bool kept = image < folder->kept_count;
    *pixels = kept ? folder->kept + image * folder->image_bytes : room;
    return kept ? STATUS_OK
                : load(room, folder->digests[image], &bytes, true, folder, folder->taken[image], message);
}

const char *folder_image_name(const struct Folder *folder, size_t image)
{
    return folder->list.entries[folder->taken[image]].name;
}

/* --- taking images ---------------------------------------------------------------------------------- */

/* The result of reading an image for the first time. */
typedef struct FirstRead {
    Status status;
    Digest digest;
    size_t bytes; /* memory that it took */
    Message message;
} FirstRead;

/* Images are read in batches, in random order, until enough are good. */
typedef struct Taking {
    struct Folder *folder;
    Dataset *dataset;
    const DatasetSource *source;
    size_t *order;         /* [list.count]: all entries */
    size_t wanted;         /* images */
    size_t next;           /* in the order */
    size_t batch;          /* images of a batch at most */
    FirstRead *results;    /* [batch] */
    unsigned char *pixels; /* [batch][image_bytes] */
} Taking;

/* order[count] = 0..count-1, shuffled (Fisher-Yates). */
static void draw_order(size_t *order, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = 0; i + 1 < count; i++) {
        const size_t j = i + (size_t)(random_uniform(seed, ORDER_KEY, i, 0) * (double)(count - i));
        const size_t drawn = order[j];
        order[j] = order[i];
        order[i] = drawn;
    }
}

/* Reads image `index` of the batch. Called on the pool. */
static void read_first(void *context, size_t index, size_t worker)
{
    (void)worker;
    const Taking *taking = context;
    FirstRead *result = &taking->results[index];
    result->status =
        load(taking->pixels + index * taking->folder->image_bytes, result->digest, &result->bytes, false,
             taking->folder, taking->order[taking->next + index], &result->message);
}

/* Takes image `index` of the batch, or leaves it out. */
static Status take_image(Taking *taking, size_t index, Message *message)
{
    struct Folder *folder = taking->folder;
    Dataset *dataset = taking->dataset;
    const FirstRead *result = &taking->results[index];
    if (result->status == STATUS_OK) {
        const size_t image = folder->count++, bytes = folder->image_bytes;
        dataset->reading_bytes = size_max(dataset->reading_bytes, result->bytes);
        folder->taken[image] = taking->order[taking->next + index];
        memcpy(folder->digests[image], result->digest, sizeof *folder->digests);
        if (image < folder->kept_count)
            memcpy(folder->kept + image * bytes, taking->pixels + index * bytes, bytes);
        return STATUS_OK;
    }
    const bool bad = result->status == STATUS_INVALID || result->status == STATUS_UNSUPPORTED;
    if (bad && taking->source->skip_bad) {
        if (dataset->skipped++ == 0) dataset->first_skipped = result->message;
        return STATUS_OK;
    }
    status_copy(message, result->status, &result->message);
    return bad ? status_advise(result->status, message, REMEDY_SKIP_BAD_IMAGES) : result->status;
}

static Status take_batches(Taking *taking, Message *message)
{
    const struct Folder *folder = taking->folder;
    const DatasetSource *source = taking->source;
    while (folder->count < taking->wanted && taking->next < folder->list.count) {
        const size_t left = size_min(folder->list.count - taking->next, taking->wanted - folder->count);
        const size_t count = size_min(left, taking->batch);
        if (source->pool)
            pool_run(source->pool, count, read_first, taking);
        else
            for (size_t i = 0; i < count; i++) read_first(taking, i, 0);
        Status status = STATUS_OK;
        for (size_t i = 0; i < count && status == STATUS_OK; i++) status = take_image(taking, i, message);
        taking->next += count;
        if (status != STATUS_OK) return status;
        if (source->proceed && !source->proceed(source->context, folder->count, taking->wanted))
            return status_fail(message, STATUS_CANCELLED, "cancelled");
    }
    if (folder->count) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "none of the %zu images in '%s' can be used: %s",
                       taking->dataset->skipped, folder->path, taking->dataset->first_skipped.text);
}

/* Bytes that a thread may take to decode an image: half of its share of what the list, kept images and those
 * of a batch leave. The other half is for the file and for what is resized. */
static size_t decoding_ceiling(const DatasetSource *source, size_t list, size_t batch)
{
    const size_t workers = source->pool ? pool_workers(source->pool) : 1;
    if (source->memory == 0) return SIZE_MAX;
    return (source->memory - size_min(list + source->kept + batch, source->memory)) / workers / 2;
}

static Status take_images(Dataset *dataset, struct Folder *folder, const DatasetSource *source,
                          Message *message)
{
    const size_t listed = folder->list.count, bytes = folder->image_bytes;
    const size_t wanted = source->most ? size_min(source->most, listed) : listed;
    const size_t batch = size_min(BATCH_BYTES, source->memory ? source->memory / 8 : SIZE_MAX);
    Taking taking = {.folder = folder,
                     .dataset = dataset,
                     .source = source,
                     .wanted = wanted,
                     .batch = size_max(size_min(batch / bytes, BATCH_IMAGES), 1)};
    folder->ceiling = decoding_ceiling(source, folder->list.bytes, size_max(batch, bytes));
    folder->kept_count = size_min(source->kept / bytes, wanted);
    folder->kept = malloc(folder->kept_count * bytes + 1);
    folder->taken = calloc(wanted, sizeof *folder->taken);
    folder->digests = calloc(wanted, sizeof *folder->digests);
    taking.order = calloc(listed, sizeof *taking.order);
    taking.results = calloc(taking.batch, sizeof *taking.results);
    taking.pixels = calloc(taking.batch, bytes);
    Status status = STATUS_OK;
    if (!folder->kept || !folder->taken || !folder->digests || !taking.order || !taking.results ||
        !taking.pixels)
        status = status_no_memory(message, folder->path);
    if (status == STATUS_OK) {
        draw_order(taking.order, listed, source->seed);
        status = take_batches(&taking, message);
    }
    free(taking.order);
    free(taking.results);
    free(taking.pixels);
    return status;
}

/* --- the dataset ------------------------------------------------------------------------------------ */

/* Hashes the name, a zero byte and the file's SHA-256 of each image taken, sorted by name. */
static Status hash_images(char hex[65], const struct Folder *folder, Message *message)
{
    /* Of each entry: 1 + its number in the dataset; 0: not taken. */
    size_t *place = calloc(folder->list.count, sizeof *place);
    if (!place) return status_no_memory(message, folder->path);
    for (size_t i = 0; i < folder->count; i++) place[folder->taken[i]] = 1 + i;
    SHA2_CTX hash;
    SHA256Init(&hash);
    for (size_t e = 0; e < folder->list.count; e++) {
        if (!place[e]) continue;
        const char *name = folder->list.entries[e].name;
        SHA256Update(&hash, (const uint8_t *)name, strlen(name) + 1);
        SHA256Update(&hash, folder->digests[place[e] - 1], sizeof *folder->digests);
    }
    SHA256End(&hash, hex);
    free(place);
    return STATUS_OK;
}

static Status label_images(Dataset *dataset, const struct Folder *folder, Message *message)
{
    Status status = labels_allocate(dataset, message);
    for (size_t i = 0; status == STATUS_OK && i < folder->count; i++) {
        dataset->storage->labels[i] = folder->list.entries[folder->taken[i]].label;
        if (dataset->storage->labels[i] == FOLDER_UNLABELLED)
            status = status_fail(message, STATUS_INVALID, "'%s' has no label for '%s'", dataset->labels_path,
                                 folder_image_name(folder, i));
    }
    return status;
}

static Status set_shape(Dataset *dataset, struct Folder *folder, const DatasetSource *source,
                        Message *message)
{
    const size_t *crop = source->preparation.crop;
    ImageShape *shape = &folder->shape;
    *shape = (ImageShape){source->height, source->width, source->channels};
    if (crop[0]) *shape = (ImageShape){crop[0], crop[1], source->channels};
    if (shape->channels != 1 && shape->channels != 3)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "'%s': a folder's images have 1 or 3 channels, and the network takes %zu",
                           folder->path, shape->channels);
    if (!size_multiply(&folder->image_bytes, shape->height, shape->width) ||
        !size_multiply(&folder->image_bytes, folder->image_bytes, shape->channels) ||
        folder->image_bytes == 0 || folder->image_bytes > DATASET_MOST_BYTES)
        return status_fail(message, STATUS_UNSUPPORTED, "'%s': images of %zu x %zu pixels cannot be made",
                           folder->path, shape->height, shape->width);
    dataset->height = shape->height;
    dataset->width = shape->width;
    dataset->channels = shape->channels;
    return STATUS_OK;
}

Status folder_open(Dataset *dataset, const DatasetSource *source, Message *message)
{
    struct Folder *folder = calloc(1, sizeof *folder);
    if (!folder) return status_no_memory(message, source->images);
    dataset->storage->folder = folder;
    dataset->format = "folder";
    folder->preparation = source->preparation;
    folder->path = strdup(source->images);
    if (!folder->path) return status_no_memory(message, source->images);
    FolderList *list = &folder->list;
    const size_t list_ceiling = source->memory ? source->memory / 2 : SIZE_MAX;
    bool labelled = false;
    Status status = set_shape(dataset, folder, source, message);
    if (status == STATUS_OK) status = folder_list_create(list, folder->path, list_ceiling, message);
    if (status == STATUS_OK && source->task == TASK_CLASSIFY)
        status = folder_labels_find(&labelled, &dataset->labels_path, list, source, message);
    if (status == STATUS_OK) status = take_images(dataset, folder, source, message);
    if (status == STATUS_OK) status = hash_images(dataset->sha256, folder, message);
    dataset->count = folder->count;
    return status == STATUS_OK && labelled ? label_images(dataset, folder, message) : status;
}

void folder_free(struct Folder *folder)
{
    if (!folder) return;
    folder_list_free(&folder->list);
    free(folder->path);
    free(folder->taken);
    free(folder->digests);
    free(folder->kept);
    free(folder);
}
