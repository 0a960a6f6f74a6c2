/* SPDX-License-Identifier: MIT */
#include "quantize/calibrate/statistics.h"

#include "base/random.h"
#include "base/sizes.h"
#include "quantize/calibrate/calibrate.h"
#include "quantize/calibrate/sampling.h"

#include <stdlib.h>

#define CHUNK_BYTES (32u << 20) /* of rows gathered at a time */
#define QUANTIZE_ROWS 256       /* per task */

size_t statistics_bytes(const Statistics *statistics)
{
    const Problem *problem = statistics->problems;
    size_t m = problem->m, n = problem->n, groups = statistics->groups;
    size_t floats = problem->heldout_rows * groups * (m + n);
    if (statistics->inputs) floats += STATISTICS_INPUTS;
    if (statistics->compensated) floats += groups * m * n;
    if (statistics->quantizes) floats += statistics->choice.quantizer.count;
    return problems_bytes(groups, m, n) + floats * sizeof(float);
}

void statistics_free(Statistics *statistics)
{
    problems_free(statistics->problems);
    free(statistics->heldout_x);
    free(statistics->heldout_y);
    free(statistics->compensated);
    free(statistics->inputs);
    activation_free(&statistics->choice);
    *statistics = (Statistics){0};
}

size_t statistics_collect_bytes(const Network *network, size_t index, const SampleSizes *sizes,
                                const CalibrationOptions *options)
{
    const Layer *layer = &network->layers[index];
    const size_t row = (2 * layer->n + layer->m) * layer->groups * sizeof(float); /* X twice, and Y */
    const size_t positions = sample_positions(network, layer);
    const bool compensates =
        options->error_compensated && options->activation_bits && options->activation_bits[index];
    const size_t weights = compensates ? layer->groups * layer->m * layer->n * sizeof(float) : 0;
    return size_max(2 * CHUNK_BYTES, positions * row) + sample_heldout_rows(sizes, positions) * row + weights;
}

/* A collection in progress. */
typedef struct Collection {
    Statistics *statistics;
    size_t index;
    const Layer *layer;
    Chains *chains;
    const SampleSizes *sizes;
    const CalibrationOptions *options;
    size_t width, height; /* of a row of X and of Y, all groups together */
    Message *message;
} Collection;

/* True where X is not taken from the float chain. */
static bool rows_differ(const Collection *collection, const Sampling *sampling)
{
    return !collection->options->independent && sampling_chains_differ(sampling);
}

/* --- quantized inputs ----------------------------------------------------------------------------------- */

/* Chooses the scales of the layer's input from a part of the rows that it is solved on. */
static Status choose_quantizer(Collection *collection)
{
    const CalibrationOptions *options = collection->options;
    const Layer *layer = collection->layer;
    const Chains *chains = collection->chains;
    const unsigned bits = options->activation_bits ? options->activation_bits[collection->index] : 0;
    if (bits == 0) return STATUS_OK;
    ActivationChoice *choice = &collection->statistics->choice;
    const size_t channels = options->error_compensated ? layer_input_channels(layer) : 1;
    bool nonnegative = true;
    for (size_t i = 0; i < layer->use_count; i++)
        nonnegative &= chains->nonnegative[chains->network->nodes[layer->uses[i]].inputs[0]];
    Sampling sampling;
    Status status = sampling_create(&sampling, collection->chains, collection->index, collection->sizes,
                                    false, collection->message);
    sampling.rows = size_min(sampling.rows, activation_rows(collection->width, channels));
    float *x = malloc(sampling.rows * collection->width * sizeof *x);
    if (status == STATUS_OK && !x) status = status_no_memory(collection->message, "a layer's rows");
    if (status != STATUS_OK) goto out;
    sampling_gather(&sampling, x, 0, sampling.images, rows_differ(collection, &sampling));
    status = activation_choose(choice, x, sampling.rows, collection->width, channels, bits, nonnegative,
                               options->pool, collection->message);
    collection->statistics->quantizes = status == STATUS_OK;
    if (status == STATUS_OK && channels > 1)
        status = activation_balance(choice, x, sampling.rows, layer,
                                    options->weight_bits ? options->weight_bits[collection->index] : 0,
                                    collection->message);
out:
    free(x);
    sampling_free(&sampling);
    return status;
}

