/* SPDX-License-Identifier: MIT */
/* ResNet-50 and MobileNetV3 (large) at 224 x 224 with 1,000 classes, as torchvision's exporter writes them,
 * and images for them. They are random, but weights and statistics keep activations from vanishing or
 * growing.
 *
 *     make_large resnet50 FILE.onnx
 *     make_large mobilenetv3 FILE.onnx
 *     make_large pictures FOLDER COUNT       JPEG files with a labels.csv, of several sizes
 */
#include "base/random.h"
#include "onnx_build.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CLASSES = 1000, SIDE = 224, NAME_SIZE = 96 };

/* --- parts of networks ------------------------------------------------------------------------------ */

/* A value, its channels, and the mean and variance of its elements: 0 and 1 before an activation. */
typedef struct Value {
    char name[NAME_SIZE];
    size_t channels;
    double mean, square;
} Value;

typedef enum Activation { LINEAR, RELU, HARD_SWISH } Activation;

typedef struct Conv {
    size_t channels, kernel, stride, groups;
    Activation activation;
    double gain; /* of the batch normalization; 0: 1 */
} Conv;

static uint64_t next_key; /* of the random numbers, one per tensor */

static double uniform(uint64_t key, size_t index)
{
    return 2 * random_uniform(50, key, index, 0) - 1;
}

/* Weights of variance 1, more of them near 0 than far from it. */
static double triangular(uint64_t key, size_t index)
{
    return (uniform(key, index) + uniform(key + ((uint64_t)1 << 32), index)) * sqrt(1.5);
}

/* Named `name` followed by the suffix. */
static Value named(size_t channels, double mean, double square, const char *name, const char *behind)
{
    Value value = {.channels = channels, .mean = mean, .square = square};
    snprintf(value.name, sizeof value.name, "%s%s", name, behind);
    return value;
}

static float *allocate(size_t count)
{
    float *numbers = calloc(count, sizeof *numbers);
    assert_non_null(numbers);
    return numbers;
}

/* rows[count][n], each of length 1, and of mean 0 if n is large enough for that not to change its shape */
static float *random_rows(size_t count, size_t n)
{
    const uint64_t key = next_key++;
    float *rows = allocate(count * n);
    for (size_t i = 0; i < count; i++) {
        float *row = rows + i * n;
        double sum = 0, squares = 0;
        for (size_t k = 0; k < n; k++) sum += row[k] = (float)triangular(key, i * n + k);
        const double mean = n > 32 ? sum / (double)n : 0;
        for (size_t k = 0; k < n; k++) squares += (row[k] - mean) * (row[k] - mean);
        for (size_t k = 0; k < n; k++) row[k] = (float)((row[k] - mean) / sqrt(squares));
    }
    return rows;
}

static void add_vector(const char *layer, const char *what, size_t count, double middle, double spread)
{
    char name[NAME_SIZE + 16];
    const uint64_t key = next_key++;
    float *numbers = allocate(count);
    for (size_t i = 0; i < count; i++) numbers[i] = (float)(middle + spread * uniform(key, i));
    snprintf(name, sizeof name, "%s.%s", layer, what);
    ob_initializer_float(name, 1, (int64_t[]){(int64_t)count}, numbers);
    free(numbers);
}

/* Statistics of a batch normalization: the mean of x times the sum of weights, and the variance. */
static void add_statistics(const char *layer, const Value *in, const float *rows, size_t count, size_t n)
{
    char name[NAME_SIZE + 16];
    float *means = allocate(count), *variances = allocate(count);
    const double variance = in->square - in->mean * in->mean;
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += rows[i * n + k];
        means[i] = (float)(sum * in->mean);
        variances[i] = (float)(variance * (n > 32 ? 1 : 0.5 + 0.5 * sum * sum));
    }
    snprintf(name, sizeof name, "%s.running_mean", layer);
    ob_initializer_float(name, 1, (int64_t[]){(int64_t)count}, means);
    snprintf(name, sizeof name, "%s.running_var", layer);
    ob_initializer_float(name, 1, (int64_t[]){(int64_t)count}, variances);
    free(means);
    free(variances);
}

static Value activate(const Value *in, Activation activation)
{
    if (activation == LINEAR) return *in;
    const double spread = sqrt(in->square);
    Value out = named(in->channels, 0.4 * spread, 0.5 * in->square, in->name, ".act");
    ob_node(activation == RELU ? "Relu" : "HardSwish", out.name, OB_NAMES(in->name), OB_NAMES(out.name));
    return out;
}

