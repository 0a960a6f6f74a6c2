/* SPDX-License-Identifier: MIT */
#include "report/report_json.h"

#include "base/json.h"
#include "base/sizes.h"
#include "report/layer_lookup.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RUN_1 "bitstitch-run/1"
#define EXPLORATION_1 "bitstitch-exploration/1"
#define FORMAT "bitstitch/2"

#define MOST_BYTES ((size_t)64 << 20)
#define MOST_VISITS 1000000
#define MOST_IMAGES ((size_t)1 << 40) /* fractions of so many images give the count back */
#define SLACK 1e-9                    /* sums of doubles: measured <= hybrid */

/* --- values ----------------------------------------------------------------------------------------- */

/* Reading stops at the first failure: after it no function below changes anything. */
typedef struct Reader {
    const Network *network;
    size_t *order; /* [layer_count]: the network's layer at each place of the file's `layers` */
    Message *message;
    Status status;
} Reader;

static bool good(const Reader *reader)
{
    return reader->status == STATUS_OK;
}

#define FAIL(reader, status_, object, key, ...)                                                              \
    ((reader)->status = json_fail((reader)->message, status_, object, key, __VA_ARGS__))

static void read_text(const char **text, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_text(text, object, key, reader->message);
}

static void read_flag(bool *flag, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_flag(flag, object, key, reader->message);
}

static void read_number(double *number, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_number(number, object, key, reader->message);
}

static void read_count(size_t *count, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_count(count, object, key, reader->message);
}

static void read_array(const cJSON **array, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_array(array, object, key, reader->message);
}

static void read_object(JsonObject *inner, Reader *reader, const JsonObject *object, const char *key)
{
    if (good(reader)) reader->status = json_object(inner, object, key, reader->message);
}

static void only_keys(Reader *reader, const JsonObject *object, const char *const keys[])
{
    if (good(reader)) reader->status = json_only_keys(object, keys, reader->message);
}

static bool is_null(const JsonObject *object, const char *key)
{
    const cJSON *item = json_find(object, key);
    return !item || cJSON_IsNull(item);
}

