/* SPDX-License-Identifier: MIT */
/* Networks: the five in data/ against PyTorch's logits; layers against naive loops in double; folding,
 * sharing, naming and refusing while opening. */
#include "app/cli/blas_kernel.h"
#include "base/file.h"
#include "base/random.h"
#include "dataset/dataset.h"
#include "network/build/layer_names.h"
#include "network/network.h"
#include "network/run/run.h"
#include "onnx_build.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define SEED 2

static char path[] = "/tmp/test-network-XXXXXX";

/* --- helpers ---------------------------------------------------------------------------------------- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    return memory;
}

/* Repeatable values in [-1, 1). */
static float *random_floats(size_t count, uint64_t stream)
{
    float *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (float)(2 * random_uniform(SEED, stream, i, 0) - 1);
    return values;
}

static size_t random_size(size_t least, size_t most, uint64_t stream, uint64_t draw)
{
    return least + (size_t)(random_uniform(SEED, stream, draw, 1) * (double)(most - least + 1));
}

static Network *open_with(const NetworkOptions *options)
{
    Network *network;
    Message message = {0};
    if (network_open(&network, path, options, &message)) fail_msg("%s", message.text);
    return network;
}

static Network *open_written(void)
{
    ob_write(path);
    return open_with(&(NetworkOptions){0});
}

/* The output of one tile; to be freed. */
static float *run_tile(const Network *network, const float *input)
{
    Message message = {0};
    Workspace *workspace;
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    float *output = allocate(network->batch * network->output_elements, sizeof *output);
    if (network_run(network, output, input, NULL, workspace, &message)) fail_msg("%s", message.text);
    workspace_free(workspace);
    return output;
}

/* Every value of one tile, by network_run_node(): [value_count], constants NULL. */
static void **run_nodes(const Network *network, const float *input)
{
    Message message = {0};
    Workspace *workspace;
    const void *inputs[64];
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    void **values = allocate(network->value_count, sizeof *values);
    values[network->input] = allocate(1, value_bytes(&network->values[network->input]));
    memcpy(values[network->input], input, value_bytes(&network->values[network->input]));
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        for (size_t k = 0; k < node->input_count; k++) inputs[k] = values[node->inputs[k]];
        values[node->output] = allocate(1, value_bytes(&network->values[node->output]));
        if (network_run_node(network, i, values[node->output], inputs, NULL, workspace, &message))
            fail_msg("%s", message.text);
    }
    workspace_free(workspace);
    return values;
}

static void free_values(const Network *network, void **values)
{
    for (size_t i = 0; i < network->value_count; i++) free(values[i]);
    free(values);
}

/* network_run(), which fuses nodes and reuses memory, gives the same bits as running the nodes one by one. */
static void check_run_against_nodes(const Network *network, const float *input)
{
    float *output = run_tile(network, input);
    void **values = run_nodes(network, input);
    assert_memory_equal(output, values[network->output], value_bytes(&network->values[network->output]));
    free_values(network, values);
    free(output);
}

static size_t find_node(const Network *network, const char *operator_name)
{
    for (size_t i = 0; i < network->node_count; i++)
        if (strcmp(network->nodes[i].operator_name, operator_name) == 0) return i;
    return NO_INDEX;
}

/* weights . rows + bias against what the use computed: network_gather() and the layer agree. Every position
 * of the tile's last image. */
static void check_gather(const Network *network, size_t use, void *const *values)
{
    const Node *node = &network->nodes[use];
    const Layer *layer = &network->layers[node->layer];
    size_t rows = network_rows(network, use), n = layer->n, outputs = layer->groups * layer->m;
    size_t image = network->batch - 1;
    size_t *positions = allocate(rows, sizeof *positions);
    float *gathered = allocate(rows * layer->groups * n, sizeof *gathered);
    for (size_t i = 0; i < rows; i++) positions[i] = rows - 1 - i;
    network_gather(network, use, gathered, values[node->inputs[0]], image, positions, rows);
    const float *out = (const float *)values[node->output] + image * rows * outputs;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < outputs; k++) {
            double sum = (double)layer->bias[k];
            const float *row = gathered + i * layer->groups * n + k / layer->m * n;
            for (size_t j = 0; j < n; j++) sum += (double)layer->weights[k * n + j] * (double)row[j];
            assert_true(fabs((double)out[positions[i] * outputs + k] - sum) <= 1e-4 * (1 + fabs(sum)));
        }
    free(positions);
    free(gathered);
}

static void check_close(const float *values, const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)values[i] - expected[i]) <= 1e-4 * (1 + fabs(expected[i]))))
            fail_msg("element %zu is %.9g instead of %.9g", i, (double)values[i], expected[i]);
}

/* --- the networks in data/ -------------------------------------------------------------------------- */

#define CLASSES 10

static float *read_logits(const char *name)
{
    char file_name[200];
    snprintf(file_name, sizeof file_name, SOURCE_ROOT "/tests/pytorch-logits/%s-logits.npy", name);
    FILE *file = fopen(file_name, "rb");
    assert_non_null(file);
    unsigned char header[10];
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    assert_int_equal(fseek(file, 10 + header[8] + 256 * header[9], SEEK_SET), 0);
    float *logits = allocate(1000 * CLASSES, sizeof *logits);
    assert_int_equal(fread(logits, sizeof *logits, 1000 * CLASSES, file), 1000 * CLASSES);
    fclose(file);
    return logits;
}

static void compare_logits(const Network *network, const Dataset *dataset, const float *expected,
                           size_t images)
{
    static const Normalization normalization = {{0.2860f}, {0.3530f}};
    size_t pixels = network->height * network->width * network->channels;
    float *tile = allocate(network->batch * pixels, sizeof *tile);
    for (size_t first = 0; first < images; first += network->batch) {
        size_t count = images - first < network->batch ? images - first : network->batch;
        memset(tile, 0, network->batch * pixels * sizeof *tile);
        assert_int_equal(dataset_read(dataset, tile, first, count, &normalization, NULL), STATUS_OK);
        float *output = run_tile(network, tile);
        for (size_t i = 0; i < count * CLASSES; i++)
            assert_float_equal(output[i], expected[first * CLASSES + i], 1e-3);
        free(output);
    }
    check_run_against_nodes(network, tile);
    void **values = run_nodes(network, tile);
    for (size_t i = 0; i < network->layer_count; i++)
        check_gather(network, network->layers[i].uses[0], values);
    free_values(network, values);
    free(tile);
}

static void logits_are_as_expected(void **state)
{
    (void)state;
    static const char *const names[] = {"lenet5", "vgg8", "resnet20", "mobilenetv2", "inception"};
    Message message = {0};
    Dataset *dataset;
    const DatasetSource source = {.images = SOURCE_ROOT "/data/fashion-mnist/t10k-images-idx3-ubyte.gz"};
    assert_int_equal(dataset_open(&dataset, &source, &message), STATUS_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        float *expected = read_logits(names[i]);
        for (int plain = 0; plain < 2; plain++) {
            char file_name[200];
            Network *network;
            snprintf(file_name, sizeof file_name, SOURCE_ROOT "/data/%s.onnx", names[i]);
            if (network_open(&network, file_name,
                             &(NetworkOptions){.kernels = plain ? KERNELS_PLAIN : KERNELS_BEST}, &message))
                fail_msg("%s", message.text);
            compare_logits(network, dataset, expected, plain ? 40 : 1000);
            network_free(network);
        }
        free(expected);
    }
    dataset_free(dataset);
}