/* Conv without bias, BatchNormalization, activation. */
static Value add_conv(const char *name, const Value *in, const Conv *conv)
{
    const int64_t side = (int64_t)conv->kernel, pad = side / 2, stride = (int64_t)conv->stride;
    const size_t inputs = in->channels / conv->groups, n = inputs * conv->kernel * conv->kernel;
    const double gain = conv->gain ? conv->gain : 1;
    char weight[NAME_SIZE + 16], norm[NAME_SIZE], parts[4][NAME_SIZE + 16];
    float *rows = random_rows(conv->channels, n);
    Value out = named(conv->channels, 0, gain * gain, name, ".conv");
    snprintf(weight, sizeof weight, "%s.weight", name);
    ob_initializer_float(weight, 4, (int64_t[]){(int64_t)conv->channels, (int64_t)inputs, side, side}, rows);
    ob_node("Conv", name, OB_NAMES(in->name, weight), OB_NAMES(out.name));
    ob_ints("kernel_shape", 2, (int64_t[]){side, side});
    ob_ints("strides", 2, (int64_t[]){stride, stride});
    ob_ints("pads", 4, (int64_t[]){pad, pad, pad, pad});
    ob_ints("dilations", 2, (int64_t[]){1, 1});
    ob_int("group", (int64_t)conv->groups);
    snprintf(norm, sizeof norm, "%s.bn", name);
    add_vector(norm, "weight", conv->channels, gain, 0.5 * gain);
    add_vector(norm, "bias", conv->channels, 0, 0.3 * gain);
    add_statistics(norm, in, rows, conv->channels, n);
    free(rows);
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    for (size_t i = 0; i < 4; i++) snprintf(parts[i], sizeof parts[i], "%s.%s", norm, names[i]);
    ob_node("BatchNormalization", norm, OB_NAMES(out.name, parts[0], parts[1], parts[2], parts[3]),
            OB_NAMES(norm));
    ob_float("epsilon", 1e-5f);
    out = named(conv->channels, 0, gain * gain, norm, "");
    return activate(&out, conv->activation);
}

static Value add_two(const char *name, const char *operator_name, const Value *a, const Value *b)
{
    Value out = named(a->channels, a->mean + b->mean, a->square + b->square, name, "");
    ob_node(operator_name, name, OB_NAMES(a->name, b->name), OB_NAMES(out.name));
    return out;
}

static Value add_average(const char *name, const Value *in)
{
    Value out = named(in->channels, in->mean, in->mean * in->mean, name, ".average");
    ob_node("GlobalAveragePool", out.name, OB_NAMES(in->name), OB_NAMES(out.name));
    return out;
}

/* Gemm with a bias on a vector whose elements vary little between images; `gain` compensates for that. */
static Value add_gemm(const char *name, const Value *in, size_t channels, double gain)
{
    char weight[NAME_SIZE + 16], bias[NAME_SIZE + 16];
    Value out = named(channels, 0, 1, name, ".gemm");
    float *rows = random_rows(channels, in->channels);
    for (size_t i = 0; i < channels * in->channels; i++) rows[i] *= (float)gain;
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    ob_initializer_float(weight, 2, (int64_t[]){(int64_t)channels, (int64_t)in->channels}, rows);
    add_vector(name, "bias", channels, 0, 0.1);
    free(rows);
    ob_node("Gemm", name, OB_NAMES(in->name, weight, bias), OB_NAMES(out.name));
    ob_int("transB", 1);
    return out;
}

static Value flatten(const Value *in)
{
    Value out = named(in->channels, in->mean, in->square, in->name, ".flat");
    ob_node("Flatten", out.name, OB_NAMES(in->name), OB_NAMES(out.name));
    return out;
}

static Value begin(void)
{
    ob_begin(17);
    ob_input("input", OB_FLOAT, 4, (int64_t[]){OB_OPEN, 3, SIDE, SIDE});
    ob_metadata("input_mean", "0.485,0.456,0.406");
    ob_metadata("input_std", "0.229,0.224,0.225");
    return (Value){.name = "input", .channels = 3, .square = 1};
}

/* --- ResNet-50 -------------------------------------------------------------------------------------- */

static Value add_bottleneck(const char *name, const Value *in, size_t width, size_t stride)
{
    char part[NAME_SIZE];
    snprintf(part, sizeof part, "%s.conv1", name);
    Value x = add_conv(part, in, &(Conv){width, 1, 1, 1, RELU, 0});
    snprintf(part, sizeof part, "%s.conv2", name);
    x = add_conv(part, &x, &(Conv){width, 3, stride, 1, RELU, 0});
    snprintf(part, sizeof part, "%s.conv3", name);
    x = add_conv(part, &x, &(Conv){4 * width, 1, 1, 1, LINEAR, 0.5});
    snprintf(part, sizeof part, "%s.downsample", name);
    Value skip =
        in->channels == 4 * width ? *in : add_conv(part, in, &(Conv){4 * width, 1, stride, 1, LINEAR, 0});
    snprintf(part, sizeof part, "%s.add", name);
    x = add_two(part, "Add", &x, &skip);
    Value out = activate(&x, RELU);
    out.square = in->channels == 4 * width ? in->square + 0.1 : 0.6;
    return out;
}