typedef struct QuantizeJob {
    const InputQuantizer *quantizer;
    float *x; /* [rows][width] */
    size_t rows, width;
} QuantizeJob;

static void quantize_task(void *context, size_t index, size_t worker)
{
    (void)worker;
    const QuantizeJob *job = context;
    const size_t first = index * QUANTIZE_ROWS, count = size_min(QUANTIZE_ROWS, job->rows - first);
    float *x = job->x + first * job->width;
    input_quantizer_apply_rows(x, count, job->width, job->quantizer);
    if (job->quantizer->count == 1) input_quantizer_restore_rows(x, count, job->width, job->quantizer);
}

/* x [rows][width], in place: the codes with one scale per channel, the dequantized values with one per
 * tensor, unchanged where the input stays float. */
static void quantize_rows(const Collection *collection, float *x, size_t rows)
{
    QuantizeJob job = {&collection->statistics->choice.quantizer, x, rows, collection->width};
    if (collection->statistics->quantizes)
        pool_run(collection->options->pool, size_ceil_div(rows, QUANTIZE_ROWS), quantize_task, &job);
}

/* Gives the Problems W diag(scales) in the place of W, where X holds codes. */
static Status compensate_weights(Collection *collection)
{
    const Layer *layer = collection->layer;
    Statistics *statistics = collection->statistics;
    const InputQuantizer *quantizer = &statistics->choice.quantizer;
    if (!statistics->quantizes || quantizer->count == 1) return STATUS_OK;
    const size_t n = layer->n, block = layer->m * n, taps = layer->groups * n / quantizer->count;
    float *weights = malloc(layer->groups * block * sizeof *weights);
    if (!weights) return status_no_memory(collection->message, "compensated weights");
    for (size_t i = 0; i < layer->groups * block; i++)
        weights[i] = layer->weights[i] * quantizer->scales[(i / block * n + i % n) / taps];
    for (size_t g = 0; g < layer->groups; g++) statistics->problems[g].weights = weights + g * block;
    statistics->compensated = weights;
    return STATUS_OK;
}

/* --- sums ----------------------------------------------------------------------------------------------- */

/* Adds the rows of images first..first+count-1. With own_outputs Y is W X and not needed. */
static Status add_images(Collection *collection, const Sampling *sampling, size_t first, size_t count,
                         bool own_outputs)
{
    Problem *problems = collection->statistics->problems;
    Pool *pool = collection->options->pool;
    const size_t groups = collection->layer->groups, width = collection->width, height = collection->height;
    const size_t rows = sampling_rows_before(sampling, first + count) - sampling_rows_before(sampling, first);
    if (rows == 0) return STATUS_OK;
    float *x = malloc(rows * width * sizeof *x), *y = own_outputs ? NULL : malloc(rows * height * sizeof *y);
    Status status =
        x && (y || own_outputs) ? STATUS_OK : status_no_memory(collection->message, "a layer's rows");
    if (status != STATUS_OK) goto out;
    sampling_gather(sampling, x, first, count, false);
    if (!own_outputs) {
        problems_outputs(problems, groups, y, x, rows, pool);
        if (rows_differ(collection, sampling)) sampling_gather(sampling, x, first, count, true);
        quantize_rows(collection, x, rows);
    }
    for (size_t row = 0; status == STATUS_OK && row < rows; row += PROBLEM_ROWS) {
        status = cancellation_check(&collection->chains->cancellation, true, collection->message);
        if (status == STATUS_OK)
            status = problems_add(problems, groups, x + row * width, y ? y + row * height : NULL,
                                  size_min(PROBLEM_ROWS, rows - row), pool, collection->message);
    }
out:
    free(x);
    free(y);
    return status;
}

