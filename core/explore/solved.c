/* SPDX-License-Identifier: MIT */
#include "explore/solved.h"

#include "explore/layer_solve.h"
#include "network/run/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MOST 127

LayerResult layer_result(const LayerPlan *choice)
{
    return (LayerResult){.bits = choice->weight_bits,
                         .activation_bits = choice->activation_bits,
                         .method = (Method)choice->method,
                         .grid = (GridKind)choice->grid,
                         .rounding_error = NAN,
                         .bitsplit_error = NAN,
                         .polished_error = NAN,
                         .heldout_error = NAN,
                         .accumulated_error = NAN,
                         .sqnr_db = NAN};
}

double layer_result_error(const LayerResult *result)
{
    return isnan(result->polished_error) ? result->bitsplit_error : result->polished_error;
}

/* --- references ------------------------------------------------------------------------------------------
 */

const Solved *solved_hold(const Solved *solved)
{
    atomic_fetch_add_explicit(&((Solved *)solved)->references, 1, memory_order_relaxed);
    return solved;
}

static void release(Solved *solved)
{
    weights_free(solved->weights);
    free(solved->result.codes);
    free(solved->result.scales);
    free(solved->result.bias);
    free(solved->result.input_scales);
    free(solved->trace);
    free(solved);
}

void solved_drop(const Solved *shared)
{
    Solved *solved = (Solved *)shared;
    if (solved && atomic_fetch_sub_explicit(&solved->references, 1, memory_order_acq_rel) == 1)
        release(solved);
}

/* --- histograms ------------------------------------------------------------------------------------------
 */

static void count_value(Histogram *histogram, double value)
{
    histogram->total++;
    if (value < histogram->low) {
        histogram->below++;
    } else if (value > histogram->high) {
        histogram->above++;
    } else {
        double bin = (value - histogram->low) / (histogram->high - histogram->low) * HISTOGRAM_BINS;
        histogram->counts[bin < HISTOGRAM_BINS ? (size_t)bin : HISTOGRAM_BINS - 1]++;
    }
}

/* From the least to the most of the values, zero included. */
static void set_range(Histogram *histogram, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        histogram->low = fmin(histogram->low, (double)values[i]);
        histogram->high = fmax(histogram->high, (double)values[i]);
    }
    if (histogram->low == histogram->high) histogram->high = 1;
}

/* The weights that the codes stand for: with per-channel input scales, the weights times their channel's
 * scale. */
static void picture_weights(Solved *solved, const Statistics *statistics)
{
    const Problem *problems = statistics->problems;
    const size_t n = problems->n, block = problems->m * n;
    Histogram *histogram = &solved->weight_histogram;
    if (solved->result.codes) {
        const Grid grid = grid_make(solved->result.grid, solved->result.bits);
        histogram->high = grid_largest(&grid) + 0.5;
        histogram->low = -histogram->high;
    } else {
        for (size_t g = 0; g < statistics->groups; g++) set_range(histogram, problems[g].weights, block);
    }
    for (size_t i = 0; i < statistics->groups * block; i++) {
        double weight = (double)problems[i / block].weights[i % block];
        double scale = solved->result.codes ? (double)solved->result.scales[i / n] : 1;
        count_value(histogram, scale > 0 ? weight / scale : 0);
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* LayerResult.range; 0 without memory for it. */
static double median_range(const LayerResult *result, const Statistics *statistics)
{
    const Problem *problems = statistics->problems;
    const size_t n = problems->n, channels = statistics->groups * problems->m;
    const Grid grid = grid_make(result->grid, result->bits);
    double *ranges = calloc(channels, sizeof *ranges), median = 0;
    size_t count = 0;
    for (size_t c = 0; ranges && c < channels; c++) {
        const float *weights = problems[c / problems->m].weights + c % problems->m * n;
        double largest = 0;
        for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)weights[k]));
        if (largest > 0) ranges[count++] = (double)result->scales[c] * grid_largest(&grid) / largest;
    }
    if (count > 0) {
        qsort(ranges, count, sizeof *ranges, ascending);
        median = ranges[count / 2];
    }
    free(ranges);
    return median;
}

