/* SPDX-License-Identifier: MIT */
/* Preparation: how the bytes of an image become what the network takes.
 *
 * Images are resized as Pillow's BILINEAR does, and their middle is cropped to the network's size. Colour
 * becomes grey for a network with one channel (ITU-R 601: 0.299 R + 0.587 G + 0.114 B), and grey is repeated
 * for one with three. Pure; any thread may call.
 *
 * Example (unsigned char *out, Image *image, Message *message):
 *     Preparation preparation = {0};
 *     preparation_set(&preparation, PREPARATION_RESIZE, "256", "--resize", message);
 *     preparation_apply(out, image, &preparation, &(ImageShape){224, 224, 3}, "x.png", message);
 */
#ifndef DATASET_PREPARATION_H
#define DATASET_PREPARATION_H

#include "dataset/image/image.h"

#include <stdbool.h>

/* The order of an array's four dimensions. Where nobody says, the dimension that can be channels tells. */
typedef enum ArrayLayout { LAYOUT_GUESSED, LAYOUT_NHWC, LAYOUT_NCHW } ArrayLayout;

typedef struct Preparation {
    size_t resize[2];   /* {0, 0}: none; {n, 0}: the shorter side becomes n; {height, width} */
    size_t crop[2];     /* height, width; {0, 0}: the network's size */
    bool bgr;           /* the network takes blue first, as do mean and std */
    ArrayLayout layout; /* of arrays */
} Preparation;

typedef enum PreparationKey {
    PREPARATION_RESIZE,   /* "256", "224,320" */
    PREPARATION_CROP,     /* "224,320"; "224" for both sides */
    PREPARATION_CHANNELS, /* "rgb", "bgr" */
    PREPARATION_LAYOUT,   /* "nhwc", "nchw" */
    PREPARATION_KEYS
} PreparationKey;

/* "resize", "crop", "channels", "layout". */
const char *preparation_key_name(PreparationKey key);

/* Sets one key from text. `what` names the source in messages: "resize", or "--resize" for an option.
 * STATUS_INVALID. */
Status preparation_set(Preparation *preparation, PreparationKey key, const char *text, const char *what,
                       Message *message);

/* Writes "resize 256, crop 224,224, channels bgr" into out[capacity]; "" where nothing is set. */
void preparation_describe(char *out, size_t capacity, const Preparation *preparation);

/* The size that an image of height x width has after the resize, before the crop. */
void preparation_resized(size_t *full_height, size_t *full_width, const Preparation *preparation,
                         size_t height, size_t width);

/* How an image lies in what preparation_apply() makes of it: its pixel x is at x * scale_x + left, with
 * pixels as squares of side 1. */
typedef struct ImageFit {
    size_t height, width; /* of the image */
    double scale_x, scale_y, left, top;
} ImageFit;

/* The place of an image of height x width in one of size `shape`. */
ImageFit preparation_fit(const Preparation *preparation, size_t height, size_t width,
                         const ImageShape *shape);

/* Whether preparation_apply() can make an image of size `shape` from one of size `own`. STATUS_INVALID where
 * it is too small, or has another size and there is no resize or crop; STATUS_UNSUPPORTED for other channels.
 * `name` is what messages call the image. */
Status preparation_check(const Preparation *preparation, const ImageShape *own, const ImageShape *shape,
                         const char *name, Message *message);

/* out[shape->height][shape->width][shape->channels] = the prepared image. Overwrites the image's pixels.
 * Fails as preparation_check() does, and with STATUS_MEMORY. */
Status preparation_apply(unsigned char *out, Image *image, const Preparation *preparation,
                         const ImageShape *shape, const char *name, Message *message);

#endif
