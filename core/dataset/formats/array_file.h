/* SPDX-License-Identifier: MIT */
/* Datasets in array files: IDX, CIFAR and NumPy, with their label files. */
#ifndef DATASET_ARRAY_FILE_H
#define DATASET_ARRAY_FILE_H

#include "dataset/formats/format.h"

/* Fills the dataset from source->images and its labels: format, shape, count, hash, storage->array, labels.
 */
Status array_file_open(Dataset *dataset, const DatasetSource *source, Message *message);

#endif