static void picture_codes(Solved *solved, size_t count)
{
    const Grid grid = grid_make(solved->result.grid, solved->result.bits);
    const unsigned digits = grid.consecutive ? grid_digits(solved->result.bits) : 0;
    for (size_t i = 0; i < count; i++) {
        int code = solved->result.codes[i];
        solved->codes[code + CODE_MOST]++;
        for (unsigned p = 0; p < digits; p++)
            solved->digits[p][1 + (abs(code) >> p & 1) * (code < 0 ? -1 : 1)]++;
    }
}

/* A quarter beyond the codes, where values are clipped. */
static void picture_inputs(Solved *solved, const Statistics *statistics)
{
    if (!statistics->inputs) return;
    const InputQuantizer *quantizer = &statistics->choice.quantizer;
    Histogram *histogram = &solved->inputs;
    if (statistics->quantizes) {
        histogram->low = (double)quantizer->low * 1.25 - 0.5;
        histogram->high = (double)quantizer->high * 1.25 + 0.5;
    } else {
        set_range(histogram, statistics->inputs, STATISTICS_INPUTS);
    }
    for (size_t i = 0; i < STATISTICS_INPUTS; i++) count_value(histogram, (double)statistics->inputs[i]);
}

/* --- solving ---------------------------------------------------------------------------------------------
 */

typedef struct Job {
    Solved *solved;
    const Layer *layer;
    const SolvedWatch *watch;
    size_t room; /* of the trace */
    bool no_memory;
} Job;

static bool keep_epoch(void *context, const SolveProgress *progress)
{
    Job *job = context;
    Solved *solved = job->solved;
    if (solved->trace_count == job->room) {
        size_t room = 2 * job->room + 16;
        SolveProgress *trace = reallocarray(solved->trace, room, sizeof *trace);
        job->no_memory = !trace;
        if (!trace) return false;
        solved->trace = trace;
        job->room = room;
    }
    solved->trace[solved->trace_count++] = *progress;
    if (!job->watch->progress) return true;
    return job->watch->progress(job->watch->context, solved->trace, solved->trace_count);
}

/* Moves the solution's arrays into the result; the shift becomes the bias. */
static void take_solution(LayerResult *result, const Solution *solution, const Layer *layer)
{
    result->rounding_error = solution->rounding_error;
    result->bitsplit_error = solution->method_error;
    result->polished_error = solution->polished_error;
    result->heldout_error = solution->heldout_error;
    result->sqnr_db = -10 * log10(layer_final_error(solution));
    result->codes_changed = solution->codes_changed;
    result->channels_kept = solution->channels_kept;
    result->epochs = solution->epochs;
    result->polish_epochs = solution->polish_epochs;
    result->codes = solution->codes;
    result->scales = solution->scales;
    result->bias = solution->bias_shift;
    for (size_t c = 0; c < layer->groups * layer->m; c++) result->bias[c] += layer->bias[c];
}

static Status solve_weights(Job *job, const PlanOptions *plan, const LayerPlan *choice,
                            const Statistics *statistics, Pool *pool, Message *message)
{
    LayerResult *result = &job->solved->result;
    const Problem *problems = statistics->problems;
    SolveOptions options = layer_solve_options(plan, choice, problems->rows, problems->n);
    options.progress = keep_epoch;
    options.context = job;
    Solution solution;
    Status status = solve(&solution, problems, statistics->groups, &options, pool, message);
    if (job->no_memory) return status_no_memory(message, "the trace of epochs");
    if (status != STATUS_OK) return status;
    result->rows = problems->rows;
    result->heldout_rows = problems->heldout_rows;
    result->ridge = options.ridge;
    take_solution(result, &solution, job->layer);
    if (choice->grid != GRID_UNIFORM) return STATUS_OK;
    return two_weights_choose(&job->solved->pair, problems, statistics->groups, plan->bias_correction,
                              choice->weight_bits, message);
}

