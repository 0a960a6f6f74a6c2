/* Dataset: images and their labels, immutable after opening.
 *
 * IDX (plain or .gz, unsigned bytes: [count][height][width] or [count][height][width][channels]) and
 * CIFAR-10/100 binary, of at most 2 GiB unpacked. An image is handed out as the network wants it: float,
 * NHWC, (pixel/255 - mean)/std. Any number of threads may read at once. Whoever opens a dataset frees it.
 *
 *     Dataset *dataset;
 *     if (dataset_open(&dataset, &(DatasetSource){.images = "t10k-images-idx3-ubyte.gz"}, message)) ...
 *     dataset_read(dataset, tile, 0, 16, &normalization);
 */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define DATASET_MAX_CHANNELS 16

typedef struct DatasetSource {
    const char *images; /* path */
    const char *labels; /* path; NULL: beside the images by IDX's convention (images-idx3 -> labels-idx1)
                           where that file is there, inside the records for CIFAR, else none */
    size_t classes;     /* outputs of the network, 0 where unknown: labels are checked against it, and it
                           tells CIFAR-10 from CIFAR-100 where a file could be either */
} DatasetSource;

typedef struct Dataset {
    char *images_path, *labels_path; /* labels_path NULL where labels are absent or inside the images' file */
    char sha256[65];                 /* of the images' file */
    const char *format;              /* "IDX", "CIFAR-10", "CIFAR-100" */
    size_t count, height, width, channels;
    bool labelled;
    struct DatasetStorage *storage; /* private */
} Dataset;

typedef struct Normalization {
    float mean[DATASET_MAX_CHANNELS], std[DATASET_MAX_CHANNELS]; /* of pixel/255, a value a channel */
} Normalization;

/* STATUS_INVALID names the file and what is wrong with it: magic number, dimensions, length, label count,
 * label range. */
Status dataset_open(Dataset **dataset, const DatasetSource *source, Message *message);
void dataset_free(Dataset *dataset);

/* Images first..first+count-1 as tile[count][height][width][channels]. first+count <= dataset->count. */
void dataset_read(const Dataset *dataset, float *tile, size_t first, size_t count,
                  const Normalization *normalization);

/* 0..classes-1; only where the dataset is labelled. */
size_t dataset_label(const Dataset *dataset, size_t image);

/* "0.485,0.456,0.406": one value, or one a channel (one is repeated for all). std must be positive and
 * finite. `what` names the source in messages ("--mean", "description 'x.json', key 'mean'"). */
Status normalization_parse(float values[DATASET_MAX_CHANNELS], const char *text, size_t channels, bool is_std,
                           const char *what, Message *message);

#endif
