/* Accuracy: what the quantized network's outputs are worth beside the float network's, on the same images.
 *
 * Images stream through both networks in tiles, in order; a running result is reported as it grows. Results
 * do not depend on the number of threads: sums are made a tile, and added in tile order.
 *
 * An image with a NaN among its logits has no predicted class: it is never right, not among the top 5 either,
 * and agrees with nothing; cross-entropy and SQNR are then NaN. Infinite logits are ordinary for ranks.
 * Where the evaluation set has no labels, agreement and SQNR remain.
 *
 *     Evaluation evaluation;
 *     evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, message);
 *     interval_wilson(evaluation.quantized.top1_correct, evaluation.images);
 */
#ifndef EVALUATE_ACCURACY_H
#define EVALUATE_ACCURACY_H

#include "base/pool.h"
#include "evaluate/interval.h"
#include "evaluate/reference.h"

/* One network's own figures. Fractions of images. */
typedef struct Accuracy {
    size_t top1_correct, top5_correct;
    double cross_entropy; /* mean over images, in nats, of the logits' softmax */
} Accuracy;

typedef struct Evaluation {
    size_t images; /* seen so far */
    size_t total;
    bool labelled;
    bool compared; /* weights were given: `quantized` and what follows hold */
    size_t classes;
    Accuracy reference; /* the float network */
    Accuracy quantized;
    size_t agreeing;       /* images whose top-1 class is the same in both */
    size_t lost, gained;   /* right in float and wrong quantized; the other way round */
    double output_sqnr_db; /* 10 log10(sum float^2 / sum (float - quantized)^2), infinite where equal */
    double seconds;        /* outside the determinism rule */
} Evaluation;

/* False cancels. Called often, on the thread that called evaluation_run(). */
typedef bool EvaluationProgress(void *context, const Evaluation *so_far);

/* weights as network_run()'s: NULL evaluates the float network alone. Equal logits rank by class, the lower
 * first. Images are taken from the front, `limit` of them, 0 for all. STATUS_INVALID also where a label is no
 * class of the network; STATUS_MEMORY where the reference's ceiling leaves no room for one thread. On failure
 * *evaluation holds the figures so far. */
Status evaluation_run(Evaluation *evaluation, Reference *reference, const Weights *const *weights,
                      size_t limit, Pool *pool, EvaluationProgress *progress, void *context,
                      Message *message);

#endif
