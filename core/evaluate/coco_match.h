/* SPDX-License-Identifier: MIT */
/* Match the detections of one image with its true objects, by the rules of COCO's evaluator (cocoeval.py,
 * evaluateImg). Pure; images may be matched on any number of threads.
 *
 * Per class: detections by descending score (equal ones in their order), cut to 100. For each area range and
 * each IoU threshold t = .5, .55, ..., .95, in the order of scores, a detection takes the object of largest
 * IoU that is at least min(t, 1 - 1e-10):
 *
 *     - objects to be ignored (crowds, and areas outside of the range) come last, and are not looked at once
 *       another object qualifies
 *     - an object that is taken is skipped, unless it is a crowd
 *     - of equal IoU the later object wins
 *
 * A detection that takes an ignored object, or takes none and has an area outside of the range, is ignored:
 * it is neither right nor wrong. Area ranges in pixels include both ends: 0 to 1e10, to 32^2, 32^2 to 96^2,
 * from 96^2 on. A detection's area is its mask's where masks are compared, else its box's.
 *
 * Example (const Detections *found, const TrueObject *objects, size_t count, Message *message):
 *     CocoImage image;
 *     Status status = coco_match(&image, found, objects, count, false, message);
 *     coco_image_free(&image);
 */
#ifndef EVALUATE_COCO_MATCH_H
#define EVALUATE_COCO_MATCH_H

#include "dataset/annotations/annotations.h"
#include "evaluate/detection.h"

#define COCO_THRESHOLDS 10
#define COCO_AREAS 4
#define COCO_MOST_DETECTIONS 100 /* per image and class */

typedef enum CocoArea { COCO_ALL, COCO_SMALL, COCO_MEDIUM, COCO_LARGE } CocoArea;

/* What became of a detection: per area range, bit t is set for threshold number t. */
typedef struct CocoFound {
    uint32_t class;
    uint32_t rank; /* among the image's detections of its class: 0 has the largest score */
    float score;
    uint16_t matched[COCO_AREAS], ignored[COCO_AREAS];
} CocoFound;

/* The objects of a class that are to be found, per area range. */
typedef struct CocoTruth {
    uint32_t class;
    uint32_t count[COCO_AREAS];
} CocoTruth;

typedef struct CocoImage {
    size_t found_count, truth_count;
    CocoFound *found; /* [found_count], by class, then rank */
    CocoTruth *truth; /* [truth_count], by class: those with objects */
} CocoImage;

/* objects [count]: of that image. masks: compare masks, else boxes. *image is to be freed, and empty on
 * failure: STATUS_MEMORY. */
Status coco_match(CocoImage *image, const Detections *found, const TrueObject *objects, size_t count,
                  bool masks, Message *message);
void coco_image_free(CocoImage *image);

/* IoU threshold number t, 0..COCO_THRESHOLDS-1: .5 to .95. */
double coco_threshold(size_t t);

#endif
