/* Sweep: the sensitivity of all layers at all widths, from one pass of the float chain over the images.
 *
 * The estimate and the error of rounding come from the layer's sums. Where asked, the layer is also solved at
 * every width on the same sums, by bit-split with the plan's polish, bias correction and ridge: each layer
 * behind float ones, as the pipeline does in independent mode.
 *
 *     static Status show(void *context, size_t layer, const Sensitivity *sensitivity, Message *message);
 *     Sensitivity *table = calloc(network->layer_count, sizeof *table);
 *     SweepOptions options = {.pool = pool, .measure = true, .known = show};
 *     sweep_run(table, network, &plan.options, calibration, &normalization, &options, message);
 *     table[3].estimate[4], table[3].measured[4]
 */
#ifndef EXPLORE_SURVEY_H
#define EXPLORE_SURVEY_H

#include "explore/pipeline.h"
#include "quantize/sensitivity.h"

/* A layer's errors, once all of them are known; other than STATUS_OK ends the sweep. */
typedef Status SweepKnown(void *context, size_t layer, const Sensitivity *sensitivity, Message *message);

/* Both functions are called on the thread that called sweep_run(), and may be NULL. */
typedef struct SweepOptions {
    Pool *pool;
    size_t memory; /* ceiling in bytes; 0: half of the machine's memory */
    bool measure;  /* solve every layer at every width */
    bool (*progress)(void *context, const PipelineProgress *progress); /* false cancels */
    SweepKnown *known;                                                 /* once a layer */
    void *context;
} SweepOptions;

/* sensitivities: [layer_count]. Of the plan's options the mode and the inputs' scales do not count, polish
 * and ridge only where layers are solved. Fails as pipeline_run(); the layers known by then stay. */
Status sweep_run(Sensitivity *sensitivities, const Network *network, const PlanOptions *plan,
                 const Dataset *calibration, const Normalization *normalization, const SweepOptions *options,
                 Message *message);

#endif
