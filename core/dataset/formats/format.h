/* SPDX-License-Identifier: MIT */
/* Formats of datasets: what they fill, and the table of array formats.
 *
 * To add an array format, write it in a file of its own (idx.c is an example), declare it below, and add it
 * to the table in array_file.c. Folders have a module of their own (folder.h); their image files go through
 * image/decoder.h.
 */
#ifndef DATASET_FORMAT_H
#define DATASET_FORMAT_H

#include "dataset/dataset_types.h"

#define DATASET_MOST_BYTES ((size_t)2 << 30) /* of a file, unpacked */

typedef enum ArrayType { ARRAY_BYTES, ARRAY_FLOAT32, ARRAY_FLOAT64 } ArrayType;

/* A file of images in memory. */
typedef struct Array {
    unsigned char *file; /* owned */
    size_t size;         /* bytes of it */
    ArrayType type;
    bool swapped;                                           /* elements are big-endian */
    const unsigned char *data;                              /* of image 0 */
    ImageShape shape;                                       /* of an image as stored */
    size_t image_step, row_step, column_step, channel_step; /* elements from one to the next */
} Array;

struct DatasetStorage {
    Array array;           /* file NULL for a folder */
    struct Folder *folder; /* NULL for an array */
    uint32_t *labels;      /* [count], owned; NULL where there are none */
    bool prepares;         /* the array's bytes go through preparation_apply() */
    Preparation preparation;
};

typedef enum FormatMatch {
    MATCH_NONE,
    MATCH_POSSIBLE, /* by the length, or by the first bytes alone */
    MATCH_CERTAIN   /* by a magic number, or a header that agrees with the length */
} FormatMatch;

typedef struct ArrayFormat {
    /* How well a file's bytes fit this format. The best match opens the file; of equal ones, the first in the
     * table. */
    FormatMatch (*matches)(const unsigned char *data, size_t size);

    /* Fills dataset->format, dataset->count and the array's type, place, shape and steps
     * (array_set_dimensions()) from storage->array.file; labels too where they are in the same file and
     * source->labels is NULL. Messages start with "cannot open 'PATH': ". */
    Status (*read_images)(Dataset *dataset, const DatasetSource *source, Message *message);

    /* Fills storage->labels from a label file's data[size]. NULL: the format has no label files. */
    Status (*read_labels)(Dataset *dataset, const unsigned char *data, size_t size, Message *message);
} ArrayFormat;

extern const ArrayFormat npy_format;
extern const ArrayFormat cifar_format;
extern const ArrayFormat idx_format;

/* Allocates storage->labels, zeros for dataset->count images. */
Status labels_allocate(Dataset *dataset, Message *message);

/* STATUS_INVALID unless a label file of `count` labels has one for each image. */
Status labels_check_count(const Dataset *dataset, size_t count, Message *message);

#endif
