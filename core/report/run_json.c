#define _GNU_SOURCE
#include "report/run_json.h"

#include "base/sizes.h"
#include "report/json_writer.h"
#include "report/layer_lookup.h"
#include "report/plan_columns.h"
#include "report/plan_csv.h"
#include "report/plan_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "bitstitch-run/1"
#define MOST_BYTES ((size_t)16 << 20)

/* --- writing ---------------------------------------------------------------------------------------- */

typedef struct Writer {
    const Result *result;
    JsonWriter json;
} Writer;

static void put_interval(Writer *writer, cJSON *object, const char *key, Interval interval)
{
    cJSON *array = json_put_array(&writer->json, object, key);
    json_append(&writer->json, array, json_new_number(interval.low));
    json_append(&writer->json, array, json_new_number(interval.high));
}

static void put_floats(Writer *writer, cJSON *object, const char *key, const float *values, size_t count)
{
    cJSON *array = json_put_array(&writer->json, object, key);
    for (size_t i = 0; i < count; i++) json_append(&writer->json, array, json_new_float(values[i]));
}

static void put_hashes(Writer *writer, cJSON *root)
{
    const Result *result = writer->result;
    char plan_hex[65];
    plan_hash(plan_hex, result->plan);
    cJSON *hashes = json_put_object(&writer->json, root, "hashes");
    json_put_text(&writer->json, hashes, "network", result->network->sha256);
    json_put_text(&writer->json, hashes, "calibration",
                  result->calibration ? result->calibration->sha256 : NULL);
    json_put_text(&writer->json, hashes, "evaluation",
                  result->evaluation ? result->evaluation->sha256 : NULL);
    json_put_text(&writer->json, hashes, "plan", plan_hex);
}

static void put_network(Writer *writer, cJSON *root)
{
    const Network *network = writer->result->network;
    cJSON *object = json_put_object(&writer->json, root, "network");
    json_put_text(&writer->json, object, "path", network->path);
    json_put_text(&writer->json, object, "output", network->chosen_output);
    json_put_text(&writer->json, object, "input_shape", network->chosen_shape);
    json_put_count(&writer->json, object, "channels", network->channels);
    json_put_count(&writer->json, object, "height", network->height);
    json_put_count(&writer->json, object, "width", network->width);
    json_put_count(&writer->json, object, "outputs", network->output_elements);
    json_put_flag(&writer->json, object, "softmax_removed", network->softmax_removed);
}

static void put_dataset(Writer *writer, cJSON *root, const char *key, const Dataset *dataset)
{
    if (!dataset) {
        json_put_null(&writer->json, root, key);
        return;
    }
    cJSON *object = json_put_object(&writer->json, root, key);
    json_put_text(&writer->json, object, "images", dataset->images_path);
    json_put_text(&writer->json, object, "labels", dataset->labels_path);
    json_put_text(&writer->json, object, "format", dataset->format);
    json_put_text(&writer->json, object, "preparation", dataset->preparation);
    json_put_count(&writer->json, object, "count", dataset->count);
    json_put_count(&writer->json, object, "skipped", dataset->skipped);
}

static void put_normalization(Writer *writer, cJSON *root)
{
    const Normalization *normalization = writer->result->normalization;
    if (!normalization) {
        json_put_null(&writer->json, root, "normalization");
        return;
    }
    const size_t channels = size_min(writer->result->network->channels, DATASET_MAX_CHANNELS);
    cJSON *object = json_put_object(&writer->json, root, "normalization");
    put_floats(writer, object, "mean", normalization->mean, channels);
    put_floats(writer, object, "std", normalization->std, channels);
}

/* --- accuracy */

static void put_side(Writer *writer, cJSON *object, const char *key, const Accuracy *side,
                     const Evaluation *evaluation)
{
    const double images = (double)evaluation->images;
    cJSON *inner = json_put_object(&writer->json, object, key);
    json_put_number(&writer->json, inner, "top1", (double)side->top1_correct / images);
    put_interval(writer, inner, "top1_interval", interval_wilson(side->top1_correct, evaluation->images));
    json_put_number(&writer->json, inner, "top5", (double)side->top5_correct / images);
    json_put_number(&writer->json, inner, "cross_entropy", side->cross_entropy);
}

static void put_change(Writer *writer, cJSON *object, const Evaluation *evaluation)
{
    const double change = (double)evaluation->gained - (double)evaluation->lost;
    json_put_number(&writer->json, object, "change", change / (double)evaluation->images);
    put_interval(writer, object, "change_interval",
                 interval_paired(evaluation->lost, evaluation->gained, evaluation->images));
}

