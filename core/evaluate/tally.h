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

typedef struct Tally {
    size_t images, agreeing, lost, gained;
    TallyScore reference, quantized;
    double signal, noise; /* sums of float^2 and (float - quantized)^2 over the outputs */
} Tally;

/* Adds one image: logits reference [classes], quantized [classes] or NULL; label, or TALLY_UNLABELLED. */
void tally_image(Tally *tally, const float *reference, const float *quantized, size_t classes, size_t label);

/* sum += tally */
void tally_add(Tally *sum, const Tally *tally);

/* Sets the evaluation's figures from the tally; total, labelled, compared, classes and seconds stay. */
void tally_report(Evaluation *evaluation, const Tally *tally);

#endif