/* Names as the source has them, ends, and multiply-accumulates by hand. */
static void layers_are_described(void **state)
{
    (void)state;
    Network *network;
    Message message = {0};
    assert_int_equal(
        network_open(&network, SOURCE_ROOT "/data/resnet20.onnx", &(NetworkOptions){0}, &message), STATUS_OK);
    assert_int_equal(network->layer_count, 22);
    assert_string_equal(network->layers[0].name, "stem.0");
    assert_string_equal(network->layers[1].name, "blocks.0.a.0");
    assert_string_equal(network->layers[21].name, "fc");
    assert_string_equal(network->mean, "0.286");
    assert_string_equal(network->task, "classification");
    char sha256[65];
    assert_int_equal(file_sha256(sha256, SOURCE_ROOT "/data/resnet20.onnx", &message), STATUS_OK);
    assert_string_equal(network->sha256, sha256);
    for (size_t i = 0; i < 22; i++) {
        assert_int_equal(network->layers[i].first, i == 0);
        assert_int_equal(network->layers[i].last, i == 21);
    }
    const Layer *second = &network->layers[1];
    assert_int_equal(second->macs, 28 * 28 * 16 * 16 * 9);
    assert_int_equal(second->parameters, 16 * 16 * 9 + 16);
    assert_int_equal(second->weight_rank, 4);
    assert_int_equal(network_rows(network, second->uses[0]), 28 * 28);
    network_free(network);
}

/* --- convolutions ----------------------------------------------------------------------------------- */

typedef struct Convolution {
    size_t batch, groups, m, channels, in[2], kernel[2], stride[2], dilation[2], pad[4], out[2];
    const char *auto_pad;
} Convolution;

/* y[b][o][i][j] = bias[o] + sum over the taps, in ONNX's order; x [batch][groups*channels][in] */
static double *convolve(const Convolution *c, const float *x, const float *w, const float *bias)
{
    size_t outputs = c->groups * c->m, area = c->out[0] * c->out[1];
    double *y = allocate(c->batch * outputs * area, sizeof *y);
    for (size_t e = 0; e < c->batch * outputs * area; e++) {
        size_t j = e % c->out[1], i = e / c->out[1] % c->out[0], o = e / area % outputs,
               b = e / area / outputs;
        double sum = bias ? (double)bias[o] : 0;
        for (size_t k = 0; k < c->channels * c->kernel[0] * c->kernel[1]; k++) {
            size_t v = k % c->kernel[1], u = k / c->kernel[1] % c->kernel[0];
            size_t channel = o / c->m * c->channels + k / c->kernel[1] / c->kernel[0];
            size_t row = i * c->stride[0] + u * c->dilation[0] - c->pad[0];
            size_t column = j * c->stride[1] + v * c->dilation[1] - c->pad[1];
            if (row >= c->in[0] || column >= c->in[1]) continue;
            size_t at = ((b * c->groups * c->channels + channel) * c->in[0] + row) * c->in[1] + column;
            sum += (double)x[at] * (double)w[o * c->channels * c->kernel[0] * c->kernel[1] + k];
        }
        y[e] = sum;
    }
    return y;
}

static void pad_automatically(Convolution *c, size_t axis)
{
    size_t extent = (c->kernel[axis] - 1) * c->dilation[axis] + 1;
    if (strcmp(c->auto_pad, "VALID") == 0) c->pad[axis] = c->pad[axis + 2] = 0;
    if (strncmp(c->auto_pad, "SAME", 4) == 0) {
        size_t out = (c->in[axis] + c->stride[axis] - 1) / c->stride[axis];
        size_t reach = (out - 1) * c->stride[axis] + extent,
               total = reach > c->in[axis] ? reach - c->in[axis] : 0;
        bool upper = strcmp(c->auto_pad, "SAME_UPPER") == 0;
        c->pad[axis] = upper ? total / 2 : total - total / 2;
        c->pad[axis + 2] = total - c->pad[axis];
    }
    c->out[axis] = (c->in[axis] + c->pad[axis] + c->pad[axis + 2] - extent) / c->stride[axis] + 1;
}

