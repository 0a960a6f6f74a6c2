/* SPDX-License-Identifier: MIT */
/* Head: how the outputs of a detection network are read, and what is found in them.
 *
 * A network's outputs for one image are one vector of floats. A Head says where in it the fields of each
 * anchor are: four numbers of the box, a score per class, and for instance segmentation the coefficients of
 * the mask. YOLOv8's [4 + classes][anchors], YOLOv5's [anchors][5 + classes] and two outputs for boxes and
 * scores differ in offsets and steps alone.
 *
 * Decoding is what the field does before it evaluates:
 *
 *     1. every score above `score`, every class of an anchor on its own; times the objectness, if there is
 * one
 *     2. the best `candidates`, by descending score (equal ones: by anchor, then class)
 *     3. greedy suppression: a candidate is dropped where its box has an IoU above `iou` with one that was
 * kept of its class; the best `detections` are kept
 *     4. boxes are mapped to the image as it was annotated, and clipped to it
 *     5. masks: sigmoid(sum_k coefficients[k] * prototypes[k]) at the prototypes' size, resized to the image
 *        bilinearly with half-pixel centres, inside where above `mask` and the pixel's centre is in the box
 *
 * Pure but for the memory that it allocates; any number of threads may decode by one Head.
 *
 * Example (Detections *found, const float *output, Message *message):
 *     Head head;
 *     head_yolov8(&head, 3, 960, 192, 256);                // classes, anchors, input height and width
 *     ImageFit fit = image_fit_same(192, 256);
 *     Status status = head_decode(found, &head, output, &fit, &head_field_defaults, message);
 */
#ifndef EVALUATE_HEAD_H
#define EVALUATE_HEAD_H

#include "dataset/image/preparation.h"
#include "evaluate/detection.h"

/* Where numbers are in the output vector: number f of anchor a at offset + a * anchor_step + f * field_step.
 */
typedef struct HeadField {
    size_t offset, anchor_step, field_step;
} HeadField;

typedef struct Head {
    size_t anchors, classes;
    HeadField boxes;      /* 4 numbers */
    HeadField scores;     /* `classes` numbers, after the background's where that comes first */
    HeadField objectness; /* 1 number */
    bool has_objectness;
    bool corners;         /* boxes are left, top, right, bottom; else centre x, centre y, width, height */
    bool y_first;         /* y comes before x */
    bool fractions;       /* of the input's width and height; else pixels of the input */
    size_t height, width; /* of the network's input */

    size_t coefficient_count; /* 0: no masks */
    HeadField coefficients;   /* `coefficient_count` numbers */
    size_t prototypes;        /* offset of [coefficient_count][prototype_height][prototype_width] */
    size_t prototype_height, prototype_width;
} Head;

typedef struct HeadOptions {
    double score, iou, mask;       /* thresholds: a score, an IoU and a share of a mask are above them */
    size_t candidates, detections; /* at most, per image */
} HeadOptions;

/* 0.001, 0.7, 0.5; 30,000 and 300. */
extern const HeadOptions head_field_defaults;

/* An image that has the size of the input. */
ImageFit image_fit_same(size_t height, size_t width);

/* An output [4 + classes][anchors], and with a number of coefficients [4 + classes + coefficients][anchors]
 * followed by prototypes [coefficients][prototype_height][prototype_width], whose sizes the caller sets. */
void head_yolov8(Head *head, size_t classes, size_t anchors, size_t height, size_t width);

/* An output [anchors][5 + classes], with objectness as number 4. */
void head_yolov5(Head *head, size_t classes, size_t anchors, size_t height, size_t width);

/* Appends what is found in one image's output vector. STATUS_MEMORY. */
Status head_decode(Detections *found, const Head *head, const float *output, const ImageFit *fit,
                   const HeadOptions *options, Message *message);

#endif
