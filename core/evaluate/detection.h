/* SPDX-License-Identifier: MIT */
/* Detections: the objects that a network finds in an image, with scores. One owner. */
#ifndef EVALUATE_DETECTION_H
#define EVALUATE_DETECTION_H

#include "dataset/annotations/mask.h"

typedef struct Detection {
    Box box; /* pixels of the image */
    float score;
    size_t class;
    Mask mask; /* of the image's size; empty for networks that find boxes alone */
} Detection;

typedef struct Detections {
    size_t count, capacity;
    Detection *items; /* [count], by descending score where a head was decoded */
} Detections;

/* Appends a detection, whose mask it takes over. False, and nothing taken, when out of memory. */
bool detections_add(Detections *detections, const Detection *detection);

/* Removes all detections, and keeps the memory for the next. */
void detections_clear(Detections *detections);
void detections_free(Detections *detections);

#endif
