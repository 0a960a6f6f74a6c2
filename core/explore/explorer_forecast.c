/* SPDX-License-Identifier: MIT */
/* The explorer's forecast: what plans are chosen from, beside the plan that is explored. */
#include "explore/explorer_state.h"
#include "explore/forecast_run.h"

#include <string.h>

Forecast *explorer_forecast(Explorer *explorer, char *key, const Plan *plan)
{
    Snapshot *draft = &explorer->draft;
    if (!explorer->images) return NULL;
    forecast_key(key, explorer->network, plan, explorer->images, explorer->evaluation,
                 explorer->options.evaluation_images, &explorer->normalization);
    if (strcmp(key, explorer->forecast_key) == 0) return &draft->forecast;
    forecast_free(&draft->forecast);
    draft->forecast_complete = false;
    draft->forecast_fraction = 0;
    draft->forecast_layer = NO_INDEX;
    explorer->forecast_key[0] = 0;
    if (forecast_create(&draft->forecast, explorer->network->layer_count, NULL) != STATUS_OK) return NULL;
    memcpy(explorer->forecast_key, key, sizeof explorer->forecast_key);
    return &draft->forecast;
}

static bool show_forecast(void *context, const Forecast *so_far, size_t layer, double fraction)
{
    Explorer *explorer = context;
    (void)so_far; /* the draft's own */
    explorer->draft.forecast_fraction = fraction;
    explorer->draft.forecast_layer = layer;
    explorer->changed = true;
    return explorer_proceeds(explorer);
}

Status explorer_foresee(Explorer *explorer, const Plan *plan, Message *message)
{
    char key[65];
    Snapshot *draft = &explorer->draft;
    Forecast *forecast = explorer_forecast(explorer, key, plan);
    const ForecastOptions options = {.pool = explorer->options.pool,
                                     .memory = explorer->memory + pipeline_bytes(explorer->network),
                                     .evaluation_images = explorer->options.evaluation_images,
                                     .memo = explorer->memo,
                                     .progress = show_forecast,
                                     .context = explorer};
    if (!forecast) return status_fail(message, STATUS_INVALID, "no calibration images are open");
    Status status = forecast_run(forecast, explorer->network, plan, explorer->images, explorer->evaluation,
                                 &explorer->normalization, &options, message);
    draft->forecast_complete = status == STATUS_OK;
    draft->forecast_layer = NO_INDEX;
    if (status == STATUS_OK) draft->forecast_fraction = 1;
    Message unheard;
    return explorer_publish(explorer) == STATUS_OK || status != STATUS_OK
               ? status
               : status_copy(message ? message : &unheard, STATUS_MEMORY, &explorer->message);
}
