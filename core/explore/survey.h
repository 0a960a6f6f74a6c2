/* Survey: the sensitivity of all layers at all widths, from one pass of the float chain over the images.
 *
 *     Sensitivity *table = calloc(network->layer_count, sizeof *table);
 *     survey_run(table, network, &plan.options, calibration, &normalization, &options, message);
 *     table[3].estimate[4]
 */
#ifndef EXPLORE_SURVEY_H
#define EXPLORE_SURVEY_H

#include "explore/pipeline.h"
#include "quantize/sensitivity.h"

typedef struct SurveyOptions {
    Pool *pool;
    size_t memory;                                   /* ceiling in bytes; 0: half of the machine's memory */
    bool (*proceed)(void *context, double fraction); /* false cancels; NULL allowed */
    void *context;
} SurveyOptions;

/* sensitivities: [layer_count]. Of the plan's options the seed, images, rows and bias correction count. */
Status survey_run(Sensitivity *sensitivities, const Network *network, const PlanOptions *plan,
                  const Dataset *calibration, const Normalization *normalization,
                  const SurveyOptions *options, Message *message);

#endif
