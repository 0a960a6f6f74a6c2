/* SPDX-License-Identifier: MIT */
#include "report/report_json.h"

#include "base/file_replace.h"
#include "base/json.h"
#include "base/sizes.h"
#include "base/text.h"
#include "explore/activation_memory.h"
#include "report/plan_columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORMAT "bitstitch/2"

/* --- values ----------------------------------------------------------------------------------------- */

typedef struct Writer {
    bool failed; /* out of memory */
} Writer;

/* Takes `value` over, NULL where there was no memory for it. Returns it where it was added. */
static cJSON *put(Writer *writer, cJSON *object, const char *key, cJSON *value)
{
    if (object && value && cJSON_AddItemToObject(object, key, value)) return value;
    cJSON_Delete(value);
    writer->failed = true;
    return NULL;
}

static cJSON *append(Writer *writer, cJSON *array, cJSON *value)
{
    if (array && value && cJSON_AddItemToArray(array, value)) return value;
    cJSON_Delete(value);
    writer->failed = true;
    return NULL;
}

static void put_text(Writer *writer, cJSON *object, const char *key, const char *text)
{
    put(writer, object, key, text ? json_new_text(text) : cJSON_CreateNull());
}

static void put_number(Writer *writer, cJSON *object, const char *key, double number)
{
    put(writer, object, key, json_new_number(number));
}

static void put_count(Writer *writer, cJSON *object, const char *key, uint64_t count)
{
    put(writer, object, key, json_new_count(count));
}

static void put_flag(Writer *writer, cJSON *object, const char *key, bool flag)
{
    put(writer, object, key, cJSON_CreateBool(flag));
}

static void put_null(Writer *writer, cJSON *object, const char *key)
{
    put(writer, object, key, cJSON_CreateNull());
}

static cJSON *put_object(Writer *writer, cJSON *object, const char *key)
{
    return put(writer, object, key, cJSON_CreateObject());
}

static cJSON *put_array(Writer *writer, cJSON *object, const char *key)
{
    return put(writer, object, key, cJSON_CreateArray());
}

/* Writes the tree and frees it. */
static Status write_tree(const char *path, const Writer *writer, cJSON *root, Message *message)
{
    Text text = {0};
    char *printed = writer->failed ? NULL : cJSON_Print(root);
    if (printed) text_append(&text, "%s\n", printed);
    Status status = !printed || text.failed ? status_no_memory(message, path)
                                            : file_replace(path, text.data, text.length, message);
    text_free(&text);
    cJSON_free(printed);
    cJSON_Delete(root);
    return status;
}

/* --- plan ------------------------------------------------------------------------------------------- */

static void put_options(Writer *writer, cJSON *object, const PlanOptions *options)
{
    char seed[NUMBER_TEXT];
    snprintf(seed, sizeof seed, "%" PRIu64, options->seed);
    cJSON *plan = put_object(writer, object, "plan");
    put_text(writer, plan, "effort", effort_name(options->effort));
    put_text(writer, plan, "mode", mode_name(options->mode));
    put_text(writer, plan, "seed", seed);
    put_count(writer, plan, "calibration_images", options->calibration_images);
    put(writer, plan, "rows",
        options->rows == PLAN_ALL_ROWS ? json_new_text("all") : json_new_count(options->rows));
    put(writer, plan, "ridge",
        options->ridge < 0 ? json_new_text("default") : json_new_number(options->ridge));
    put_flag(writer, plan, "polish", options->polish);
    put_flag(writer, plan, "bias_correction", options->bias_correction);
    put_flag(writer, plan, "error_compensated", options->error_compensated);
}

static cJSON *new_cell(const Cell *cell)
{
    switch (cell->kind) {
    case CELL_TEXT:
        return json_new_text(cell->text);
    case CELL_COUNT:
        return json_new_count(cell->count);
    case CELL_NUMBER:
        return json_new_number(cell->number);
    case CELL_EMPTY:
        break;
    }
    return cJSON_CreateNull();
}

