/* Accuracy: what the quantized network's outputs are worth beside the float network's, on the same images.
 *
 * Images stream through both networks in tiles, in order; a running result is reported as it grows. One
 * correctness bit an image is kept for the paired interval.
 *
 * Where the evaluation set has no labels, agreement and SQNR remain.
 */
#ifndef EVALUATE_ACCURACY_H
#define EVALUATE_ACCURACY_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "evaluate/interval.h"
#include "network/network.h"

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

/* False cancels. Called on the thread that called evaluation_run(), a few times a second at most. */
typedef bool EvaluationProgress(void *context, const Evaluation *so_far);

/* weights as network_run()'s: NULL evaluates the float network alone. Ties in top-1 go to the lower class.
 * The output must be one vector an image. Images are taken from the front, `limit` of them, 0 for all. */
Status evaluation_run(Evaluation *evaluation, const Network *network, const Weights *const *weights,
                      const Dataset *dataset, const Normalization *normalization, size_t limit, Pool *pool,
                      EvaluationProgress *progress, void *context, Message *message);

#endif
