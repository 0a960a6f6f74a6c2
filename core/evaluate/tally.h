/* SPDX-License-Identifier: MIT */
/* Tally: the sums behind an Evaluation. Private to core/evaluate.
 *
 * There is one tally per tile of images, and tallies are added in tile order, so that sums of doubles do not
 * depend on which thread took which tile. */
#ifndef EVALUATE_TALLY_H
#define EVALUATE_TALLY_H

#include "evaluate/accuracy.h"

#define TALLY_UNLABELLED SIZE_MAX

typedef struct TallyScore {
    size_t top1_correct, top5_correct;
    double cross_entropy; /* sum */
} TallyScore;

/* Sums over a slice of the outputs, x of the float network and y of the quantized one. */
typedef struct TallySlice {
    double signal, noise, quantized, product; /* sums of x^2, (x - y)^2, y^2 and x y */
    double largest;                           /* |x - y|; NaN once there was one */
} TallySlice;

typedef struct Tally {
    size_t images, agreeing, lost, gained;
    TallyScore reference, quantized;
    double signal, noise;           /* sums of float^2 and (float - quantized)^2 over the outputs */
    TallySlice slices[TASK_SLICES]; /* of tasks other than classification */
} Tally;

/* Adds one image: logits reference [classes], quantized [classes] or NULL; label, or TALLY_UNLABELLED. */
void tally_image(Tally *tally, const float *reference, const float *quantized, size_t classes, size_t label);

/* Adds one image of another task: outputs reference and quantized [output_elements], or NULL. */
void tally_outputs(Tally *tally, const NetworkTask *task, const float *reference, const float *quantized,
                   size_t elements);

/* sum += tally */
void tally_add(Tally *sum, const Tally *tally);

/* Sets the evaluation's figures from the tally; total, labelled, compared, classes and seconds stay. */
void tally_report(Evaluation *evaluation, const Tally *tally);

#endif
