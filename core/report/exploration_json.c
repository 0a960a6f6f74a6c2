#include "report/exploration_json.h"

#include "base/sizes.h"
#include "report/layer_lookup.h"
#include "report/plan_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FORMAT "bitstitch-exploration/1"
#define MOST_BYTES ((size_t)64 << 20)
#define MOST_VISITS 1000000
#define SLACK 1e-9 /* sums of doubles: measured <= hybrid */

/* --- writing ---------------------------------------------------------------------------------------- */

static void put_hash(JsonWriter *writer, cJSON *object, const char *key, const char *hash)
{
    json_put_text(writer, object, key, *hash ? hash : NULL);
}

static void put_images(JsonWriter *writer, cJSON *object, const char *key, size_t count)
{
    if (count == EXPLORATION_ALL)
        json_put_text(writer, object, key, "all");
    else
        json_put_count(writer, object, key, count);
}

static void put_source(JsonWriter *writer, cJSON *root, const ExplorationSource *source)
{
    cJSON *object = json_put_object(writer, root, "source");
    json_put_text(writer, object, "network", source->network);
    json_put_text(writer, object, "calibration", source->calibration);
    json_put_text(writer, object, "images", source->images);
    json_put_text(writer, object, "image_labels", source->image_labels);
    json_put_text(writer, object, "mean", source->mean);
    json_put_text(writer, object, "std", source->std);
    json_put_text(writer, object, "labels", source->labels);
    json_put_text(writer, object, "input_shape", source->input_shape);
    for (PreparationKey key = 0; key < PREPARATION_KEYS; key++)
        json_put_text(writer, object, preparation_key_name(key), source->preparation[key]);
    json_put_flag(writer, object, "skip_bad_images", source->skip_bad_images);
    json_put_text(writer, object, "output", source->output);
    put_images(writer, object, "evaluation_images", source->evaluation_images);
    put_images(writer, object, "ladder_images", source->ladder_images);
}

static void append_width(JsonWriter *writer, cJSON *array, unsigned bits)
{
    json_append(writer, array, bits == BITS_FLOAT ? json_new_text("float") : json_new_count(bits));
}

static void put_plan(JsonWriter *writer, cJSON *object, const Plan *plan)
{
    cJSON *inner = json_put_object(writer, object, "plan");
    plan_json_put_options(writer, inner, "options", &plan->options);
    cJSON *weights = json_put_array(writer, inner, "weight_bits");
    cJSON *activations = json_put_array(writer, inner, "activation_bits");
    cJSON *methods = json_put_array(writer, inner, "methods");
    for (size_t l = 0; l < plan->layer_count; l++) {
        append_width(writer, weights, plan->layers[l].weight_bits);
        append_width(writer, activations, plan->layers[l].activation_bits);
        json_append(writer, methods, json_new_text(method_name(plan->layers[l].method)));
    }
}

static void put_side(JsonWriter *writer, cJSON *object, const char *key, const Accuracy *side)
{
    cJSON *inner = json_put_object(writer, object, key);
    json_put_count(writer, inner, "top1", side->top1_correct);
    json_put_count(writer, inner, "top5", side->top5_correct);
    json_put_number(writer, inner, "cross_entropy", side->cross_entropy);
}

static void put_accuracy(JsonWriter *writer, cJSON *visit, const Evaluation *accuracy)
{
    cJSON *object = json_put_object(writer, visit, "accuracy");
    json_put_count(writer, object, "images", accuracy->images);
    json_put_count(writer, object, "total", accuracy->total);
    json_put_flag(writer, object, "labelled", accuracy->labelled);
    json_put_flag(writer, object, "compared", accuracy->compared);
    json_put_count(writer, object, "classes", accuracy->classes);
    put_side(writer, object, "float", &accuracy->reference);
    put_side(writer, object, "quantized", &accuracy->quantized);
    json_put_count(writer, object, "agreeing", accuracy->agreeing);
    json_put_count(writer, object, "lost", accuracy->lost);
    json_put_count(writer, object, "gained", accuracy->gained);
    json_put_number(writer, object, "output_sqnr_db", accuracy->output_sqnr_db);
}

