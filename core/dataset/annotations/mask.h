/* SPDX-License-Identifier: MIT */
/* Mask: the pixels of an object, as COCO stores them: run lengths, column by column.
 *
 * Pixel (y, x) has position x * height + y. runs[0] positions are outside, the next runs[1] inside, the next
 * runs[2] outside, and so on; runs[0] may be 0, and the runs sum to height * width. The semantics are those
 * of COCO's mask API: compressed text, polygons rasterized on a grid five times finer, union, IoU.
 *
 * Sizes are checked: a mask has at most MASK_MOST_PIXELS pixels and a side of at most MASK_MOST_SIDE. All
 * zeros is an empty mask of no size. Whoever makes a mask frees it. Pure; any thread may call.
 *
 * Example (const char *text, Message *message):
 *     Mask mask;
 *     Status status = mask_from_text(&mask, 256, 256, text, message);   // "PPY45..." of an annotation
 *     size_t pixels = mask_area(&mask);
 *     mask_free(&mask);
 */
#ifndef DATASET_MASK_H
#define DATASET_MASK_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASK_MOST_SIDE ((size_t)1 << 16)
#define MASK_MOST_PIXELS ((size_t)1 << 28)

typedef struct Mask {
    size_t height, width;
    size_t count, capacity; /* runs; room for runs */
    uint32_t *runs;         /* [count]: outside, inside, outside, ... */
} Mask;

/* A rectangle in pixels: its left upper corner and its size. COCO's "bbox". */
typedef struct Box {
    double x, y, width, height;
} Box;

/* Frees the runs, and empties the mask. */
void mask_free(Mask *mask);

/* Appends `length` positions, all inside or all outside. False when out of memory. The caller sets height and
 * width, and appends height * width positions altogether. */
bool mask_append(Mask *mask, bool inside, size_t length);

/* mask of pixels[height][width]: inside where not 0. STATUS_INVALID for a size above the ceilings. *mask is
 * empty on failure, here and below. */
Status mask_from_pixels(Mask *mask, const unsigned char *pixels, size_t height, size_t width,
                        Message *message);

/* pixels[height][width] = 1 inside, 0 outside. */
void mask_to_pixels(unsigned char *pixels, const Mask *mask);

/* mask of uncompressed runs[count]. STATUS_INVALID where they do not sum to height * width. */
Status mask_from_runs(Mask *mask, size_t height, size_t width, const uint32_t *runs, size_t count,
                      Message *message);

/* mask of COCO's compressed text: per run little-endian groups of 5 bits as characters from '0' on, 32 where
 * more groups follow, sign-extended; from the fourth run on the difference to the run two before.
 * STATUS_INVALID for other characters, runs below 0, and a wrong sum. */
Status mask_from_text(Mask *mask, size_t height, size_t width, const char *text, Message *message);

/* *sum = the pixels in either mask. Both have the same size. STATUS_MEMORY. */
Status mask_union(Mask *sum, const Mask *a, const Mask *b, Message *message);

/* Pixels inside. */
size_t mask_area(const Mask *mask);

/* The smallest box around the pixels inside; {0, 0, 0, 0} where there are none. */
Box mask_box(const Mask *mask);

/* Pixels inside of both. The masks have the same size. */
size_t mask_intersection(const Mask *a, const Mask *b);

/* |found and truth| / |found or truth|; with `crowd` the divisor is |found|. 0 where the divisor is 0. */
double mask_iou(const Mask *found, const Mask *truth, bool crowd);

/* The same of two boxes, by their areas. */
double box_iou(const Box *found, const Box *truth, bool crowd);

/* STATUS_INVALID for a size of 0 or above the ceilings. */
Status mask_check_size(size_t height, size_t width, Message *message);

#endif
