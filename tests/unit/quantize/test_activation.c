/* SPDX-License-Identifier: MIT */
/* Quantized activations: layers against integer evaluation, scales against a fine scan, the pipeline's
 * figures against what the network then computes. */
#include "base/random.h"
#include "base/sizes.h"
#include "explore/pipeline.h"
#include "fashion_fixture.h"
#include "graph_text.h"
#include "network/geometry.h"
#include "network/network.h"
#include "network/run/input_quantizer.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "quantize/calibrate/activation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_SAMPLED 24 /* rows of an image that are evaluated with integers */

static void must(Status status, const Message *message)
{
    if (status != STATUS_OK) fail_msg("%s", message->text);
}

static float *floats(size_t count)
{
    float *values = calloc(size_max(count, 1), sizeof *values);
    assert_non_null(values);
    return values;
}

static float *random_floats(size_t count, double low, double high, uint64_t seed)
{
    float *values = floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(low + (high - low) * random_uniform(seed, i, 0, 0));
    return values;
}

/* --- layers against integers ------------------------------------------------------------------------ */

typedef struct Integers {
    int8_t *codes;
    float *scales, *bias, *input_scales;
    InputQuantizer quantizer;
} Integers;

static Integers make_integers(const Layer *layer, size_t channels, float low, float high, uint64_t seed)
{
    size_t outputs = layer->groups * layer->m;
    Integers layers = {.codes = malloc(outputs * layer->n),
                       .scales = random_floats(outputs, 0.01, 0.1, seed),
                       .bias = random_floats(outputs, -1, 1, seed + 1),
                       .input_scales = random_floats(channels, 0.02, 0.2, seed + 2)};
    for (size_t i = 0; i < outputs * layer->n; i++)
        layers.codes[i] = (int8_t)((int)(random_bits(seed, i, 1, 0) % 15) - 7);
    layers.quantizer = (InputQuantizer){channels, layers.input_scales, low, high};
    return layers;
}

static void free_integers(Integers *layers)
{
    free(layers->codes);
    free(layers->scales);
    free(layers->bias);
    free(layers->input_scales);
}

static int64_t integer_code(float code, float low, float high)
{
    return (int64_t)fminf(fmaxf(rintf(code), low), high);
}

/* Output `output` of the layer for a row of its float input, by integers alone but for scale and bias. */
static float evaluate(const Layer *layer, const Integers *integers, const float *row, size_t output)
{
    size_t taps = layer->weight_rank == 4 ? layer->weight_shape[2] * layer->weight_shape[3] : 1;
    size_t n = layer->n, group = output / layer->m;
    bool single = integers->quantizer.count == 1;
    int64_t sum = 0;
    for (size_t k = 0; k < n; k++) {
        size_t channel = single ? 0 : group * (n / taps) + k / taps;
        float x = row[group * n + k], step = integers->input_scales[channel];
        int64_t code = integer_code(single ? x / step : x * (1 / step), integers->quantizer.low,
                                    integers->quantizer.high);
        sum += code * integers->codes[output * n + k];
    }
    float scale = integers->scales[output] * (single ? integers->input_scales[0] : 1);
    return scale * (float)sum + integers->bias[output];
}

static void check_rows(const Network *network, size_t node, const Integers *integers, const float *input,
                       const float *output)
{
    const Layer *layer = &network->layers[network->nodes[node].layer];
    size_t rows = network_rows(network, node), outputs = layer->groups * layer->m;
    float *row = floats(layer->groups * layer->n);
    for (size_t image = 0; image < network->batch; image += size_max(network->batch - 1, 1))
        for (size_t i = 0; i < size_min(rows, MOST_SAMPLED); i++) {
            size_t position = i * rows / size_min(rows, MOST_SAMPLED);
            network_gather(network, node, row, input, image, &position, 1);
            for (size_t c = 0; c < outputs; c++) {
                float expected = evaluate(layer, integers, row, c);
                float found = output[(image * rows + position) * outputs + c];
                if (expected != found)
                    fail_msg("%s, image %zu, position %zu, output %zu: %.9g, by integers %.9g", layer->name,
                             image, position, c, (double)found, (double)expected);
            }
        }
    free(row);
}