static Convolution random_convolution(uint64_t stream)
{
    static const char *const auto_pads[] = {"NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    Convolution c = {.batch = random_size(1, 3, stream, 0), .groups = 1};
    size_t kind = random_size(0, 3, stream, 1); /* 0, 1: one group; 2: several; 3: depthwise */
    if (kind == 2) c.groups = random_size(2, 4, stream, 2);
    if (kind == 3) c.groups = random_size(2, 20, stream, 2);
    c.m = kind == 3 ? 1 : random_size(1, 18, stream, 3);
    c.channels = kind == 3 ? 1 : random_size(1, 18, stream, 4);
    if (kind == 0) c.m = 16 * random_size(1, 2, stream, 3); /* what the direct kernel takes */
    if (kind == 0) c.channels = random_size(8, 18, stream, 4);
    c.auto_pad = auto_pads[random_size(0, 4, stream, 5)];
    for (size_t i = 0; i < 2; i++) {
        c.kernel[i] = random_size(1, 5, stream, 10 + i);
        c.stride[i] = random_size(1, 3, stream, 12 + i);
        c.dilation[i] = random_size(1, 2, stream, 14 + i);
        c.in[i] = random_size(9, 14, stream, 16 + i);
        c.pad[i] = random_size(0, c.kernel[i] - 1, stream, 18 + i);
        c.pad[i + 2] = random_size(0, c.kernel[i] - 1, stream, 20 + i);
        pad_automatically(&c, i);
    }
    return c;
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

static void add_pair(const char *name, const size_t pair[2])
{
    ob_ints(name, 2, DIMS((int64_t)pair[0], (int64_t)pair[1]));
}

static void write_convolution(const Convolution *c, const float *w, const float *bias, bool with_range)
{
    int64_t outputs = (int64_t)(c->groups * c->m), channels = (int64_t)c->channels;
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4,
             DIMS((int64_t)c->batch, (int64_t)c->groups * channels, (int64_t)c->in[0], (int64_t)c->in[1]));
    ob_initializer_float("w", 4, DIMS(outputs, channels, (int64_t)c->kernel[0], (int64_t)c->kernel[1]), w);
    if (bias) ob_initializer_float("bias", 1, &outputs, bias);
    ob_node("Conv", "conv", bias ? OB_NAMES("x", "w", "bias") : OB_NAMES("x", "w"),
            with_range ? OB_NAMES("c") : OB_NAMES("y"));
    ob_int("group", (int64_t)c->groups);
    ob_text("auto_pad", c->auto_pad);
    add_pair("strides", c->stride);
    add_pair("dilations", c->dilation);
    if (strcmp(c->auto_pad, "NOTSET") == 0)
        ob_ints("pads", 4,
                DIMS((int64_t)c->pad[0], (int64_t)c->pad[1], (int64_t)c->pad[2], (int64_t)c->pad[3]));
    if (with_range) {
        static const float low = -0.25f, high = 0.75f;
        ob_initializer_float("low", 0, NULL, &low);
        ob_initializer_float("high", 0, NULL, &high);
        ob_node("Clip", "clip", OB_NAMES("c", "low", "high"), OB_NAMES("y"));
    }
    ob_output("y");
    ob_write(path);
}

/* x in ONNX's order to the tile's. */
static float *to_tile(const Convolution *c, const float *x)
{
    size_t channels = c->groups * c->channels, area = c->in[0] * c->in[1];
    float *tile = allocate(c->batch * channels * area, sizeof *tile);
    for (size_t i = 0; i < c->batch * channels * area; i++)
        tile[(i / area / channels * area + i % area) * channels + i / area % channels] = x[i];
    return tile;
}

static void check_convolution(const Convolution *c, uint64_t stream, bool plain)
{
    size_t outputs = c->groups * c->m;
    float *x = random_floats(c->batch * c->groups * c->channels * c->in[0] * c->in[1], stream);
    float *w = random_floats(outputs * c->channels * c->kernel[0] * c->kernel[1], stream + 1000);
    float *bias = stream % 2 ? random_floats(outputs, stream + 2000) : NULL;
    bool with_range = stream % 3 == 0;
    double *expected = convolve(c, x, w, bias);
    size_t count = c->batch * outputs * c->out[0] * c->out[1];
    for (size_t i = 0; i < count && with_range; i++) expected[i] = fmin(fmax(expected[i], -0.25), 0.75);
    float *tile = to_tile(c, x);
    write_convolution(c, w, bias, with_range);
    Network *network = open_with(&(NetworkOptions){.kernels = plain ? KERNELS_PLAIN : KERNELS_BEST});
    float *output = run_tile(network, tile);
    assert_int_equal(network->batch * network->output_elements, count);
    check_close(output, expected, count);
    check_run_against_nodes(network, tile);
    void **values = run_nodes(network, tile);
    check_gather(network, find_node(network, "Conv"), values);
    free_values(network, values);
    network_free(network);
    free(x);
    free(w);
    free(bias);
    free(expected);
    free(tile);
    free(output);
}

static void convolutions(void **state)
{
    (void)state;
    for (uint64_t stream = 0; stream < 150; stream++) {
        Convolution c = random_convolution(stream);
        check_convolution(&c, stream, false);
        check_convolution(&c, stream, true);
    }
}

/* --- what opening folds ----------------------------------------------------------------------------- */

enum { CHANNELS = 5, OUTPUTS = 7, SIDE = 6 };

static void begin_image(int64_t batch)
{
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, DIMS(batch, CHANNELS, SIDE, SIDE));
}

/* Weights of a 1x1 convolution from CHANNELS to OUTPUTS. */
static void add_weights(const char *name, uint64_t stream)
{
    float *w = random_floats(OUTPUTS * CHANNELS, stream);
    ob_initializer_float(name, 4, DIMS(OUTPUTS, CHANNELS, 1, 1), w);
    free(w);
}

static void add_normalization(const char *input, const char *output, int64_t channels)
{
    static const char *const names[] = {"gamma", "beta", "mean", "var"};
    for (uint64_t i = 0; i < 4; i++) {
        float *values = random_floats((size_t)channels, 70 + i);
        for (size_t c = 0; c < (size_t)channels && i == 3; c++) values[c] = 0.5f + values[c] * values[c];
        ob_initializer_float(names[i], 1, &channels, values);
        free(values);
    }
    ob_node("BatchNormalization", "bn", OB_NAMES(input, "gamma", "beta", "mean", "var"), OB_NAMES(output));
    ob_float("epsilon", 0.01f);
}

/* In double, in place; values [rows][channels] */
static void normalize(double *values, size_t rows, size_t channels)
{
    float *gamma = random_floats(channels, 70), *beta = random_floats(channels, 71);
    float *mean = random_floats(channels, 72), *var = random_floats(channels, 73);
    for (size_t i = 0; i < rows * channels; i++) {
        size_t c = i % channels;
        double power = 0.5 + (double)var[c] * (double)var[c] + 0.01;
        values[i] = (values[i] - (double)mean[c]) * (double)gamma[c] / sqrt(power) + (double)beta[c];
    }
    free(gamma);
    free(beta);
    free(mean);
    free(var);
}

/* rows[SIDE*SIDE*batch][OUTPUTS] = x weights^T for the 1x1 convolution of stream `stream` */
static double *pointwise(const double *x, size_t rows, uint64_t stream)
{
    float *w = random_floats(OUTPUTS * CHANNELS, stream);
    double *y = allocate(rows * OUTPUTS, sizeof *y);
    for (size_t i = 0; i < rows * OUTPUTS; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            y[i] += x[i / OUTPUTS * CHANNELS + c] * (double)w[i % OUTPUTS * CHANNELS + c];
    free(w);
    return y;
}

/* Compares the network's output (ONNX's order) with rows [batch][pixels][OUTPUTS]. */
static void check_image_output(const Network *network, const float *tile, const double *rows)
{
    size_t pixels = SIDE * SIDE, count = network->batch * pixels * OUTPUTS;
    double *expected = allocate(count, sizeof *expected);
    for (size_t i = 0; i < count; i++)
        expected[(i / OUTPUTS / pixels * OUTPUTS + i % OUTPUTS) * pixels + i / OUTPUTS % pixels] = rows[i];
    assert_int_equal(network->output_elements, pixels * OUTPUTS);
    float *output = run_tile(network, tile);
    check_close(output, expected, count);
    check_run_against_nodes(network, tile);
    free(output);
    free(expected);
}

static float *image_tile(const Network *network, double **exact)
{
    size_t count = network->batch * SIDE * SIDE * CHANNELS;
    float *tile = random_floats(count, 60);
    *exact = allocate(count, sizeof **exact);
    for (size_t i = 0; i < count; i++) (*exact)[i] = (double)tile[i];
    return tile;
}

static void normalization_folds_into_the_layer_before(void **state)
{
    (void)state;
    begin_image(2);
    add_weights("w", 50);
    ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("c"));
    add_normalization("c", "y", OUTPUTS);
    ob_output("y");
    Network *network = open_written();
    double *exact;
    float *tile = image_tile(network, &exact);
    double *rows = pointwise(exact, 2 * SIDE * SIDE, 50);
    normalize(rows, 2 * SIDE * SIDE, OUTPUTS);
    assert_int_equal(find_node(network, "BatchNormalization"), NO_INDEX);
    assert_true(network->layers[0].has_bias);
    check_image_output(network, tile, rows);
    network_free(network);
    free(tile);
    free(exact);
    free(rows);
}

