/* SPDX-License-Identifier: MIT */
/* Accuracy: the figures of the quantized network and of the float network on the same images, in the measures
 * of the network's task (task.h), and how far their outputs agree.
 *
 * Images stream through both networks in tiles, in a random order that depends on their number alone: at any
 * time those seen so far are a sample of all. Results are reported while they grow. They do not depend on the
 * number of threads: sums are made per tile and added in tile order.
 *
 * An image with a NaN among its logits has no predicted class: it counts as wrong, for top-5 too, and agrees
 * with no other prediction; cross-entropy and SQNR are then NaN. Infinite logits rank like any others. An
 * evaluation set without labels gives agreement and SQNR only.
 *
 * Example (Reference *reference, const Weights *const *weights, Pool *pool, Message *message):
 *     #include "evaluate/interval.h"
 *     Evaluation evaluation;
 *     evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, message);
 *     Interval top1 = interval_wilson(evaluation.quantized.top1_correct, evaluation.images);
 */
#ifndef EVALUATE_ACCURACY_H
#define EVALUATE_ACCURACY_H

#include "base/pool.h"
#include "evaluate/interval.h"
#include "evaluate/reference.h"

/* Figures of one network. */
typedef struct Accuracy {
    size_t top1_correct, top5_correct; /* images */
    double cross_entropy;              /* mean over images of -log softmax(logits)[label], in nats */
} Accuracy;

/* How far a part of the outputs is from the float network's. */
typedef struct SliceFigures {
    char name[TASK_NAME]; /* OutputSlice.name */
    double sqnr_db;       /* infinite where equal */
    double cosine;        /* of the angle between both, over all images as one vector */
    double largest;       /* deviation of a number */
} SliceFigures;

#define EVALUATION_CLASSES 32 /* classes with figures of their own */

typedef struct Evaluation {
    size_t images; /* seen so far */
    size_t total;
    bool labelled;
    bool compared; /* weights were given: `quantized` and the fields after it are set */
    size_t classes;
    Accuracy reference; /* the float network */
    Accuracy quantized;
    size_t agreeing;       /* images with the same top-1 class in both */
    size_t lost, gained;   /* right in float and wrong quantized; the other way round */
    double output_sqnr_db; /* 10 log10(sum float^2 / sum (float - quantized)^2), infinite where equal */
    NetworkTaskKind task;
    bool has_truth; /* of other tasks than classification: false where the float network's is taken */
    double figures[2][TASK_FIGURES]; /* of the float and the quantized network: task_measures[task].names;
                                        NaN: not known; -1: there is nothing to find */
    FigureIntervals intervals;       /* of other tasks than classification: once all images are seen */
    size_t class_count;              /* classes with figures, at most EVALUATION_CLASSES */
    double class_figures[2][EVALUATION_CLASSES]; /* AP or Dice; NaN: the class has none */
    size_t slice_count;
    SliceFigures slices[TASK_SLICES]; /* of task.slices[], where `compared` */
    double seconds;                   /* the only field that differs between runs */
} Evaluation;

/* The change of the headline figure (task_headline()), quantized less float; NaN where it is not known. */
double evaluation_change(const Evaluation *evaluation);

/* A progress report, called often on the thread that called evaluation_run(). False cancels. */
typedef bool EvaluationProgress(void *context, const Evaluation *so_far);

/* Evaluates the first `limit` images (0: all). weights: as network_run()'s; NULL evaluates the float network
 * alone. Equal logits rank by class, the lower first. STATUS_INVALID where a label is not a class of the
 * network or an image or its annotations cannot be read, STATUS_MEMORY where the reference's ceiling leaves
 * no room for one thread, STATUS_CANCELLED. On failure *evaluation holds the figures so far. */
Status evaluation_run(Evaluation *evaluation, Reference *reference, const Weights *const *weights,
                      size_t limit, Pool *pool, EvaluationProgress *progress, void *context,
                      Message *message);

#endif