static bool is_text(const JsonObject *object, const char *key, const char *text)
{
    const cJSON *item = json_find(object, key);
    return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

/* A copy of a text; NULL stays where it is null or absent. */
static void copy_text(char **copy, Reader *reader, const JsonObject *object, const char *key)
{
    const char *text = NULL;
    if (!good(reader) || is_null(object, key)) return;
    read_text(&text, reader, object, key);
    if (!good(reader)) return;
    *copy = strdup(text);
    if (!*copy) reader->status = status_no_memory(reader->message, key);
}

static bool is_format(const char *format, bool exploration)
{
    return strcmp(format, FORMAT) == 0 || strcmp(format, exploration ? EXPLORATION_1 : RUN_1) == 0;
}

static void check_format(Reader *reader, const JsonObject *top)
{
    const char *format = NULL;
    read_text(&format, reader, top, "format");
    if (good(reader) && !is_format(format, true) && !is_format(format, false))
        FAIL(reader, STATUS_UNSUPPORTED, top, "format", "'%s' is not '" FORMAT "'", format);
}

/* --- options ---------------------------------------------------------------------------------------- */

static void read_positive(size_t *count, Reader *reader, const JsonObject *object, const char *key)
{
    read_count(count, reader, object, key);
    if (good(reader) && *count == 0) FAIL(reader, STATUS_INVALID, object, key, "0 are too few");
}

static void read_seed(uint64_t *seed, Reader *reader, const JsonObject *plan)
{
    const char *text = "";
    read_text(&text, reader, plan, "seed");
    errno = 0;
    *seed = strtoull(text, NULL, 10);
    if (good(reader) && (!*text || text[strspn(text, "0123456789")] || errno == ERANGE))
        FAIL(reader, STATUS_INVALID, plan, "seed", "'%s' is not a whole number below 2^64", text);
}

/* Files from before there were efforts have none: `fast` is what they were made with. */
static void read_effort(Effort *effort, Reader *reader, const JsonObject *plan)
{
    const char *name = NULL;
    *effort = EFFORT_FAST;
    if (!json_find(plan, "effort")) return;
    read_text(&name, reader, plan, "effort");
    if (good(reader) && !effort_parse(effort, name))
        FAIL(reader, STATUS_INVALID, plan, "effort", "'%s' is not an effort", name);
}

static void read_options(PlanOptions *options, Reader *reader, const JsonObject *plan)
{
    static const char *const keys[] = {"effort",
                                       "mode",
                                       "seed",
                                       "calibration_images",
                                       "rows",
                                       "ridge",
                                       "polish",
                                       "bias_correction",
                                       "error_compensated",
                                       NULL};
    const char *mode = NULL;
    only_keys(reader, plan, keys);
    read_effort(&options->effort, reader, plan);
    read_text(&mode, reader, plan, "mode");
    if (good(reader) && !mode_parse(&options->mode, mode))
        FAIL(reader, STATUS_INVALID, plan, "mode", "'%s' is not a mode", mode);
    read_seed(&options->seed, reader, plan);
    read_positive(&options->calibration_images, reader, plan, "calibration_images");
    if (is_text(plan, "rows", "all"))
        options->rows = PLAN_ALL_ROWS;
    else
        read_positive(&options->rows, reader, plan, "rows");
    if (is_text(plan, "ridge", "default")) {
        options->ridge = PLAN_RIDGE_DEFAULT;
    } else {
        read_number(&options->ridge, reader, plan, "ridge");
        if (good(reader) && !(options->ridge >= 0 && options->ridge <= PLAN_RIDGE_MOST))
            FAIL(reader, STATUS_INVALID, plan, "ridge", "a number from 0 to %d, or 'default', is needed",
                 PLAN_RIDGE_MOST);
    }
    read_flag(&options->polish, reader, plan, "polish");
    read_flag(&options->bias_correction, reader, plan, "bias_correction");
    options->error_compensated = false;
    if (json_find(plan, "error_compensated"))
        read_flag(&options->error_compensated, reader, plan, "error_compensated");
}

/* --- layers ----------------------------------------------------------------------------------------- */

/* `item` is the value of `key`, or of an element of it; NULL where there is none. */
static void read_bits(uint8_t *bits, Reader *reader, const cJSON *item, const JsonObject *object,
                      const char *key, int least)
{
    if (!good(reader)) return;
    if (cJSON_IsString(item) && strcmp(item->valuestring, "float") == 0)
        *bits = BITS_FLOAT;
    else if (cJSON_IsNumber(item) && item->valuedouble >= least && item->valuedouble <= BITS_MAX &&
             item->valuedouble == floor(item->valuedouble))
        *bits = (uint8_t)item->valuedouble;
    else
        FAIL(reader, STATUS_INVALID, object, key, "a bit width is needed: %d to %d, or \"float\"", least,
             BITS_MAX);
}

static void read_method(uint8_t *method, Reader *reader, const cJSON *item, const JsonObject *object,
                        const char *key)
{
    Message reason;
    Method parsed;
    if (!good(reader)) return;
    if (!cJSON_IsString(item))
        FAIL(reader, STATUS_INVALID, object, key, "a text is needed");
    else if (method_find(&parsed, item->valuestring, &reason) != STATUS_OK)
        FAIL(reader, STATUS_INVALID, object, key, "%s", reason.text);
    else
        *method = (uint8_t)parsed;
}

/* `item` NULL: a file from before there were grids. */
static void read_grid(LayerPlan *choice, Reader *reader, const cJSON *item, const JsonObject *object)
{
    GridKind grid = GRID_UNIFORM;
    Message reason;
    if (!good(reader)) return;
    if (item && (!cJSON_IsString(item) || !grid_parse(&grid, item->valuestring))) {
        FAIL(reader, STATUS_INVALID, object, "grid", "no grid is called '%s'",
             cJSON_IsString(item) ? item->valuestring : "");
        return;
    }
    choice->grid = (uint8_t)grid;
    if (layer_plan_check_bits(choice, &reason) != STATUS_OK)
        FAIL(reader, STATUS_INVALID, object, "weight_bits", "%s", reason.text);
}

static void check_input(Reader *reader, const LayerPlan *choice, size_t layer, const JsonObject *object)
{
    if (good(reader) && choice->activation_bits != BITS_FLOAT && reader->network->layers[layer].first)
        FAIL(reader, STATUS_INVALID, object, "activation_bits",
             "layer '%s' reads the network's input, which stays float", reader->network->layers[layer].name);
}

/* Sets reader->order from the names in `layers`: rows with a name, or names alone. */
static void read_order(Reader *reader, const JsonObject *top)
{
    const cJSON *layers = NULL, *element;
    LayerLookup lookup = {0};
    size_t place = 0;
    read_array(&layers, reader, top, "layers");
    if (good(reader)) reader->status = layer_lookup_create(&lookup, reader->network, reader->message);
    cJSON_ArrayForEach(element, layers)
    {
        JsonObject row = *top;
        const char *key = "layers", *name = NULL;
        Message reason;
        size_t layer = 0;
        if (cJSON_IsString(element)) {
            name = element->valuestring;
        } else if (good(reader)) {
            key = "name";
            reader->status = json_element(&row, top, "layers", element, place, reader->message);
            read_text(&name, reader, &row, key);
        }
        if (!good(reader)) break;
        Status status = layer_lookup_take(&layer, &lookup, name, &reason);
        if (status != STATUS_OK) {
            FAIL(reader, status, &row, key, "%s", reason.text);
            status_advise(status, reader->message, reason.remedies);
            break;
        }
        reader->order[place++] = layer;
    }
    const Layer *left = good(reader) ? layer_lookup_left(&lookup) : NULL;
    if (left) FAIL(reader, STATUS_INVALID, top, "layers", "layer '%s' is missing", left->name);
    layer_lookup_free(&lookup);
}

static void read_rows(Plan *plan, Reader *reader, const JsonObject *object)
{
    const cJSON *layers = NULL, *element;
    size_t place = 0;
    read_array(&layers, reader, object, "layers");
    cJSON_ArrayForEach(element, layers)
    {
        if (!good(reader)) return;
        JsonObject row;
        const size_t layer = reader->order[place];
        LayerPlan *choice = &plan->layers[layer];
        reader->status = json_element(&row, object, "layers", element, place++, reader->message);
        if (!good(reader)) return;
        read_bits(&choice->weight_bits, reader, json_find(&row, "weight_bits"), &row, "weight_bits",
                  BITS_BINARY);
        read_grid(choice, reader, json_find(&row, "grid"), &row);
        read_bits(&choice->activation_bits, reader, json_find(&row, "activation_bits"), &row,
                  "activation_bits", BITS_MIN);
        check_input(reader, choice, layer, &row);
        read_method(&choice->method, reader, json_find(&row, "method"), &row, "method");
    }
}

/* An array with a value per layer; returns the first value. */
static const cJSON *read_column(Reader *reader, const JsonObject *columns, const char *key)
{
    const cJSON *array = NULL;
    read_array(&array, reader, columns, key);
    if (good(reader) && (size_t)cJSON_GetArraySize(array) != reader->network->layer_count)
        FAIL(reader, STATUS_INVALID, columns, key, "%zu values are needed, one per layer",
             reader->network->layer_count);
    return good(reader) ? array->child : NULL;
}

static void read_columns(Plan *plan, Reader *reader, const JsonObject *columns, const char *method_key)
{
    const cJSON *weights = read_column(reader, columns, "weight_bits"),
                *activations = read_column(reader, columns, "activation_bits"),
                *methods = read_column(reader, columns, method_key), *grids = NULL;
    if (good(reader) && json_find(columns, "grid")) grids = read_column(reader, columns, "grid");
    for (size_t i = 0; good(reader) && i < plan->layer_count; i++) {
        LayerPlan *choice = &plan->layers[reader->order[i]];
        read_bits(&choice->weight_bits, reader, weights, columns, "weight_bits", BITS_BINARY);
        read_grid(choice, reader, grids, columns);
        read_bits(&choice->activation_bits, reader, activations, columns, "activation_bits", BITS_MIN);
        check_input(reader, choice, reader->order[i], columns);
        read_method(&choice->method, reader, methods, columns, method_key);
        weights = weights->next, activations = activations->next, methods = methods->next;
        if (grids) grids = grids->next;
    }
}

/* The plan of a file, or of a visited plan in it. */
static void read_plan(Plan *plan, Reader *reader, const JsonObject *object)
{
    JsonObject options, columns;
    read_object(&options, reader, object, "plan");
    if (!good(reader)) return;
    if (json_find(&options, "options")) { /* exploration/1 */
        static const char *const keys[] = {"options", "weight_bits", "activation_bits", "methods", NULL};
        columns = options;
        only_keys(reader, &columns, keys);
        read_object(&options, reader, &columns, "options");
        if (good(reader)) read_options(&plan->options, reader, &options);
        read_columns(plan, reader, &columns, "methods");
        return;
    }
    read_options(&plan->options, reader, &options);
    if (!cJSON_IsObject(json_find(object, "layers"))) {
        read_rows(plan, reader, object);
        return;
    }
    static const char *const keys[] = {"weight_bits", "activation_bits", "method", "grid", NULL};
    read_object(&columns, reader, object, "layers");
    only_keys(reader, &columns, keys);
    read_columns(plan, reader, &columns, "method");
}

/* 64 hexadecimal digits; "" stays where the hash is not known. */
static void read_hash(char hash[65], Reader *reader, const JsonObject *hashes, const char *key)
{
    const char *text = NULL;
    if (!good(reader) || is_null(hashes, key)) return;
    read_text(&text, reader, hashes, key);
    if (good(reader) && (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64))
        FAIL(reader, STATUS_INVALID, hashes, key, "'%s' is not a SHA-256", text);
    if (good(reader)) memcpy(hash, text, 65);
}

static void check_network(Reader *reader, const char *hash, const JsonObject *hashes)
{
    if (good(reader) && strcmp(hash, reader->network->sha256) != 0)
        FAIL(reader, STATUS_INVALID, hashes, "network",
             "the file was made with another network than '%s', or the network has changed since",
             reader->network->path);
}

/* --- plans and runs --------------------------------------------------------------------------------- */

static Status open_reader(Reader *reader, cJSON **root, const Network *network, const char *path,
                          Message *message)
{
    *reader = (Reader){.network = network, .message = message};
    reader->status = json_read(root, path, MOST_BYTES, message);
    if (!good(reader)) return reader->status;
    reader->order = calloc(size_max(network->layer_count, 1), sizeof *reader->order);
    if (!reader->order) reader->status = status_no_memory(message, "the layers' order");
    return reader->status;
}

Status report_json_read_plan(Plan *plan, const Network *network, const char *path, Message *message)
{
    cJSON *root = NULL;
    Reader reader;
    Plan *read = NULL;
    Status status = open_reader(&reader, &root, network, path, message);
    if (status == STATUS_OK) status = reader.status = plan_copy(&read, plan, message);
    if (status == STATUS_OK) {
        const JsonObject top = json_top(root, path);
        JsonObject hashes;
        char hash[65] = "";
        check_format(&reader, &top);
        read_object(&hashes, &reader, &top, "hashes");
        if (good(&reader)) read_hash(hash, &reader, &hashes, "network");
        check_network(&reader, hash, &hashes);
        read_order(&reader, &top);
        read_plan(read, &reader, &top);
        status = reader.status;
    }
    if (status == STATUS_OK) {
        plan->options = read->options;
        memcpy(plan->layers, read->layers, plan->layer_count * sizeof *plan->layers);
    }
    plan_drop(read);
    free(reader.order);
    cJSON_Delete(root);
    return status;
}

Status run_choices_read(RunChoices *choices, const char *path, Message *message)
{
    cJSON *root;
    Reader reader = {.message = message};
    *choices = (RunChoices){0};
    reader.status = json_read(&root, path, MOST_BYTES, message);
    if (!good(&reader)) return reader.status;
    const JsonObject top = json_top(root, path);
    JsonObject network, hashes;
    check_format(&reader, &top);
    /* exploration/1 keeps them in its source */
    read_object(&network, &reader, &top, json_find(&top, "network") ? "network" : "source");
    if (good(&reader)) copy_text(&choices->output, &reader, &network, "output");
    if (good(&reader)) copy_text(&choices->input_shape, &reader, &network, "input_shape");
    read_object(&hashes, &reader, &top, "hashes");
    if (good(&reader)) copy_text(&choices->calibration, &reader, &hashes, "calibration");
    if (!good(&reader)) run_choices_free(choices);
    cJSON_Delete(root);
    return reader.status;
}

void run_choices_free(RunChoices *choices)
{
    free(choices->output);
    free(choices->input_shape);
    free(choices->calibration);
    *choices = (RunChoices){0};
}

/* --- the source of an exploration ------------------------------------------------------------------- */

static const struct {
    const char *key;
    size_t offset;
} source_texts[] = {
    {"network", offsetof(ExplorationSource, network)},
    {"calibration", offsetof(ExplorationSource, calibration)},
    {"images", offsetof(ExplorationSource, images)},
    {"labels", offsetof(ExplorationSource, labels)},
    /* from here on, what measurements depend on */
    {"image_labels", offsetof(ExplorationSource, image_labels)},
    {"mean", offsetof(ExplorationSource, mean)},
    {"std", offsetof(ExplorationSource, std)},
    {"input_shape", offsetof(ExplorationSource, input_shape)},
    {"output", offsetof(ExplorationSource, output)},
    {"task", offsetof(ExplorationSource, task)},
    {"resize", offsetof(ExplorationSource, preparation[PREPARATION_RESIZE])},
    {"crop", offsetof(ExplorationSource, preparation[PREPARATION_CROP])},
    {"channels", offsetof(ExplorationSource, preparation[PREPARATION_CHANNELS])},
    {"layout", offsetof(ExplorationSource, preparation[PREPARATION_LAYOUT])},
};
#define SOURCE_TEXTS (sizeof source_texts / sizeof *source_texts)
#define FIRST_OF_MEASUREMENTS 4

static char **source_text(const ExplorationSource *source, size_t i)
{
    return (char **)((char *)source + source_texts[i].offset);
}

bool exploration_source_alike(const ExplorationSource *a, const ExplorationSource *b)
{
    for (size_t i = FIRST_OF_MEASUREMENTS; i < SOURCE_TEXTS; i++) {
        const char *one = *source_text(a, i), *other = *source_text(b, i);
        if (one && other ? strcmp(one, other) != 0 : one != other) return false;
    }
    return a->skip_bad_images == b->skip_bad_images && a->evaluation_images == b->evaluation_images &&
           a->ladder_images == b->ladder_images;
}

void exploration_source_free(ExplorationSource *source)
{
    for (size_t i = 0; i < SOURCE_TEXTS; i++) free(*source_text(source, i));
    *source = (ExplorationSource){0};
}

static void read_image_count(size_t *count, Reader *reader, const JsonObject *object, const char *key)
{
    if (is_text(object, key, "all"))
        *count = EXPLORATION_ALL;
    else
        read_count(count, reader, object, key);
}

static void read_source(ExplorationSource *source, Reader *reader, const JsonObject *top)
{
    static const char *const keys[] = {
        "network",       "calibration", "images",      "image_labels",    "mean",
        "std",           "labels",      "input_shape", "output",          "resize",
        "crop",          "channels",    "layout",      "skip_bad_images", "evaluation_images",
        "ladder_images", "task",        NULL};
    JsonObject object, network;
    read_object(&object, reader, top, "source");
    only_keys(reader, &object, keys);
    if (!good(reader)) return;
    for (size_t i = 0; i < SOURCE_TEXTS; i++)
        copy_text(source_text(source, i), reader, &object, source_texts[i].key);
    read_flag(&source->skip_bad_images, reader, &object, "skip_bad_images");
    read_image_count(&source->evaluation_images, reader, &object, "evaluation_images");
    read_image_count(&source->ladder_images, reader, &object, "ladder_images");
    if (good(reader) && !source->network)
        FAIL(reader, STATUS_INVALID, &object, "network", "a path is needed");
    if (!json_find(top, "network")) return;
    read_object(&network, reader, top, "network");
    if (!good(reader)) return;
    if (!source->output) copy_text(&source->output, reader, &network, "output");
    if (!source->input_shape) copy_text(&source->input_shape, reader, &network, "input_shape");
}

static void check_exploration(Reader *reader, const JsonObject *top)
{
    static const char *const keys[] = {
        "format",     "saved",         "source",   "plan",          "hashes", "network", "calibration",
        "evaluation", "normalization", "accuracy", "ladder",        "totals", "layers",  "visits",
        "history",    "run",           "norms",    "ladder_timing", NULL};
    const char *format = NULL;
    read_text(&format, reader, top, "format");
    if (good(reader) && !is_format(format, true))
        FAIL(reader, STATUS_UNSUPPORTED, top, "format", "'%s' is not '" FORMAT "'", format);
    only_keys(reader, top, keys);
}

Status exploration_recognize(bool *found, const char *path, Message *message)
{
    cJSON *root;
    *found = false;
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status == STATUS_MEMORY ? status : STATUS_OK;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "format");
    const char *format = cJSON_IsString(item) ? item->valuestring : "";
    *found =
        strncmp(format, "bitstitch-exploration/", strlen("bitstitch-exploration/")) == 0 ||
        (strncmp(format, "bitstitch/", strlen("bitstitch/")) == 0 && cJSON_HasObjectItem(root, "visits"));
    cJSON_Delete(root);
    return STATUS_OK;
}