static void put_accuracy(Writer *writer, cJSON *root)
{
    const Evaluation *evaluation = writer->result->accuracy;
    if (!evaluation) {
        json_put_null(&writer->json, root, "accuracy");
        return;
    }
    const bool both = evaluation->labelled && evaluation->compared;
    cJSON *object = json_put_object(&writer->json, root, "accuracy");
    json_put_count(&writer->json, object, "images", evaluation->images);
    if (evaluation->labelled)
        put_side(writer, object, "float", &evaluation->reference, evaluation);
    else
        json_put_null(&writer->json, object, "float");
    if (both) {
        put_side(writer, object, "quantized", &evaluation->quantized, evaluation);
        put_change(writer, object, evaluation);
    } else {
        json_put_null(&writer->json, object, "quantized");
        json_put_null(&writer->json, object, "change");
        json_put_null(&writer->json, object, "change_interval");
    }
    json_put_number(&writer->json, object, "agreement",
                    evaluation->compared ? (double)evaluation->agreeing / (double)evaluation->images : NAN);
    json_put_number(&writer->json, object, "output_sqnr_db",
                    evaluation->compared ? evaluation->output_sqnr_db : NAN);
}

/* --- ladder */

static void put_certified(Writer *writer, cJSON *object, const Ladder *ladder)
{
    const double images = (double)ladder->images;
    cJSON *certified = json_put_object(&writer->json, object, "certified");
    json_put_number(&writer->json, certified, "measured", (double)ladder->certified_measured / images);
    json_put_number(&writer->json, certified, "hybrid", (double)ladder->certified_hybrid / images);
    json_put_number(&writer->json, certified, "spectral", (double)ladder->certified_spectral / images);
}

static void put_contribution(Writer *writer, cJSON *array, const LadderStep *step, double contribution)
{
    json_append(&writer->json, array, json_new_number(step->quantized ? contribution : NAN));
}

static void put_contributions(Writer *writer, cJSON *object, const Ladder *ladder)
{
    cJSON *contributions = json_put_object(&writer->json, object, "contributions");
    cJSON *frobenius = json_put_array(&writer->json, contributions, "frobenius");
    cJSON *spectral = json_put_array(&writer->json, contributions, "spectral");
    cJSON *hybrid = json_put_array(&writer->json, contributions, "hybrid");
    for (size_t l = 0; l < ladder->layer_count; l++) {
        const LadderStep *step = &ladder->steps[l];
        put_contribution(writer, frobenius, step, step->frobenius);
        put_contribution(writer, spectral, step, step->spectral);
        put_contribution(writer, hybrid, step, step->hybrid);
    }
}

/* Fraction of the ladder's images; NAN without labels. */
static double accuracy_of(const Ladder *ladder, size_t correct)
{
    return ladder->labelled ? (double)correct / (double)ladder->images : NAN;
}

static void put_ladder_layers(Writer *writer, cJSON *object, const Ladder *ladder)
{
    cJSON *accuracy = json_put_array(&writer->json, object, "hybrid_accuracy");
    cJSON *alone = json_put_array(&writer->json, object, "alone");
    for (size_t l = 0; l < ladder->layer_count; l++) {
        const LadderStep *step = &ladder->steps[l];
        json_append(&writer->json, accuracy, json_new_number(accuracy_of(ladder, step->hybrid_correct)));
        json_append(&writer->json, alone, json_new_number(step->quantized ? step->alone : NAN));
    }
}

static void put_culprit(Writer *writer, cJSON *object, const Ladder *ladder)
{
    if (!ladder->culprit) {
        json_put_null(&writer->json, object, "culprit");
        return;
    }
    cJSON *culprit = json_put_object(&writer->json, object, "culprit");
    json_put_text(&writer->json, culprit, "node", ladder->culprit);
    json_put_text(&writer->json, culprit, "reason", ladder->reason);
}

static void put_ladder(Writer *writer, cJSON *root)
{
    const Ladder *ladder = writer->result->ladder;
    if (!ladder) {
        json_put_null(&writer->json, root, "ladder");
        return;
    }
    const Layer *layers = writer->result->network->layers;
    cJSON *object = json_put_object(&writer->json, root, "ladder");
    json_put_text(&writer->json, object, "on", ladder_set_name(writer->result->ladder_on));
    json_put_count(&writer->json, object, "images", ladder->images);
    json_put_number(&writer->json, object, "measured", ladder->measured);
    json_put_number(&writer->json, object, "hybrid", ladder->hybrid);
    json_put_number(&writer->json, object, "spectral", ladder->spectral);
    json_put_number(&writer->json, object, "frobenius", ladder->frobenius);
    json_put_number(&writer->json, object, "output_norm", ladder->output_norm);
    put_certified(writer, object, ladder);
    json_put_number(&writer->json, object, "kept", (double)ladder->kept / (double)ladder->images);
    json_put_number(&writer->json, object, "float_accuracy", accuracy_of(ladder, ladder->correct));
    json_put_text(&writer->json, object, "costliest",
                  ladder->costliest == NO_INDEX ? NULL : layers[ladder->costliest].name);
    put_culprit(writer, object, ladder);
    json_put_text(&writer->json, object, "violation", ladder->violation);
    put_contributions(writer, object, ladder);
    put_ladder_layers(writer, object, ladder);
}

