/* Preparation carried out: what a image goes through on its way to the network (dataset.h says what a
 * Preparation is). Private to core/dataset. */
#ifndef DATASET_PREPARATION_H
#define DATASET_PREPARATION_H

#include "dataset/dataset.h"
#include "dataset/image/image.h"

/* What the network takes. */
typedef struct ImageShape {
    size_t height, width, channels;
} ImageShape;

/* The size of a image of height x width after the resize, before the crop. */
void preparation_resized(size_t *full_height, size_t *full_width, const Preparation *preparation,
                         size_t height, size_t width);

/* Whether a image of size `own` can be prepared; what preparation_apply() would refuse. */
Status preparation_check(const Preparation *preparation, const ImageShape *own, const ImageShape *shape,
                         const char *name, Message *message);

/* out[shape->height][shape->width][shape->channels] = the image converted to grey where one channel is
 * wanted (ITU-R 601: 0.299 R + 0.587 G + 0.114 B), resized, its middle cropped, grey repeated where three
 * are, and red and blue swapped where blue comes first. The image's pixels may be overwritten.
 * STATUS_INVALID where it is too small, or has another size and nobody asked for a resize. */
Status preparation_apply(unsigned char *out, Image *image, const Preparation *preparation,
                         const ImageShape *shape, const char *name, Message *message);

/* "resize 256, crop 224,224, channels bgr", empty where nothing is asked for. */
void preparation_describe(char *out, size_t capacity, const Preparation *preparation);

#endif