static void check_layer(const Network *network, Workspace *workspace, size_t number, size_t channels,
                        float low, float high)
{
    const Layer *layer = &network->layers[number];
    size_t node = layer->uses[0];
    const Value *in = &network->values[network->nodes[node].inputs[0]];
    const Value *out = &network->values[network->nodes[node].output];
    Integers integers = make_integers(layer, channels, low, high, number);
    Weights *weights;
    Message message;
    must(weights_create_integer(&weights, network, number, integers.codes, integers.scales, integers.bias,
                                &integers.quantizer, &message),
         &message);
    assert_true(weights_exact(weights));
    assert_int_equal(weights_quantizer(weights)->count, channels);
    float *input = random_floats(in->elements, low < 0 ? -3 : 0, 3, 77), *output = floats(out->elements);
    must(network_run_node(network, node, output, (const void *[]){input}, weights, workspace, &message),
         &message);
    check_rows(network, node, &integers, input, output);
    free(input);
    free(output);
    weights_free(weights);
    free_integers(&integers);
}

/* Convolutions of every stride and grouping in data/, and Gemms: exactly, with one scale and with one a
 * channel.
 */
static void layers_are_integer_arithmetic(void **state)
{
    static const char *const names[] = {"lenet5", "resnet20", "mobilenetv2"};
    for (size_t i = 0; i < 3; i++) {
        Network *network = open_network(names[i]);
        Workspace *workspace;
        Message message;
        must(workspace_create(&workspace, network, &message), &message);
        for (size_t l = 0; l < network->layer_count; l++) {
            size_t channels = layer_input_channels(&network->layers[l]);
            check_layer(network, workspace, l, 1, 0, 15);
            check_layer(network, workspace, l, 1, -127, 127);
            check_layer(network, workspace, l, channels, 0, 255);
            check_layer(network, workspace, l, channels, -1, 1);
        }
        workspace_free(workspace);
        network_free(network);
    }
}

static void what_may_not_be_exact_says_so(void **state)
{
    Network *network = open_network("lenet5");
    const Layer *layer = &network->layers[network->layer_count - 1];
    Message message;
    Integers integers = make_integers(layer, 1, 0, 65535, 3);
    memset(integers.codes, 127, layer->m * layer->n);
    assert_true(127.0 * 65535 * (double)layer->n > 16777216);
    Weights *weights;
    must(weights_create_integer(&weights, network, network->layer_count - 1, integers.codes, integers.scales,
                                integers.bias, &integers.quantizer, &message),
         &message);
    assert_false(weights_exact(weights));
    weights_free(weights);
    static const float wrong[] = {0, -1, INFINITY, NAN};
    for (size_t i = 0; i < 4; i++) {
        integers.input_scales[0] = wrong[i];
        assert_int_equal(weights_create_integer(&weights, network, network->layer_count - 1, integers.codes,
                                                integers.scales, integers.bias, &integers.quantizer,
                                                &message),
                         STATUS_INVALID);
        assert_non_null(strstr(message.text, layer->name));
    }
    integers.quantizer.count = layer->n + 1;
    assert_int_equal(weights_create_integer(&weights, network, network->layer_count - 1, integers.codes,
                                            integers.scales, integers.bias, &integers.quantizer, &message),
                     STATUS_INVALID);
    free_integers(&integers);
    network_free(network);
}

static void codes_are_rounded_half_to_even(void **state)
{
    float values[] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.49999997f, 1e30f, -1e30f, NAN, -0.0f};
    const float expected[] = {0, 2, 2, 0, -2, 0, 7, -7, NAN, 0};
    float scale = 1;
    input_quantizer_apply(values, values, 10, &(InputQuantizer){1, &scale, -7, 7});
    for (size_t i = 0; i < 10; i++)
        assert_true(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i])));
}

static void signs_follow_the_graph(void **state)
{
    static const char graph[] =
        "a=Relu(x); b=Clip(x,0.0,6.0); c=Mul(a,b); d=MaxPool(c) kernel_shape=[2,2]; "
        "e=Sub(d,1.0); f=Sigmoid(e); g=Clip(e,-1.0,1.0); h=Add(f,g); y=Concat(h,f) axis=1";
    static const char *const nonnegative_names[] = {"Relu", "Mul", "MaxPool", "Sigmoid"};
    Message message;
    Network *network = graph_open(graph, 13, (size_t[]){16, 2, 4, 4}, &message);
    if (!network) fail_msg("%s", message.text);
    bool nonnegative[64];
    assert_true(network->value_count <= 64);
    network_find_nonnegative(nonnegative, network);
    size_t clips = 0;
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        bool expected = false;
        for (size_t k = 0; k < 4; k++) expected |= strcmp(node->operator_name, nonnegative_names[k]) == 0;
        if (strcmp(node->operator_name, "Transpose") == 0) continue;
        if (strcmp(node->operator_name, "Clip") == 0) expected = clips++ == 0;
        if (nonnegative[node->output] != expected)
            fail_msg("%s (%s): %d", node->name, node->operator_name, nonnegative[node->output]);
    }
    assert_int_equal(clips, 2);
    assert_false(nonnegative[network->input]);
    network_free(network);
}

