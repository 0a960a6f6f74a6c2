/* SPDX-License-Identifier: MIT */
/* Sensitivity sweep: errors of all layers at all weight bits, from one pass of the float network over the
 * images.
 *
 * The estimate and the error of round-to-nearest follow from the layer's statistics. Where asked for, the
 * layer is also solved at all weight bits on the same statistics, by the effort's method with the plan's
 * polish, bias correction and ridge: each layer behind float ones, as in the pipeline's independent mode.
 *
 * Example (const Network *network, const Plan *plan, const Dataset *calibration, Message *message):
 *     Sensitivity *table = calloc(network->layer_count, sizeof *table);
 *     Normalization normalization = {0};
 *     SweepOptions options = {.measure = true};
 *     sweep_run(table, network, &plan->options, calibration, &normalization, &options, message);
 *     printf("%g, %g\n", table[3].estimate[4], table[3].measured[4]);
 */
#ifndef EXPLORE_SWEEP_H
#define EXPLORE_SWEEP_H

#include "explore/pipeline.h"
#include "quantize/sensitivity.h"

/* Receives a layer's errors; any status but STATUS_OK ends the sweep with it. */
typedef Status SweepKnown(void *context, size_t layer, const Sensitivity *sensitivity, Message *message);

/* Both functions are called on the thread that called sweep_run(), and may be NULL. */
typedef struct SweepOptions {
    Pool *pool;
    size_t memory; /* ceiling in bytes; 0: half of the machine's memory */
    bool measure;  /* whether to solve all layers at all weight bits */
    bool (*progress)(void *context, const PipelineProgress *progress); /* false cancels */
    SweepKnown *known;                                                 /* called once per layer */
    void *context;
} SweepOptions;

/* sensitivities: [layer_count]. The plan's mode and input scales do not matter; polish and ridge matter where
 * layers are solved. Fails as pipeline_run() does; layers measured before that stay. */
Status sweep_run(Sensitivity *sensitivities, const Network *network, const PlanOptions *plan,
                 const Dataset *calibration, const Normalization *normalization, const SweepOptions *options,
                 Message *message);

#endif
