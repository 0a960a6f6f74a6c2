/* SPDX-License-Identifier: MIT */
/* One decoder per image file format. To add a format, write its decoder in a file of its own (image_png.c is
 * an example), declare it below, and add it to the table in decode.c.
 */
#ifndef DATASET_DECODER_H
#define DATASET_DECODER_H

#include "dataset/image/image.h"

#include <stdbool.h>

typedef struct ImageDecoder {
    const char *name;       /* "PNG", for messages */
    const char *endings[3]; /* of file names, in lower case: ".png"; NULL after the last */

    /* Whether the first bytes of a file are this format's. */
    bool (*matches)(const unsigned char *data, size_t size);

    /* Decodes data[size] into `image`, whose ceiling is set and which is otherwise zero: sets its size, calls
     * image_allocate() before it takes memory for pixels, and fills them as grey or RGB. Refuses damaged and
     * truncated files. image->pixels may be left allocated on failure. `name` is what messages call the file.
     */
    Status (*decode)(Image *image, const unsigned char *data, size_t size, const char *name,
                     Message *message);
} ImageDecoder;

extern const ImageDecoder png_decoder;
extern const ImageDecoder jpeg_decoder;

#endif