/* --- scales ----------------------------------------------------------------------------------------- */

static double error_at(const float *values, size_t count, double scale, double low, double high)
{
    double error = 0;
    for (size_t i = 0; i < count; i++) {
        double code = fmin(fmax(rint((double)values[i] / scale), low), high);
        double difference = (double)values[i] - scale * code;
        error += difference * difference;
    }
    return error;
}

/* Sums of four uniform numbers, cut off below zero where they are not to be negative, and a few large ones.
 */
static float *make_rows(size_t count, bool nonnegative, uint64_t seed)
{
    float *rows = floats(count);
    for (size_t i = 0; i < count; i++) {
        double sum = -2;
        for (size_t k = 0; k < 4; k++) sum += random_uniform(seed, i, k, 0);
        if (i % 500 == 0) sum *= 4;
        rows[i] = (float)(nonnegative ? fmax(sum, 0) : sum);
    }
    return rows;
}

static void scale_is_as_good_as_a_fine_scan(void **state)
{
    const Bench *bench = *state;
    Message message;
    enum { COUNT = 4000, SCAN = 2000 };
    for (unsigned bits = 2; bits <= 8; bits++)
        for (int nonnegative = 0; nonnegative < 2; nonnegative++) {
            float *rows = make_rows(COUNT, nonnegative, bits), low, high, largest = 0;
            ActivationChoice choice;
            must(activation_choose(&choice, rows, COUNT / 8, 8, 1, bits, nonnegative, bench->pool, &message),
                 &message);
            activation_limits(&low, &high, bits, nonnegative);
            assert_true(choice.quantizer.low == low && choice.quantizer.high == high);
            assert_true(high == (nonnegative ? (1 << bits) - 1 : (1 << (bits - 1)) - 1));
            for (size_t i = 0; i < COUNT; i++) largest = fmaxf(largest, fabsf(rows[i]));
            double best = INFINITY,
                   found = error_at(rows, COUNT, (double)choice.scales[0], (double)low, (double)high);
            for (size_t i = 1; i <= SCAN; i++)
                best = fmin(best, error_at(rows, COUNT, (double)largest / (double)high * (double)i / SCAN,
                                           (double)low, (double)high));
            if (found > 1.03 * best)
                fail_msg("%u bits, nonnegative %d: %g, scan %g", bits, nonnegative, found, best);
            activation_free(&choice);
            free(rows);
        }
}

/* Four channels with three values per row: one channel is dead, one is ten times the others. */
static void channels_have_scales_of_their_own(void **state)
{
    const Bench *bench = *state;
    Message message;
    enum { ROWS = 500, WIDTH = 12 };
    float *rows = make_rows(ROWS * WIDTH, true, 9);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        rows[i] *= (i % WIDTH / 3 == 1) ? 0 : (i % WIDTH / 3 == 2) ? 10 : 1;
    ActivationChoice tensor, each, again;
    must(activation_choose(&tensor, rows, ROWS, WIDTH, 1, 4, true, bench->pool, &message), &message);
    must(activation_choose(&each, rows, ROWS, WIDTH, 4, 4, true, bench->pool, &message), &message);
    assert_true(each.scales[1] == tensor.scales[0]);
    assert_true(each.scales[2] > 5 * each.scales[0] && each.scales[2] < 20 * each.scales[0]);
    Pool *alone;
    assert_int_equal(pool_create(&alone, 1, NULL), STATUS_OK);
    must(activation_choose(&again, rows, ROWS, WIDTH, 4, 4, true, alone, &message), &message);
    assert_memory_equal(each.scales, again.scales, 4 * sizeof(float));
    activation_free(&again);
    pool_free(alone);
    memset(rows, 0, ROWS * WIDTH * sizeof *rows);
    must(activation_choose(&again, rows, ROWS, WIDTH, 4, 4, true, bench->pool, &message), &message);
    for (size_t c = 0; c < 4; c++) assert_true(again.scales[c] == 1);
    rows[77] = NAN;
    ActivationChoice refused;
    assert_int_equal(activation_choose(&refused, rows, ROWS, WIDTH, 4, 4, true, bench->pool, &message),
                     STATUS_INVALID);
    activation_free(&tensor);
    activation_free(&each);
    activation_free(&again);
    free(rows);
}