static void normalization_stands_alone_before_a_layer(void **state)
{
    (void)state;
    begin_image(2);
    add_weights("w", 50);
    add_normalization("x", "n", CHANNELS);
    ob_node("Conv", "conv", OB_NAMES("n", "w"), OB_NAMES("y"));
    ob_output("y");
    Network *network = open_written();
    double *exact;
    float *tile = image_tile(network, &exact);
    normalize(exact, 2 * SIDE * SIDE, CHANNELS);
    double *rows = pointwise(exact, 2 * SIDE * SIDE, 50);
    assert_int_not_equal(find_node(network, "BatchNormalization"), NO_INDEX);
    assert_false(network->layers[0].has_bias);
    check_image_output(network, tile, rows);
    network_free(network);
    free(tile);
    free(exact);
    free(rows);
}

/* The layer's output is used beside the normalization, which must leave it as it is. */
static void normalization_of_a_shared_output_stands_alone(void **state)
{
    (void)state;
    begin_image(2);
    add_weights("w", 50);
    ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("c"));
    ob_node("Identity", "same", OB_NAMES("c"), OB_NAMES("d"));
    add_normalization("d", "n", OUTPUTS);
    ob_node("Add", "add", OB_NAMES("n", "c"), OB_NAMES("y"));
    ob_output("y");
    Network *network = open_written();
    double *exact;
    float *tile = image_tile(network, &exact);
    double *rows = pointwise(exact, 2 * SIDE * SIDE, 50), *sum = pointwise(exact, 2 * SIDE * SIDE, 50);
    normalize(rows, 2 * SIDE * SIDE, OUTPUTS);
    for (size_t i = 0; i < 2 * SIDE * SIDE * OUTPUTS; i++) sum[i] += rows[i];
    assert_int_not_equal(find_node(network, "BatchNormalization"), NO_INDEX);
    check_image_output(network, tile, sum);
    network_free(network);
    free(tile);
    free(exact);
    free(rows);
    free(sum);
}

/* Two convolutions with the same weights are one layer with two uses; a normalization after one of them gives
 * it its own weights, whichever comes first. */
static void weights_are_shared(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        begin_image(2);
        add_weights("head.weight", 50);
        ob_node("Conv", "one", OB_NAMES("x", "head.weight"), OB_NAMES("a"));
        if (kind == 1) add_normalization("a", "an", OUTPUTS);
        ob_node("Conv", "two", OB_NAMES("x", "head.weight"), OB_NAMES("b"));
        if (kind == 2) add_normalization("a", "an", OUTPUTS);
        ob_node("Add", "add", OB_NAMES(kind ? "an" : "a", "b"), OB_NAMES("y"));
        ob_output("y");
        Network *network = open_written();
        double *exact;
        float *tile = image_tile(network, &exact);
        double *rows = pointwise(exact, 2 * SIDE * SIDE, 50), *sum = pointwise(exact, 2 * SIDE * SIDE, 50);
        if (kind) normalize(rows, 2 * SIDE * SIDE, OUTPUTS);
        for (size_t i = 0; i < 2 * SIDE * SIDE * OUTPUTS; i++) sum[i] += rows[i];
        check_image_output(network, tile, sum);
        assert_int_equal(network->layer_count, kind ? 2 : 1);
        assert_string_equal(network->layers[0].name, "head");
        assert_int_equal(network->layers[0].use_count, kind ? 1 : 2);
        assert_int_equal(network->layers[0].macs, (kind ? 1 : 2) * SIDE * SIDE * CHANNELS * OUTPUTS);
        if (kind) assert_string_equal(network->layers[1].name, "head_2");
        network_free(network);
        free(tile);
        free(exact);
        free(rows);
        free(sum);
    }
}

/* Weights from Constant through Identity; dead nodes of any kind; nodes in any order. */
static void order_and_detours_do_not_matter(void **state)
{
    (void)state;
    begin_image(2);
    float *w = random_floats(OUTPUTS * CHANNELS, 50);
    ob_node("Relu", "last", OB_NAMES("c"), OB_NAMES("y"));
    ob_node("Nonsense", "dead", OB_NAMES("c"), OB_NAMES("nothing"));
    ob_node("Conv", "conv", OB_NAMES("x", "w2"), OB_NAMES("c"));
    ob_node("Identity", "same", OB_NAMES("w1"), OB_NAMES("w2"));
    ob_node("Constant", "made", OB_NO_NAMES, OB_NAMES("w1"));
    ob_tensor_float("value", 4, DIMS(OUTPUTS, CHANNELS, 1, 1), w);
    ob_output("y");
    Network *network = open_written();
    double *exact;
    float *tile = image_tile(network, &exact);
    double *rows = pointwise(exact, 2 * SIDE * SIDE, 50);
    for (size_t i = 0; i < 2 * SIDE * SIDE * OUTPUTS; i++) rows[i] = fmax(rows[i], 0);
    check_image_output(network, tile, rows);
    assert_string_equal(network->layers[0].name, "conv");
    network_free(network);
    free(w);
    free(tile);
    free(exact);
    free(rows);
}

/* --- matrices --------------------------------------------------------------------------------------- */

enum { LENGTH = CHANNELS * SIDE * SIDE, CLASSES_HERE = 4 };

/* y = alpha x B + beta C after Flatten, in every form. */
static void matrix_products(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        bool transposed = kind % 2 == 1, is_matmul = kind == 4;
        double alpha = kind >= 2 && !is_matmul ? 0.5 : 1, beta = kind >= 2 ? 2 : 1;
        float *b = random_floats(LENGTH * CLASSES_HERE, 80), *c = random_floats(CLASSES_HERE, 81);
        begin_image(OB_OPEN);
        ob_node("Flatten", "flatten", OB_NAMES("x"), OB_NAMES("f"));
        ob_initializer_float("b", 2, transposed ? DIMS(CLASSES_HERE, LENGTH) : DIMS(LENGTH, CLASSES_HERE), b);
        ob_initializer_float("c", kind == 3 ? 0 : 1, DIMS(CLASSES_HERE), c);
        if (is_matmul) {
            ob_node("MatMul", "/fc/MatMul", OB_NAMES("f", "b"), OB_NAMES("y"));
        } else {
            ob_node("Gemm", "/fc/Gemm", OB_NAMES("f", "b", "c"), OB_NAMES("y"));
            ob_int("transB", transposed);
            ob_float("alpha", (float)alpha);
            ob_float("beta", (float)beta);
        }
        ob_output("y");
        Network *network = open_written();
        assert_int_equal(network->batch, 16);
        assert_string_equal(network->layers[0].name, "fc");
        double *exact, expected[16 * CLASSES_HERE];
        float *tile = image_tile(network, &exact);
        for (size_t i = 0; i < 16 * CLASSES_HERE; i++) {
            size_t image = i / CLASSES_HERE, o = i % CLASSES_HERE;
            expected[i] = is_matmul ? 0 : beta * (double)c[kind == 3 ? 0 : o];
            for (size_t k = 0; k < LENGTH; k++) { /* k in ONNX's order */
                size_t at = (image * SIDE * SIDE + k % (SIDE * SIDE)) * CHANNELS + k / (SIDE * SIDE);
                expected[i] +=
                    alpha * exact[at] * (double)b[transposed ? o * LENGTH + k : k * CLASSES_HERE + o];
            }
        }
        float *output = run_tile(network, tile);
        check_close(output, expected, 16 * CLASSES_HERE);
        void **values = run_nodes(network, tile);
        check_gather(network, network->layers[0].uses[0], values);
        free_values(network, values);
        network_free(network);
        free(b);
        free(c);
        free(exact);
        free(tile);
        free(output);
    }
}

