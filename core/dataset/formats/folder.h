/* Folder: a dataset of PNG and JPEG files, checked at opening and decoded when read. Private to core/dataset.
 */
#ifndef DATASET_FOLDER_H
#define DATASET_FOLDER_H

#include "dataset/dataset_storage.h"

/* Fills the dataset: format, shape, count, hash, labels, storage->folder. */
Status folder_open(Dataset *dataset, const DatasetSource *source, Message *message);
void folder_free(struct Folder *folder);

/* *pixels: image `image` as the dataset's shape says; kept ones are pointed to, others are decoded into
 * room[height][width][channels]. Any thread. */
Status folder_read(const unsigned char **pixels, unsigned char *room, const struct Folder *folder,
                   size_t image, Message *message);

const char *folder_image_name(const struct Folder *folder, size_t image);

#endif
