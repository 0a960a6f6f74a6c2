/* SPDX-License-Identifier: MIT */
#include "app/cli/forecast_store.h"

#include "app/cli/state_folder.h"
#include "report/forecast_json.h"

#include <stdlib.h>

static char *path_of(const char *key)
{
    return state_path("forecast-%s.json", key);
}

void forecast_recall(Forecast *forecast, const char *key)
{
    char *path = path_of(key);
    if (path) forecast_json_read(forecast, key, path, NULL);
    free(path);
}

void forecast_keep(const Forecast *forecast, const char *key)
{
    char *path = path_of(key);
    if (path && state_make_folders(path, NULL) == STATUS_OK) forecast_json_write(path, forecast, key, NULL);
    free(path);
}