static void put_bound(JsonWriter *writer, cJSON *object, const VisitedPlan *visit)
{
    cJSON *bound = json_put_object(writer, object, "bound");
    json_put_number(writer, bound, "measured", visit->measured);
    json_put_number(writer, bound, "hybrid", visit->hybrid);
    json_put_number(writer, bound, "spectral", visit->spectral);
}

static void append_visit(JsonWriter *writer, cJSON *array, const VisitedPlan *visit)
{
    cJSON *object = json_append(writer, array, cJSON_CreateObject());
    put_plan(writer, object, visit->plan);
    if (visit->evaluated)
        put_accuracy(writer, object, &visit->accuracy);
    else
        json_put_null(writer, object, "accuracy");
    if (visit->bounded)
        put_bound(writer, object, visit);
    else
        json_put_null(writer, object, "bound");
}

static void put_saved(JsonWriter *writer, cJSON *root)
{
    char text[32];
    struct tm parts;
    const time_t now = time(NULL);
    json_put_text(writer, root, "saved",
                  gmtime_r(&now, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) ? text
                                                                                                      : "");
}

Status exploration_write(const char *path, const Exploration *exploration, const Network *network,
                         Message *message)
{
    JsonWriter writer = {0};
    cJSON *root = cJSON_CreateObject();
    json_put_text(&writer, root, "format", FORMAT);
    put_saved(&writer, root);
    put_source(&writer, root, &exploration->source);
    cJSON *hashes = json_put_object(&writer, root, "hashes");
    put_hash(&writer, hashes, "network", exploration->network_sha256);
    put_hash(&writer, hashes, "calibration", exploration->calibration_sha256);
    put_hash(&writer, hashes, "evaluation", exploration->evaluation_sha256);
    cJSON *layers = json_put_array(&writer, root, "layers");
    for (size_t l = 0; l < network->layer_count; l++)
        json_append(&writer, layers, json_new_text(network->layers[l].name));
    put_plan(&writer, root, exploration->plan);
    cJSON *visits = json_put_array(&writer, root, "visits");
    for (size_t i = 0; i < exploration->visited_count; i++)
        append_visit(&writer, visits, exploration->visited[i]);
    return json_write(path, &writer, root, message);
}

/* --- the source ------------------------------------------------------------------------------------- */

static Status check_keys(const JsonObject *top, Message *message)
{
    static const char *const keys[] = {"format", "saved", "source", "hashes",
                                       "layers", "plan",  "visits", NULL};
    const char *format;
    Status status = json_text(&format, top, "format", message);
    if (status != STATUS_OK) return status;
    if (strcmp(format, FORMAT) != 0)
        return json_fail(message, STATUS_UNSUPPORTED, top, "format", "'%s' is not '" FORMAT "'", format);
    return json_only_keys(top, keys, message);
}

/* A text or null, copied. */
static Status read_optional(char **copy, const JsonObject *object, const char *key, Message *message)
{
    const char *text;
    if (cJSON_IsNull(json_find(object, key))) return STATUS_OK;
    Status status = json_text(&text, object, key, message);
    if (status != STATUS_OK) return status;
    *copy = strdup(text);
    return *copy ? STATUS_OK : status_no_memory(message, key);
}

static Status read_preparation(ExplorationSource *source, const JsonObject *object, Message *message)
{
    Status status = json_flag(&source->skip_bad_images, object, "skip_bad_images", message);
    for (PreparationKey key = 0; key < PREPARATION_KEYS && status == STATUS_OK; key++)
        status = read_optional(&source->preparation[key], object, preparation_key_name(key), message);
    return status;
}

static Status read_images(size_t *count, const JsonObject *object, const char *key, Message *message)
{
    const cJSON *item = json_find(object, key);
    if (!cJSON_IsString(item) || strcmp(item->valuestring, "all") != 0)
        return json_count(count, object, key, message);
    *count = EXPLORATION_ALL;
    return STATUS_OK;
}

