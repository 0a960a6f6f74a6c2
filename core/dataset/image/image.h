/* SPDX-License-Identifier: MIT */
/* Decoded images: pixels of 8 bits in memory, and the limits that hold for all image files.
 */
#ifndef DATASET_IMAGE_H
#define DATASET_IMAGE_H

#include "base/status.h"

#include <stddef.h>

#define IMAGE_MOST_PIXELS ((size_t)1 << 26)
#define IMAGE_MOST_SIDE 65535
#define IMAGE_MOST_BYTES ((size_t)256 << 20) /* of a file */

typedef struct ImageShape {
    size_t height, width, channels;
} ImageShape;

typedef struct Image {
    unsigned char *pixels; /* [height][width][channels], owned; NULL before image_allocate() */
    size_t height, width;
    size_t channels; /* 1: grey, 3: RGB */
    size_t ceiling;  /* bytes that decoding may take, the file's own aside */
    size_t bytes;    /* bytes that decoding takes */
} Image;

/* Allocates the pixels of an image whose height, width, channels and ceiling are set. beside: bytes that
 * decoding takes besides. STATUS_INVALID above the limits, STATUS_MEMORY above the ceiling: decoders call it
 * as soon as the header is read. `name` is what messages call the file. */
Status image_allocate(Image *image, size_t beside, const char *name, Message *message);

#endif
