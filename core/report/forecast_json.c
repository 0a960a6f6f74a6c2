/* SPDX-License-Identifier: MIT */
#include "report/forecast_json.h"

#include "base/file_replace.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

#define FORMAT "bitstitch-forecast/1"
#define MOST_BYTES ((size_t)16 << 20)

/* --- writing ----------------------------------------------------------------------------------------- */

/* Takes `value` over. False where there was no memory. */
static bool put(cJSON *object, const char *key, cJSON *value)
{
    if (object && value && cJSON_AddItemToObject(object, key, value)) return true;
    cJSON_Delete(value);
    return false;
}

static bool append(cJSON *array, cJSON *value)
{
    if (array && value && cJSON_AddItemToArray(array, value)) return true;
    cJSON_Delete(value);
    return false;
}

static cJSON *numbers(const double *values, size_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array && i < count; i++) append(array, json_new_number(values[i]));
    return array;
}

static cJSON *counts(const uint32_t *values)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array && i < FORECAST_STEPS; i++) append(array, json_new_count(values[i]));
    return array;
}

static cJSON *new_layer(const LayerForecast *layer)
{
    cJSON *object = cJSON_CreateObject();
    put(object, "errors", numbers(layer->errors, FORECAST_WIDTHS));
    put(object, "input_errors", numbers(layer->input_errors, FORECAST_WIDTHS));
    put(object, "factor", json_new_number(layer->factor));
    return object;
}

static cJSON *new_anchor(const Anchor *anchor)
{
    cJSON *object = cJSON_CreateObject();
    put(object, "weight_bits", json_new_count(anchor->weight_bits));
    put(object, "sum", json_new_number(anchor->sum));
    put(object, "measured", json_new_number(anchor->measured));
    put(object, "agreeing", counts(anchor->agreeing));
    put(object, "correct", counts(anchor->correct));
    put(object, "lost", counts(anchor->lost));
    put(object, "gained", counts(anchor->gained));
    return object;
}

static cJSON *new_forecast(const Forecast *forecast, const char *key)
{
    cJSON *root = cJSON_CreateObject(), *layers = cJSON_CreateArray(), *anchors = cJSON_CreateArray();
    for (size_t l = 0; l < forecast->layer_count; l++) append(layers, new_layer(&forecast->layers[l]));
    for (size_t a = 0; a < forecast->anchor_count; a++) append(anchors, new_anchor(&forecast->anchors[a]));
    put(root, "format", json_new_text(FORMAT));
    put(root, "key", json_new_text(key));
    put(root, "images", json_new_count(forecast->images));
    put(root, "labelled", cJSON_CreateBool(forecast->labelled));
    put(root, "float_correct", json_new_count(forecast->float_correct));
    put(root, "layers", layers);
    put(root, "anchors", anchors);
    return root;
}

