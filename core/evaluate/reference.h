/* Reference: a network and the images it is evaluated on, with the float network's outputs once they are
 * known.
 *
 * The first evaluation to reach an image computes the float outputs, and those after it find them: a second
 * quantized network costs half of the first. An evaluation that is cancelled leaves what it got to. The
 * outputs are the same floats either way, so that figures do not depend on what was known.
 *
 * One evaluation at a time. Network and images are borrowed and must outlive it.
 *
 *     Reference *reference;
 *     reference_create(&reference, network, dataset, &normalization, REFERENCE_BYTES, message);
 *     evaluation_run(&evaluation, reference, weights, 0, pool, NULL, NULL, message);
 *     evaluation_run(&other, reference, other_weights, 0, pool, NULL, NULL, message);
 *     reference_free(reference);
 */
#ifndef EVALUATE_REFERENCE_H
#define EVALUATE_REFERENCE_H

#include "dataset/dataset.h"
#include "network/types.h"

#define REFERENCE_BYTES ((size_t)256 << 20) /* where there is memory enough */

typedef struct Reference {
    const Network *network;
    const Dataset *dataset;
    Normalization normalization;
    size_t classes;
    size_t known;    /* images from the front whose outputs are kept */
    size_t capacity; /* most images whose outputs will be */
    float *outputs;  /* [capacity][classes] */
    size_t memory;   /* ceiling in bytes for an evaluation, the caller's to set; 0: none */
} Reference;

/* The share of `memory` that the outputs are to have: an eighth, at most REFERENCE_BYTES; 0: those. */
size_t reference_bytes(size_t memory);

/* Outputs take `bytes` at most; images beyond are computed again each time. STATUS_UNSUPPORTED where the
 * network's output is not one vector an image, STATUS_INVALID where the images have another size. *reference
 * is NULL on failure. */
Status reference_create(Reference **reference, const Network *network, const Dataset *dataset,
                        const Normalization *normalization, size_t bytes, Message *message);
void reference_free(Reference *reference);

#endif
