/* SPDX-License-Identifier: MIT */
/* Forecast run: computes the sensitivities that plans are predicted and chosen from (choose/forecast.h).
 *
 * In this order, layer by layer, from what the plan says of methods, options, activation bits and layers that
 * stay float; its weight bits do not matter:
 *   1. e_l(b): every layer solved behind float layers at 2, 3 and 4 bits; beyond, the error falls as the
 * estimates do (quantize/sensitivity.h). And, for the activation bits asked for, the least error that any
 * real weights leave on the quantized input.
 *   2. s_l: in sequential mode the layer runs at 2 bits, and the next two layers that its output reaches are
 *      re-fitted; in independent mode nothing is re-fitted. The output error of that network over e_l(2).
 *   3. anchors: the plans of 4, 3 and 2 weight bits, first and last layers at 8, run as any plan is; their
 * output errors, and agreement and accuracy with their outputs moved towards the float ones.
 *
 * Output errors are measured on the front of the calibration set; agreement on the first half of the
 * evaluation set, so that the other half can tell afterwards what was gained (forecast_images()). What the
 * forecast knows already is not computed again: a cancelled run goes on where it was. Results have the same
 * bytes with any number of threads.
 *
 * It is in this room and not in choose/, because layers are solved and plans are run as the pipeline does.
 *
 * Example (Forecast *forecast, const Network *network, const Plan *plan, const Dataset *calibration, Message
 * *message):
 *     ForecastOptions options = {0};
 *     Normalization normalization = {0};
 *     forecast_create(forecast, network->layer_count, message);
 *     forecast_run(forecast, network, plan, calibration, NULL, &normalization, &options, message);
 *     forecast_free(forecast);
 */
#ifndef EXPLORE_FORECAST_RUN_H
#define EXPLORE_FORECAST_RUN_H

#include "choose/forecast.h"
#include "explore/pipeline.h"

typedef struct ForecastOptions {
    Pool *pool;
    size_t memory;              /* ceiling in bytes; 0: half of the machine's memory */
    unsigned activation_widths; /* a set of bits 1 << width, beside those of the plan */
    size_t evaluation_images;   /* from the front of the evaluation set; 0: all */
    size_t anchors;             /* most plans to run, from 4 bits on; 0: all FORECAST_ANCHORS */
    Memo *memo;                 /* as the pipeline's; NULL allowed */
    /* Called often: layer is at work, or NO_INDEX; false cancels. NULL allowed. */
    bool (*progress)(void *context, const Forecast *so_far, size_t layer, double fraction);
    void *context;
} ForecastOptions;

/* Completes the forecast, of forecast_create(). evaluation NULL: agreement on the calibration set, no
 * accuracy. Fails as pipeline_run() does; what was computed before stays. */
Status forecast_run(Forecast *forecast, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Dataset *evaluation, const Normalization *normalization,
                    const ForecastOptions *options, Message *message);

/* The network's weights and input widths that a plan chooses, for forecast_sum(): widths [layer_count]. */
void forecast_widths(LayerWidths *widths, const Plan *plan);

/* Hexadecimal SHA-256 of all that the forecast depends on. evaluation may be NULL; evaluation_images as in
 * the options. */
void forecast_key(char hex[65], const Network *network, const Plan *plan, const Dataset *calibration,
                  const Dataset *evaluation, size_t evaluation_images, const Normalization *normalization);

/* Images of an evaluation set of `count` that a forecast looks at: from its front, at most half of them. */
size_t forecast_images(size_t count);

#endif