/* --- stitching -------------------------------------------------------------------------------------------
 */

/* The quantized chain's layer where its input is quantized: codes of both sides, or float weights on codes.
 */
static Status stitch_integer(Solved *solved, const Network *network, size_t index,
                             const ActivationChoice *choice, Message *message)
{
    LayerResult *result = &solved->result;
    const InputQuantizer *quantizer = &choice->quantizer;
    result->clipped = choice->clipped;
    result->input_scales = malloc(quantizer->count * sizeof *result->input_scales);
    if (!result->input_scales) return status_no_memory(message, "input scales");
    memcpy(result->input_scales, quantizer->scales, quantizer->count * sizeof *result->input_scales);
    result->input_scale_count = quantizer->count;
    const float *bias = result->codes ? result->bias : network->layers[index].bias;
    Status status = weights_create_integer(&solved->weights, network, index, result->codes, result->scales,
                                           bias, quantizer, message);
    if (status == STATUS_OK) result->exact = weights_exact(solved->weights);
    return status;
}

/* The quantized chain's weights where the input stays float: scale times code. */
static Status stitch(Solved *solved, const Network *network, size_t index, Message *message)
{
    const Layer *layer = &network->layers[index];
    const LayerResult *result = &solved->result;
    size_t count = layer->groups * layer->m * layer->n;
    float *weights = malloc(count * sizeof *weights);
    if (!weights) return status_no_memory(message, "quantized weights");
    for (size_t i = 0; i < count; i++) weights[i] = result->scales[i / layer->n] * (float)result->codes[i];
    Status status = weights_create(&solved->weights, network, index, weights, result->bias, message);
    free(weights);
    return status;
}

/* --- the whole -------------------------------------------------------------------------------------------
 */

size_t solved_bytes(const Layer *layer)
{
    const size_t channels = layer->groups * layer->m, count = channels * layer->n;
    return sizeof(Solved) + 2 * SOLVE_MAX_EPOCHS * sizeof(SolveProgress) +
           layer_input_channels(layer) * sizeof(float) + channels * 2 * sizeof(float) +
           count * (1 + sizeof(float));
}

static void finish(Solved *solved, const Layer *layer, const Statistics *statistics)
{
    const size_t channels = layer->groups * layer->m, count = channels * layer->n;
    picture_weights(solved, statistics);
    if (solved->result.codes) picture_codes(solved, count);
    if (solved->result.codes) solved->result.range = median_range(&solved->result, statistics);
    picture_inputs(solved, statistics);
    solved->bytes = sizeof *solved + solved->trace_count * sizeof *solved->trace +
                    solved->result.input_scale_count * sizeof(float) + channels * 2 * sizeof(float) +
                    count * (1 + sizeof(float));
}

Status solved_create(const Solved **result, const Network *network, size_t index, const PlanOptions *options,
                     const LayerPlan *choice, const Statistics *statistics, const SolvedWatch *watch,
                     Pool *pool, Message *message)
{
    *result = NULL;
    const Layer *layer = &network->layers[index];
    Solved *solved = calloc(1, sizeof *solved);
    if (!solved) return status_no_memory(message, "a layer's solution");
    solved->references = 1;
    solved->result = layer_result(choice);
    Job job = {.solved = solved, .layer = layer, .watch = watch};
    Status status = STATUS_OK;
    if (choice->weight_bits != BITS_FLOAT)
        status = solve_weights(&job, options, choice, statistics, pool, message);
    if (status == STATUS_OK)
        status = statistics->quantizes ? stitch_integer(solved, network, index, &statistics->choice, message)
                                       : stitch(solved, network, index, message);
    if (status != STATUS_OK) {
        release(solved);
        return status_context(message, status, "layer '%s'", layer->name);
    }
    finish(solved, layer, statistics);
    *result = solved;
    return STATUS_OK;
}
