/* SPDX-License-Identifier: MIT */
/* Datasets in folders of image files: each file is decoded and checked at opening, and decoded again when it
 * is read.
 */
#ifndef DATASET_FOLDER_H
#define DATASET_FOLDER_H

#include "dataset/formats/format.h"

/* Fills the dataset from source->images and its labels: format, shape, count, hash, storage->folder, labels.
 */
Status folder_open(Dataset *dataset, const DatasetSource *source, Message *message);
void folder_free(struct Folder *folder);

/* Points *pixels at image `image` as the dataset's shape says: at a kept one, or at
 * room[height][width][channels], into which it is decoded. STATUS_IO where the file is gone or has changed.
 * Any thread may call. */
Status folder_read(const unsigned char **pixels, unsigned char *room, const struct Folder *folder,
                   size_t image, Message *message);

/* The image's path, relative to the folder. */
const char *folder_image_name(const struct Folder *folder, size_t image);

#endif
