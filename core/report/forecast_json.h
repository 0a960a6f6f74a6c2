/* SPDX-License-Identifier: MIT */
/* Forecast as JSON: the sensitivities that plans are chosen from (choose/forecast.h), to be kept on disk with
 * a key over all that they depend on (forecast_key() in explore/forecast_run.h).
 *
 * Example (const char *path, const char *key, Forecast *forecast, Message *message):
 *     if (forecast_json_read(forecast, key, path, message) != STATUS_OK) puts("to be computed");
 *     forecast_json_write(path, forecast, key, message);
 */
#ifndef REPORT_FORECAST_JSON_H
#define REPORT_FORECAST_JSON_H

#include "choose/forecast.h"

/* Writes the file whole or not at all; what is not known is null. */
Status forecast_json_write(const char *path, const Forecast *forecast, const char *key, Message *message);

/* Fills a forecast of forecast_create() with as many layers. STATUS_INVALID, and nothing changed, where the
 * file is damaged or has another key. */
Status forecast_json_read(Forecast *forecast, const char *key, const char *path, Message *message);

#endif