/* W x for every image and channel, of an input of rank 4: the matrices are its last two axes. */
static void constant_on_the_left(void **state)
{
    (void)state;
    float *w = random_floats(3 * SIDE, 82);
    begin_image(2);
    ob_initializer_float("w", 2, DIMS(3, SIDE), w);
    ob_node("MatMul", "product", OB_NAMES("w", "x"), OB_NAMES("y"));
    ob_output("y");
    Network *network = open_written();
    double *exact, expected[2 * CHANNELS * 3 * SIDE] = {0};
    float *tile = image_tile(network, &exact);
    for (size_t i = 0; i < 2 * CHANNELS * 3 * SIDE; i++)
        for (size_t k = 0; k < SIDE; k++) {
            size_t column = i % SIDE, row = i / SIDE % 3, channel = i / SIDE / 3 % CHANNELS;
            size_t image = i / SIDE / 3 / CHANNELS;
            expected[i] +=
                (double)w[row * SIDE + k] * exact[((image * SIDE + k) * SIDE + column) * CHANNELS + channel];
        }
    float *output = run_tile(network, tile);
    check_close(output, expected, 2 * CHANNELS * 3 * SIDE);
    network_free(network);
    free(w);
    free(exact);
    free(tile);
    free(output);
}

/* --- batches, inputs, outputs ----------------------------------------------------------------------- */

/* Conv, GlobalAveragePool, a reshape to `rows` x OUTPUTS, and what else the output goes through. */
static Network *open_classifier(int64_t batch, int64_t rows, const char *last, Message *message)
{
    begin_image(batch);
    add_weights("w", 50);
    ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("c"));
    ob_node("GlobalAveragePool", "pool", OB_NAMES("c"), OB_NAMES("p"));
    ob_initializer_int64("shape", 1, DIMS(2), DIMS(rows, OUTPUTS));
    ob_node("Reshape", "reshape", OB_NAMES("p", "shape"), OB_NAMES("r"));
    ob_node(last, "last", OB_NAMES("r"), OB_NAMES("y"));
    ob_output("y");
    ob_write(path);
    Network *network;
    network_open(&network, path, &(NetworkOptions){0}, message);
    return network;
}

static void batches(void **state)
{
    (void)state;
    static const struct {
        int64_t batch, rows;
        size_t expected; /* 0: refused */
    } cases[] = {{OB_OPEN, -1, 16}, {OB_OPEN, 1, 1}, {1, 1, 1},      {3, 3, 3},
                 {3, -1, 3},        {3, 1, 0},       {OB_OPEN, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Message message = {0};
        Network *network = open_classifier(cases[i].batch, cases[i].rows, "Relu", &message);
        if (cases[i].expected == 0) {
            assert_null(network);
            assert_non_null(strstr(message.text, "node 'reshape' (Reshape, opset 13)"));
            continue;
        }
        if (!network) fail_msg("%s", message.text);
        assert_int_equal(network->batch, cases[i].expected);
        assert_int_equal(network->output_elements, OUTPUTS);
        network_free(network);
    }
}

static void write_three_outputs(void)
{
    begin_image(2);
    add_weights("w", 50);
    ob_node("Conv", "conv", OB_NAMES("x", "w"), OB_NAMES("c"));
    ob_node("Relu", "relu", OB_NAMES("c"), OB_NAMES("y"));
    ob_node("GlobalAveragePool", "pool", OB_NAMES("y"), OB_NAMES("p"));
    ob_node("Softmax", "softmax", OB_NAMES("p"), OB_NAMES("s"));
    ob_int("axis", 1);
    ob_output("c");
    ob_output("y");
    ob_output("s");
    ob_write(path);
}

/* Several outputs are one vector per image: each output as it is alone, one after the other. */
static void several_outputs_are_one_vector(void **state)
{
    (void)state;
    static const char *const names[] = {"c", "y", "s"};
    write_three_outputs();
    Network *network = open_with(&(NetworkOptions){0});
    float *input = random_floats(network->values[network->input].elements, 90);
    float *all = run_tile(network, input);
    assert_int_equal(network->output_count, 3);
    assert_string_equal(network->output_name, "c,y,s");
    assert_int_equal(network->output_elements, 2 * OUTPUTS * SIDE * SIDE + OUTPUTS);
    assert_int_equal(network->outputs[1].rank, 3);
    assert_int_equal(network->outputs[1].shape[0], OUTPUTS);
    assert_false(network->softmax_removed);
    check_run_against_nodes(network, input);
    for (size_t k = 0; k < 3; k++) {
        const NetworkOutput *output = &network->outputs[k];
        Network *alone = open_with(&(NetworkOptions){.output = names[k]});
        float *values = run_tile(alone, input);
        assert_int_equal(alone->output_elements, output->elements);
        for (size_t image = 0; image < 2 && k < 2; image++)
            assert_memory_equal(all + image * network->output_elements + output->offset,
                                values + image * output->elements, output->elements * sizeof(float));
        free(values);
        network_free(alone);
    }
    network_free(network);
    free(input);
    free(all);
}

/* Some of the outputs, in the order asked for; a name is taken once. */
static void some_outputs_are_picked(void **state)
{
    (void)state;
    Message message;
    Network *network;
    write_three_outputs();
    network = open_with(&(NetworkOptions){.output = "y,c,y"});
    assert_int_equal(network->output_count, 2);
    assert_string_equal(network->outputs[0].name, "y");
    assert_string_equal(network->outputs[1].name, "c");
    assert_int_equal(network->outputs[1].offset, network->outputs[0].elements);
    network_free(network);
    assert_int_equal(network_open(&network, path, &(NetworkOptions){.output = "y,nothing"}, &message),
                     STATUS_INVALID);
    assert_non_null(strstr(message.text, "'nothing'"));
    assert_int_equal(network_open(&network, path, &(NetworkOptions){.output = "y,"}, &message),
                     STATUS_INVALID);
}

static void final_softmax_is_set_aside(void **state)
{
    (void)state;
    Message message = {0};
    Network *logits = open_classifier(2, 2, "Identity", &message);
    Network *network = open_classifier(2, 2, "Softmax", &message);
    assert_non_null(logits);
    assert_non_null(network);
    assert_true(network->softmax_removed);
    assert_false(logits->softmax_removed);
    double *exact;
    float *tile = image_tile(network, &exact), *a = run_tile(network, tile), *b = run_tile(logits, tile);
    assert_memory_equal(a, b, 2 * OUTPUTS * sizeof *a);
    network_free(network);
    network_free(logits);
    free(exact);
    free(tile);
    free(a);
    free(b);
}

/* An image in N, H, W, C, as Keras writes it: the tile is the same. */
static void channels_may_come_last(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++) {
        float *w = random_floats(3 * 20, 90);
        ob_begin(13);
        if (transposed) {
            ob_input("x", OB_FLOAT, 4, DIMS(OB_OPEN, 20, 7, 5));
            ob_node("Transpose", "first", OB_NAMES("x"), OB_NAMES("t"));
            ob_ints("perm", 4, DIMS(0, 3, 1, 2));
            ob_initializer_float("w", 4, DIMS(3, 5, 1, 1), w);
            ob_node("Conv", "conv", OB_NAMES("t", "w"), OB_NAMES("y"));
        } else {
            ob_input("x", OB_FLOAT, 4, DIMS(OB_OPEN, 20, 18, 3));
            ob_node("Relu", "relu", OB_NAMES("x"), OB_NAMES("y"));
        }
        ob_output("y");
        Network *network = open_written();
        assert_int_equal(network->height, 20);
        assert_int_equal(network->width, transposed ? 7 : 18);
        assert_int_equal(network->channels, transposed ? 5 : 3);
        size_t pixels = network->batch * network->height * network->width;
        float *tile = random_floats(pixels * network->channels, 91), *output = run_tile(network, tile);
        for (size_t i = 0; i < pixels * 3; i++) {
            double sum = transposed ? 0 : fmax((double)tile[i], 0);
            size_t area = 20 * 7, image = i / 3 / area, o = i % 3, pixel = i / 3 % area;
            for (size_t c = 0; transposed && c < 5; c++)
                sum += (double)tile[i / 3 * 5 + c] * (double)w[o * 5 + c];
            assert_float_equal(output[transposed ? (image * 3 + o) * area + pixel : i], sum, 1e-5);
        }
        check_run_against_nodes(network, tile);
        network_free(network);
        free(w);
        free(tile);
        free(output);
    }
}

