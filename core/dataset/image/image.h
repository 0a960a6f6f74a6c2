/* Image: a PNG or JPEG file's bytes become pixels, told apart by their first bytes. Private to
 * core/dataset.
 *
 * Grey stays grey, all else becomes RGB: palettes are looked up, transparency is left out, of 16 bits the
 * upper 8 are taken, CMYK is taken for Adobe's inverted one. An orientation in the metadata is not followed.
 * A file that is damaged or cut short is refused, as is one that is too large: that is known from its header,
 * before memory is taken. Any thread may call.
 */
#ifndef DATASET_IMAGE_H
#define DATASET_IMAGE_H

#include "base/status.h"

#include <stddef.h>

#define IMAGE_MOST_PIXELS ((size_t)1 << 26)
#define IMAGE_MOST_SIDE 65535
#define IMAGE_MOST_BYTES ((size_t)256 << 20) /* of a file */

typedef struct Image {
    unsigned char *pixels; /* [height][width][channels] */
    size_t height, width;
    size_t channels;       /* 1: grey, 3: RGB */
    size_t bytes, ceiling; /* taken while it was decoded; the most allowed */
} Image;

/* image->pixels is to be freed, NULL on failure; `name` is what messages call the file. `ceiling`: bytes,
 * the file's own aside. */
Status image_decode(Image *image, const unsigned char *data, size_t size, size_t ceiling, const char *name,
                    Message *message);

/* One a format, for image_decode(). */
Status image_decode_png(Image *image, const unsigned char *data, size_t size, const char *name,
                        Message *message);
Status image_decode_jpeg(Image *image, const unsigned char *data, size_t size, const char *name,
                         Message *message);

/* Takes memory for the image's size; refuses one that is too large. beside: bytes that decoding takes
 * besides. */
Status image_allocate(Image *image, size_t beside, const char *name, Message *message);

#endif
