/* SPDX-License-Identifier: MIT */
/* Outputs: a network's outputs on the first images of a dataset, kept in memory, and how far two sets of
 * outputs are apart.
 *
 * Example (const Network *network, const Dataset *dataset, const Normalization *normalization, const Weights
 * *const *weights, Message *message): OutputsOptions options = {.images = 256};
 *     float *reference, *quantized;
 *     outputs_run(&reference, network, dataset, normalization, NULL, &options, message);
 *     outputs_run(&quantized, network, dataset, normalization, weights, &options, message);
 *     double error = outputs_error(reference, quantized, 256, network->output_elements);
 *     free(reference);
 *     free(quantized);
 */
#ifndef EVALUATE_NETWORK_OUTPUTS_H
#define EVALUATE_NETWORK_OUTPUTS_H

#include "base/cancellation.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/run/weights.h"

typedef struct OutputsOptions {
    Pool *pool;
    size_t images;    /* from the front of the dataset, which has as many */
    size_t memory;    /* ceiling in bytes beside the outputs; 0: none. Fewer threads are used below it */
    Proceed *proceed; /* base/cancellation.h; NULL allowed */
    void *context;
} OutputsOptions;

/* *outputs [images][output_elements], malloc'ed; NULL on failure. weights: as network_run()'s. STATUS_INVALID
 * where an image cannot be read, STATUS_MEMORY, STATUS_CANCELLED. Results do not depend on threads. */
Status outputs_run(float **outputs, const Network *network, const Dataset *dataset,
                   const Normalization *normalization, const Weights *const *weights,
                   const OutputsOptions *options, Message *message);

/* |quantized - reference|^2 / |reference|^2 of outputs [images][elements]; NAN where the reference is 0. */
double outputs_error(const float *reference, const float *quantized, size_t images, size_t elements);

#endif