static void input_shape_fills_what_is_open(void **state)
{
    (void)state;
    Message message = {0};
    Network *network;
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, DIMS(OB_OPEN, 3, OB_OPEN, OB_OPEN));
    ob_node("Relu", "relu", OB_NAMES("x"), OB_NAMES("y"));
    ob_output("y");
    ob_write(path);
    assert_int_equal(network_open(&network, path, &(NetworkOptions){0}, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "leaves dimension 2 of its input open"));
    assert_int_equal(message.remedies, REMEDY_INPUT_SHAPE);
    network = open_with(&(NetworkOptions){.input_shape = "3,9,8"});
    assert_int_equal(network->batch, 16);
    assert_int_equal(network->height, 9);
    assert_int_equal(network->width, 8);
    network_free(network);
    network = open_with(&(NetworkOptions){.input_shape = "2,3,9,8"});
    assert_int_equal(network->batch, 2);
    network_free(network);
    static const char *const wrong[] = {
        "", "3,9", "3,9,8,", "3;9;8", "3,9,-8", "3,0,8", "4,9,8", "1,1,3,9,8", "3,9,99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const NetworkOptions options = {.input_shape = wrong[i]};
        assert_int_equal(network_open(&network, path, &options, &message), STATUS_INVALID);
        assert_non_null(strstr(message.text, "input shape"));
        assert_non_null(strstr(message.text, path));
    }
}

/* A chain of nodes longer than the stack has room for calls, in reverse order. */
static void long_chains_open(void **state)
{
    (void)state;
    enum { LONG = 20000, STACK = 1 << 20 };
    char from[20], to[20];
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
    small = (struct rlimit){.rlim_cur = STACK, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_STACK, &small), 0);
    ob_begin(13);
    ob_input("0", OB_FLOAT, 4, DIMS(1, 1, 2, 2));
    for (int i = LONG; i-- > 0;) {
        snprintf(from, sizeof from, "%d", i);
        snprintf(to, sizeof to, "%d", i + 1);
        ob_node("Relu", "", OB_NAMES(from), OB_NAMES(to));
    }
    snprintf(to, sizeof to, "%d", LONG);
    ob_output(to);
    Network *network = open_written();
    assert_int_equal(network->node_count, LONG + 1);
    assert_true(workspace_bytes(network) < 10000);
    const float image[] = {-1, 2, -3, 4};
    float *output = run_tile(network, image);
    assert_memory_equal(output, ((const float[]){0, 2, 0, 4}), sizeof image);
    network_free(network);
    free(output);
    assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
}

/* COUNT convolutions of one weight. */
static Status open_convolutions(size_t memory, Message *message)
{
    enum { COUNT = 3000 };
    char from[20], to[20];
    Network *network;
    ob_begin(13);
    ob_input("0", OB_FLOAT, 4, DIMS(1, 1, 2, 2));
    ob_initializer_float("w", 4, DIMS(1, 1, 1, 1), (const float[]){1});
    for (int i = 0; i < COUNT; i++) {
        snprintf(from, sizeof from, "%d", i);
        snprintf(to, sizeof to, "%d", i + 1);
        ob_node("Conv", "", OB_NAMES(from, "w"), OB_NAMES(to));
    }
    ob_output(to);
    ob_write(path);
    Status status = network_open(&network, path, &(NetworkOptions){.memory = memory}, message);
    network_free(network);
    return status;
}

/* Memory that kernels keep for a layer counts, however small its weights. */
static void kernels_count_in_the_ceiling(void **state)
{
    (void)state;
    Message message;
    assert_int_equal(open_convolutions((size_t)12 << 20, &message), STATUS_MEMORY);
    assert_non_null(strstr(message.text, "MiB that are left"));
    assert_int_equal(message.remedies, REMEDY_MEMORY);
    assert_int_equal(open_convolutions((size_t)32 << 20, &message), STATUS_OK);
}

/* One byte of a list of sizes unpacks to eight: the file is not damaged. */
static void what_unpacks_above_the_ceiling_is_refused(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    Message message;
    Network *network;
    int64_t *dims = allocate(COUNT, sizeof *dims);
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, DIMS(1, 1, 2, 2));
    ob_node("Relu", "relu", OB_NAMES("x"), OB_NAMES("y"));
    ob_ints("sizes", COUNT, dims);
    ob_output("y");
    ob_write(path);
    free(dims);
    const NetworkOptions options = {.memory = (size_t)2 << 20};
    assert_int_equal(network_open(&network, path, &options, &message), STATUS_MEMORY);
    assert_non_null(strstr(message.text, "the 2 MiB that are left"));
    assert_int_equal(message.remedies, REMEDY_MEMORY);
}

