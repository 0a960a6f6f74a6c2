/* SPDX-License-Identifier: MIT */
/* Arrays of images in memory, with their dimensions in any order.
 */
#ifndef DATASET_ARRAY_H
#define DATASET_ARRAY_H

#include "dataset/formats/format.h"

/* Sets dataset->count and the array's shape and steps from dimensions[rank]: [count][height][width], or four
 * with the channels second or last. Elements are stored with the last dimension fastest, or the first where
 * `fortran`. The product of the dimensions must fit into size_t. Refuses dimensions of 0 and too many
 * channels. */
Status array_set_dimensions(Dataset *dataset, const size_t *dimensions, size_t rank, bool fortran,
                            const DatasetSource *source, Message *message);

/* STATUS_INVALID where a float of the array is not finite, or too large for 32 bits. */
Status array_check_floats(const Dataset *dataset, Message *message);

/* out[height][width][channels] = image `image`: floats unchanged, bytes through table[channels][256]. */
void array_read(float *out, const Array *array, size_t image, float table[][256]);

/* pixels[height][width][channels] = the bytes of image `image`. */
void array_read_bytes(unsigned char *pixels, const Array *array, size_t image);

#endif