/* --- balanced scales --------------------------------------------------------------------------------- */

#define CHANNELS 6
#define TAPS 3
#define OUTPUTS 5
#define BALANCED_ROWS 400

/* P of activation.h, from rows and weights alone, of a layer of one group. */
static double predicted_error(const float *scales, const float *rows, const Layer *layer, unsigned bits)
{
    double noise = 0, spread = 0, power = 0;
    for (size_t c = 0; c < CHANNELS; c++) {
        double square = (double)scales[c] * (double)scales[c], weights = 0, inputs = 0, dense = 0;
        for (size_t i = 0; i < OUTPUTS; i++)
            for (size_t t = 0; t < TAPS; t++)
                weights += pow((double)layer->weights[i * layer->n + c * TAPS + t], 2);
        for (size_t row = 0; row < BALANCED_ROWS; row++)
            for (size_t t = 0; t < TAPS; t++) {
                double x = (double)rows[row * layer->n + c * TAPS + t];
                inputs += x * x / BALANCED_ROWS;
                dense += (x != 0) / (double)(BALANCED_ROWS * TAPS);
            }
        noise += weights * dense * square / 12;
        spread += weights * square;
        power += inputs / square;
    }
    return noise + 0.8 / pow(4, bits) / (double)layer->n * spread * power;
}

static void balanced_scales_minimize_the_predicted_error(void **state)
{
    const Bench *bench = *state;
    Message message;
    float *rows = make_rows(BALANCED_ROWS * CHANNELS * TAPS, true, 21);
    float *weights = random_floats(OUTPUTS * CHANNELS * TAPS, -1, 1, 22), tried[CHANNELS];
    for (size_t i = 0; i < BALANCED_ROWS * CHANNELS * TAPS; i++)
        rows[i] *= i / TAPS % CHANNELS == 1 ? 0 : powf(3, (float)(i / TAPS % CHANNELS));
    for (size_t i = 0; i < OUTPUTS * CHANNELS * TAPS; i++) weights[i] *= i / TAPS % CHANNELS == 3 ? 4 : 1;
    Layer layer = {.groups = 1, .m = OUTPUTS, .n = CHANNELS * TAPS, .weights = weights};
    for (unsigned bits = 2; bits <= 8; bits += 2) {
        ActivationChoice own, balanced;
        must(activation_choose(&own, rows, BALANCED_ROWS, layer.n, CHANNELS, bits, true, bench->pool,
                               &message),
             &message);
        must(activation_choose(&balanced, rows, BALANCED_ROWS, layer.n, CHANNELS, bits, true, bench->pool,
                               &message),
             &message);
        must(activation_balance(&balanced, rows, BALANCED_ROWS, &layer, 4, &message), &message);
        double found = predicted_error(balanced.scales, rows, &layer, 4);
        assert_true(bits < 8 || found < 0.7 * predicted_error(own.scales, rows, &layer, 4));
        assert_true(balanced.clipped <= own.clipped);
        for (uint64_t trial = 0; trial < 500; trial++) {
            double reach = trial & 1 ? 1 : 0.01;
            for (size_t c = 0; c < CHANNELS; c++) {
                double factor = exp(reach * (random_uniform(23, trial, c, 0) - 0.5));
                tried[c] = fmaxf(balanced.scales[c] * (float)factor, own.scales[c]);
                assert_true(balanced.scales[c] >= own.scales[c]);
            }
            assert_true(predicted_error(tried, rows, &layer, 4) >= found * (1 - 1e-6));
        }
        activation_free(&own);
        activation_free(&balanced);
    }
    free(rows);
    free(weights);
}

