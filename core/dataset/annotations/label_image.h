/* SPDX-License-Identifier: MIT */
/* Label images: PNG files whose pixels are class numbers, as semantic segmentation has them.
 *
 * Grey of 1 to 8 bits, or a palette: the stored numbers are the labels, whatever colours the palette gives
 * them. Other files are refused, as are those above the limits of image/image.h. Any thread may call.
 *
 * Example (Message *message):
 *     LabelImage image;
 *     Status status = label_image_read(&image, "labels/0001.png", message);
 *     free(image.labels);
 */
#ifndef DATASET_LABEL_IMAGE_H
#define DATASET_LABEL_IMAGE_H

#include "base/status.h"

#include <stddef.h>

typedef struct LabelImage {
    unsigned char *labels; /* [height][width], malloc'ed */
    size_t height, width;
} LabelImage;

/* image->labels is NULL on failure: STATUS_IO, STATUS_INVALID, STATUS_UNSUPPORTED for other kinds of PNG,
 * STATUS_MEMORY. */
Status label_image_read(LabelImage *image, const char *path, Message *message);

/* The same from data[size]; `name` is what messages call it. */
Status label_image_decode(LabelImage *image, const unsigned char *data, size_t size, const char *name,
                          Message *message);

/* out[height][width] = the labels, resized to another size: each pixel takes the label at its centre. */
void label_image_resize(unsigned char *out, size_t height, size_t width, const LabelImage *image);

#endif