/* A row per layer: all columns, or those alone that a plan is read from. */
static void put_layers(Writer *writer, cJSON *object, const Result *result, bool all)
{
    cJSON *rows = put_array(writer, object, "layers");
    for (size_t l = 0; l < result->plan->layer_count; l++) {
        cJSON *row = append(writer, rows, cJSON_CreateObject());
        for (size_t c = 0; plan_columns[c]; c++) {
            if (!all && !plan_column_is_read(c)) continue;
            Cell cell;
            plan_cell(&cell, c, result, l);
            put(writer, row, plan_columns[c], new_cell(&cell));
        }
    }
}

static cJSON *new_bits(unsigned bits)
{
    return bits == BITS_FLOAT ? json_new_text("float") : json_new_count(bits);
}

/* The same by columns: a visited plan takes little room. */
static void put_layer_columns(Writer *writer, cJSON *object, const Plan *plan)
{
    cJSON *layers = put_object(writer, object, "layers");
    cJSON *weights = put_array(writer, layers, "weight_bits");
    cJSON *activations = put_array(writer, layers, "activation_bits");
    cJSON *methods = put_array(writer, layers, "method");
    cJSON *grids = put_array(writer, layers, "grid");
    for (size_t l = 0; l < plan->layer_count; l++) {
        append(writer, weights, new_bits(plan->layers[l].weight_bits));
        append(writer, activations, new_bits(plan->layers[l].activation_bits));
        append(writer, methods, json_new_text(method_name(plan->layers[l].method)));
        append(writer, grids, json_new_text(grid_name((GridKind)plan->layers[l].grid)));
    }
}

static void put_network(Writer *writer, cJSON *root, const Network *network, const char *output,
                        const char *input_shape)
{
    cJSON *object = put_object(writer, root, "network");
    put_text(writer, object, "path", network->path);
    put_text(writer, object, "output", output);
    put_text(writer, object, "input_shape", input_shape);
    put_count(writer, object, "channels", network->channels);
    put_count(writer, object, "height", network->height);
    put_count(writer, object, "width", network->width);
    put_count(writer, object, "outputs", network->output_elements);
    put_flag(writer, object, "softmax_removed", network->softmax_removed);
}

/* --- images ----------------------------------------------------------------------------------------- */

static void put_dataset(Writer *writer, cJSON *root, const char *key, const Dataset *dataset)
{
    if (!dataset) {
        put_null(writer, root, key);
        return;
    }
    cJSON *object = put_object(writer, root, key);
    put_text(writer, object, "images", dataset->images_path);
    put_text(writer, object, "labels", dataset->labels_path);
    put_text(writer, object, "format", dataset->format);
    put_text(writer, object, "preparation", dataset->preparation);
    put_count(writer, object, "count", dataset->count);
    put_count(writer, object, "skipped", dataset->skipped);
}

static void put_normalization(Writer *writer, cJSON *root, const Normalization *normalization,
                              size_t channels)
{
    if (!normalization) {
        put_null(writer, root, "normalization");
        return;
    }
    cJSON *object = put_object(writer, root, "normalization");
    cJSON *mean = put_array(writer, object, "mean"), *std = put_array(writer, object, "std");
    for (size_t c = 0; c < size_min(channels, DATASET_MAX_CHANNELS); c++) {
        append(writer, mean, json_new_float(normalization->mean[c]));
        append(writer, std, json_new_float(normalization->std[c]));
    }
}

/* --- accuracy --------------------------------------------------------------------------------------- */

static void put_interval(Writer *writer, cJSON *object, const char *key, Interval interval)
{
    cJSON *array = put_array(writer, object, key);
    append(writer, array, json_new_number(interval.low));
    append(writer, array, json_new_number(interval.high));
}

/* One network's own accuracy on `images` images. */
static void put_side(Writer *writer, cJSON *object, const char *key, const Accuracy *side, size_t images)
{
    cJSON *inner = put_object(writer, object, key);
    put_number(writer, inner, "top1", (double)side->top1_correct / (double)images);
    put_interval(writer, inner, "top1_interval", interval_wilson(side->top1_correct, images));
    put_number(writer, inner, "top5", (double)side->top5_correct / (double)images);
    put_number(writer, inner, "cross_entropy", side->cross_entropy);
}