/* Cases without gain: float weights, and groups of one channel. */
static void scales_of_their_own_stay(void **state)
{
    const Bench *bench = *state;
    Message message;
    float *rows = make_rows(BALANCED_ROWS * CHANNELS * TAPS, false, 31);
    float *weights = random_floats(OUTPUTS * CHANNELS * TAPS, -1, 1, 32), before[CHANNELS];
    for (size_t i = 0; i < BALANCED_ROWS * CHANNELS * TAPS; i++)
        rows[i] *= (float)(1 + i / TAPS % CHANNELS * 4);
    Layer whole = {.groups = 1, .m = OUTPUTS, .n = CHANNELS * TAPS, .weights = weights};
    Layer depthwise = {.groups = CHANNELS, .m = 1, .n = TAPS, .weights = weights};
    ActivationChoice choice;
    must(activation_choose(&choice, rows, BALANCED_ROWS, whole.n, CHANNELS, 8, false, bench->pool, &message),
         &message);
    memcpy(before, choice.scales, sizeof before);
    must(activation_balance(&choice, rows, BALANCED_ROWS, &whole, 0, &message), &message);
    assert_memory_equal(choice.scales, before, sizeof before);
    must(activation_balance(&choice, rows, BALANCED_ROWS, &depthwise, 2, &message), &message);
    assert_memory_equal(choice.scales, before, sizeof before);
    must(activation_balance(&choice, rows, BALANCED_ROWS, &whole, 2, &message), &message);
    assert_memory_not_equal(choice.scales, before, sizeof before);
    activation_free(&choice);
    free(rows);
    free(weights);
}

/* --- the pipeline ----------------------------------------------------------------------------------- */

#define MEASURED_IMAGES 256

static Plan *make_plan(const Network *network, unsigned weight_bits, unsigned activation_bits)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, network, NULL), STATUS_OK);
    plan_set_bits(plan, network, weight_bits, weight_bits, weight_bits);
    plan_set_activation_bits(plan, network, activation_bits);
    plan->options.calibration_images = MEASURED_IMAGES;
    plan->options.rows = PLAN_ALL_ROWS;
    return plan;
}

static Pipeline *run(const Bench *bench, Pool *pool, const Network *network, const Plan *plan)
{
    Pipeline *pipeline;
    Message message = {0};
    PipelineOptions options = {.pool = pool};
    must(pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message), &message);
    return pipeline;
}

/* Values of a tile in the float chain and in the quantized one. */
typedef struct Chains {
    float **values[2]; /* [value_count] */
} Chains;

static void run_node(const Network *network, Chains *chains, size_t index, int chain, float *output,
                     const Weights *weights, Workspace *workspace)
{
    const Node *node = &network->nodes[index];
    const void *inputs[4];
    Message message;
    assert_true(node->input_count <= 4);
    for (size_t k = 0; k < node->input_count; k++) inputs[k] = chains->values[chain][node->inputs[k]];
    must(network_run_node(network, index, output, inputs, weights, workspace, &message), &message);
}

/* Adds a layer's squared error, from `chain`'s input through the quantized layer, and its squared output. */
static void measure_layer(double *error, double *square, const Network *network, Chains *chains, size_t index,
                          int chain, const Weights *weights, Workspace *workspace)
{
    const Node *node = &network->nodes[index];
    const Layer *layer = &network->layers[node->layer];
    size_t elements = network->values[node->output].elements, outputs = layer->groups * layer->m;
    float *quantized = floats(elements);
    const float *reference = chains->values[0][node->output];
    run_node(network, chains, index, chain, quantized, weights, workspace);
    for (size_t i = 0; i < elements; i++) {
        double y = (double)reference[i] - (double)layer->bias[i % outputs];
        double difference = (double)reference[i] - (double)quantized[i];
        *error += difference * difference;
        *square += y * y;
    }
    free(quantized);
}

static void measure_tile(double *errors, double *squares, const Bench *bench, const Network *network,
                         const Pipeline *pipeline, int chain, size_t first, Chains *chains,
                         Workspace *workspace)
{
    for (int c = 0; c < 2; c++)
        assert_int_equal(dataset_read(bench->images, chains->values[c][network->input], first, network->batch,
                                      &normalization, NULL),
                         STATUS_OK);
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        bool is_layer = node->layer != NO_INDEX;
        const Weights *weights = is_layer ? pipeline->weights[node->layer] : NULL;
        run_node(network, chains, i, 0, chains->values[0][node->output], NULL, workspace);
        run_node(network, chains, i, 1, chains->values[1][node->output], weights, workspace);
        if (is_layer)
            measure_layer(&errors[node->layer], &squares[node->layer], network, chains, i, chain, weights,
                          workspace);
    }
}