Status exploration_source_read(ExplorationSource *source, const char *path, Message *message)
{
    cJSON *root;
    Reader reader = {.message = message};
    *source = (ExplorationSource){0};
    reader.status = json_read(&root, path, MOST_BYTES, message);
    if (!good(&reader)) return reader.status;
    const JsonObject top = json_top(root, path);
    check_exploration(&reader, &top);
    read_source(source, &reader, &top);
    if (!good(&reader)) exploration_source_free(source);
    cJSON_Delete(root);
    return reader.status;
}

/* --- visited plans ---------------------------------------------------------------------------------- */

/* A number, or `otherwise` where it is null. */
static void read_figure(double *number, Reader *reader, const JsonObject *object, const char *key,
                        double otherwise)
{
    if (cJSON_IsNull(json_find(object, key)))
        *number = otherwise;
    else
        read_number(number, reader, object, key);
}

/* A number of images, written as a fraction of `images`, or in exploration/1 as it is. */
static void read_images(size_t *count, Reader *reader, const JsonObject *object, const char *key,
                        size_t images, bool fraction)
{
    double share = 0;
    if (!fraction) {
        read_count(count, reader, object, key);
        return;
    }
    read_number(&share, reader, object, key);
    if (good(reader) && !(share >= 0 && share <= 1))
        FAIL(reader, STATUS_INVALID, object, key, "a fraction from 0 to 1 is needed");
    if (good(reader)) *count = (size_t)(share * (double)images + 0.5);
}

