/* SPDX-License-Identifier: MIT */
/* CIFAR binary files: records of a label (CIFAR-10), or of a coarse and a fine label (CIFAR-100), and 32 x 32
 * pixels: the red plane, then green and blue. There is no header. The length tells CIFAR-10 from CIFAR-100,
 * or the labels do.
 */
#include "dataset/formats/array.h"

#define SIDE 32
#define PIXELS ((size_t)SIDE * SIDE * 3)

typedef struct Variant {
    const char *name;
    size_t record; /* bytes */
    size_t label;  /* offset of the label in the record */
    size_t classes;
    size_t coarse_classes; /* of the byte before the label; 0: there is no such byte */
} Variant;

static const Variant cifar_10 = {"CIFAR-10", 1 + PIXELS, 0, 10, 0};
static const Variant cifar_100 = {"CIFAR-100", 2 + PIXELS, 1, 100, 20};

static bool fits(const Variant *variant, size_t size)
{
    return size > 0 && size % variant->record == 0;
}

static FormatMatch matches(const unsigned char *data, size_t size)
{
    (void)data;
    return fits(&cifar_10, size) || fits(&cifar_100, size) ? MATCH_POSSIBLE : MATCH_NONE;
}

/* The first record whose labels are out of range; the number of records where there is none. */
static size_t first_bad_record(const Variant *variant, const unsigned char *data, size_t size)
{
    size_t count = size / variant->record;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *record = data + i * variant->record;
        if (record[variant->label] >= variant->classes) return i;
        if (variant->coarse_classes && record[0] >= variant->coarse_classes) return i;
    }
    return count;
}

/* Finds the variant of a file. Where its length fits both: the one whose labels are in range, else the
 * one with as many classes as the network. */
static Status find_variant(const Variant **result, const Dataset *dataset, size_t classes, Message *message)
{
    const unsigned char *data = dataset->storage->array.file;
    const size_t size = dataset->storage->array.size;
    const char *path = dataset->images_path;
    const Variant *variant = fits(&cifar_10, size) ? &cifar_10 : &cifar_100;
    if (fits(&cifar_10, size) && fits(&cifar_100, size)) {
        const bool ten = first_bad_record(&cifar_10, data, size) == size / cifar_10.record;
        const bool hundred = first_bad_record(&cifar_100, data, size) == size / cifar_100.record;
        if (ten == hundred && classes != cifar_10.classes && classes != cifar_100.classes)
            return status_fail(
                message, STATUS_INVALID,
                "cannot open '%s': its %zu bytes could be CIFAR-10 or CIFAR-100: split the file", path, size);
        variant = (ten == hundred ? classes == cifar_10.classes : ten) ? &cifar_10 : &cifar_100;
    }
    *result = variant;
    const size_t bad = first_bad_record(variant, data, size);
    if (bad == size / variant->record) return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "cannot open '%s': record %zu has label %u, which %s does not have", path, bad,
                       data[bad * variant->record + variant->label], variant->name);
}

static Status read_images(Dataset *dataset, const DatasetSource *source, Message *message)
{
    Array *array = &dataset->storage->array;
    const Variant *variant = NULL;
    Status status = find_variant(&variant, dataset, source->classes, message);
    if (status != STATUS_OK) return status;
    dataset->format = variant->name;
    dataset->count = array->size / variant->record;
    array->data = array->file + variant->label + 1;
    array->shape = (ImageShape){SIDE, SIDE, 3};
    array->image_step = variant->record;
    array->channel_step = (size_t)SIDE * SIDE;
    array->row_step = SIDE;
    array->column_step = 1;
    if (source->labels) return STATUS_OK;
    status = labels_allocate(dataset, message);
    for (size_t i = 0; status == STATUS_OK && i < dataset->count; i++)
        dataset->storage->labels[i] = array->file[i * variant->record + variant->label];
    return status;
}

const ArrayFormat cifar_format = {matches, read_images, NULL};