static void compare_errors(const Bench *bench, const Network *network, const Plan *plan)
{
    Pipeline *pipeline = run(bench, bench->pool, network, plan);
    double errors[16] = {0}, squares[16] = {0};
    Chains chains;
    Workspace *workspace;
    Message message;
    must(workspace_create(&workspace, network, &message), &message);
    for (int c = 0; c < 2; c++) {
        chains.values[c] = calloc(network->value_count, sizeof(float *));
        for (size_t v = 0; v < network->value_count; v++)
            chains.values[c][v] = floats(network->values[v].elements * 2);
    }
    int chain = plan->options.mode == MODE_SEQUENTIAL;
    for (size_t first = 0; first < MEASURED_IMAGES; first += network->batch)
        measure_tile(errors, squares, bench, network, pipeline, chain, first, &chains, workspace);
    for (size_t l = 0; l < network->layer_count; l++) {
        double reported = pipeline->layers[l].polished_error, measured = errors[l] / squares[l];
        if (fabs(measured - reported) > 2e-3 * reported + 1e-8)
            fail_msg("%s, %s, compensated %d: reported %.9g, measured %.9g", network->layers[l].name,
                     mode_name(plan->options.mode), plan->options.error_compensated, reported, measured);
        assert_int_equal(pipeline->layers[l].input_scale_count,
                         network->layers[l].first          ? 0
                         : plan->options.error_compensated ? layer_input_channels(&network->layers[l])
                                                           : 1);
        assert_true(network->layers[l].first || pipeline->layers[l].exact);
    }
    for (int c = 0; c < 2; c++) {
        for (size_t v = 0; v < network->value_count; v++) free(chains.values[c][v]);
        free(chains.values[c]);
    }
    workspace_free(workspace);
    pipeline_free(pipeline);
}

static void reported_errors_are_those_of_the_network(void **state)
{
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 4, 4);
    for (int i = 0; i < 4; i++) {
        plan->options.error_compensated = i & 1;
        plan->options.mode = i & 2 ? MODE_INDEPENDENT : MODE_SEQUENTIAL;
        compare_errors(*state, network, plan);
    }
    plan_drop(plan);
    network_free(network);
}

/* 8-bit activations cost almost nothing, per tensor and per channel: the rest is the error of the weights. */
static void compensation_leaves_the_weights_as_easy(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 4, 8);
    Pipeline *tensor = run(bench, bench->pool, network, plan);
    plan->options.error_compensated = true;
    Pipeline *compensated = run(bench, bench->pool, network, plan);
    for (size_t l = 0; l < network->layer_count; l++) {
        double one = tensor->layers[l].polished_error, each = compensated->layers[l].polished_error;
        if (each > 1.15 * one) fail_msg("%s: %g, by one scale %g", network->layers[l].name, each, one);
    }
    pipeline_free(tensor);
    pipeline_free(compensated);
    plan_drop(plan);
    network_free(network);
}

static void assert_same(const Pipeline *a, const Pipeline *b)
{
    for (size_t i = 0; i < a->layer_count; i++) {
        const Layer *layer = &a->network->layers[i];
        const LayerResult *x = &a->layers[i], *y = &b->layers[i];
        assert_memory_equal(x->codes, y->codes, layer->groups * layer->m * layer->n);
        assert_memory_equal(x->scales, y->scales, layer->groups * layer->m * sizeof(float));
        assert_int_equal(x->input_scale_count, y->input_scale_count);
        if (x->input_scale_count)
            assert_memory_equal(x->input_scales, y->input_scales, x->input_scale_count * sizeof(float));
        assert_memory_equal(&x->clipped, &y->clipped, sizeof(double));
        assert_memory_equal(&x->heldout_error, &y->heldout_error, sizeof(double));
        assert_memory_equal(&x->accumulated_error, &y->accumulated_error, sizeof(double));
    }
}

static void threads_change_nothing(void **state)
{
    static const char *const names[] = {"lenet5", "mobilenetv2"};
    for (size_t i = 0; i < 2; i++) {
        Network *network = open_network(names[i]);
        Plan *plan = make_plan(network, 3, 5);
        plan->options.rows = 900;
        plan->options.calibration_images = 48;
        plan->options.error_compensated = i == 1;
        Pipeline *pipelines[2];
        for (size_t p = 0; p < 2; p++) {
            Pool *pool;
            assert_int_equal(pool_create(&pool, 1 + 2 * p, NULL), STATUS_OK);
            pipelines[p] = run(*state, pool, network, plan);
            pool_free(pool);
        }
        assert_same(pipelines[0], pipelines[1]);
        for (size_t p = 0; p < 2; p++) pipeline_free(pipelines[p]);
        plan_drop(plan);
        network_free(network);
    }
}