/* --- totals, layers, run */

static void put_totals(Writer *writer, cJSON *root)
{
    const PlanTotals totals = plan_totals(writer->result->plan, writer->result->network);
    cJSON *object = json_put_object(&writer->json, root, "totals");
    json_put_count(&writer->json, object, "parameters", totals.parameters);
    json_put_count(&writer->json, object, "bytes", totals.bytes);
    json_put_count(&writer->json, object, "float_bytes", totals.float_bytes);
    json_put_number(&writer->json, object, "compression", totals.compression);
    json_put_number(&writer->json, object, "average_weight_bits", totals.average_weight_bits);
    json_put_number(&writer->json, object, "bitops", totals.bitops);
}

static void put_cell(Writer *writer, cJSON *object, const char *key, const Cell *cell)
{
    switch (cell->kind) {
    case CELL_EMPTY:
        json_put_null(&writer->json, object, key);
        break;
    case CELL_TEXT:
        json_put_text(&writer->json, object, key, cell->text);
        break;
    case CELL_COUNT:
        json_put_count(&writer->json, object, key, cell->count);
        break;
    case CELL_NUMBER:
        json_put_number(&writer->json, object, key, cell->number);
        break;
    }
}

static void put_layers(Writer *writer, cJSON *root)
{
    cJSON *layers = json_put_array(&writer->json, root, "layers");
    for (size_t l = 0; l < writer->result->network->layer_count; l++) {
        cJSON *layer = json_append(&writer->json, layers, cJSON_CreateObject());
        for (size_t c = 0; plan_columns[c]; c++) {
            Cell cell;
            plan_cell(&cell, c, writer->result, l);
            put_cell(writer, layer, plan_columns[c], &cell);
        }
    }
}

static void put_run(Writer *writer, cJSON *root)
{
    const RunFacts *run = &writer->result->run;
    const Ladder *ladder = writer->result->ladder;
    cJSON *object = json_put_object(&writer->json, root, "run");
    json_put_number(&writer->json, object, "optimizer_seconds", run->optimizer_seconds);
    json_put_number(&writer->json, object, "evaluate_seconds", run->evaluate_seconds);
    json_put_count(&writer->json, object, "threads", run->threads);
    json_put_text(&writer->json, object, "blas_kernel", run->blas_kernel);
    json_put_text(&writer->json, object, "network_kernels", run->network_kernels);
    json_put_text(&writer->json, object, "version", run->version);
    json_put_number(&writer->json, object, "norm_seconds", run->norm_seconds);
    json_put_number(&writer->json, object, "ladder_seconds", ladder ? ladder->seconds : NAN);
    json_put_number(&writer->json, object, "ladder_bytes", ladder ? (double)ladder->bytes : NAN);
    json_put_count(&writer->json, object, "peak_bytes", run->peak_bytes);
}

static cJSON *make_tree(Writer *writer)
{
    cJSON *root = cJSON_CreateObject();
    json_put_text(&writer->json, root, "format", FORMAT);
    plan_json_put_options(&writer->json, root, "plan", &writer->result->plan->options);
    put_hashes(writer, root);
    put_network(writer, root);
    put_dataset(writer, root, "calibration", writer->result->calibration);
    put_dataset(writer, root, "evaluation", writer->result->evaluation);
    put_normalization(writer, root);
    put_accuracy(writer, root);
    put_ladder(writer, root);
    put_totals(writer, root);
    put_layers(writer, root);
    json_put_array(&writer->json, root, "history");
    put_run(writer, root);
    return root;
}

Status run_json_write(const char *path, const Result *result, Message *message)
{
    Writer writer = {.result = result};
    cJSON *root = make_tree(&writer);
    return json_write(path, &writer.json, root, message);
}

/* --- reading ---------------------------------------------------------------------------------------- */

static Status read_layer(Plan *plan, LayerLookup *lookup, const JsonObject *object, Message *message)
{
    const char *name;
    Message reason;
    size_t l = 0;
    Status status = json_text(&name, object, "name", message);
    if (status != STATUS_OK) return status;
    status = layer_lookup_take(&l, lookup, name, &reason);
    if (status != STATUS_OK) return json_fail(message, status, object, "name", "%s", reason.text);
    LayerPlan *layer = &plan->layers[l];
    status = plan_json_read_bits(&layer->weight_bits, json_find(object, "weight_bits"), object, "weight_bits",
                                 message);
    if (status == STATUS_OK)
        status = plan_json_read_bits(&layer->activation_bits, json_find(object, "activation_bits"), object,
                                     "activation_bits", message);
    if (status == STATUS_OK && layer->activation_bits != BITS_FLOAT && lookup->network->layers[l].first)
        return json_fail(message, STATUS_INVALID, object, "activation_bits",
                         "the layer reads the network's input, which stays float");
    return status == STATUS_OK
               ? plan_json_read_method(&layer->method, json_find(object, "method"), object, "method", message)
               : status;
}

