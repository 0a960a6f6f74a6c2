/* Picture: a PNG or JPEG file's bytes become pixels, told apart by their first bytes. Private to
 * core/dataset.
 *
 * Grey stays grey, all else becomes RGB: palettes are looked up, transparency is left out, of 16 bits the
 * upper 8 are taken, CMYK is taken for Adobe's inverted one. An orientation in the metadata is not followed.
 * A file that is damaged or cut short is refused, as is one that is too large: that is known from its header,
 * before memory is taken. Any thread may call.
 */
#ifndef DATASET_PICTURE_H
#define DATASET_PICTURE_H

#include "base/status.h"

#include <stddef.h>

#define PICTURE_MOST_PIXELS ((size_t)1 << 26)
#define PICTURE_MOST_SIDE 65535
#define PICTURE_MOST_BYTES ((size_t)256 << 20) /* of a file */

typedef struct Picture {
    unsigned char *pixels; /* [height][width][channels] */
    size_t height, width;
    size_t channels;       /* 1: grey, 3: RGB */
    size_t bytes, ceiling; /* taken while it was decoded; the most allowed */
} Picture;

/* picture->pixels is to be freed, NULL on failure; `name` is what messages call the file. `ceiling`: bytes,
 * the file's own aside. */
Status picture_decode(Picture *picture, const unsigned char *data, size_t size, size_t ceiling,
                      const char *name, Message *message);

/* One a format, for picture_decode(). */
Status picture_decode_png(Picture *picture, const unsigned char *data, size_t size, const char *name,
                          Message *message);
Status picture_decode_jpeg(Picture *picture, const unsigned char *data, size_t size, const char *name,
                           Message *message);

/* Takes memory for the picture's size; refuses one that is too large. beside: bytes that decoding takes
 * besides. */
Status picture_allocate(Picture *picture, size_t beside, const char *name, Message *message);

#endif
