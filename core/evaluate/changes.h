/* SPDX-License-Identifier: MIT */
/* Changes: the images whose predicted class changed by quantization, and those that only just held it.
 *
 * The margin of an image is an output's distance from changing its prediction: the quantized network's score
 * of the class that the float network predicts, minus its largest other score. It is negative where the
 * prediction changed. Of both kinds the images with the smallest |margin| are kept (equal ones: the earlier
 * image), so that the choice does not depend on the order in which images are added or on threads. Images
 * with scores that are not finite are left out.
 *
 * ImageChanges is collected during an evaluation (Reference.changes); ChangedImages is the same with small
 * pictures, counted by references, and shared between threads as it never changes.
 *
 * Example (Reference *reference, const Weights *const *weights, const Dataset *dataset, Pool *pool,
 * Message *message):
 *     #include "evaluate/accuracy.h"
 *     ImageChanges changes = {0};
 *     ChangedImages *images;
 *     Evaluation evaluation;
 *     reference->changes = &changes;
 *     evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, message);
 *     changed_images_create(&images, &changes, dataset, message);
 *     changed_images_drop(images);
 */
#ifndef EVALUATE_CHANGES_H
#define EVALUATE_CHANGES_H

#include "dataset/dataset.h"

#include <stdatomic.h>

#define CHANGES_MOST 64   /* images kept of each kind */
#define CHANGES_CLASSES 5 /* classes whose scores are kept per image */
#define CHANGES_PIXELS 32 /* most rows and columns of a small picture */
#define CHANGES_UNLABELLED SIZE_MAX

typedef struct ImageChange {
    size_t image;                        /* in the evaluation set */
    size_t label;                        /* or CHANGES_UNLABELLED */
    size_t float_class, quantized_class; /* predicted */
    size_t rival;                        /* the class of the quantized network's largest other score */
    double margin;                       /* of the quantized network: above */
    double float_margin;                 /* the float network's largest score minus its second */
    size_t class_count;                  /* at most CHANGES_CLASSES */
    size_t classes[CHANGES_CLASSES]; /* both predictions first, then the classes with the largest scores */
    float float_share[CHANGES_CLASSES], quantized_share[CHANGES_CLASSES]; /* softmax of the scores, 0..1 */
} ImageChange;

/* All zeros is empty. Both lists by |margin|. */
typedef struct ImageChanges {
    size_t changed_count, held_count;
    size_t changed_total; /* images whose prediction changed, kept or not */
    ImageChange changed[CHANGES_MOST], held[CHANGES_MOST];
} ImageChanges;

/* Considers an image. reference, quantized: [classes] scores. */
void changes_add(ImageChanges *changes, size_t image, size_t label, const float *reference,
                 const float *quantized, size_t classes);

/* Considers the images of another collection. */
void changes_merge(ImageChanges *changes, const ImageChanges *other);

typedef struct ChangedImages {
    atomic_size_t references;
    size_t changed_total;                 /* images whose prediction changed, kept or not */
    size_t count, changed_count;          /* images; of which the prediction changed */
    ImageChange images[2 * CHANGES_MOST]; /* by margin: the most negative first */
    size_t height, width, channels; /* of a picture: at most CHANGES_PIXELS high and wide; 1 or 3 channels */
    unsigned char *pixels;          /* [count][height][width][channels] */
} ChangedImages;

/* Reads the images' pixels from the dataset that was evaluated and shrinks them to small pictures, by the
 * mean of the pixels that a small one covers. One reference. *images is NULL on failure: an image cannot be
 * read, or STATUS_MEMORY. */
Status changed_images_create(ChangedImages **images, const ImageChanges *changes, const Dataset *dataset,
                             Message *message);
ChangedImages *changed_images_hold(ChangedImages *images); /* NULL is allowed, in both */
void changed_images_drop(ChangedImages *images);

#endif
