/* SPDX-License-Identifier: MIT */
/* Reference: a network, the images it is evaluated on, and a cache of the float network's outputs on them.
 *
 * The first evaluation of an image computes the float outputs and later ones find them, so that evaluating a
 * second quantized network costs half. A cancelled evaluation leaves what it has computed. Figures do not
 * depend on what is cached: the outputs are the same floats. Their last bits may depend on an image's place
 * in its tile, so that an evaluation of another number of images, whose order differs, computes them again.
 *
 * One evaluation at a time. Network and images are borrowed and must outlive it.
 *
 * Example (const Network *network, const Dataset *dataset, const Normalization *normalization, const Weights
 * *const *weights, Pool *pool, Message *message):
 *     #include "evaluate/accuracy.h"
 *     Reference *reference;
 *     Evaluation evaluation;
 *     reference_create(&reference, network, dataset, normalization, REFERENCE_BYTES, message);
 *     evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, message);   // and further weights
 *     reference_free(reference);
 */
#ifndef EVALUATE_REFERENCE_H
#define EVALUATE_REFERENCE_H

#include "dataset/dataset.h"
#include "evaluate/changes.h"
#include "evaluate/task.h"
#include "network/types.h"

#define REFERENCE_BYTES ((size_t)256 << 20) /* of cached outputs, at most */

typedef struct Reference {
    const Network *network;
    const Dataset *dataset;
    Normalization normalization;
    size_t classes; /* numbers that the network computes per image: a classifier's classes */
    NetworkTask task;
    struct Judged *judged; /* [dataset->count]: what is kept of the float network's images (judge.h) */
    size_t known;          /* images whose outputs are cached, from the front of the evaluation's order */
    size_t total;          /* images of that evaluation */
    size_t capacity;       /* images whose outputs fit the cache */
    float *outputs;        /* [capacity][classes], in that order */
    size_t memory;         /* ceiling in bytes for an evaluation, set by the caller; 0: none */
    ImageChanges *changes; /* set by the caller: where an evaluation that succeeds adds the images whose
                              prediction changed or only just held; NULL: nowhere */
} Reference;

/* The size of the cache for a ceiling of `memory` bytes: an eighth, at most REFERENCE_BYTES. 0 stands for no
 * ceiling. */
size_t reference_bytes(size_t memory);

/* bytes: the size of the cache; outputs of images beyond it are computed each time. STATUS_INVALID where
 * there are no images or they do not have the size of the network's input, STATUS_MEMORY. *reference is NULL
 * on failure. */
Status reference_create(Reference **reference, const Network *network, const Dataset *dataset,
                        const Normalization *normalization, size_t bytes, Message *message);
void reference_free(Reference *reference);

#endif
