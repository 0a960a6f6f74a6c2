/* SPDX-License-Identifier: MIT */
#include "bitstitch.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/seconds.h"
#include "bound/ladder.h"
#include "bound/norm.h"
#include "config.h"
#include "dataset/opening.h"
#include "evaluate/accuracy.h"
#include "explore/pipeline.h"
#include "network/network.h"
#include "quantize/calibrate/calibrate.h"
#include "report/export.h"
#include "report/plan_csv.h"
#include "report/quantized_onnx.h"
#include "report/report_json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#define MOST_KEPT ((size_t)256 << 20) /* bytes of a folder's decoded images */

struct bitstitch_model {
    Network *network;
    Description description; /* all zero where a network was opened */
    Normalization normalization;
    char **class_names; /* [class_count], NULL where there are none */
    size_t class_count;
    Dataset *calibration, *evaluation; /* NULL where there are none */
    Pool *pool;
    Memo *memo;
    Reference *reference; /* NULL before the first evaluation */
    LayerNorm *norms;     /* [node_count], NULL before the first bound */
    double norm_seconds;
    size_t memory; /* the ceiling for all */
};

struct bitstitch_plan {
    Plan *plan;
    const Network *network;
};

struct bitstitch_result {
    bitstitch_model *model;
    Plan *plan;
    Pipeline *pipeline;
    Evaluation evaluation; /* images 0: not evaluated */
    Ladder ladder;         /* images 0: not bounded */
};

const char *bitstitch_version(void)
{
    return BITSTITCH_VERSION;
}

/* --- errors and progress ------------------------------------------------------------------------------ */

_Static_assert((int)BITSTITCH_OK == STATUS_OK && (int)BITSTITCH_INVALID == STATUS_INVALID &&
                   (int)BITSTITCH_UNSUPPORTED == STATUS_UNSUPPORTED && (int)BITSTITCH_IO == STATUS_IO &&
                   (int)BITSTITCH_MEMORY == STATUS_MEMORY && (int)BITSTITCH_CANCELLED == STATUS_CANCELLED,
               "a status is passed on as it is");

static bitstitch_status pass_on(bitstitch_error *error, Status status, const Message *message)
{
    if (status != STATUS_OK && error) {
        snprintf(error->text, sizeof error->text, "%s", message->text);
        error->memory_missing = message->memory_missing;
    }
    return (bitstitch_status)status;
}

static bitstitch_status refuse_layer(bitstitch_error *error, size_t layer, size_t layers)
{
    Message message;
    return pass_on(
        error,
        status_fail(&message, STATUS_INVALID, "there is no layer %zu: the network has %zu", layer, layers),
        &message);
}

/* The caller's progress function, as the parts of the library call theirs. */
typedef struct Asking {
    bitstitch_progress *progress;
    void *context;
    const char *activity;
} Asking;

static bool ask(void *context, double fraction)
{
    const Asking *asking = context;
    return !asking->progress ||
           asking->progress(asking->context, asking->activity, BITSTITCH_NO_LAYER, fraction);
}

static bool ask_reading(void *context, size_t done, size_t total)
{
    return ask(context, total ? (double)done / (double)total : 0);
}

static bool ask_pipeline(void *context, const PipelineProgress *so_far)
{
    const Asking *asking = context;
    return !asking->progress || asking->progress(asking->context, so_far->trace ? "solving" : "calibrating",
                                                 so_far->layer, so_far->fraction);
}

static bool ask_evaluation(void *context, const Evaluation *so_far)
{
    return ask_reading(context, so_far->images, so_far->total);
}

/* --- models ------------------------------------------------------------------------------------------- */