static void build_resnet50(void)
{
    static const size_t blocks[] = {3, 4, 6, 3};
    Value x = begin();
    x = add_conv("conv1", &x, &(Conv){64, 7, 2, 1, RELU, 0});
    Value pooled = named(64, 1.5 * x.mean, 2 * x.square, "maxpool", "");
    ob_node("MaxPool", "maxpool", OB_NAMES(x.name), OB_NAMES(pooled.name));
    ob_ints("kernel_shape", 2, (int64_t[]){3, 3});
    ob_ints("strides", 2, (int64_t[]){2, 2});
    ob_ints("pads", 4, (int64_t[]){1, 1, 1, 1});
    x = pooled;
    for (size_t stage = 0; stage < 4; stage++)
        for (size_t block = 0; block < blocks[stage]; block++) {
            char name[NAME_SIZE];
            snprintf(name, sizeof name, "layer%zu.%zu", stage + 1, block);
            x = add_bottleneck(name, &x, (size_t)64 << stage, stage > 0 && block == 0 ? 2 : 1);
        }
    x = add_average("avgpool", &x);
    x = flatten(&x);
    x = add_gemm("fc", &x, CLASSES, 5);
    ob_output(x.name);
}

/* --- MobileNetV3, large ------------------------------------------------------------------------------ */

typedef struct Bneck {
    size_t kernel, expanded, channels;
    bool gated;
    Activation activation;
    size_t stride;
} Bneck;

static const Bneck bnecks[] = {
    {3, 16, 16, false, RELU, 1},        {3, 64, 24, false, RELU, 2},
    {3, 72, 24, false, RELU, 1},        {5, 72, 40, true, RELU, 2},
    {5, 120, 40, true, RELU, 1},        {5, 120, 40, true, RELU, 1},
    {3, 240, 80, false, HARD_SWISH, 2}, {3, 200, 80, false, HARD_SWISH, 1},
    {3, 184, 80, false, HARD_SWISH, 1}, {3, 184, 80, false, HARD_SWISH, 1},
    {3, 480, 112, true, HARD_SWISH, 1}, {3, 672, 112, true, HARD_SWISH, 1},
    {5, 672, 160, true, HARD_SWISH, 2}, {5, 960, 160, true, HARD_SWISH, 1},
    {5, 960, 160, true, HARD_SWISH, 1},
};

/* A 1x1 convolution with a bias, on a vector. */
static Value add_gate_conv(const char *name, const Value *in, size_t channels)
{
    char weight[NAME_SIZE + 16], bias[NAME_SIZE + 16];
    float *rows = random_rows(channels, in->channels);
    Value out = named(channels, 0, in->square, name, ".conv");
    snprintf(weight, sizeof weight, "%s.weight", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    for (size_t i = 0; i < channels * in->channels; i++) rows[i] *= 2;
    ob_initializer_float(weight, 4, (int64_t[]){(int64_t)channels, (int64_t)in->channels, 1, 1}, rows);
    add_vector(name, "bias", channels, 0.2, 0.5);
    free(rows);
    ob_node("Conv", name, OB_NAMES(in->name, weight, bias), OB_NAMES(out.name));
    ob_ints("kernel_shape", 2, (int64_t[]){1, 1});
    return out;
}

/* The nearest multiple of 8, as the paper rounds channels. */
static size_t squeezed(size_t expanded)
{
    const size_t channels = (expanded / 4 + 4) / 8 * 8;
    return 10 * channels < 9 * (expanded / 4) ? channels + 8 : channels;
}

/* Squeeze and excitation: x times a gate per channel. */
static Value add_gate(const char *name, const Value *x)
{
    char part[NAME_SIZE];
    Value gate = add_average(name, x);
    snprintf(part, sizeof part, "%s.fc1", name);
    gate = add_gate_conv(part, &gate, squeezed(x->channels));
    gate = activate(&gate, RELU);
    snprintf(part, sizeof part, "%s.fc2", name);
    gate = add_gate_conv(part, &gate, x->channels);
    Value open = named(x->channels, 0.5, 0.25, name, ".gate");
    ob_node("HardSigmoid", open.name, OB_NAMES(gate.name), OB_NAMES(open.name));
    ob_float("alpha", 0.16666667f);
    snprintf(part, sizeof part, "%s.mul", name);
    Value out = add_two(part, "Mul", &open, x);
    out.channels = x->channels;
    out.mean = 0.5 * x->mean;
    out.square = 0.27 * x->square;
    return out;
}

static Value add_bneck(const char *name, const Value *in, const Bneck *bneck)
{
    char part[NAME_SIZE];
    Value x = *in;
    snprintf(part, sizeof part, "%s.expand", name);
    if (bneck->expanded != in->channels)
        x = add_conv(part, &x, &(Conv){bneck->expanded, 1, 1, 1, bneck->activation, 0});
    snprintf(part, sizeof part, "%s.depthwise", name);
    x = add_conv(
        part, &x,
        &(Conv){bneck->expanded, bneck->kernel, bneck->stride, bneck->expanded, bneck->activation, 0});
    snprintf(part, sizeof part, "%s.se", name);
    if (bneck->gated) x = add_gate(part, &x);
    snprintf(part, sizeof part, "%s.project", name);
    const bool skips = bneck->stride == 1 && bneck->channels == in->channels;
    x = add_conv(part, &x, &(Conv){bneck->channels, 1, 1, 1, LINEAR, skips ? 0.5 : 0});
    snprintf(part, sizeof part, "%s.add", name);
    return skips ? add_two(part, "Add", &x, in) : x;
}

static void build_mobilenetv3(void)
{
    Value x = begin();
    x = add_conv("features.0", &x, &(Conv){16, 3, 2, 1, HARD_SWISH, 0});
    for (size_t i = 0; i < sizeof bnecks / sizeof *bnecks; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "features.%zu", i + 1);
        x = add_bneck(name, &x, &bnecks[i]);
    }
    x = add_conv("features.16", &x, &(Conv){960, 1, 1, 1, HARD_SWISH, 0});
    x = add_average("avgpool", &x);
    x = flatten(&x);
    x = add_gemm("classifier.0", &x, 1280, 3);
    x = activate(&x, HARD_SWISH);
    x = add_gemm("classifier.3", &x, CLASSES, 1);
    ob_output(x.name);
}

