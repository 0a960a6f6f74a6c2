/* SPDX-License-Identifier: MIT */
/* Dataset: images and their labels, immutable after opening.
 *
 * Formats: arrays of at most 2 GiB unpacked, which lie in memory (IDX, plain or .gz, of unsigned bytes
 * [count][height][width] or with channels; CIFAR-10 and CIFAR-100 binary; NumPy's .npy of bytes or floats),
 * and folders of PNG and JPEG files, with one subfolder per class, or flat with a labels.csv of columns
 * `name` (relative to the folder) and `label` (a number or a class name).
 *
 * Images are read as the network takes them: float, NHWC, (pixel / 255 - mean) / std. Floats of a .npy are
 * returned unchanged.
 *
 * A folder's images are taken in a random order that `seed` fixes, so that a few of them show all classes.
 * Opening decodes each image once, on the pool: damaged and too small ones are named then, and refused or
 * left out. The first ones stay decoded, as many as `kept` bytes hold. The others are decoded again by the
 * thread that reads them, and a file that has changed is refused.
 *
 * Any number of threads may read at once. Whoever opens a dataset frees it.
 *
 * Example (float *tile, const Normalization *normalization, Message *message):
 *     Dataset *dataset;
 *     DatasetSource source = {.images = "t10k-images-idx3-ubyte.gz"};
 *     Status status = dataset_open(&dataset, &source, message);
 *     if (status) return status;
 *     status = dataset_read(dataset, tile, 0, 16, normalization, message);   // images 0..15
 *     dataset_free(dataset);
 */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "dataset/dataset_types.h"
#include "dataset/normalize.h"

/* *dataset is NULL on failure. STATUS_INVALID names the file and what is wrong with it: magic number,
 * dimensions, length, number of labels, a label that the network does not have, a damaged image. */
Status dataset_open(Dataset **dataset, const DatasetSource *source, Message *message);
void dataset_free(Dataset *dataset);

/* Reads images first..first+count-1 into tile[count][height][width][channels]; first + count <=
 * dataset->count. Fails where a folder's file is gone or has changed, and with STATUS_MEMORY. */
Status dataset_read(const Dataset *dataset, float *tile, size_t first, size_t count,
                    const Normalization *normalization, Message *message);

/* The image's path, relative to its folder; NULL where images are not in a folder. */
const char *dataset_image_name(const Dataset *dataset, size_t image);

/* The label of an image of a labelled dataset, 0..classes-1. */
size_t dataset_label(const Dataset *dataset, size_t image);

#endif