static Status start_blas_once(Message *message)
{
    /* OpenBLAS is the process's, and so is what was found out about it. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool started;
    pthread_mutex_lock(&lock);
    Status status = started ? STATUS_OK : blas_start(message);
    started = status == STATUS_OK;
    pthread_mutex_unlock(&lock);
    return status;
}

/* What a call may take: the rest of the ceiling beside the memo and the float outputs. */
static size_t memory_of_call(const bitstitch_model *model)
{
    return model->memory - model->memory / 4 - reference_bytes(model->memory);
}

static Status open_network(bitstitch_model *model, const char *path, const bitstitch_options *options,
                           Message *message)
{
    const NetworkOptions network = {
        .input_shape = options->input_shape, .output = options->output, .memory = memory_of_call(model)};
    const char *const given[] = {options->mean, options->std};
    float *const values[] = {model->normalization.mean, model->normalization.std};
    Status status = opening_network(&model->network, &model->description, path, &network, message);
    for (int i = 0; status == STATUS_OK && i < 2; i++) {
        char *text = NULL;
        status = opening_normalization(&text, values[i], given[i], i == 1, model->network,
                                       &model->description, "", message);
        free(text);
    }
    if (status != STATUS_OK) return status;
    return opening_class_names(&model->class_names, &model->class_count, options->class_names, model->network,
                               &model->description, message);
}

/* Opens a set of images that the caller (images, labels) or the description names; most: 0 for all. */
static Status open_images(Dataset **dataset, const bitstitch_model *model, const bitstitch_options *options,
                          const char *images, const char *labels, const ImageFiles *described, size_t most,
                          Message *message)
{
    const char *const preparation[PREPARATION_KEYS] = {[PREPARATION_RESIZE] = options->resize,
                                                       [PREPARATION_CROP] = options->crop,
                                                       [PREPARATION_CHANNELS] = options->channels,
                                                       [PREPARATION_LAYOUT] = options->layout};
    Asking asking = {options->progress, options->context, "reading images"};
    DatasetSource source = {.images = images ? images : described->images,
                            .labels = images ? labels : described->labels,
                            .classes = model->network->output_elements,
                            .height = model->network->height,
                            .width = model->network->width,
                            .channels = model->network->channels,
                            .class_names = model->class_names,
                            .class_count = model->class_count,
                            .memory = memory_of_call(model),
                            .seed = options->seed,
                            .most = most,
                            .skip_bad = options->skip_bad_images,
                            .kept = size_min(memory_of_call(model) / 8, MOST_KEPT),
                            .pool = model->pool,
                            .proceed = ask_reading,
                            .context = &asking};
    if (!source.images) return STATUS_OK;
    return opening_images(dataset, &source, preparation, &model->description, "", message);
}

static Status open_model(bitstitch_model *model, const char *path, const bitstitch_options *options,
                         Message *message)
{
    const size_t calibration = options->calibration_images ? options->calibration_images : 1024;
    size_t images, heldout;
    calibration_split(&images, &heldout, calibration, SIZE_MAX);
    model->memory = options->memory ? options->memory : memory_of_machine() / 2;
    Status status = start_blas_once(message);
    if (status == STATUS_OK) status = memo_create(&model->memo, model->memory / 4, message);
    if (status == STATUS_OK) status = pool_create(&model->pool, options->threads, message);
    if (status == STATUS_OK) status = open_network(model, path, options, message);
    if (status == STATUS_OK)
        status = open_images(&model->calibration, model, options, options->calibration, NULL,
                             &model->description.calibration, images + heldout, message);
    if (status == STATUS_OK)
        status =
            open_images(&model->evaluation, model, options, options->evaluation, options->evaluation_labels,
                        &model->description.evaluation, options->evaluation_images, message);
    return status;
}

bitstitch_status bitstitch_open(bitstitch_model **result, const char *path, const bitstitch_options *options,
                                bitstitch_error *error)
{
    Message message = {0};
    bitstitch_model *model = calloc(1, sizeof *model);
    Status status = model ? open_model(model, path, options ? options : &(bitstitch_options){0}, &message)
                          : status_no_memory(&message, "the model");
    if (status != STATUS_OK) {
        bitstitch_close(model);
        model = NULL;
    }
    *result = model;
    return pass_on(error, status, &message);
}

void bitstitch_close(bitstitch_model *model)
{
    if (!model) return;
    free(model->norms);
    reference_free(model->reference);
    memo_free(model->memo);
    dataset_free(model->calibration);
    dataset_free(model->evaluation);
    if (model->class_names) class_names_free(model->class_names, model->class_count);
    network_free(model->network);
    description_free(&model->description);
    pool_free(model->pool);
    free(model);
}

void bitstitch_model_get_info(bitstitch_model_info *info, const bitstitch_model *model)
{
    const Network *network = model->network;
    *info = (bitstitch_model_info){.path = network->path,
                                   .channels = network->channels,
                                   .height = network->height,
                                   .width = network->width,
                                   .outputs = network->output_elements,
                                   .layers = network->layer_count,
                                   .calibration_images = model->calibration ? model->calibration->count : 0,
                                   .evaluation_images = model->evaluation ? model->evaluation->count : 0,
                                   .labelled = model->evaluation && model->evaluation->labelled};
}

_Static_assert(sizeof((bitstitch_layer *)0)->shape == TENSOR_MAX_RANK * sizeof(size_t), "one size per axis");

bitstitch_status bitstitch_layer_get_info(bitstitch_layer *info, const bitstitch_model *model, size_t index,
                                          bitstitch_error *error)
{
    const Network *network = model->network;
    if (index >= network->layer_count) return refuse_layer(error, index, network->layer_count);
    const Layer *layer = &network->layers[index];
    *info = (bitstitch_layer){.name = layer->name,
                              .operation = layer->operator_name,
                              .rank = layer->weight_rank,
                              .parameters = layer->parameters,
                              .macs = layer->macs,
                              .first = layer->first,
                              .last = layer->last};
    memcpy(info->shape, layer->weight_shape, layer->weight_rank * sizeof *info->shape);
    return BITSTITCH_OK;
}

size_t bitstitch_layer_find(const bitstitch_model *model, const char *name)
{
    const Network *network = model->network;
    for (size_t l = 0; l < network->layer_count; l++)
        if (strcmp(network->layers[l].name, name) == 0) return l;
    return BITSTITCH_NO_LAYER;
}

/* --- plans -------------------------------------------------------------------------------------------- */

/* Takes over `plan`. */
static Status wrap_plan(bitstitch_plan **result, Plan *plan, const Network *network, Message *message)
{
    *result = malloc(sizeof **result);
    if (*result) {
        **result = (bitstitch_plan){plan, network};
        return STATUS_OK;
    }
    plan_drop(plan);
    return status_no_memory(message, "the plan");
}

bitstitch_status bitstitch_plan_create(bitstitch_plan **plan, const bitstitch_model *model,
                                       bitstitch_error *error)
{
    Message message;
    Plan *made;
    *plan = NULL;
    Status status = plan_create(&made, model->network, &message);
    if (status == STATUS_OK) status = wrap_plan(plan, made, model->network, &message);
    return pass_on(error, status, &message);
}

bitstitch_status bitstitch_plan_copy(bitstitch_plan **copy, const bitstitch_plan *plan,
                                     bitstitch_error *error)
{
    Message message;
    Plan *made;
    *copy = NULL;
    Status status = plan_copy(&made, plan->plan, &message);
    if (status == STATUS_OK) status = wrap_plan(copy, made, plan->network, &message);
    return pass_on(error, status, &message);
}

void bitstitch_plan_free(bitstitch_plan *plan)
{
    if (!plan) return;
    plan_drop(plan->plan);
    free(plan);
}

static bitstitch_status check_bits(const bitstitch_plan *plan, size_t layer, unsigned bits, unsigned least,
                                   bitstitch_error *error)
{
    const size_t layers = plan->plan->layer_count;
    if (layer >= layers && layer != BITSTITCH_ALL_LAYERS) return refuse_layer(error, layer, layers);
    if (bits == BITS_FLOAT || (bits >= least && bits <= BITS_MAX)) return BITSTITCH_OK;
    Message message;
    return pass_on(
        error,
        status_fail(&message, STATUS_INVALID, "%u bits: %u to %d, or 0 for float", bits, least, BITS_MAX),
        &message);
}

bitstitch_status bitstitch_plan_set_weight_bits(bitstitch_plan *plan, size_t layer, unsigned bits,
                                                bitstitch_error *error)
{
    const bitstitch_status status = check_bits(plan, layer, bits, BITS_BINARY, error);
    if (status) return status;
    if (layer == BITSTITCH_ALL_LAYERS)
        plan_set_bits(plan->plan, plan->network, bits, bits, bits);
    else
        layer_plan_set_bits(&plan->plan->layers[layer], bits);
    return BITSTITCH_OK;
}

bitstitch_status bitstitch_plan_set_activation_bits(bitstitch_plan *plan, size_t layer, unsigned bits,
                                                    bitstitch_error *error)
{
    const bitstitch_status status = check_bits(plan, layer, bits, BITS_MIN, error);
    if (status) return status;
    if (layer == BITSTITCH_ALL_LAYERS) {
        plan_set_activation_bits(plan->plan, plan->network, bits);
    } else if (bits != BITS_FLOAT && plan->network->layers[layer].first) {
        Message message;
        return pass_on(error,
                       status_fail(&message, STATUS_INVALID,
                                   "layer '%s' reads the network's input, which stays float",
                                   plan->network->layers[layer].name),
                       &message);
    } else {
        plan->plan->layers[layer].activation_bits = (uint8_t)bits;
    }
    return BITSTITCH_OK;
}

const char *bitstitch_method_name(size_t index)
{
    return index < METHOD_COUNT ? method_name((Method)index) : NULL;
}

const char *bitstitch_effort_name(size_t index)
{
    return index < EFFORT_COUNT ? effort_name((Effort)index) : NULL;
}

bitstitch_status bitstitch_plan_set_effort(bitstitch_plan *plan, const char *name, bitstitch_error *error)
{
    Effort effort;
    if (!effort_parse(&effort, name)) {
        Message message;
        return pass_on(error, status_fail(&message, STATUS_INVALID, "no effort is called '%s'", name),
                       &message);
    }
    plan_set_effort(plan->plan, effort);
    return BITSTITCH_OK;
}

const char *bitstitch_plan_get_effort(const bitstitch_plan *plan)
{
    return effort_name(plan->plan->options.effort);
}

bitstitch_status bitstitch_plan_set_method(bitstitch_plan *plan, size_t layer, const char *name,
                                           bitstitch_error *error)
{
    Method method;
    const bitstitch_status status = check_bits(plan, layer, BITS_FLOAT, BITS_MIN, error);
    if (status) return status;
    if (!method_parse(&method, name)) {
        Message message;
        return pass_on(error, status_fail(&message, STATUS_INVALID, "no method is called '%s'", name),
                       &message);
    }
    if (layer == BITSTITCH_ALL_LAYERS)
        plan_set_method(plan->plan, method);
    else
        plan->plan->layers[layer].method = (uint8_t)method;
    return BITSTITCH_OK;
}

const char *bitstitch_grid_name(size_t index)
{
    return index < GRID_COUNT ? grid_name((GridKind)index) : NULL;
}

bitstitch_status bitstitch_plan_set_grid(bitstitch_plan *plan, size_t layer, const char *name,
                                         bitstitch_error *error)
{
    GridKind grid;
    const bitstitch_status status = check_bits(plan, layer, BITS_FLOAT, BITS_MIN, error);
    if (status) return status;
    if (!grid_parse(&grid, name)) {
        Message message;
        return pass_on(error, status_fail(&message, STATUS_INVALID, "no grid is called '%s'", name),
                       &message);
    }
    for (size_t l = 0; l < plan->plan->layer_count; l++)
        if (layer == l || layer == BITSTITCH_ALL_LAYERS) layer_plan_set_grid(&plan->plan->layers[l], grid);
    return BITSTITCH_OK;
}

bitstitch_status bitstitch_plan_get_layer(bitstitch_layer_plan *choice, const bitstitch_plan *plan,
                                          size_t layer, bitstitch_error *error)
{
    if (layer >= plan->plan->layer_count) return refuse_layer(error, layer, plan->plan->layer_count);
    const LayerPlan *chosen = &plan->plan->layers[layer];
    *choice = (bitstitch_layer_plan){chosen->weight_bits, chosen->activation_bits,
                                     method_name((Method)chosen->method), grid_name((GridKind)chosen->grid)};
    return BITSTITCH_OK;
}

void bitstitch_plan_get_options(bitstitch_plan_options *options, const bitstitch_plan *plan)
{
    const PlanOptions *own = &plan->plan->options;
    *options = (bitstitch_plan_options){.independent = own->mode == MODE_INDEPENDENT,
                                        .polish = own->polish,
                                        .bias_correction = own->bias_correction,
                                        .error_compensated = own->error_compensated,
                                        .calibration_images = own->calibration_images,
                                        .rows = own->rows,
                                        .ridge = own->ridge,
                                        .seed = own->seed};
}

bitstitch_status bitstitch_plan_set_options(bitstitch_plan *plan, const bitstitch_plan_options *options,
                                            bitstitch_error *error)
{
    Message message;
    if (!(options->ridge <= PLAN_RIDGE_MOST))
        return pass_on(error,
                       status_fail(&message, STATUS_INVALID, "a ridge of %g: at most %d, or negative",
                                   options->ridge, PLAN_RIDGE_MOST),
                       &message);
    plan->plan->options =
        (PlanOptions){.effort = plan->plan->options.effort,
                      .mode = options->independent ? MODE_INDEPENDENT : MODE_SEQUENTIAL,
                      .seed = options->seed,
                      .calibration_images = options->calibration_images ? options->calibration_images : 1024,
                      .rows = options->rows,
                      .ridge = options->ridge < 0 ? PLAN_RIDGE_DEFAULT : options->ridge,
                      .polish = options->polish,
                      .bias_correction = options->bias_correction,
                      .error_compensated = options->error_compensated};
    return BITSTITCH_OK;
}

static bool ends_in(const char *path, const char *suffix)
{
    const size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

bitstitch_status bitstitch_plan_read(bitstitch_plan *plan, const char *path, bitstitch_error *error)
{
    Message message;
    return pass_on(error,
                   ends_in(path, ".json") ? report_json_read_plan(plan->plan, plan->network, path, &message)
                                          : plan_csv_read(plan->plan, plan->network, path, &message),
                   &message);
}

bitstitch_status bitstitch_plan_write(const bitstitch_plan *plan, const char *path, bitstitch_error *error)
{
    Message message;
    ExportFormat format;
    const Result result = {.network = plan->network, .plan = plan->plan, .run = {.norm_seconds = NAN}};
    Status status = export_format(&format, path, &message);
    if (status == STATUS_OK && format == EXPORT_ONNX)
        status = status_fail(&message, STATUS_INVALID, "'%s': a plan alone is no network: quantize it", path);
    if (status == STATUS_OK) status = export_write(path, format, &result, &message);
    return pass_on(error, status, &message);
}

void bitstitch_plan_get_totals(bitstitch_totals *totals, const bitstitch_plan *plan)
{
    const PlanTotals sums = plan_totals(plan->plan, plan->network);
    *totals = (bitstitch_totals){.parameters = sums.parameters,
                                 .bytes = sums.bytes,
                                 .float_bytes = sums.float_bytes,
                                 .average_weight_bits = sums.average_weight_bits,
                                 .bitops = sums.bitops};
}

/* --- quantizing --------------------------------------------------------------------------------------- */

static Status need_images(const bitstitch_model *model, const Dataset *images, const char *what,
                          Message *message)
{
    if (images) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "'%s' was opened without %s images", model->network->path,
                       what);
}

static Status quantize(bitstitch_result *result, const Plan *plan, Asking *asking, Message *message)
{
    bitstitch_model *model = result->model;
    const PipelineOptions options = {.pool = model->pool,
                                     .memory = memory_of_call(model),
                                     .progress = ask_pipeline,
                                     .context = asking,
                                     .memo = model->memo};
    Status status = need_images(model, model->calibration, "calibration", message);
    if (status == STATUS_OK && model->network->layer_count == 0)
        status = status_fail(message, STATUS_INVALID, "'%s' has no layer to quantize", model->network->path);
    if (status == STATUS_OK) status = plan_copy(&result->plan, plan, message);
    if (status == STATUS_OK)
        status = pipeline_run(&result->pipeline, model->network, result->plan, model->calibration,
                              &model->normalization, &options, message);
    return status;
}

bitstitch_status bitstitch_quantize(bitstitch_result **made, bitstitch_model *model,
                                    const bitstitch_plan *plan, bitstitch_progress *progress, void *context,
                                    bitstitch_error *error)
{
    Message message = {0};
    Asking asking = {progress, context, NULL};
    bitstitch_result *result = calloc(1, sizeof *result);
    Status status = STATUS_OK;
    if (!result)
        status = status_no_memory(&message, "the result");
    else if (plan->network != model->network)
        status = status_fail(&message, STATUS_INVALID, "the plan is of another model");
    if (status == STATUS_OK) {
        result->model = model;
        status = quantize(result, plan->plan, &asking, &message);
    }
    if (status != STATUS_OK) {
        bitstitch_result_free(result);
        result = NULL;
    }
    *made = result;
    return pass_on(error, status, &message);
}

void bitstitch_result_free(bitstitch_result *result)
{
    if (!result) return;
    ladder_free(&result->ladder);
    pipeline_free(result->pipeline);
    plan_drop(result->plan);
    free(result);
}

bitstitch_status bitstitch_layer_get_errors(bitstitch_layer_errors *errors, const bitstitch_result *result,
                                            size_t layer, bitstitch_error *error)
{
    const Pipeline *pipeline = result->pipeline;
    if (layer >= pipeline->layer_count) return refuse_layer(error, layer, pipeline->layer_count);
    const LayerResult *own = &pipeline->layers[layer];
    const Layer *shape = &pipeline->network->layers[layer];
    *errors = (bitstitch_layer_errors){.rounding = own->rounding_error,
                                       .method = own->bitsplit_error,
                                       .polished = own->polished_error,
                                       .reconstruction = layer_result_error(own),
                                       .heldout = own->heldout_error,
                                       .accumulated = own->accumulated_error,
                                       .sqnr_db = own->sqnr_db,
                                       .codes = shape->groups * shape->m * shape->n,
                                       .codes_changed = own->codes_changed};
    return BITSTITCH_OK;
}

bitstitch_status bitstitch_layer_get_codes(bitstitch_layer_codes *codes, const bitstitch_result *result,
                                           size_t layer, bitstitch_error *error)
{
    const Pipeline *pipeline = result->pipeline;
    if (layer >= pipeline->layer_count) return refuse_layer(error, layer, pipeline->layer_count);
    const LayerResult *own = &pipeline->layers[layer];
    const Layer *shape = &pipeline->network->layers[layer];
    *codes = (bitstitch_layer_codes){.outputs = shape->groups * shape->m,
                                     .inputs = shape->n,
                                     .codes = own->codes,
                                     .scales = own->scales,
                                     .bias = own->bias,
                                     .input_scale_count = own->input_scale_count,
                                     .input_scales = own->input_scales};
    return BITSTITCH_OK;
}

/* --- evaluating --------------------------------------------------------------------------------------- */

static Status evaluate(bitstitch_result *result, size_t images, Asking *asking, Message *message)
{
    bitstitch_model *model = result->model;
    Evaluation evaluation;
    Status status = need_images(model, model->evaluation, "evaluation", message);
    if (status == STATUS_OK && !model->reference)
        status = reference_create(&model->reference, model->network, model->evaluation, &model->normalization,
                                  reference_bytes(model->memory), message);
    if (status != STATUS_OK) return status;
    model->reference->memory = memory_of_call(model);
    status = evaluation_run(&evaluation, model->reference, (const Weights *const *)result->pipeline->weights,
                            images, model->pool, ask_evaluation, asking, message);
    if (status == STATUS_OK) result->evaluation = evaluation;
    return status;
}

static bitstitch_fraction fraction_of(size_t count, size_t images)
{
    const Interval interval = interval_wilson(count, images);
    return (bitstitch_fraction){(double)count / (double)images, interval.low, interval.high};
}

static bitstitch_accuracy accuracy_of(const Evaluation *evaluation)
{
    const size_t images = evaluation->images;
    const Accuracy *reference = &evaluation->reference, *quantized = &evaluation->quantized;
    const bitstitch_fraction unknown = {NAN, NAN, NAN};
    bitstitch_accuracy accuracy = {.images = images,
                                   .labelled = evaluation->labelled,
                                   .float_top1 = unknown,
                                   .float_top5 = unknown,
                                   .top1 = unknown,
                                   .top5 = unknown,
                                   .change = unknown,
                                   .agreement = (double)evaluation->agreeing / (double)images,
                                   .float_cross_entropy = NAN,
                                   .cross_entropy = NAN,
                                   .sqnr_db = evaluation->output_sqnr_db};
    if (!evaluation->labelled) return accuracy;
    const Interval change = interval_paired(evaluation->lost, evaluation->gained, images);
    accuracy.float_top1 = fraction_of(reference->top1_correct, images);
    accuracy.float_top5 = fraction_of(reference->top5_correct, images);
    accuracy.top1 = fraction_of(quantized->top1_correct, images);
    accuracy.top5 = fraction_of(quantized->top5_correct, images);
    accuracy.change = (bitstitch_fraction){
        ((double)evaluation->gained - (double)evaluation->lost) / (double)images, change.low, change.high};
    accuracy.float_cross_entropy = reference->cross_entropy;
    accuracy.cross_entropy = quantized->cross_entropy;
    return accuracy;
}

bitstitch_status bitstitch_evaluate(bitstitch_accuracy *accuracy, bitstitch_result *result, size_t images,
                                    bitstitch_progress *progress, void *context, bitstitch_error *error)
{
    Message message;
    Asking asking = {progress, context, "evaluating"};
    Status status = evaluate(result, images, &asking, &message);
    if (status == STATUS_OK && accuracy) *accuracy = accuracy_of(&result->evaluation);
    return pass_on(error, status, &message);
}

/* --- bounding ----------------------------------------------------------------------------------------- */

static Status know_norms(bitstitch_model *model, Asking *asking, Message *message)
{
    if (model->norms) return STATUS_OK;
    const Network *network = model->network;
    const NormOptions options = {
        .pool = model->pool, .memory = memory_of_call(model), .proceed = ask, .context = asking};
    LayerNorm *norms = calloc(network->node_count + 1, sizeof *norms);
    if (!norms) return status_no_memory(message, "the layers' norms");
    const double start = seconds_now();
    Status status = network_norms(norms, network, &options, message);
    if (status != STATUS_OK) {
        free(norms);
        return status;
    }
    model->norms = norms;
    model->norm_seconds = seconds_now() - start;
    return STATUS_OK;
}

static Status compute_bound(bitstitch_result *result, size_t images, Asking *asking, Message *message)
{
    bitstitch_model *model = result->model;
    Ladder ladder;
    asking->activity = "computing norms";
    Status status = know_norms(model, asking, message);
    if (status != STATUS_OK) return status;
    asking->activity = "bounding";
    const LadderOptions options = {.pool = model->pool,
                                   .images = images ? images : result->pipeline->images,
                                   .memory = memory_of_call(model),
                                   .proceed = ask,
                                   .context = asking};
    status = ladder_create(&ladder, model->network, (const Weights *const *)result->pipeline->weights,
                           model->norms, model->calibration, &model->normalization, &options, message);
    if (status != STATUS_OK) return status;
    ladder_free(&result->ladder);
    result->ladder = ladder;
    return STATUS_OK;
}

bitstitch_status bitstitch_compute_bound(bitstitch_bound *bound, bitstitch_result *result, size_t images,
                                         bitstitch_progress *progress, void *context, bitstitch_error *error)
{
    Message message;
    Asking asking = {progress, context, NULL};
    Status status = compute_bound(result, images, &asking, &message);
    const Ladder *ladder = &result->ladder;
    if (status == STATUS_OK && bound)
        *bound = (bitstitch_bound){.images = ladder->images,
                                   .frobenius = ladder->frobenius,
                                   .spectral = ladder->spectral,
                                   .hybrid = ladder->hybrid,
                                   .measured = ladder->measured,
                                   .output_norm = ladder->output_norm,
                                   .certified_spectral = ladder->certified[CERTIFIED_SPECTRAL],
                                   .certified_hybrid = ladder->certified[CERTIFIED_NORMS],
                                   .certified_direction = ladder->certified[CERTIFIED_DIRECTION],
                                   .certified_one_sided = ladder->certified[CERTIFIED_ONE_SIDED],
                                   .certified_by_stage = ladder->certified[CERTIFIED_BY_STAGE],
                                   .kept = ladder->kept,
                                   .costliest = ladder->costliest,
                                   .unbounded_node = ladder->culprit,
                                   .unbounded_reason = ladder->reason};
    return pass_on(error, status, &message);
}

bitstitch_status bitstitch_layer_get_bound(bitstitch_layer_bound *bound, const bitstitch_result *result,
                                           size_t layer, bitstitch_error *error)
{
    const Ladder *ladder = &result->ladder;
    Message message;
    if (ladder->images == 0)
        return pass_on(error, status_fail(&message, STATUS_INVALID, "no bound was computed yet"), &message);
    if (layer >= ladder->layer_count) return refuse_layer(error, layer, ladder->layer_count);
    const LadderStep *step = &ladder->steps[layer];
    *bound = (bitstitch_layer_bound){.local_error = step->local_error,
                                     .lipschitz = step->lambda,
                                     .frobenius = step->frobenius,
                                     .spectral = step->spectral,
                                     .hybrid = step->hybrid};
    return BITSTITCH_OK;
}

/* --- exporting ---------------------------------------------------------------------------------------- */

bitstitch_status bitstitch_export(const bitstitch_result *result, const char *path, bitstitch_error *error)
{
    const bitstitch_model *model = result->model;
    const Pipeline *pipeline = result->pipeline;
    struct rusage usage;
    const bool evaluated = result->evaluation.images > 0, bounded = result->ladder.images > 0;
    const Result all = {
        .network = model->network,
        .plan = result->plan,
        .calibration = model->calibration,
        .evaluation = model->evaluation,
        .normalization = &model->normalization,
        .pipeline = pipeline,
        .accuracy = evaluated ? &result->evaluation : NULL,
        .ladder = bounded ? &result->ladder : NULL,
        .ladder_on = LADDER_CALIBRATION,
        .memory = {.ceiling = memory_of_call(model)},
        .run = {.optimizer_seconds = pipeline->calibrate_seconds + pipeline->solve_seconds,
                .evaluate_seconds = result->evaluation.seconds,
                .threads = pool_workers(model->pool),
                .blas_kernel = blas_kernel(),
                .network_kernels = network_kernels(model->network),
                .version = BITSTITCH_VERSION,
                .norm_seconds = bounded ? model->norm_seconds : NAN,
                .peak_bytes = getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0}};
    Message message;
    ExportFormat format;
    Status status = export_format(&format, path, &message);
    if (status == STATUS_OK && format == EXPORT_ONNX)
        status = quantized_onnx_check(model->network, result->plan, &all.memory, &message);
    if (status == STATUS_OK) status = export_write(path, format, &all, &message);
    return pass_on(error, status, &message);
}