/* Fills the Problems' sums, as many images at a time as CHUNK_BYTES hold rows of, at least one. */
static Status sum_rows(Collection *collection)
{
    Sampling sampling;
    Status status = sampling_create(&sampling, collection->chains, collection->index, collection->sizes,
                                    false, collection->message);
    const size_t most = CHUNK_BYTES / ((collection->width + collection->height) * sizeof(float));
    const bool own_outputs = !collection->statistics->quantizes && !rows_differ(collection, &sampling);
    for (size_t first = 0, count; status == STATUS_OK && first < sampling.images; first += count) {
        const size_t before = sampling_rows_before(&sampling, first);
        count = 1;
        while (first + count < sampling.images &&
               sampling_rows_before(&sampling, first + count + 1) - before <= most)
            count++;
        status = add_images(collection, &sampling, first, count, own_outputs);
        if (status == STATUS_OK)
            status = cancellation_check(&collection->chains->cancellation, true, collection->message);
    }
    if (status == STATUS_OK)
        problems_finish(collection->statistics->problems, collection->layer->groups, own_outputs,
                        collection->options->pool);
    sampling_free(&sampling);
    return status;
}

/* --- held-out rows -------------------------------------------------------------------------------------- */

/* Draws single input values from x [rows][width], which is not quantized yet. */
static Status draw_inputs(Collection *collection, const float *x, size_t rows)
{
    Statistics *statistics = collection->statistics;
    const InputQuantizer *quantizer = &statistics->choice.quantizer;
    const size_t width = collection->width;
    statistics->inputs = malloc(STATISTICS_INPUTS * sizeof *statistics->inputs);
    if (!statistics->inputs) return status_no_memory(collection->message, "held-out inputs");
    for (size_t i = 0; i < STATISTICS_INPUTS; i++) {
        const uint64_t bits = random_bits(collection->sizes->seed, collection->index, i, 0);
        const size_t element = (size_t)(bits % (rows * width));
        statistics->inputs[i] = x[element];
        if (statistics->quantizes)
            statistics->inputs[i] /= quantizer->scales[element % width * quantizer->count / width];
    }
    return STATUS_OK;
}

static Status hold_out(Collection *collection)
{
    Statistics *statistics = collection->statistics;
    const Layer *layer = collection->layer;
    const size_t width = collection->width, height = collection->height;
    if (collection->sizes->heldout_images == 0) return STATUS_OK;
    Sampling sampling;
    Status status = sampling_create(&sampling, collection->chains, collection->index, collection->sizes, true,
                                    collection->message);
    float *x = statistics->heldout_x = malloc(sampling.rows * width * sizeof *x);
    float *y = statistics->heldout_y = malloc(sampling.rows * height * sizeof *y);
    if (status == STATUS_OK && (!x || !y)) status = status_no_memory(collection->message, "held-out rows");
    if (status == STATUS_OK) {
        sampling_gather(&sampling, x, 0, sampling.images, false);
        problems_outputs(statistics->problems, layer->groups, y, x, sampling.rows, collection->options->pool);
        if (rows_differ(collection, &sampling)) sampling_gather(&sampling, x, 0, sampling.images, true);
        status = draw_inputs(collection, x, sampling.rows);
    }
    if (status == STATUS_OK) quantize_rows(collection, x, sampling.rows);
    for (size_t g = 0; status == STATUS_OK && g < layer->groups; g++) {
        Problem *problem = &statistics->problems[g];
        problem->heldout_rows = sampling.rows;
        problem->heldout_x = x + g * layer->n;
        problem->heldout_y = y + g * layer->m;
        problem->heldout_stride = width;
        problem->heldout_y_stride = height;
    }
    sampling_free(&sampling);
    return status;
}

Status statistics_collect(Statistics *statistics, size_t index, Chains *chains, const SampleSizes *sizes,
                          const CalibrationOptions *options, Message *message)
{
    const Layer *layer = &chains->network->layers[index];
    *statistics = (Statistics){.groups = layer->groups};
    Collection collection = {.statistics = statistics,
                             .index = index,
                             .layer = layer,
                             .chains = chains,
                             .sizes = sizes,
                             .options = options,
                             .width = layer->groups * layer->n,
                             .height = layer->groups * layer->m,
                             .message = message};
    Status status =
        problems_create(&statistics->problems, layer->groups, layer->m, layer->n, layer->weights, message);
    if (status == STATUS_OK) status = choose_quantizer(&collection);
    if (status == STATUS_OK) status = sum_rows(&collection);
    if (status == STATUS_OK) status = hold_out(&collection);
    if (status == STATUS_OK) status = compensate_weights(&collection);
    if (status != STATUS_OK) statistics_free(statistics);
    return status;
}