/* An interval where it is known, else null. */
static void put_known_interval(Writer *writer, cJSON *object, const char *key, const Interval *interval)
{
    if (interval && !isnan(interval->low))
        put_interval(writer, object, key, *interval);
    else
        put_null(writer, object, key);
}

/* A figure of a task; null where it is not known or there is nothing to find. */
static void put_figure(Writer *writer, cJSON *object, const char *key, double value)
{
    put_number(writer, object, key, value < 0 ? (double)NAN : value);
}

static void put_measure(Writer *writer, cJSON *object, const Evaluation *evaluation, size_t figure)
{
    const TaskMeasure *measure = &task_measures[evaluation->task];
    const FigureIntervals *intervals = &evaluation->intervals;
    const double from = evaluation->figures[0][figure], to = evaluation->figures[1][figure];
    size_t i = 0;
    while (i < measure->interval_count && measure->intervals[i] != figure) i++;
    const bool known = i < measure->interval_count;
    cJSON *inner = put_object(writer, object, measure->names[figure]);
    put_figure(writer, inner, "float", from);
    put_known_interval(writer, inner, "float_interval", known ? &intervals->reference[i] : NULL);
    put_figure(writer, inner, "quantized", to);
    put_known_interval(writer, inner, "quantized_interval", known ? &intervals->quantized[i] : NULL);
    put_number(writer, inner, "change", from < 0 || to < 0 ? (double)NAN : to - from);
    put_known_interval(writer, inner, "change_interval", known ? &intervals->change[i] : NULL);
}

/* The figures of a task other than classification, and how far each output is from the float network's. */
static void put_task(Writer *writer, cJSON *object, const Evaluation *evaluation)
{
    put_text(writer, object, "task", task_kind_name(evaluation->task));
    put_flag(writer, object, "annotated", evaluation->has_truth);
    cJSON *measures = put_object(writer, object, "measures");
    if (evaluation->task != TASK_NONE)
        for (size_t f = 0; f < task_measures[evaluation->task].figure_count; f++)
            put_measure(writer, measures, evaluation, f);
    cJSON *outputs = put_array(writer, object, "outputs");
    for (size_t s = 0; evaluation->compared && s < evaluation->slice_count; s++) {
        const SliceFigures *figures = &evaluation->slices[s];
        cJSON *inner = cJSON_CreateObject();
        append(writer, outputs, inner);
        put_text(writer, inner, "name", figures->name);
        put_number(writer, inner, "sqnr_db", figures->sqnr_db);
        put_number(writer, inner, "cosine", figures->cosine);
        put_number(writer, inner, "largest_deviation", figures->largest);
    }
}

static void put_accuracy(Writer *writer, cJSON *root, const Evaluation *evaluation)
{
    if (!evaluation) {
        put_null(writer, root, "accuracy");
        return;
    }
    static const char *const of_both[] = {"quantized", "change", "change_interval", "lost", "gained"};
    const size_t images = evaluation->images, lost = evaluation->lost, gained = evaluation->gained;
    cJSON *object = put_object(writer, root, "accuracy");
    put_count(writer, object, "images", images);
    put_count(writer, object, "total", evaluation->total);
    put_count(writer, object, "classes", evaluation->classes);
    if (evaluation->labelled)
        put_side(writer, object, "float", &evaluation->reference, images);
    else
        put_null(writer, object, "float");
    if (evaluation->labelled && evaluation->compared) {
        put_side(writer, object, "quantized", &evaluation->quantized, images);
        put_number(writer, object, "change", ((double)gained - (double)lost) / (double)images);
        put_interval(writer, object, "change_interval", interval_paired(lost, gained, images));
        put_count(writer, object, "lost", lost);
        put_count(writer, object, "gained", gained);
    } else {
        for (size_t i = 0; i < sizeof of_both / sizeof *of_both; i++) put_null(writer, object, of_both[i]);
    }
    const bool classifies = evaluation->task == TASK_CLASSIFY;
    put_number(writer, object, "agreement",
               evaluation->compared && classifies ? (double)evaluation->agreeing / (double)images : NAN);
    put_number(writer, object, "changed_limit",
               evaluation->compared && classifies
                   ? interval_upper_limit(images - evaluation->agreeing, images)
                   : NAN);
    put_number(writer, object, "output_sqnr_db", evaluation->compared ? evaluation->output_sqnr_db : NAN);
    if (evaluation->task != TASK_CLASSIFY) put_task(writer, object, evaluation);
}

