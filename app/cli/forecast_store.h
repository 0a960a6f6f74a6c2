/* SPDX-License-Identifier: MIT */
/* Forecast store: sensitivities that plans are chosen from, kept in the state folder
 * (app/cli/state_folder.h), a file per key over all that they depend on. A second budget, and a second day,
 * then cost nothing.
 *
 * Keeping them is a convenience: where the folder cannot be read or written, they are computed again. */
#ifndef APP_FORECAST_STORE_H
#define APP_FORECAST_STORE_H

#include "choose/forecast.h"

/* Fills the forecast, of forecast_create(), with what is kept; unchanged where nothing is. */
void forecast_recall(Forecast *forecast, const char *key);

/* Keeps the forecast, complete or not. */
void forecast_keep(const Forecast *forecast, const char *key);

#endif