/* Float weights with quantized activations: nothing is solved, and more bits give less error. */
static void inputs_alone_can_be_quantized(void **state)
{
    Network *network = open_network("lenet5");
    size_t last = network->layer_count - 1;
    for (int compensated = 0; compensated < 2; compensated++) {
        double errors[2];
        for (unsigned i = 0; i < 2; i++) {
            Plan *plan = make_plan(network, BITS_FLOAT, i ? 8 : 4);
            plan->options.error_compensated = compensated;
            Pipeline *pipeline = run(*state, ((const Bench *)*state)->pool, network, plan);
            assert_null(pipeline->layers[last].codes);
            assert_true(isnan(pipeline->layers[last].polished_error));
            assert_true(pipeline->layers[0].accumulated_error == 0);
            errors[i] = pipeline->layers[last].accumulated_error;
            pipeline_free(pipeline);
            plan_drop(plan);
        }
        assert_true(errors[1] > 0 && errors[1] < 1e-3 && errors[0] > 20 * errors[1] && errors[0] < 0.1);
    }
    network_free(network);
}

static void the_network_input_stays_float(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 4, 8);
    plan->layers[0].activation_bits = 8;
    Pipeline *pipeline;
    Message message;
    PipelineOptions options = {.pool = bench->pool};
    assert_int_equal(
        pipeline_run(&pipeline, network, plan, bench->images, &normalization, &options, &message),
        STATUS_INVALID);
    assert_non_null(strstr(message.text, network->layers[0].name));
    plan_drop(plan);
    network_free(network);
}

/* A fused activation gives the output of the layer followed by the activation. */
static void fused_and_alone_agree(void **state)
{
    const Bench *bench = *state;
    Network *network = open_network("lenet5");
    Plan *plan = make_plan(network, 4, 4);
    Pipeline *pipeline = run(bench, bench->pool, network, plan);
    Workspace *workspace;
    Message message;
    must(workspace_create(&workspace, network, &message), &message);
    Chains chains;
    for (int c = 0; c < 2; c++) chains.values[c] = calloc(network->value_count, sizeof(float *));
    for (size_t v = 0; v < network->value_count; v++)
        chains.values[1][v] = floats(network->values[v].elements * 2);
    float *output = floats(network->batch * network->output_elements);
    assert_int_equal(dataset_read(bench->images, chains.values[1][network->input], 0, network->batch,
                                  &normalization, &message),
                     STATUS_OK);
    must(network_run(network, output, chains.values[1][network->input],
                     (const Weights *const *)pipeline->weights, workspace, &message),
         &message);
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        run_node(network, &chains, i, 1, chains.values[1][node->output],
                 node->layer == NO_INDEX ? NULL : pipeline->weights[node->layer], workspace);
    }
    assert_memory_equal(output, chains.values[1][network->output],
                        network->batch * network->output_elements * sizeof *output);
    for (size_t v = 0; v < network->value_count; v++) free(chains.values[1][v]);
    for (int c = 0; c < 2; c++) free(chains.values[c]);
    free(output);
    workspace_free(workspace);
    pipeline_free(pipeline);
    plan_drop(plan);
    network_free(network);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_integer_arithmetic),
        cmocka_unit_test(what_may_not_be_exact_says_so),
        cmocka_unit_test(codes_are_rounded_half_to_even),
        cmocka_unit_test(signs_follow_the_graph),
        cmocka_unit_test(scale_is_as_good_as_a_fine_scan),
        cmocka_unit_test(channels_have_scales_of_their_own),
        cmocka_unit_test(balanced_scales_minimize_the_predicted_error),
        cmocka_unit_test(scales_of_their_own_stay),
        cmocka_unit_test(reported_errors_are_those_of_the_network),
        cmocka_unit_test(compensation_leaves_the_weights_as_easy),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(inputs_alone_can_be_quantized),
        cmocka_unit_test(the_network_input_stays_float),
        cmocka_unit_test(fused_and_alone_agree),
    };
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests_name("activation", tests, start, stop);
}