/* Small types, halves and typed data become floats and integers. */
static void tensors_are_converted(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x3c00, 0xc100, 0x0001, 0x7bff}; /* 1, -2.5, 2^-24, 65504 */
    static const uint16_t brains[] = {0x3f80, 0xc020, 0x3e80, 0x4000}; /* 1, -2.5, 0.25, 2 */
    static const double doubles[] = {1, -2.5, 0.125, 3};
    static const struct {
        int type;
        const void *data;
        size_t bytes;
        float expected[4];
    } cases[] = {{10, halves, sizeof halves, {1, -2.5f, 0x1p-24f, 65504}},
                 {16, brains, sizeof brains, {1, -2.5f, 0.25f, 2}},
                 {11, doubles, sizeof doubles, {1, -2.5f, 0.125f, 3}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ob_begin(13);
        ob_input("x", OB_FLOAT, 4, DIMS(1, 1, 2, 2));
        ob_initializer_raw("t", cases[i].type, 4, DIMS(1, 1, 2, 2), cases[i].data, cases[i].bytes);
        ob_node("Add", "add", OB_NAMES("x", "t"), OB_NAMES("y"));
        ob_output("y");
        Network *network = open_written();
        float *output = run_tile(network, (const float[4]){0});
        assert_memory_equal(output, cases[i].expected, sizeof cases[i].expected);
        network_free(network);
        free(output);
    }
}

/* --- names ------------------------------------------------------------------------------------------ */