static Status read_layers(Plan *plan, const Network *network, const JsonObject *top, Message *message)
{
    const cJSON *array, *element;
    LayerLookup lookup = {0};
    size_t index = 0;
    Status status = json_array(&array, top, "layers", message);
    if (status == STATUS_OK) status = layer_lookup_create(&lookup, network, message);
    if (status != STATUS_OK) return status;
    cJSON_ArrayForEach(element, array)
    {
        JsonObject object;
        status = json_element(&object, top, "layers", element, index++, message);
        if (status == STATUS_OK) status = read_layer(plan, &lookup, &object, message);
        if (status != STATUS_OK) break;
    }
    const Layer *left = status == STATUS_OK ? layer_lookup_left(&lookup) : NULL;
    if (left) status = json_fail(message, STATUS_INVALID, top, "layers", "layer '%s' is missing", left->name);
    layer_lookup_free(&lookup);
    return status;
}

static Status check_format(const JsonObject *top, Message *message)
{
    const char *format;
    Status status = json_text(&format, top, "format", message);
    if (status != STATUS_OK || strcmp(format, FORMAT) == 0) return status;
    return json_fail(message, STATUS_UNSUPPORTED, top, "format", "'%s' is not '" FORMAT "'", format);
}

static Status check_origin(const Network *network, const JsonObject *top, Message *message)
{
    const char *hash;
    JsonObject hashes;
    Status status = check_format(top, message);
    if (status == STATUS_OK) status = json_object(&hashes, top, "hashes", message);
    if (status == STATUS_OK) status = json_text(&hash, &hashes, "network", message);
    if (status == STATUS_OK && strcmp(hash, network->sha256) != 0)
        return json_fail(
            message, STATUS_INVALID, &hashes, "network",
            "the run was made with another network than '%s': to use its widths by name, pass the "
            "run's CSV",
            network->path);
    return status;
}

static Status read_tree(Plan *plan, const Network *network, const JsonObject *top, Message *message)
{
    Status status = check_origin(network, top, message);
    if (status == STATUS_OK) status = plan_json_read_options(&plan->options, top, "plan", message);
    if (status == STATUS_OK) status = read_layers(plan, network, top, message);
    return status;
}

Status run_json_read_plan(Plan *plan, const Network *network, const char *path, Message *message)
{
    cJSON *root;
    Plan *changed = NULL;
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    status = plan_copy(&changed, plan, message);
    if (status == STATUS_OK) {
        const JsonObject top = json_top(root, path);
        status = read_tree(changed, network, &top, message);
    }
    if (status == STATUS_OK) {
        plan->options = changed->options;
        memcpy(plan->layers, changed->layers, plan->layer_count * sizeof *plan->layers);
    }
    plan_drop(changed);
    cJSON_Delete(root);
    return status;
}

/* --- choices */

static Status read_choice(char **choice, const JsonObject *object, const char *key, Message *message)
{
    const char *text;
    const cJSON *item = json_find(object, key);
    if (!item || cJSON_IsNull(item)) return STATUS_OK;
    Status status = json_text(&text, object, key, message);
    if (status != STATUS_OK) return status;
    *choice = strdup(text);
    return *choice ? STATUS_OK : status_no_memory(message, key);
}

static Status read_choices(RunChoices *choices, const JsonObject *top, Message *message)
{
    JsonObject network, hashes;
    Status status = check_format(top, message);
    if (status == STATUS_OK) status = json_object(&network, top, "network", message);
    if (status == STATUS_OK) status = read_choice(&choices->output, &network, "output", message);
    if (status == STATUS_OK) status = read_choice(&choices->input_shape, &network, "input_shape", message);
    if (status == STATUS_OK) status = json_object(&hashes, top, "hashes", message);
    return status == STATUS_OK ? read_choice(&choices->calibration, &hashes, "calibration", message) : status;
}

Status run_json_read_choices(RunChoices *choices, const char *path, Message *message)
{
    cJSON *root;
    *choices = (RunChoices){0};
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    const JsonObject top = json_top(root, path);
    status = read_choices(choices, &top, message);
    if (status != STATUS_OK) run_choices_free(choices);
    cJSON_Delete(root);
    return status;
}

void run_choices_free(RunChoices *choices)
{
    free(choices->output);
    free(choices->input_shape);
    free(choices->calibration);
    *choices = (RunChoices){0};
}