static void read_side(Accuracy *side, Reader *reader, const JsonObject *accuracy, const char *key,
                      size_t images, bool fractions)
{
    static const char *const keys[] = {"top1", "top1_interval", "top5", "cross_entropy", NULL};
    JsonObject object;
    read_object(&object, reader, accuracy, key);
    only_keys(reader, &object, keys);
    if (!good(reader)) return;
    read_images(&side->top1_correct, reader, &object, "top1", images, fractions);
    read_images(&side->top5_correct, reader, &object, "top5", images, fractions);
    read_figure(&side->cross_entropy, reader, &object, "cross_entropy", NAN);
    if (good(reader) && (side->top1_correct > side->top5_correct || side->top5_correct > images))
        FAIL(reader, STATUS_INVALID, &object, "top1", "contradicts top5 or the number of images");
}

static void read_interval(Interval *interval, Reader *reader, const JsonObject *object, const char *key)
{
    const cJSON *array = json_find(object, key);
    *interval = (Interval){NAN, NAN};
    if (!good(reader) || !array || cJSON_IsNull(array)) return;
    const cJSON *low = cJSON_GetArrayItem(array, 0), *high = cJSON_GetArrayItem(array, 1);
    if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != 2 || !cJSON_IsNumber(low) ||
        !cJSON_IsNumber(high))
        FAIL(reader, STATUS_INVALID, object, key, "two numbers are needed");
    else
        *interval = (Interval){low->valuedouble, high->valuedouble};
}