/* --- ladder ----------------------------------------------------------------------------------------- */

static double accuracy_of(const Ladder *ladder, size_t correct)
{
    return ladder->labelled ? (double)correct / (double)ladder->images : NAN;
}

static void put_ladder_layers(Writer *writer, cJSON *object, const Ladder *ladder)
{
    cJSON *contributions = put_object(writer, object, "contributions");
    cJSON *frobenius = put_array(writer, contributions, "frobenius");
    cJSON *spectral = put_array(writer, contributions, "spectral");
    cJSON *hybrid = put_array(writer, contributions, "hybrid");
    cJSON *accuracy = put_array(writer, object, "hybrid_accuracy");
    cJSON *alone = put_array(writer, object, "alone");
    cJSON *pull = put_array(writer, object, "margin_pull");
    for (size_t l = 0; l < ladder->layer_count; l++) {
        const LadderStep *step = &ladder->steps[l];
        append(writer, frobenius, json_new_number(step->quantized ? step->frobenius : NAN));
        append(writer, spectral, json_new_number(step->quantized ? step->spectral : NAN));
        append(writer, hybrid, json_new_number(step->quantized ? step->hybrid : NAN));
        append(writer, accuracy, json_new_number(accuracy_of(ladder, step->hybrid_correct)));
        append(writer, alone, json_new_number(step->quantized ? step->alone : NAN));
        append(writer, pull, json_new_number(step->quantized ? step->pull : NAN));
    }
}

static void put_certified(Writer *writer, cJSON *object, double images,
                          const size_t certified[CERTIFICATE_COUNT])
{
    cJSON *shares = put_object(writer, object, "certified");
    for (Certificate c = 0; c < CERTIFICATE_COUNT; c++)
        put_number(writer, shares, certificate_key(c), (double)certified[c] / images);
}

static void put_ladder(Writer *writer, cJSON *root, const Result *result)
{
    const Ladder *ladder = result->ladder;
    if (!ladder) {
        put_null(writer, root, "ladder");
        return;
    }
    const double images = (double)ladder->images;
    cJSON *object = put_object(writer, root, "ladder");
    put_text(writer, object, "on", ladder_set_name(result->ladder_on));
    put_count(writer, object, "images", ladder->images);
    put_number(writer, object, "measured", ladder->measured);
    put_number(writer, object, "hybrid", ladder->hybrid);
    put_number(writer, object, "spectral", ladder->spectral);
    put_number(writer, object, "frobenius", ladder->frobenius);
    put_number(writer, object, "output_norm", ladder->output_norm);
    put_certified(writer, object, images, ladder->certified);
    put_count(writer, object, "stages", ladder->stages);
    put_number(writer, object, "kept", (double)ladder->kept / images);
    put_number(writer, object, "float_accuracy", accuracy_of(ladder, ladder->correct));
    put_text(writer, object, "costliest",
             ladder->costliest == NO_INDEX ? NULL : result->network->layers[ladder->costliest].name);
    if (ladder->culprit) {
        cJSON *culprit = put_object(writer, object, "culprit");
        put_text(writer, culprit, "node", ladder->culprit);
        put_text(writer, culprit, "reason", ladder->reason);
    } else {
        put_null(writer, object, "culprit");
    }
    put_text(writer, object, "violation", ladder->violation);
    put_ladder_layers(writer, object, ladder);
}