static void layer_names(void **state)
{
    (void)state;
    static const struct {
        const char *weight, *node, *expected;
    } cases[] = {
        {"conv1.weight", "/conv1/Conv", "conv1"},
        {"onnx::Conv_12", "/stem/stem.0/Conv", "stem.0"},
        {"onnx::Conv_12", "/blocks/blocks.0/a/a.0/Conv", "blocks.0.a.0"},
        {"onnx::Conv_12", "/blocks/blocks.0/f/f.0/f.0.0/Conv", "blocks.0.f.0.0"},
        {"onnx::MatMul_9", "/fc/Gemm", "fc"},
        {"onnx::MatMul_9", "/Gemm", "/Gemm"},
        {".weight", "Conv_3", "Conv_3"},
        {"w", "Conv_3", "Conv_3"},
        {"w", "/ab/a.0/Conv", "ab.a.0"},
    };
    Arena arena = arena_make(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(layer_name(&arena, cases[i].weight, cases[i].node), cases[i].expected);
    NameTable taken = {0};
    size_t suffixes[8] = {0};
    assert_string_equal(layer_name_unique(&arena, &taken, suffixes, "a_2"), "a_2");
    assert_string_equal(layer_name_unique(&arena, &taken, suffixes, "a"), "a");
    assert_string_equal(layer_name_unique(&arena, &taken, suffixes, "a"), "a_3");
    name_table_free(&taken);
    arena_free(&arena);
}

/* Trying every suffix from "_2" for each name would take hours. */
static void many_equal_names(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    Arena arena = arena_make((size_t)1 << 26);
    NameTable taken = {0};
    size_t *suffixes = calloc(COUNT, sizeof *suffixes);
    const char *name = "same";
    for (size_t i = 0; i < COUNT; i++) name = layer_name_unique(&arena, &taken, suffixes, "same");
    assert_string_equal(name, "same_200000");
    free(suffixes);
    name_table_free(&taken);
    arena_free(&arena);
}

/* --- bad files -------------------------------------------------------------------------------------- */

/* The file at `path` is refused, and the message names it and holds every one of `parts`. */
static void check_refused(Status expected, const char *const *parts)
{
    Network *network;
    Message message = {0};
    Status status = network_open(&network, path, &(NetworkOptions){.memory = 64 << 20}, &message);
    assert_null(network);
    if (status != expected) fail_msg("status %d: %s", (int)status, message.text);
    char start[100];
    snprintf(start, sizeof start, "cannot open '%s': ", path);
    if (strncmp(message.text, start, strlen(start)) != 0) fail_msg("%s", message.text);
    for (; *parts; parts++)
        if (!strstr(message.text, *parts)) fail_msg("no %s in: %s", *parts, message.text);
}

static void check_written_refused(Status expected, const char *const *parts)
{
    ob_write(path);
    check_refused(expected, parts);
}

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *read_bytes(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = allocate(*size, 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void files_that_are_no_networks(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = read_bytes(SOURCE_ROOT "/data/lenet5.onnx", &size);
    write_bytes(bytes, 0);
    check_refused(STATUS_INVALID, OB_NAMES("empty"));
    write_bytes(bytes, size / 2);
    check_refused(STATUS_INVALID, OB_NAMES("truncated"));
    write_bytes("\x89PNG\r\n\x1a\n and more", 17);
    check_refused(STATUS_INVALID, OB_NAMES("not an ONNX file"));
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)random_bits(SEED, 3, i, 0);
    write_bytes(bytes, size);
    check_refused(STATUS_INVALID, OB_NAMES("not an ONNX file"));
    free(bytes);
    Network *network;
    Message message = {0};
    assert_int_equal(network_open(&network, "/nowhere/x.onnx", &(NetworkOptions){0}, &message), STATUS_IO);
    assert_non_null(strstr(message.text, "/nowhere/x.onnx"));
    assert_int_equal(network_open(&network, "/tmp", &(NetworkOptions){0}, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "folder"));
}

/* Bytes changed and files cut anywhere are refused with the file's name, or run; nothing else. */
static void damage_is_survived(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = read_bytes(SOURCE_ROOT "/data/lenet5.onnx", &size);
    for (uint64_t round = 0; round < 300; round++) {
        uint8_t kept[4];
        size_t places[4], cut = round % 3 == 0 ? random_size(1, size, 200, round) : size;
        for (uint64_t i = 0; i < 4; i++) {
            /* the weights are most of the file: half of the damage goes to the ends, where the graph is */
            size_t limit = i % 2 ? size - 1 : 3000;
            places[i] = random_size(0, limit, 201 + i, round);
            kept[i] = bytes[places[i]];
            bytes[places[i]] = (uint8_t)random_bits(SEED, 300 + i, round, 0);
        }
        write_bytes(bytes, cut);
        for (size_t i = 4; i-- > 0;) bytes[places[i]] = kept[i];
        Network *network;
        Message message = {0};
        Status status = network_open(&network, path, &(NetworkOptions){.memory = 64 << 20}, &message);
        assert_int_equal(status == STATUS_OK, network != NULL);
        if (status) assert_non_null(strstr(message.text, path));
        network_free(network);
    }
    free(bytes);
}

static void unknown_operators_are_named_at_once(void **state)
{
    (void)state;
    begin_image(1);
    ob_node("Foo", "a", OB_NAMES("x"), OB_NAMES("1"));
    ob_node("Bar", "b", OB_NAMES("1"), OB_NAMES("2"));
    ob_node("Foo", "c", OB_NAMES("2"), OB_NAMES("3"));
    ob_node("Relu", "d", OB_NAMES("3"), OB_NAMES("4"));
    ob_domain("com.example");
    ob_node("HardSwish", "e", OB_NAMES("4"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_UNSUPPORTED,
                          OB_NAMES("Foo (node 'a' and 1 more)", "Bar (node 'b')",
                                   "com.example.Relu (node 'd')", "HardSwish (node 'e')", "opset 13"));
}

static void broken_graphs(void **state)
{
    (void)state;
    begin_image(1);
    ob_node("Conv", "conv1", OB_NAMES("x", "lost"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_INVALID, OB_NAMES("node 'conv1' (Conv)", "'lost'", "missing"));

    begin_image(1);
    ob_node("Add", "one", OB_NAMES("x", "b"), OB_NAMES("a"));
    ob_node("Relu", "two", OB_NAMES("a"), OB_NAMES("b"));
    ob_node("Relu", "three", OB_NAMES("b"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_INVALID, OB_NAMES("cycle", "node '"));

    begin_image(1);
    ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
    ob_node("Relu", "again", OB_NAMES("x"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_INVALID, OB_NAMES("node 'again' (Relu)", "'y'"));

    begin_image(1);
    ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
    ob_output("nothing");
    check_written_refused(STATUS_INVALID, OB_NAMES("output 'nothing'"));

    begin_image(1);
    ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
    ob_node("Shape", "two", OB_NAMES("x"), OB_NAMES("z"));
    ob_output("y");
    ob_output("z");
    check_written_refused(STATUS_UNSUPPORTED, OB_NAMES("output 'z'"));

    begin_image(1);
    ob_input("second", OB_FLOAT, 4, DIMS(1, CHANNELS, SIDE, SIDE));
    ob_node("Add", "one", OB_NAMES("x", "second"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_UNSUPPORTED, OB_NAMES("several inputs", "'second'"));
}

static void absurd_dimensions(void **state)
{
    (void)state;
    static const struct {
        int64_t dims[4];
        Status status;
        const char *part;
    } inputs[] = {{{1, 3, 0, 4}, STATUS_INVALID, "dimension 2 is 0"},
                  {{1, 3, -7, 4}, STATUS_INVALID, "dimension 2 is -7"},
                  {{1, 3, INT64_MAX, 4}, STATUS_INVALID, "dimension 2 is 9223372036854775807"},
                  {{1, 3, 1 << 20, 1 << 20}, STATUS_MEMORY, "MiB that are left"}};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        ob_begin(13);
        ob_input("x", OB_FLOAT, 4, inputs[i].dims);
        ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
        ob_output("y");
        check_written_refused(inputs[i].status, OB_NAMES(inputs[i].part));
    }
    static const struct {
        int64_t dims[4];
        const char *part;
    } weights[] = {{{1, -5, 1, 1}, "dimension 1 is -5"},
                   {{INT64_MAX, INT64_MAX, 1, 1}, "dimension 0 is 9223372036854775807"},
                   {{1, CHANNELS, 0, 1}, "dimension 2 of 'w' is 0"},
                   {{OUTPUTS, CHANNELS, 2, 2}, "its shape says 140"},
                   {{1 << 30, 1 << 30, 1, 1}, "its shape says"}};
    static const float data[OUTPUTS * CHANNELS];
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        begin_image(1);
        bool empty = weights[i].dims[2] == 0;
        ob_initializer_raw("w", OB_FLOAT, 4, weights[i].dims, data, empty ? 0 : sizeof data);
        ob_node("Conv", "conv1", OB_NAMES("x", "w"), OB_NAMES("y"));
        ob_output("y");
        check_written_refused(STATUS_INVALID, OB_NAMES("'w'", weights[i].part));
    }
}

static void wrong_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t values[2];
        const char *part;
    } cases[] = {{"strides", {0, 1}, "strides has the value 0"},
                 {"dilations", {-1, 1}, "dilations has the value -1"},
                 {"dilations", {INT64_MAX, 1}, "dilations has the value 9223372036854775807"},
                 {"kernel_shape", {3, 3}, "kernel_shape 3"},
                 {"pads", {1, 1}, "pads has 2 values"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_image(1);
        add_weights("w", 50);
        ob_node("Conv", "conv1", OB_NAMES("x", "w"), OB_NAMES("y"));
        ob_ints(cases[i].name, 2, cases[i].values);
        ob_output("y");
        check_written_refused(STATUS_INVALID, OB_NAMES("node 'conv1' (Conv, opset 13)", cases[i].part));
    }
    begin_image(1);
    add_weights("w", 50);
    ob_node("Conv", "conv1", OB_NAMES("x", "w"), OB_NAMES("y"));
    ob_text("group", "one");
    ob_output("y");
    check_written_refused(STATUS_INVALID, OB_NAMES("node 'conv1'", "attribute group is not an integer"));
    begin_image(1);
    add_weights("w", 50);
    ob_node("Conv", "conv1", OB_NAMES("x", "w"), OB_NAMES("y"));
    ob_int("group", 2);
    ob_output("y");
    check_written_refused(STATUS_INVALID, OB_NAMES("node 'conv1'", "2 groups for 7 outputs"));
}

static void unsupported_versions(void **state)
{
    (void)state;
    static const int64_t opsets[] = {6, 22};
    for (size_t i = 0; i < 2; i++) {
        char part[20];
        snprintf(part, sizeof part, "opset %d", (int)opsets[i]);
        ob_begin(opsets[i]);
        ob_input("x", OB_FLOAT, 4, DIMS(1, CHANNELS, SIDE, SIDE));
        ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
        ob_output("y");
        check_written_refused(STATUS_UNSUPPORTED, OB_NAMES(part));
    }
    ob_begin(13);
    ob_input("x", OB_INT64, 4, DIMS(1, CHANNELS, SIDE, SIDE));
    ob_node("Relu", "one", OB_NAMES("x"), OB_NAMES("y"));
    ob_output("y");
    check_written_refused(STATUS_UNSUPPORTED, OB_NAMES("'x'", "INT64"));
}

/* --- all -------------------------------------------------------------------------------------------- */

static int start(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 || close(file) != 0 || blas_kernel_choose(NULL, NULL) != STATUS_OK;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_as_expected),
        cmocka_unit_test(layers_are_described),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(normalization_folds_into_the_layer_before),
        cmocka_unit_test(normalization_stands_alone_before_a_layer),
        cmocka_unit_test(normalization_of_a_shared_output_stands_alone),
        cmocka_unit_test(weights_are_shared),
        cmocka_unit_test(order_and_detours_do_not_matter),
        cmocka_unit_test(matrix_products),
        cmocka_unit_test(constant_on_the_left),
        cmocka_unit_test(batches),
        cmocka_unit_test(several_outputs_are_one_vector),
        cmocka_unit_test(some_outputs_are_picked),
        cmocka_unit_test(final_softmax_is_set_aside),
        cmocka_unit_test(channels_may_come_last),
        cmocka_unit_test(input_shape_fills_what_is_open),
        cmocka_unit_test(long_chains_open),
        cmocka_unit_test(kernels_count_in_the_ceiling),
        cmocka_unit_test(what_unpacks_above_the_ceiling_is_refused),
        cmocka_unit_test(tensors_are_converted),
        cmocka_unit_test(layer_names),
        cmocka_unit_test(many_equal_names),
        cmocka_unit_test(files_that_are_no_networks),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(unknown_operators_are_named_at_once),
        cmocka_unit_test(broken_graphs),
        cmocka_unit_test(absurd_dimensions),
        cmocka_unit_test(wrong_attributes),
        cmocka_unit_test(unsupported_versions),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