/* --- pictures --------------------------------------------------------------------------------------- */

enum { WAVES = 4 };

/* A plane wave; every other one with edges. */
typedef struct Wave {
    double x, y, phases[3], height;
    bool edged;
} Wave;

static void draw_waves(Wave waves[WAVES], size_t image)
{
    for (size_t w = 0; w < WAVES; w++) {
        const uint64_t key = image * WAVES + w;
        const double length = 12 * pow(2.2, (double)w) * (1 + 0.3 * uniform(key, 0));
        const double angle = 3.14159265 * uniform(key, 1);
        waves[w] = (Wave){.x = 6.2831853 * cos(angle) / length,
                          .y = 6.2831853 * sin(angle) / length,
                          .height = 8 + 9 * (double)w,
                          .edged = w % 2 == 0};
        for (size_t c = 0; c < 3; c++) waves[w].phases[c] = 3 * uniform(key, 2 + c);
    }
}

static unsigned char pixel(const Wave waves[WAVES], size_t image, size_t x, size_t y, size_t channel)
{
    double value = 118 + 30 * uniform(image, channel) + 6 * uniform(image, 3 + (y * 4096 + x) * 3 + channel);
    for (size_t w = 0; w < WAVES; w++) {
        const Wave *wave = &waves[w];
        const double height = sin(wave->x * (double)x + wave->y * (double)y + wave->phases[channel]);
        value += wave->height * (wave->edged ? copysign(0.7, height) : height);
    }
    return (unsigned char)fmin(fmax(value, 0), 255);
}

static void write_picture(const char *path, size_t image)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    Wave waves[WAVES];
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    draw_waves(waves, image);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)(300 + image % 5 * 50);
    jpeg.image_height = (JDIMENSION)(300 + image % 3 * 40);
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    unsigned char *row = calloc(jpeg.image_width, 3);
    assert_non_null(row);
    while (jpeg.next_scanline < jpeg.image_height) {
        for (size_t i = 0; i < (size_t)jpeg.image_width * 3; i++)
            row[i] = pixel(waves, image, i / 3, jpeg.next_scanline, i % 3);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    assert_int_equal(fclose(file), 0);
}

static void write_pictures(const char *folder, size_t count)
{
    char path[600];
    snprintf(path, sizeof path, "%s/labels.csv", folder);
    FILE *labels = fopen(path, "w");
    assert_non_null(labels);
    fputs("name,label\n", labels);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%zu.jpg", folder, i);
        write_picture(path, i);
        fprintf(labels, "%zu.jpg,%zu\n", i, i * 37 % CLASSES);
    }
    assert_int_equal(fclose(labels), 0);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (count == 3 && strcmp(what, "resnet50") == 0)
        build_resnet50();
    else if (count == 3 && strcmp(what, "mobilenetv3") == 0)
        build_mobilenetv3();
    else if (count == 4 && strcmp(what, "pictures") == 0)
        write_pictures(arguments[2], strtoul(arguments[3], NULL, 10));
    else
        return 2;
    if (count == 3) ob_write(arguments[2]);
    return 0;
}