/* --- a plan or a run -------------------------------------------------------------------------------- */

static void put_hashes(Writer *writer, cJSON *root, const Result *result)
{
    char plan_hex[65];
    plan_hash(plan_hex, result->plan);
    cJSON *hashes = put_object(writer, root, "hashes");
    put_text(writer, hashes, "network", result->network->sha256);
    put_text(writer, hashes, "calibration", result->calibration ? result->calibration->sha256 : NULL);
    put_text(writer, hashes, "evaluation", result->evaluation ? result->evaluation->sha256 : NULL);
    put_text(writer, hashes, "plan", plan_hex);
}

static void put_totals(Writer *writer, cJSON *root, const Result *result)
{
    const PlanTotals totals = plan_totals(result->plan, result->network);
    cJSON *object = put_object(writer, root, "totals");
    put_count(writer, object, "parameters", totals.parameters);
    put_count(writer, object, "bytes", totals.bytes);
    put_count(writer, object, "float_bytes", totals.float_bytes);
    put_number(writer, object, "compression", totals.compression);
    put_number(writer, object, "average_weight_bits", totals.average_weight_bits);
    put_number(writer, object, "bitops", totals.bitops);
    size_t peak;
    if (activation_peak_bytes(&peak, result->plan, result->network, NULL) != STATUS_OK) writer->failed = true;
    put_count(writer, object, "peak_activation_bytes", peak);
}

static void put_run(Writer *writer, cJSON *root, const RunFacts *run, const Ladder *ladder)
{
    cJSON *object = put_object(writer, root, "run");
    put_number(writer, object, "optimizer_seconds", run->optimizer_seconds);
    put_number(writer, object, "evaluate_seconds", run->evaluate_seconds);
    put_count(writer, object, "threads", run->threads);
    put_text(writer, object, "blas_kernel", run->blas_kernel);
    put_text(writer, object, "network_kernels", run->network_kernels);
    put_text(writer, object, "version", run->version);
    put_number(writer, object, "norm_seconds", run->norm_seconds);
    put_number(writer, object, "ladder_seconds", ladder ? ladder->seconds : NAN);
    put_number(writer, object, "ladder_bytes", ladder ? (double)ladder->bytes : NAN);
    put_count(writer, object, "peak_bytes", run->peak_bytes);
}

Status report_json_write(const char *path, const Result *result, Message *message)
{
    Writer writer = {0};
    const Network *network = result->network;
    cJSON *root = cJSON_CreateObject();
    put_text(&writer, root, "format", FORMAT);
    put_options(&writer, root, &result->plan->options);
    put_hashes(&writer, root, result);
    put_network(&writer, root, network, network->chosen_output, network->chosen_shape);
    put_dataset(&writer, root, "calibration", result->calibration);
    put_dataset(&writer, root, "evaluation", result->evaluation);
    put_normalization(&writer, root, result->normalization, network->channels);
    put_accuracy(&writer, root, result->accuracy);
    put_ladder(&writer, root, result);
    put_totals(&writer, root, result);
    put_layers(&writer, root, result, true);
    put_array(&writer, root, "history");
    put_run(&writer, root, &result->run, result->ladder);
    return write_tree(path, &writer, root, message);
}

/* --- an exploration --------------------------------------------------------------------------------- */

