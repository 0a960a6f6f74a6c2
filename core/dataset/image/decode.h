/* SPDX-License-Identifier: MIT */
/* Decodes image files: PNG and JPEG, told apart by their first bytes.
 *
 * Grey images stay grey, all others become RGB. Palettes are looked up, transparency is ignored, 16-bit
 * samples keep their upper 8 bits, and CMYK is taken for Adobe's inverted CMYK. An orientation in the
 * metadata is ignored. Damaged and truncated files are refused, and so are images that are too large, before
 * memory is allocated. Any thread may call.
 *
 * Example (const unsigned char *data, size_t size, size_t ceiling, size_t y, size_t x, Message *message):
 *     Image image;
 *     Status status = image_decode(&image, data, size, ceiling, "x.png", message);
 *     if (status) return status;
 *     unsigned char first_channel = image.pixels[(y * image.width + x) * image.channels];
 *     free(image.pixels);
 */
#ifndef DATASET_DECODE_H
#define DATASET_DECODE_H

#include "dataset/image/image.h"

#include <stdbool.h>

/* Decodes data[size]. image->pixels is to be freed; it is NULL on failure. ceiling: bytes that decoding may
 * take, the file's own aside. `name` is what messages call the file. */
Status image_decode(Image *image, const unsigned char *data, size_t size, size_t ceiling, const char *name,
                    Message *message);

/* Whether a file name ends like an image's: .png, .jpg, .jpeg, in upper or lower case. */
bool image_has_ending(const char *name);

/* Writes ".png, .jpg or .jpeg" into text[capacity]. */
void image_list_endings(char *text, size_t capacity);

#endif
