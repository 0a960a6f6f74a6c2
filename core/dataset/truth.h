/* SPDX-License-Identifier: MIT */
/* Truth: what is truly in the images of a dataset, for tasks other than classification. Owned by the Dataset,
 * immutable; any thread may read it.
 *
 * Objects come from a file in COCO's format: source->labels, or instances.json beside the images. Its classes
 * are the source's class names where all are among them, else in the order of their ids. Label images come
 * from a folder of PNG files that are named as the images: source->labels, or the images' folder with
 * "-labels" behind its name. Without them the dataset is not labelled. Images that are not in a folder are
 * matched by their order. */
#ifndef DATASET_TRUTH_H
#define DATASET_TRUTH_H

#include "dataset/annotations/annotations.h"
#include "dataset/annotations/label_image.h"
#include "dataset/dataset_types.h"

typedef struct Truth {
    Annotations *objects; /* NULL where label images are the truth */
    size_t *images;       /* [dataset->count]: the image's number in `objects` */
    char *label_folder;   /* NULL where objects are the truth */
} Truth;

/* Sets dataset->truth, dataset->labels_path and dataset->has_truth for source->task, after the images were
 * opened. STATUS_INVALID for damaged annotations, and images that they do not have. */
Status truth_open(Dataset *dataset, const DatasetSource *source, Message *message);
void truth_free(Truth *truth); /* NULL is allowed */

/* The label image of an image. label_image_read()'s failures. */
Status truth_read_labels(LabelImage *labels, const Dataset *dataset, size_t image, Message *message);

#endif