static void put_saved(Writer *writer, cJSON *root)
{
    char text[32] = "";
    struct tm parts;
    const time_t now = time(NULL);
    if (gmtime_r(&now, &parts)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    put_text(writer, root, "saved", text);
}

static cJSON *new_image_count(size_t count)
{
    return count == EXPLORATION_ALL ? json_new_text("all") : json_new_count(count);
}

static void put_source(Writer *writer, cJSON *root, const ExplorationSource *source)
{
    cJSON *object = put_object(writer, root, "source");
    put_text(writer, object, "network", source->network);
    put_text(writer, object, "calibration", source->calibration);
    put_text(writer, object, "images", source->images);
    put_text(writer, object, "image_labels", source->image_labels);
    put_text(writer, object, "mean", source->mean);
    put_text(writer, object, "std", source->std);
    put_text(writer, object, "labels", source->labels);
    put_text(writer, object, "task", source->task);
    for (PreparationKey key = 0; key < PREPARATION_KEYS; key++)
        put_text(writer, object, preparation_key_name(key), source->preparation[key]);
    put_flag(writer, object, "skip_bad_images", source->skip_bad_images);
    put(writer, object, "evaluation_images", new_image_count(source->evaluation_images));
    put(writer, object, "ladder_images", new_image_count(source->ladder_images));
}

static void put_known_hash(Writer *writer, cJSON *hashes, const char *key, const char *hash)
{
    put_text(writer, hashes, key, *hash ? hash : NULL);
}

static void put_bound(Writer *writer, cJSON *visit, const VisitedPlan *visited)
{
    if (!visited->bounded) {
        put_null(writer, visit, "bound");
        return;
    }
    cJSON *bound = put_object(writer, visit, "bound");
    put_number(writer, bound, "measured", visited->measured);
    put_number(writer, bound, "hybrid", visited->hybrid);
    put_number(writer, bound, "spectral", visited->spectral);
    if (visited->certified_of == 0) return;
    put_count(writer, bound, "images", visited->certified_of);
    put_certified(writer, bound, (double)visited->certified_of, visited->certified);
}

static void append_visit(Writer *writer, cJSON *visits, const VisitedPlan *visited, const PlanNote *note)
{
    cJSON *object = append(writer, visits, cJSON_CreateObject());
    put_options(writer, object, &visited->plan->options);
    put_layer_columns(writer, object, visited->plan);
    put_accuracy(writer, object, visited->evaluated ? &visited->accuracy : NULL);
    put_bound(writer, object, visited);
    put_text(writer, object, "name", note->name[0] ? note->name : NULL);
    put_text(writer, object, "note", note->note[0] ? note->note : NULL);
    put_flag(writer, object, "pinned", note->pinned);
}

static void put_norms(Writer *writer, cJSON *root, const Exploration *exploration)
{
    cJSON *norms = put_array(writer, root, "norms");
    for (size_t i = 0; i < exploration->norm_count; i++) {
        const NormRecord *record = &exploration->norms[i];
        cJSON *object = append(writer, norms, cJSON_CreateObject());
        put_text(writer, object, "sha256", record->sha256);
        put_number(writer, object, "frobenius", record->norm.frobenius);
        put_number(writer, object, "lower", record->norm.lower);
        put_number(writer, object, "upper", record->norm.upper);
        put_text(writer, object, "upper_by", record->norm.upper_by);
    }
}

Status exploration_write(const char *path, const Exploration *exploration, const Network *network,
                         Message *message)
{
    Writer writer = {0};
    const ExplorationSource *source = &exploration->source;
    const Result result = {.network = network, .plan = exploration->plan};
    cJSON *root = cJSON_CreateObject();
    put_text(&writer, root, "format", FORMAT);
    put_saved(&writer, root);
    put_source(&writer, root, source);
    put_options(&writer, root, &exploration->plan->options);
    cJSON *hashes = put_object(&writer, root, "hashes");
    put_known_hash(&writer, hashes, "network", exploration->network_sha256);
    put_known_hash(&writer, hashes, "calibration", exploration->calibration_sha256);
    put_known_hash(&writer, hashes, "evaluation", exploration->evaluation_sha256);
    put_network(&writer, root, network, source->output, source->input_shape);
    put_layers(&writer, root, &result, false);
    put_text(&writer, root, "ladder_timing", ladder_timing_name(exploration->ladder_timing));
    put_norms(&writer, root, exploration);
    cJSON *visits = put_array(&writer, root, "visits");
    for (size_t i = 0; i < exploration->visited_count; i++)
        append_visit(&writer, visits, exploration->visited[i],
                     exploration->notes ? &exploration->notes[i] : &(PlanNote){0});
    return write_tree(path, &writer, root, message);
}