Status forecast_json_write(const char *path, const Forecast *forecast, const char *key, Message *message)
{
    cJSON *root = new_forecast(forecast, key);
    char *text = root ? cJSON_PrintUnformatted(root) : NULL;
    Status status = text ? file_replace(path, text, strlen(text), message) : status_no_memory(message, path);
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

/* --- reading ----------------------------------------------------------------------------------------- */

/* Values of an array of `count` numbers; null is NAN. */
static Status read_numbers(double *values, size_t count, const JsonObject *object, const char *key,
                           Message *message)
{
    const cJSON *array, *item;
    size_t i = 0;
    Status status = json_array(&array, object, key, message);
    if (status != STATUS_OK) return status;
    cJSON_ArrayForEach(item, array)
    {
        if (i == count || !(cJSON_IsNumber(item) || cJSON_IsNull(item))) break;
        values[i++] = cJSON_IsNull(item) ? NAN : item->valuedouble;
    }
    if (i == count && !item) return STATUS_OK;
    return json_fail(message, STATUS_INVALID, object, key, "an array of %zu numbers is needed", count);
}

static Status read_counts(uint32_t *values, const JsonObject *object, const char *key, size_t most,
                          Message *message)
{
    double read[FORECAST_STEPS];
    Status status = read_numbers(read, FORECAST_STEPS, object, key, message);
    for (size_t i = 0; status == STATUS_OK && i < FORECAST_STEPS; i++) {
        if (!(read[i] >= 0 && read[i] <= (double)most))
            return json_fail(message, STATUS_INVALID, object, key, "counts of at most %zu images are needed",
                             most);
        values[i] = (uint32_t)read[i];
    }
    return status;
}

/* A number, or null for NAN. */
static Status read_number(double *value, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    *value = NAN;
    return item && cJSON_IsNull(item) ? STATUS_OK : json_number(value, object, key, message);
}

static Status read_layer(LayerForecast *layer, const JsonObject *object, Message *message)
{
    Status status = read_numbers(layer->errors, FORECAST_WIDTHS, object, "errors", message);
    if (status == STATUS_OK)
        status = read_numbers(layer->input_errors, FORECAST_WIDTHS, object, "input_errors", message);
    return status == STATUS_OK ? read_number(&layer->factor, object, "factor", message) : status;
}

static Status read_anchor(Anchor *anchor, const JsonObject *object, size_t images, Message *message)
{
    size_t bits = 0;
    Status status = json_count(&bits, object, "weight_bits", message);
    if (status == STATUS_OK) status = read_number(&anchor->sum, object, "sum", message);
    if (status == STATUS_OK) status = read_number(&anchor->measured, object, "measured", message);
    if (status == STATUS_OK) status = read_counts(anchor->agreeing, object, "agreeing", images, message);
    if (status == STATUS_OK) status = read_counts(anchor->correct, object, "correct", images, message);
    if (status == STATUS_OK) status = read_counts(anchor->lost, object, "lost", images, message);
    if (status == STATUS_OK) status = read_counts(anchor->gained, object, "gained", images, message);
    anchor->weight_bits = (unsigned)bits;
    return status;
}

static Status read_layers(Forecast *forecast, const JsonObject *top, Message *message)
{
    const cJSON *array, *item;
    size_t l = 0;
    Status status = json_array(&array, top, "layers", message);
    if (status != STATUS_OK) return status;
    if ((size_t)cJSON_GetArraySize(array) != forecast->layer_count)
        return json_fail(message, STATUS_INVALID, top, "layers", "%zu are needed", forecast->layer_count);
    cJSON_ArrayForEach(item, array)
    {
        JsonObject object;
        status = json_element(&object, top, "layers", item, l, message);
        if (status == STATUS_OK) status = read_layer(&forecast->layers[l++], &object, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static Status read_anchors(Forecast *forecast, const JsonObject *top, Message *message)
{
    const cJSON *array, *item;
    Status status = json_array(&array, top, "anchors", message);
    if (status != STATUS_OK) return status;
    if (cJSON_GetArraySize(array) > FORECAST_ANCHORS)
        return json_fail(message, STATUS_INVALID, top, "anchors", "at most %d are needed", FORECAST_ANCHORS);
    cJSON_ArrayForEach(item, array)
    {
        JsonObject object;
        status = json_element(&object, top, "anchors", item, forecast->anchor_count, message);
        if (status == STATUS_OK)
            status =
                read_anchor(&forecast->anchors[forecast->anchor_count++], &object, forecast->images, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static Status read_all(Forecast *forecast, const char *key, const cJSON *root, const char *path,
                       Message *message)
{
    const JsonObject top = json_top(root, path);
    const char *format, *found;
    size_t correct = 0;
    Status status = json_text(&format, &top, "format", message);
    if (status == STATUS_OK) status = json_text(&found, &top, "key", message);
    if (status == STATUS_OK && (strcmp(format, FORMAT) != 0 || strcmp(found, key) != 0))
        return status_fail(message, STATUS_INVALID, "'%s': sensitivities of something else", path);
    if (status == STATUS_OK) status = json_count(&forecast->images, &top, "images", message);
    if (status == STATUS_OK && forecast->images > UINT32_MAX)
        return json_fail(message, STATUS_INVALID, &top, "images", "too many");
    if (status == STATUS_OK) status = json_flag(&forecast->labelled, &top, "labelled", message);
    if (status == STATUS_OK) status = json_count(&correct, &top, "float_correct", message);
    if (status == STATUS_OK && correct > forecast->images)
        return json_fail(message, STATUS_INVALID, &top, "float_correct", "more than there are images");
    forecast->float_correct = (uint32_t)correct;
    if (status == STATUS_OK) status = read_layers(forecast, &top, message);
    return status == STATUS_OK ? read_anchors(forecast, &top, message) : status;
}

Status forecast_json_read(Forecast *forecast, const char *key, const char *path, Message *message)
{
    cJSON *root;
    Forecast read;
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    status = forecast_create(&read, forecast->layer_count, message);
    if (status == STATUS_OK) status = read_all(&read, key, root, path, message);
    cJSON_Delete(root);
    if (status == STATUS_OK) {
        forecast_free(forecast);
        *forecast = read;
    } else {
        forecast_free(&read);
    }
    return status;
}