static void read_measure(Evaluation *accuracy, Reader *reader, const JsonObject *measures, size_t figure)
{
    const TaskMeasure *measure = &task_measures[accuracy->task];
    FigureIntervals *intervals = &accuracy->intervals;
    JsonObject object;
    read_object(&object, reader, measures, measure->names[figure]);
    if (!good(reader)) return;
    read_figure(&accuracy->figures[0][figure], reader, &object, "float", -1);
    read_figure(&accuracy->figures[1][figure], reader, &object, "quantized", -1);
    for (size_t i = 0; i < measure->interval_count; i++) {
        if (measure->intervals[i] != figure) continue;
        read_interval(&intervals->reference[i], reader, &object, "float_interval");
        read_interval(&intervals->quantized[i], reader, &object, "quantized_interval");
        read_interval(&intervals->change[i], reader, &object, "change_interval");
    }
}

/* The figures of a task other than classification. How far each output is from the float network's is not
 * read. */
static void read_task(Evaluation *accuracy, Reader *reader, const JsonObject *object)
{
    const char *name = "";
    JsonObject measures;
    read_text(&name, reader, object, "task");
    if (good(reader) && !task_kind_parse(&accuracy->task, name))
        FAIL(reader, STATUS_INVALID, object, "task", "'%s' is not a task", name);
    read_flag(&accuracy->has_truth, reader, object, "annotated");
    read_object(&measures, reader, object, "measures");
    read_figure(&accuracy->output_sqnr_db, reader, object, "output_sqnr_db", INFINITY);
    accuracy->compared = true;
    accuracy->labelled = false;
    if (accuracy->images == 0 || accuracy->images > accuracy->total || accuracy->images > MOST_IMAGES)
        FAIL(reader, STATUS_INVALID, object, "images", "%zu of %zu are impossible", accuracy->images,
             accuracy->total);
    for (size_t f = 0;
         good(reader) && accuracy->task != TASK_NONE && f < task_measures[accuracy->task].figure_count; f++)
        read_measure(accuracy, reader, &measures, f);
}

