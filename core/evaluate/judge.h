/* SPDX-License-Identifier: MIT */
/* Judge: what is kept of an image to measure a task, and the figures of many images. Private to
 * core/evaluate.
 *
 * The measures of detection and segmentation are no means over images: each image leaves what they are
 * computed from (Judged), any thread may judge an image, and figures are computed from all of them, in the
 * order of the annotations. Without truth, the float network's detections with a score above
 * JUDGE_TRUTH_SCORE are the truth, or its classes of pixels. */
#ifndef EVALUATE_JUDGE_H
#define EVALUATE_JUDGE_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "evaluate/coco.h"
#include "evaluate/interval.h"
#include "evaluate/pixel_counts.h"
#include "evaluate/task.h"

#define JUDGE_TRUTH_SCORE 0.25f

/* What is kept of an image of one network. All zeros: not judged yet. */
typedef struct Judged {
    bool done;
    CocoImage boxes, masks;
    PixelCount *pixels; /* [classes] */
} Judged;

/* Frees what is kept, and makes the image one that is not judged. */
void judged_free(Judged *judged);

/* Whether the task is judged by image. Classification and none are not: their tally says all. */
bool judge_has(const NetworkTask *task);

/* What images are judged by. */
typedef struct Judge {
    const NetworkTask *task;
    const Dataset *dataset;
    const size_t *order; /* the images in the order of the evaluation: figures are of the first ones */
} Judge;

/* Judges image `image` of the dataset. output, reference [output_elements]: of the network that is judged,
 * and of the float network. STATUS_MEMORY; annotations that cannot be read. */
Status judge_image(Judged *judged, const Judge *judge, size_t image, const float *output,
                   const float *reference, Message *message);

/* figures[task's figure count] of the first `count` images of the order. images [dataset->count] */
Status judge_figures(double *figures, const Judge *judge, const Judged *images, size_t count,
                     Message *message);

/* class_figures[classes]: AP of each class (of masks where the task has them), or its Dice; NaN: it has none.
 */
Status judge_classes(double *class_figures, const Judge *judge, const Judged *images, size_t count,
                     Message *message);

/* Intervals by the bootstrap over images: of both networks' figures, and of the change, on the same
 * resamples. quantized: NULL leaves all but the float network's at NaN. */
Status judge_intervals(FigureIntervals *intervals, const Judge *judge, const Judged *reference,
                       const Judged *quantized, size_t count, Pool *pool, Message *message);

#endif
