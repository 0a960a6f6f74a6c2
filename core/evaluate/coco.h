/* SPDX-License-Identifier: MIT */
/* COCO's measures of detection: average precision and recall (cocoeval.py, accumulate and summarize).
 *
 * For a class, an area range, a threshold of IoU and a most number of detections per image, the detections of
 * all images are put in the order of their scores (equal ones by image, then rank). With tp and fp the
 * detections right and wrong up to one, ignored ones left out, and P the objects to be found,
 *
 *     precision = tp / (tp + fp + 2^-52),   recall = tp / P.
 *
 * Precision is replaced by its maximum from there on, and read at the 101 recalls 0, .01, ..., 1: at the
 * first detection whose recall is not below, 0 where there is none. Average precision (AP) is the mean over
 * recalls, thresholds and those classes that have objects; average recall (AR) is the mean of the last recall
 * over thresholds and classes. A figure without any object to be found is -1.
 *
 * A ranking holds what all figures are computed from, in the order of scores. It is immutable, and any thread
 * may read it; scratch memory belongs to the caller.
 *
 * Example (const CocoImage *images, size_t count, size_t classes, Message *message):
 *     CocoRanking *ranking;
 *     double figures[COCO_FIGURES];
 *     Status status = coco_ranking_create(&ranking, images, count, classes, message);
 *     if (status == STATUS_OK) status = coco_figures(figures, ranking, message);
 *     coco_ranking_free(ranking);
 */
#ifndef EVALUATE_COCO_H
#define EVALUATE_COCO_H

#include "evaluate/coco_match.h"

#define COCO_RECALLS 101

/* COCO's twelve, in its order. AP at all thresholds, at .5, at .75, and by area; AR with 1, 10 and 100
 * detections per image, and by area with 100. */
typedef enum CocoFigure {
    COCO_AP,
    COCO_AP50,
    COCO_AP75,
    COCO_AP_SMALL,
    COCO_AP_MEDIUM,
    COCO_AP_LARGE,
    COCO_AR1,
    COCO_AR10,
    COCO_AR100,
    COCO_AR_SMALL,
    COCO_AR_MEDIUM,
    COCO_AR_LARGE,
    COCO_FIGURES
} CocoFigure;

/* "AP", "AP50", "AP75", "AP_small", ... */
extern const char *const coco_figure_names[COCO_FIGURES];

typedef struct CocoRanking CocoRanking;

/* images [image_count], classes below class_count; they may be freed afterwards. *ranking is NULL on failure:
 * STATUS_MEMORY. */
Status coco_ranking_create(CocoRanking **ranking, const CocoImage *images, size_t image_count,
                           size_t class_count, Message *message);
void coco_ranking_free(CocoRanking *ranking); /* NULL is allowed */

/* The twelve figures. STATUS_MEMORY. */
Status coco_figures(double figures[COCO_FIGURES], const CocoRanking *ranking, Message *message);

/* Doubles of scratch memory that the functions below need. */
size_t coco_scratch(const CocoRanking *ranking);

/* AP over all thresholds and areas, each image counted weights[image] times; NULL: once. scratch
 * [coco_scratch()]. */
double coco_ap(const CocoRanking *ranking, const uint32_t *weights, double *scratch);

/* AP of one class, with IoU thresholds from number `first` to number `last`. */
double coco_class_ap(const CocoRanking *ranking, size_t class, size_t first, size_t last, double *scratch);

/* precision[COCO_RECALLS] of one class at threshold t, at recalls 0, .01, ..., 1; false where it has no
 * objects. */
bool coco_curve(double precision[COCO_RECALLS], const CocoRanking *ranking, size_t class, size_t t,
                double *scratch);

#endif