static void read_accuracy(Evaluation *accuracy, Reader *reader, const JsonObject *visit)
{
    static const char *const keys[] = {
        "images",        "total",     "labelled",  "compared",        "classes", "float",  "quantized",
        "change",        "agreement", "agreeing",  "change_interval", "lost",    "gained", "output_sqnr_db",
        "changed_limit", "task",      "annotated", "measures",        "outputs", NULL};
    JsonObject object;
    read_object(&object, reader, visit, "accuracy");
    only_keys(reader, &object, keys);
    read_count(&accuracy->images, reader, &object, "images");
    read_count(&accuracy->total, reader, &object, "total");
    read_count(&accuracy->classes, reader, &object, "classes");
    if (!good(reader)) return;
    const size_t images = accuracy->images;
    const bool fractions = !json_find(&object, "labelled");
    accuracy->labelled = !is_null(&object, "float");
    accuracy->compared = !is_null(&object, "agreement");
    if (json_find(&object, "task")) {
        read_task(accuracy, reader, &object);
        return;
    }
    if (!fractions) {
        read_flag(&accuracy->labelled, reader, &object, "labelled");
        read_flag(&accuracy->compared, reader, &object, "compared");
    }
    if (images == 0 || images > accuracy->total || images > MOST_IMAGES)
        FAIL(reader, STATUS_INVALID, &object, "images", "%zu of %zu are impossible", images, accuracy->total);
    if (!is_null(&object, "float"))
        read_side(&accuracy->reference, reader, &object, "float", images, fractions);
    if (!is_null(&object, "quantized")) {
        read_side(&accuracy->quantized, reader, &object, "quantized", images, fractions);
        read_count(&accuracy->lost, reader, &object, "lost");
        read_count(&accuracy->gained, reader, &object, "gained");
    }
    if (accuracy->compared)
        read_images(&accuracy->agreeing, reader, &object, fractions ? "agreement" : "agreeing", images,
                    fractions);
    read_figure(&accuracy->output_sqnr_db, reader, &object, "output_sqnr_db", INFINITY);
    if (good(reader) && (accuracy->agreeing > images || accuracy->lost > images ||
                         accuracy->gained > images - accuracy->lost))
        FAIL(reader, STATUS_INVALID, &object, "agreement", "agreeing, lost or gained exceed the images");
}