static Status read_source(ExplorationSource *source, const JsonObject *top, Message *message)
{
    static const char *const keys[] = {"network",
                                       "calibration",
                                       "images",
                                       "image_labels",
                                       "mean",
                                       "std",
                                       "labels",
                                       "input_shape",
                                       "evaluation_images",
                                       "ladder_images",
                                       "output",
                                       "resize",
                                       "crop",
                                       "channels",
                                       "layout",
                                       "skip_bad_images",
                                       NULL};
    char **const texts[] = {&source->network, &source->calibration, &source->images, &source->image_labels,
                            &source->mean,    &source->std,         &source->labels, &source->input_shape};
    JsonObject object;
    Status status = json_object(&object, top, "source", message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    for (size_t i = 0; status == STATUS_OK && i < sizeof texts / sizeof *texts; i++)
        status = read_optional(texts[i], &object, keys[i], message);
    if (status == STATUS_OK) status = read_preparation(source, &object, message);
    if (status == STATUS_OK && json_find(&object, "output"))
        status = read_optional(&source->output, &object, "output", message);
    if (status == STATUS_OK)
        status = read_images(&source->evaluation_images, &object, "evaluation_images", message);
    if (status == STATUS_OK) status = read_images(&source->ladder_images, &object, "ladder_images", message);
    if (status == STATUS_OK && !source->network)
        return json_fail(message, STATUS_INVALID, &object, "network", "a path is needed");
    return status;
}

Status exploration_recognize(bool *found, const char *path, Message *message)
{
    cJSON *root;
    *found = false;
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status == STATUS_MEMORY ? status : STATUS_OK;
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");
    *found = cJSON_IsString(format) && strncmp(format->valuestring, FORMAT, sizeof FORMAT - 2) == 0;
    cJSON_Delete(root);
    return STATUS_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool exploration_source_alike(const ExplorationSource *a, const ExplorationSource *b)
{
    bool alike = same_text(a->image_labels, b->image_labels) && same_text(a->mean, b->mean) &&
                 same_text(a->std, b->std) && same_text(a->input_shape, b->input_shape) &&
                 same_text(a->output, b->output) && a->skip_bad_images == b->skip_bad_images &&
                 a->evaluation_images == b->evaluation_images && a->ladder_images == b->ladder_images;
    for (size_t i = 0; i < PREPARATION_KEYS; i++) alike &= same_text(a->preparation[i], b->preparation[i]);
    return alike;
}

void exploration_source_free(ExplorationSource *source)
{
    char *const texts[] = {source->network,      source->calibration, source->images,
                           source->image_labels, source->mean,        source->std,
                           source->labels,       source->input_shape, source->output};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    for (size_t i = 0; i < PREPARATION_KEYS; i++) free(source->preparation[i]);
    *source = (ExplorationSource){0};
}

Status exploration_source_read(ExplorationSource *source, const char *path, Message *message)
{
    cJSON *root;
    *source = (ExplorationSource){0};
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    const JsonObject top = json_top(root, path);
    status = check_keys(&top, message);
    if (status == STATUS_OK) status = read_source(source, &top, message);
    if (status != STATUS_OK) exploration_source_free(source);
    cJSON_Delete(root);
    return status;
}

/* --- plans ------------------------------------------------------------------------------------------ */

/* What plans are read with. */
typedef struct Reader {
    const Network *network;
    size_t *layers; /* [layer_count]: the network's layer at a place in the file */
} Reader;

static Status read_layers(const Reader *reader, const JsonObject *top, Message *message)
{
    const cJSON *array, *element;
    LayerLookup lookup;
    Message reason;
    size_t count = 0;
    Status status = json_array(&array, top, "layers", message);
    if (status == STATUS_OK) status = layer_lookup_create(&lookup, reader->network, message);
    if (status != STATUS_OK) return status;
    cJSON_ArrayForEach(element, array)
    {
        size_t layer;
        if (!cJSON_IsString(element))
            status = json_fail(message, STATUS_INVALID, top, "layers", "names are needed");
        else if (layer_lookup_take(&layer, &lookup, element->valuestring, &reason) != STATUS_OK)
            status = json_fail(message, STATUS_INVALID, top, "layers", "%s", reason.text);
        if (status != STATUS_OK) break;
        reader->layers[count++] = layer;
    }
    const Layer *left = status == STATUS_OK ? layer_lookup_left(&lookup) : NULL;
    if (left) status = json_fail(message, STATUS_INVALID, top, "layers", "layer '%s' is missing", left->name);
    layer_lookup_free(&lookup);
    return status;
}

/* An array with a value a layer. */
static Status read_column(const cJSON **array, const Reader *reader, const JsonObject *object,
                          const char *key, Message *message)
{
    Status status = json_array(array, object, key, message);
    if (status == STATUS_OK && (size_t)cJSON_GetArraySize(*array) != reader->network->layer_count)
        return json_fail(message, STATUS_INVALID, object, key, "%zu values are needed, one a layer",
                         reader->network->layer_count);
    return status;
}

static Status read_choices(Plan *plan, const Reader *reader, const JsonObject *object, Message *message)
{
    const cJSON *weights, *activations, *methods;
    Status status = read_column(&weights, reader, object, "weight_bits", message);
    if (status == STATUS_OK) status = read_column(&activations, reader, object, "activation_bits", message);
    if (status == STATUS_OK) status = read_column(&methods, reader, object, "methods", message);
    if (status != STATUS_OK || plan->layer_count == 0) return status;
    const cJSON *weight = weights->child, *activation = activations->child, *method = methods->child;
    for (size_t i = 0; status == STATUS_OK && i < plan->layer_count; i++) {
        LayerPlan *layer = &plan->layers[reader->layers[i]];
        status = plan_json_read_bits(&layer->weight_bits, weight, object, "weight_bits", message);
        if (status == STATUS_OK)
            status =
                plan_json_read_bits(&layer->activation_bits, activation, object, "activation_bits", message);
        if (status == STATUS_OK)
            status = plan_json_read_method(&layer->method, method, object, "methods", message);
        if (status == STATUS_OK && layer->activation_bits && reader->network->layers[reader->layers[i]].first)
            status = json_fail(message, STATUS_INVALID, object, "activation_bits",
                               "a layer that reads the network's input has a width, and that stays float");
        weight = weight->next, activation = activation->next, method = method->next;
    }
    return status;
}

static Status read_plan(const Plan **result, const Reader *reader, const JsonObject *outer, Message *message)
{
    static const char *const keys[] = {"options", "weight_bits", "activation_bits", "methods", NULL};
    JsonObject object;
    Plan *plan;
    Status status = json_object(&object, outer, "plan", message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    if (status == STATUS_OK) status = plan_create(&plan, reader->network, message);
    if (status != STATUS_OK) return status;
    status = plan_json_read_options(&plan->options, &object, "options", message);
    if (status == STATUS_OK) status = read_choices(plan, reader, &object, message);
    if (status == STATUS_OK)
        *result = plan;
    else
        plan_drop(plan);
    return status;
}

/* --- visits ----------------------------------------------------------------------------------------- */

static Status read_figure(double *number, const JsonObject *object, const char *key, double otherwise,
                          Message *message)
{
    if (!cJSON_IsNull(json_find(object, key))) return json_number(number, object, key, message);
    *number = otherwise;
    return STATUS_OK;
}

static Status read_side(Accuracy *side, const JsonObject *outer, const char *key, size_t images,
                        Message *message)
{
    static const char *const keys[] = {"top1", "top5", "cross_entropy", NULL};
    JsonObject object;
    Status status = json_object(&object, outer, key, message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    if (status == STATUS_OK) status = json_count(&side->top1_correct, &object, "top1", message);
    if (status == STATUS_OK) status = json_count(&side->top5_correct, &object, "top5", message);
    if (status == STATUS_OK)
        status = read_figure(&side->cross_entropy, &object, "cross_entropy", NAN, message);
    if (status == STATUS_OK && (side->top1_correct > side->top5_correct || side->top5_correct > images))
        return json_fail(message, STATUS_INVALID, &object, "top1", "it cannot be, with top5 and the images");
    return status;
}

static Status read_counts(Evaluation *accuracy, const JsonObject *object, Message *message)
{
    size_t *const counts[] = {&accuracy->images,   &accuracy->total, &accuracy->classes,
                              &accuracy->agreeing, &accuracy->lost,  &accuracy->gained};
    static const char *const keys[] = {"images", "total", "classes", "agreeing", "lost", "gained"};
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < sizeof counts / sizeof *counts; i++)
        status = json_count(counts[i], object, keys[i], message);
    if (status != STATUS_OK) return status;
    if (accuracy->images == 0 || accuracy->images > accuracy->total)
        return json_fail(message, STATUS_INVALID, object, "images", "it cannot be %zu of %zu",
                         accuracy->images, accuracy->total);
    if (accuracy->agreeing > accuracy->images || accuracy->lost > accuracy->images ||
        accuracy->gained > accuracy->images - accuracy->lost)
        return json_fail(message, STATUS_INVALID, object, "agreeing", "more than there are images");
    return STATUS_OK;
}

static Status read_accuracy(Evaluation *accuracy, const JsonObject *visit, Message *message)
{
    static const char *const keys[] = {"images",  "total",  "labelled",       "compared",
                                       "classes", "float",  "quantized",      "agreeing",
                                       "lost",    "gained", "output_sqnr_db", NULL};
    JsonObject object;
    Status status = json_object(&object, visit, "accuracy", message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    if (status == STATUS_OK) status = read_counts(accuracy, &object, message);
    if (status == STATUS_OK) status = json_flag(&accuracy->labelled, &object, "labelled", message);
    if (status == STATUS_OK) status = json_flag(&accuracy->compared, &object, "compared", message);
    if (status == STATUS_OK)
        status = read_side(&accuracy->reference, &object, "float", accuracy->images, message);
    if (status == STATUS_OK)
        status = read_side(&accuracy->quantized, &object, "quantized", accuracy->images, message);
    if (status == STATUS_OK)
        status = read_figure(&accuracy->output_sqnr_db, &object, "output_sqnr_db", INFINITY, message);
    return status;
}

static Status read_bound(VisitedPlan *visit, const JsonObject *outer, Message *message)
{
    static const char *const keys[] = {"measured", "hybrid", "spectral", NULL};
    JsonObject object;
    Status status = json_object(&object, outer, "bound", message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    if (status == STATUS_OK) status = read_figure(&visit->measured, &object, "measured", INFINITY, message);
    if (status == STATUS_OK) status = read_figure(&visit->hybrid, &object, "hybrid", INFINITY, message);
    if (status == STATUS_OK) status = read_figure(&visit->spectral, &object, "spectral", INFINITY, message);
    if (status != STATUS_OK) return status;
    if (visit->measured < 0 || visit->measured > visit->hybrid * (1 + SLACK) || visit->spectral < 0)
        return json_fail(message, STATUS_INVALID, &object, "measured",
                         "it cannot be, with hybrid and spectral");
    return STATUS_OK;
}

static Status read_visit(VisitedPlan *visit, const Reader *reader, const JsonObject *object, Message *message)
{
    static const char *const keys[] = {"plan", "accuracy", "bound", NULL};
    Status status = json_only_keys(object, keys, message);
    if (status == STATUS_OK) status = read_plan(&visit->plan, reader, object, message);
    if (status != STATUS_OK) return status;
    visit->totals = plan_totals(visit->plan, reader->network);
    visit->evaluated = !cJSON_IsNull(json_find(object, "accuracy"));
    visit->bounded = !cJSON_IsNull(json_find(object, "bound"));
    if (visit->evaluated) status = read_accuracy(&visit->accuracy, object, message);
    if (status == STATUS_OK && visit->bounded) status = read_bound(visit, object, message);
    return status;
}

static Status read_visits(Exploration *exploration, const Reader *reader, const JsonObject *top,
                          Message *message)
{
    const cJSON *array, *element;
    Status status = json_array(&array, top, "visits", message);
    if (status != STATUS_OK) return status;
    const size_t count = (size_t)cJSON_GetArraySize(array);
    if (count > MOST_VISITS) return json_fail(message, STATUS_INVALID, top, "visits", "too many");
    exploration->visited = calloc(size_max(count, 1), sizeof *exploration->visited);
    if (!exploration->visited) return status_no_memory(message, "the plans visited");
    cJSON_ArrayForEach(element, array)
    {
        JsonObject object;
        const size_t index = exploration->visited_count;
        VisitedPlan *visit = calloc(1, sizeof *visit);
        if (!visit) return status_no_memory(message, "a plan visited");
        visit->number = index + 1;
        atomic_init(&visit->references, 1);
        exploration->visited[exploration->visited_count++] = visit;
        status = json_element(&object, top, "visits", element, index, message);
        if (status == STATUS_OK) status = read_visit(visit, reader, &object, message);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* --- all -------------------------------------------------------------------------------------------- */

/* 64 hexadecimal digits, or null: "". */
static Status read_hash(char hash[65], const JsonObject *object, const char *key, Message *message)
{
    const char *text;
    if (cJSON_IsNull(json_find(object, key))) return STATUS_OK;
    Status status = json_text(&text, object, key, message);
    if (status != STATUS_OK) return status;
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return json_fail(message, STATUS_INVALID, object, key, "'%s' is no SHA-256", text);
    memcpy(hash, text, 65);
    return STATUS_OK;
}

static Status read_hashes(Exploration *exploration, const Network *network, const JsonObject *top,
                          Message *message)
{
    static const char *const keys[] = {"network", "calibration", "evaluation", NULL};
    JsonObject object;
    Status status = json_object(&object, top, "hashes", message);
    if (status == STATUS_OK) status = json_only_keys(&object, keys, message);
    if (status == STATUS_OK) status = read_hash(exploration->network_sha256, &object, "network", message);
    if (status == STATUS_OK)
        status = read_hash(exploration->calibration_sha256, &object, "calibration", message);
    if (status == STATUS_OK)
        status = read_hash(exploration->evaluation_sha256, &object, "evaluation", message);
    if (status == STATUS_OK && strcmp(exploration->network_sha256, network->sha256) != 0)
        return json_fail(message, STATUS_INVALID, &object, "network",
                         "'%s' is another network than the one explored, or has changed since",
                         network->path);
    return status;
}

static Status read_saved(char saved[32], const JsonObject *top, Message *message)
{
    const char *text;
    Status status = json_text(&text, top, "saved", message);
    if (status != STATUS_OK) return status;
    if (strlen(text) >= 32 || strspn(text, "0123456789-:TZ") != strlen(text))
        return json_fail(message, STATUS_INVALID, top, "saved", "no time");
    memcpy(saved, text, strlen(text) + 1);
    return STATUS_OK;
}

static Status read_all(Exploration *exploration, const Reader *reader, const JsonObject *top,
                       Message *message)
{
    Status status = check_keys(top, message);
    if (status == STATUS_OK) status = read_saved(exploration->saved, top, message);
    if (status == STATUS_OK) status = read_source(&exploration->source, top, message);
    if (status == STATUS_OK) status = read_hashes(exploration, reader->network, top, message);
    if (status == STATUS_OK) status = read_layers(reader, top, message);
    if (status == STATUS_OK) status = read_plan(&exploration->plan, reader, top, message);
    return status == STATUS_OK ? read_visits(exploration, reader, top, message) : status;
}

Status exploration_read(Exploration *exploration, const Network *network, const char *path, Message *message)
{
    cJSON *root;
    *exploration = (Exploration){0};
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    const JsonObject top = json_top(root, path);
    const Reader reader = {.network = network,
                           .layers = calloc(size_max(network->layer_count, 1), sizeof *reader.layers)};
    status = reader.layers ? read_all(exploration, &reader, &top, message)
                           : status_no_memory(message, "the layers");
    if (status != STATUS_OK) exploration_free(exploration);
    free(reader.layers);
    cJSON_Delete(root);
    return status;
}

void exploration_free(Exploration *exploration)
{
    for (size_t i = 0; i < exploration->visited_count; i++)
        visited_plan_drop((VisitedPlan *)exploration->visited[i]);
    free(exploration->visited);
    plan_drop(exploration->plan);
    exploration_source_free(&exploration->source);
    *exploration = (Exploration){0};
}
