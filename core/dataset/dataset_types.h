/* SPDX-License-Identifier: MIT */
/* The types of dataset.h, for the formats that fill them (formats/format.h). Include dataset.h to use
 * datasets.
 */
#ifndef DATASET_DATASET_TYPES_H
#define DATASET_DATASET_TYPES_H

#include "base/pool.h"
#include "base/status.h"
#include "dataset/image/preparation.h"
#include "dataset/task_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to open, and for which network. */
typedef struct DatasetSource {
    const char *images;   /* path */
    const char *labels;   /* path. NULL: a file beside the images by IDX's convention (images-idx3 ->
                             labels-idx1, images.npy -> labels.npy) where there is one; for CIFAR, inside the
                             records; for a folder, its labels.csv, or else the names of its subfolders */
    NetworkTaskKind task; /* what is true of an image: a label, or what truth.h says of other tasks */
    size_t classes; /* outputs of the network, which labels are checked against; 0: unknown. Tells CIFAR-10
                       from CIFAR-100 where a file could be either */
    size_t height, width, channels; /* of the network's input; 0: those of the array. Needed for folders */
    char *const *class_names; /* [class_count], or NULL. Where all subfolders are named as classes ('_' for
                                 '/'), these names give their labels, else their alphabetical order does */
    size_t class_count;
    Preparation preparation;
    size_t memory; /* bytes that opening may take, kept images included; 0: no ceiling */

    /* Folders only. */
    uint64_t seed; /* of the order that images are taken in */
    size_t most;   /* images to take; 0: all */
    bool skip_bad; /* leave out images that are damaged, of a wrong kind or too small, and take the next */
    size_t kept;   /* bytes of decoded images to keep */
    Pool *pool;    /* NULL: the caller's thread alone */
    /* Called while images are read, on the caller's thread; false cancels. NULL: not called. */
    bool (*proceed)(void *context, size_t done, size_t total);
    void *context;
} DatasetSource;

typedef struct Dataset {
    char *images_path, *labels_path; /* labels_path NULL where labels are absent or come with the images */
    char sha256[65]; /* of the images' file; of a folder, of the sorted relative names and the contents of the
                        images taken */
    const char *format;    /* "IDX", "CIFAR-10", "CIFAR-100", "NumPy uint8", "NumPy float32", "NumPy float64",
                              "folder" */
    char preparation[128]; /* "resize 256, channels bgr"; "" where there is none */
    size_t count, height, width, channels; /* as dataset_read() returns them */
    size_t reading_bytes;                  /* most that one dataset_read() allocates */
    bool floats;                           /* stored floats, returned unchanged */
    bool labelled;                         /* by classes: dataset_label() */
    bool has_truth;                        /* the same of other tasks: what `truth` holds */
    struct Truth *truth;                   /* truth.h; NULL for classification */
    Preparation prepared;                  /* how images are prepared */
    size_t class_count;                    /* of the source's class names */
    size_t skipped;                        /* bad images that were left out */
    Message first_skipped;                 /* what was wrong with the first */
    struct DatasetStorage *storage;        /* private */
} Dataset;

#endif