/* Fractions of the ladder's images; absent in files of earlier versions. */
static void read_certified(VisitedPlan *visited, Reader *reader, const JsonObject *bound)
{
    const char *keys[CERTIFICATE_COUNT + 1] = {NULL};
    JsonObject object;
    size_t images = 0;
    for (Certificate c = 0; c < CERTIFICATE_COUNT; c++) keys[c] = certificate_key(c);
    if (!json_find(bound, "images")) return;
    read_positive(&images, reader, bound, "images");
    if (good(reader) && images > MOST_IMAGES) FAIL(reader, STATUS_INVALID, bound, "images", "too many");
    read_object(&object, reader, bound, "certified");
    only_keys(reader, &object, keys);
    if (!good(reader)) return;
    for (Certificate c = 0; c < CERTIFICATE_COUNT; c++)
        read_images(&visited->certified[c], reader, &object, keys[c], images, true);
    visited->certified_of = images;
    if (good(reader) && visited->certified[CERTIFIED_NORMS] > visited->certified[CERTIFIED_MEASURED])
        FAIL(reader, STATUS_INVALID, &object, "hybrid", "contradicts measured");
}

static void read_bound(VisitedPlan *visited, Reader *reader, const JsonObject *visit)
{
    static const char *const keys[] = {"measured", "hybrid", "spectral", "images", "certified", NULL};
    JsonObject object;
    read_object(&object, reader, visit, "bound");
    only_keys(reader, &object, keys);
    if (!good(reader)) return;
    read_figure(&visited->measured, reader, &object, "measured", INFINITY);
    read_figure(&visited->hybrid, reader, &object, "hybrid", INFINITY);
    read_figure(&visited->spectral, reader, &object, "spectral", INFINITY);
    if (good(reader) &&
        (visited->measured < 0 || visited->measured > visited->hybrid * (1 + SLACK) || visited->spectral < 0))
        FAIL(reader, STATUS_INVALID, &object, "measured", "contradicts hybrid or spectral");
    read_certified(visited, reader, &object);
}

/* A text of less than `room` bytes; "" where it is null or absent. */
static void read_line(char *line, size_t room, Reader *reader, const JsonObject *object, const char *key)
{
    const char *text = "";
    if (!good(reader) || is_null(object, key)) return;
    read_text(&text, reader, object, key);
    if (good(reader) && strlen(text) >= room)
        FAIL(reader, STATUS_INVALID, object, key, "longer than %zu bytes", room - 1);
    if (good(reader)) memcpy(line, text, strlen(text) + 1);
}

static void read_note(PlanNote *note, Reader *reader, const JsonObject *visit)
{
    read_line(note->name, sizeof note->name, reader, visit, "name");
    read_line(note->note, sizeof note->note, reader, visit, "note");
    if (json_find(visit, "pinned")) read_flag(&note->pinned, reader, visit, "pinned");
}

static void read_visit(VisitedPlan *visited, Reader *reader, const JsonObject *visit)
{
    static const char *const keys[] = {"plan", "layers", "accuracy", "bound", "name", "note", "pinned", NULL};
    Plan *plan = NULL;
    only_keys(reader, visit, keys);
    if (!good(reader)) return;
    reader->status = plan_create(&plan, reader->network, reader->message);
    visited->plan = plan;
    if (!good(reader)) return;
    read_plan(plan, reader, visit);
    visited->totals = plan_totals(plan, reader->network);
    visited->evaluated = !is_null(visit, "accuracy");
    visited->bounded = !is_null(visit, "bound");
    if (visited->evaluated) read_accuracy(&visited->accuracy, reader, visit);
    if (visited->bounded) read_bound(visited, reader, visit);
}

static void read_visits(Exploration *exploration, Reader *reader, const JsonObject *top)
{
    const cJSON *array = NULL, *element;
    read_array(&array, reader, top, "visits");
    if (!good(reader)) return;
    const size_t count = (size_t)cJSON_GetArraySize(array);
    if (count > MOST_VISITS) FAIL(reader, STATUS_INVALID, top, "visits", "too many");
    exploration->visited = calloc(size_max(count, 1), sizeof *exploration->visited);
    exploration->notes = calloc(size_max(count, 1), sizeof *exploration->notes);
    if (!exploration->visited || !exploration->notes)
        reader->status = status_no_memory(reader->message, "the visited plans");
    cJSON_ArrayForEach(element, array)
    {
        JsonObject visit;
        const size_t index = exploration->visited_count;
        VisitedPlan *visited = good(reader) ? calloc(1, sizeof *visited) : NULL;
        if (good(reader) && !visited) reader->status = status_no_memory(reader->message, "a visited plan");
        if (!good(reader)) return;
        visited->number = index + 1;
        atomic_init(&visited->references, 1);
        exploration->visited[exploration->visited_count++] = visited;
        reader->status = json_element(&visit, top, "visits", element, index, reader->message);
        read_visit(visited, reader, &visit);
        read_note(&exploration->notes[index], reader, &visit);
    }
}

/* --- explorations ----------------------------------------------------------------------------------- */

static void read_saved(char saved[32], Reader *reader, const JsonObject *top)
{
    const char *text = NULL;
    read_text(&text, reader, top, "saved");
    if (good(reader) && (strlen(text) >= 32 || strspn(text, "0123456789-:TZ") != strlen(text)))
        FAIL(reader, STATUS_INVALID, top, "saved", "a time is needed");
    if (good(reader)) memcpy(saved, text, strlen(text) + 1);
}

static void read_hashes(Exploration *exploration, Reader *reader, const JsonObject *top)
{
    static const char *const keys[] = {"network", "calibration", "evaluation", "plan", NULL};
    JsonObject hashes;
    read_object(&hashes, reader, top, "hashes");
    only_keys(reader, &hashes, keys);
    if (!good(reader)) return;
    read_hash(exploration->network_sha256, reader, &hashes, "network");
    read_hash(exploration->calibration_sha256, reader, &hashes, "calibration");
    read_hash(exploration->evaluation_sha256, reader, &hashes, "evaluation");
    check_network(reader, exploration->network_sha256, &hashes);
}

static void read_ladder_timing(LadderTiming *timing, Reader *reader, const JsonObject *top)
{
    const char *name = NULL;
    if (!json_find(top, "ladder_timing")) return;
    read_text(&name, reader, top, "ladder_timing");
    if (good(reader) && !ladder_timing_parse(timing, name))
        FAIL(reader, STATUS_INVALID, top, "ladder_timing",
             "after_accuracy, at_once or off is needed, not '%s'", name);
}

static void read_norm(NormRecord *record, Reader *reader, const JsonObject *object)
{
    static const char *const keys[] = {"sha256", "frobenius", "lower", "upper", "upper_by", NULL};
    LayerNorm *norm = &record->norm;
    const char *by = NULL;
    only_keys(reader, object, keys);
    read_hash(record->sha256, reader, object, "sha256");
    read_number(&norm->frobenius, reader, object, "frobenius");
    read_number(&norm->lower, reader, object, "lower");
    read_number(&norm->upper, reader, object, "upper");
    read_text(&by, reader, object, "upper_by");
    if (!good(reader)) return;
    norm->upper_by = norm_proof(by);
    if (!norm->upper_by) FAIL(reader, STATUS_INVALID, object, "upper_by", "'%s' proves no norm", by);
    /* also false for numbers that are not finite */
    if (!(0 <= norm->lower && norm->lower <= norm->upper && norm->upper <= norm->frobenius &&
          norm->frobenius < INFINITY))
        FAIL(reader, STATUS_INVALID, object, "upper", "0 <= lower <= upper <= frobenius is needed");
}

static void read_norms(Exploration *exploration, Reader *reader, const JsonObject *top)
{
    const cJSON *array = NULL, *element;
    if (!json_find(top, "norms")) return;
    read_array(&array, reader, top, "norms");
    if (!good(reader)) return;
    const size_t count = (size_t)cJSON_GetArraySize(array);
    exploration->norms = calloc(size_max(count, 1), sizeof *exploration->norms);
    if (!exploration->norms) reader->status = status_no_memory(reader->message, "the layers' norms");
    cJSON_ArrayForEach(element, array)
    {
        JsonObject object;
        if (good(reader))
            reader->status =
                json_element(&object, top, "norms", element, exploration->norm_count, reader->message);
        if (!good(reader)) return;
        read_norm(&exploration->norms[exploration->norm_count++], reader, &object);
    }
}

Status exploration_read(Exploration *exploration, const Network *network, const char *path, Message *message)
{
    cJSON *root = NULL;
    Reader reader;
    Plan *plan = NULL;
    *exploration = (Exploration){0};
    Status status = open_reader(&reader, &root, network, path, message);
    if (status == STATUS_OK) status = reader.status = plan_create(&plan, network, message);
    exploration->plan = plan;
    if (status == STATUS_OK) {
        const JsonObject top = json_top(root, path);
        check_exploration(&reader, &top);
        read_saved(exploration->saved, &reader, &top);
        read_source(&exploration->source, &reader, &top);
        read_hashes(exploration, &reader, &top);
        read_order(&reader, &top);
        read_plan(plan, &reader, &top);
        read_ladder_timing(&exploration->ladder_timing, &reader, &top);
        read_norms(exploration, &reader, &top);
        read_visits(exploration, &reader, &top);
        status = reader.status;
    }
    if (status != STATUS_OK) exploration_free(exploration);
    free(reader.order);
    cJSON_Delete(root);
    return status;
}

void exploration_free(Exploration *exploration)
{
    for (size_t i = 0; i < exploration->visited_count; i++)
        visited_plan_drop((VisitedPlan *)exploration->visited[i]);
    free(exploration->visited);
    free(exploration->notes);
    free(exploration->norms);
    plan_drop(exploration->plan);
    exploration_source_free(&exploration->source);
    *exploration = (Exploration){0};
}
