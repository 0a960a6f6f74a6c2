/* SPDX-License-Identifier: MIT */
/* The ladder's order on random plans of random networks and on the networks in data/, against a direct
 * computation, and its certificates. */
#include "base/random.h"
#include "bound/ledger.h"
#include "bound/rung.h"
#include "evaluate/accuracy.h"
#include "graph_text.h"
#include "network/network.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "noise_fixture.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA SOURCE_ROOT "/data/"
#define CALIBRATION DATA "fashion-mnist/calibration-images-idx3-ubyte.gz"
#define CHANNELS 3
#define SIDE 8
#define IMAGES 37 /* the last tile is short */
#define PLANS 200

static const Normalization fashion = {.mean = {0.286f}, .std = {0.353f}};

/* --- fixture ---------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    return noise_start(IMAGES, SIDE, CHANNELS);
}

/* Weights rounded to `bits`, with scales from the largest weight per channel. */
static Weights *coarsen(const Network *network, size_t index, unsigned bits)
{
    const Layer *layer = &network->layers[index];
    const size_t channels = layer->groups * layer->m, n = layer->n;
    float *coarse = malloc(channels * n * sizeof *coarse);
    assert_non_null(coarse);
    for (size_t c = 0; c < channels; c++) {
        float most = 1e-30f;
        for (size_t k = 0; k < n; k++) most = fmaxf(most, fabsf(layer->weights[c * n + k]));
        const float scale = most / (float)((1 << (bits - 1)) - 1);
        for (size_t k = 0; k < n; k++) coarse[c * n + k] = scale * rintf(layer->weights[c * n + k] / scale);
    }
    Weights *weights;
    assert_int_equal(weights_create(&weights, network, index, coarse, layer->bias, &message), STATUS_OK);
    free(coarse);
    return weights;
}

/* widths[layer_count], 0 for float */
static Weights **make_weights(const Network *network, const unsigned *widths)
{
    Weights **weights = calloc(network->layer_count + 1, sizeof *weights);
    assert_non_null(weights);
    for (size_t l = 0; l < network->layer_count; l++)
        if (widths[l]) weights[l] = coarsen(network, l, widths[l]);
    return weights;
}

static void free_weights(Weights **weights, const Network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) weights_free(weights[l]);
    free(weights);
}

static Status try_climb(Ladder *ladder, const Network *network, Weights *const *weights,
                        const Dataset *dataset, const Normalization *pixels, const LadderOptions *options)
{
    LayerNorm *norms = calloc(network->node_count + 1, sizeof *norms);
    assert_non_null(norms);
    assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = options->pool}, &message),
                     STATUS_OK);
    Status status = ladder_create(ladder, network, (const Weights *const *)weights, norms, dataset, pixels,
                                  options, &message);
    free(norms);
    return status;
}

static Ladder climb(const Network *network, Weights *const *weights, const Dataset *dataset,
                    const Normalization *pixels, size_t images, Pool *workers)
{
    Ladder ladder;
    const LadderOptions options = {.pool = workers, .images = images};
    if (try_climb(&ladder, network, weights, dataset, pixels, &options) != STATUS_OK)
        fail_msg("%s", message.text);
    return ladder;
}

/* Checks the order of the rungs independently of the ladder's own check. */
static void check_order(const Ladder *ladder, const char *what)
{
    if (ladder->violation) fail_msg("%s: %s", what, ladder->violation);
    if (!(ladder->measured <= ladder->hybrid * (1 + 1e-9)) ||
        !(ladder->hybrid <= ladder->spectral * (1 + 1e-4) + 1e-6 * ladder->output_norm) ||
        !(ladder->spectral <= ladder->frobenius))
        fail_msg("%s: %g %g %g %g", what, ladder->measured, ladder->hybrid, ladder->spectral,
                 ladder->frobenius);
    for (Certificate c = CERTIFIED_SPECTRAL; c < CERTIFIED_BY_STAGE; c++)
        assert_true(ladder->certified[c] <= ladder->certified[c + 1]);
    assert_true(ladder->certified[CERTIFIED_NORMS] <= ladder->certified[CERTIFIED_MEASURED]);
    assert_true(ladder->certified[CERTIFIED_MEASURED] <= ladder->kept);
    assert_true(ladder->certified[CERTIFIED_BY_STAGE] <= ladder->kept);
    assert_true(ladder->kept <= ladder->images);
}

/* --- random plans ----------------------------------------------------------------------------------- */

typedef struct Shape {
    const char *name, *text;
} Shape;

/* All networks have an input of 3 x 8 x 8 and 5 outputs. */
#define HEAD "f_=Flatten(g_); y=Gemm(f_,{4,5}#90,{5}#91)"
#define POOLED(value) "g_=GlobalAveragePool(" value "); " HEAD
static const Shape shapes[] = {
    {"chain",
     "a=Conv(x,{6,3,3,3}#1,{6}#2) pads=[1,1,1,1]; b=Relu(a); c=Conv(b,{4,6,3,3}#3); d=Relu(c); " POOLED("d")},
    {"residual", "a=Conv(x,{4,3,3,3}#4) pads=[1,1,1,1]; b=Relu(a); c=Conv(b,{4,4,3,3}#5) pads=[1,1,1,1]; "
                 "d=Add(c,b); e=Relu(d); " POOLED("e")},
    {"concat", "a=Conv(x,{2,3,1,1}#6); b=Conv(x,{2,3,3,3}#7) pads=[1,1,1,1]; c=Concat(a,b) axis=1; "
               "d=Sigmoid(c); e=Conv(d,{4,4,3,3}#8); " POOLED("e")},
    {"padding counted", "a=Conv(x,{4,3,3,3}#9); b=AveragePool(a) kernel_shape=[3,3] strides=[2,2] "
                        "pads=[1,1,1,1] count_include_pad=1; c=Conv(b,{4,4,1,1}#10); " POOLED("c")},
    {"padding not counted", "a=Conv(x,{4,3,3,3}#11); b=AveragePool(a) kernel_shape=[3,3] strides=[2,2] "
                            "pads=[1,1,1,1]; c=Conv(b,{4,4,1,1}#12); " POOLED("c")},
    {"max pool", "a=Conv(x,{4,3,3,3}#13) pads=[1,1,1,1]; b=MaxPool(a) kernel_shape=[3,3] strides=[2,2] "
                 "pads=[1,1,1,1]; c=Conv(b,{4,4,3,3}#14); d=HardSigmoid(c) alpha=0.3; " POOLED("d")},
    {"strided", "a=Conv(x,{5,3,3,3}#15,{5}#16) strides=[2,2] pads=[1,1,1,1]; b=Clip(a,0.0,6.0); "
                "c=Conv(b,{4,5,2,2}#17) strides=[2,1]; " POOLED("c")},
    {"depthwise", "a=Conv(x,{4,3,1,1}#18); b=Relu(a); c=Conv(b,{4,1,3,3}#19) group=4 pads=[1,1,1,1]; "
                  "d=HardSwish(c); e=Conv(d,{4,4,1,1}#20); " POOLED("e")},
    {"gate by channel",
     "a=Conv(x,{4,3,3,3}#21) pads=[1,1,1,1]; b=Relu(a); p=GlobalAveragePool(b); q=Conv(p,{2,4,1,1}#22); "
     "r=Relu(q); s=Conv(r,{4,2,1,1}#23); t=Sigmoid(s); u=Mul(b,t); v=Conv(u,{4,4,3,3}#24); " POOLED("v")},
    {"towers", "a=Conv(x,{4,3,3,3}#28); b=Conv(x,{4,3,1,1}#29); c=Relu(a); d=Conv(b,{3,4,3,3}#30); "
               "e=Conv(c,{3,4,1,1}#31); f=Sigmoid(e); h=Add(d,f); i=Conv(h,{4,3,3,3}#32); j=Relu(i); "
               "k=Conv(d,{4,3,3,3}#33); l=Add(j,k); " POOLED("l")},
    {"gate by element", "a=Conv(x,{4,3,3,3}#25); b=Conv(x,{4,3,3,3}#26); c=Sigmoid(b); d=Mul(c,a); "
                        "e=Conv(d,{4,4,3,3}#27); " POOLED("e")},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void random_plans_keep_the_order(void **state)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE};
    for (size_t s = 0; s < SHAPES; s++) {
        Network *network = graph_open(shapes[s].text, 14, shape, &message);
        if (!network) fail_msg("%s: %s", shapes[s].name, message.text);
        for (size_t i = 0; i < (PLANS + SHAPES - 1) / SHAPES; i++) {
            unsigned widths[8];
            for (size_t l = 0; l < 8; l++) {
                const unsigned width = (unsigned)(random_bits(3, s, i, l) % 8) + 1;
                widths[l] = width < 2 ? 0 : width;
            }
            Weights **weights = make_weights(network, widths);
            Ladder ladder = climb(network, weights, noise, &normalization, 1 + (7 * i) % IMAGES, pool);
            check_order(&ladder, shapes[s].name);
            assert_true(isfinite(ladder.frobenius));
            ladder_free(&ladder);
            free_weights(weights, network);
        }
        network_free(network);
    }
}

/* --- known networks --------------------------------------------------------------------------------- */

static const unsigned four_bits[128] = {[0 ... 127] = 4};

static void networks_in_data_keep_the_order(void **state)
{
    static const char *const names[] = {"lenet5", "vgg8", "resnet20", "mobilenetv2", "inception"};
    Dataset *dataset;
    assert_int_equal(dataset_open(&dataset, &(DatasetSource){.images = CALIBRATION}, &message), STATUS_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        Network *network;
        snprintf(path, sizeof path, DATA "%s.onnx", names[i]);
        assert_int_equal(network_open(&network, path, &(NetworkOptions){0}, &message), STATUS_OK);
        assert_true(network->layer_count <= 128);
        Weights **weights = make_weights(network, four_bits);
        Ladder ladder = climb(network, weights, dataset, &fashion, 10, pool);
        check_order(&ladder, names[i]);
        assert_true(ladder.measured > 0 && isfinite(ladder.spectral) && !ladder.culprit);
        ladder_free(&ladder);
        free_weights(weights, network);
        network_free(network);
    }
    dataset_free(dataset);
}

/* Computed by network_run() with layers first..end-1 quantized. */
static void run_part(float *outputs, const Network *network, Weights *const *weights, size_t from, size_t end)
{
    const Weights **part = calloc(network->layer_count + 1, sizeof *part);
    Workspace *workspace;
    const size_t elements = network->values[network->input].elements, batch = network->batch;
    float *input = malloc(elements * sizeof *input), *tile = malloc(batch * 5 * sizeof *tile);
    assert_true(part && input && tile && network->output_elements == 5);
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    for (size_t l = from; l < end; l++) part[l] = weights[l];
    for (size_t first = 0; first < IMAGES; first += batch) {
        const size_t count = first + batch < IMAGES ? batch : IMAGES - first;
        memset(input, 0, elements * sizeof *input);
        assert_int_equal(dataset_read(noise, input, first, count, &normalization, &message), STATUS_OK);
        assert_int_equal(network_run(network, tile, input, part, workspace, &message), STATUS_OK);
        memcpy(outputs + first * 5, tile, count * 5 * sizeof *tile);
    }
    workspace_free(workspace);
    free(part);
    free(input);
    free(tile);
}

static double distance(const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < IMAGES * 5; i++) sum += pow((double)a[i] - (double)b[i], 2);
    return sqrt(sum);
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b))) fail_msg("%.17g is not %.17g", a, b);
}

/* What the steps do to an image's margins, computed from the hybrids' outputs. */
typedef struct Falls {
    size_t top[IMAGES];
    double direction[IMAGES][5], one_sided[IMAGES][5];
} Falls;

static void add_falls(Falls *falls, const float *after, const float *before)
{
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t j = 0; j < 5; j++) {
            const size_t t = 5 * i + falls->top[i], o = 5 * i + j;
            const double d = ((double)after[t] - after[o]) - ((double)before[t] - before[o]);
            falls->direction[i][j] += fabs(d);
            falls->one_sided[i][j] += d < 0 ? -d : 0;
        }
}

/* Images whose falls stay below all margins. */
static size_t count_certified(const Falls *falls, const double sums[IMAGES][5], const float *reference)
{
    size_t count = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        bool certified = true;
        for (size_t j = 0; j < 5; j++)
            certified &= j == falls->top[i] ||
                         sums[i][j] < (double)reference[5 * i + falls->top[i]] - reference[5 * i + j];
        count += certified;
    }
    return count;
}

static Falls start_falls(const float *reference)
{
    Falls falls = {0};
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t j = 0; j < 5; j++)
            if (reference[5 * i + j] > reference[5 * i + falls.top[i]]) falls.top[i] = j;
    return falls;
}

/* Branches and joins: their tails leave much of the network unchanged. */
static void hybrids_agree_with_a_direct_computation(void **state)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE};
    for (size_t s = 0; s < SHAPES; s++) {
        Network *network = graph_open(shapes[s].text, 14, shape, &message);
        assert_non_null(network);
        Weights **weights = make_weights(network, (const unsigned[8]){4, 3, 0, 4, 3, 5, 3, 4});
        Ladder ladder = climb(network, weights, noise, &normalization, IMAGES, pool);
        float before[IMAGES * 5], after[IMAGES * 5], reference[IMAGES * 5];
        run_part(reference, network, weights, 0, 0);
        memcpy(before, reference, sizeof before);
        Falls falls = start_falls(reference);
        for (size_t l = 0; l < network->layer_count; l++) {
            run_part(after, network, weights, 0, l + 1);
            add_falls(&falls, after, before);
            assert_near(ladder.steps[l].hybrid, distance(after, before));
            memcpy(before, after, sizeof before);
            run_part(after, network, weights, l, l + 1);
            assert_near(ladder.steps[l].alone, distance(after, reference));
        }
        assert_near(ladder.measured, distance(before, reference));
        assert_int_equal(ladder.certified[CERTIFIED_DIRECTION],
                         count_certified(&falls, falls.direction, reference));
        assert_int_equal(ladder.certified[CERTIFIED_ONE_SIDED],
                         count_certified(&falls, falls.one_sided, reference));
        ladder_free(&ladder);
        free_weights(weights, network);
        network_free(network);
    }
}

/* A convolution and a Gemm behind it: e_2 is the change of the output itself, and lambda_1 the Gemm's norm.
 */
static void two_layers_agree_with_a_direct_computation(void **state)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE};
    const char *text = "a=Conv(x,{4,3,8,8}#1,{4}#2); r=Relu(a); f=Flatten(r); y=Gemm(f,{4,5}#3,{5}#4)";
    Network *network = graph_open(text, 13, shape, &message);
    assert_non_null(network);
    assert_int_equal(network->layer_count, 2);
    Weights **weights = make_weights(network, four_bits);
    Ladder ladder = climb(network, weights, noise, &normalization, IMAGES, pool);
    check_order(&ladder, "two layers");
    float outputs[3][IMAGES * 5];
    for (size_t l = 0; l < 3; l++) run_part(outputs[l], network, weights, 0, l);
    assert_near(ladder.steps[0].hybrid, distance(outputs[1], outputs[0]));
    assert_near(ladder.steps[1].hybrid, distance(outputs[2], outputs[1]));
    assert_near(ladder.measured, distance(outputs[2], outputs[0]));
    assert_near(ladder.steps[0].alone, ladder.steps[0].hybrid);
    assert_near(ladder.steps[1].spectral, ladder.steps[1].hybrid);
    assert_near(ladder.steps[1].lambda, 1);
    assert_near(ladder.hybrid, ladder.steps[0].hybrid + ladder.steps[1].hybrid);
    for (Rung rung = 0; rung < RUNG_COUNT; rung++) {
        assert_near(rung_share(&ladder, rung, 0) + rung_share(&ladder, rung, 1), 1);
        const size_t most = rung_costliest(&ladder, rung);
        assert_true(rung_contribution(&ladder, rung, most) >= rung_contribution(&ladder, rung, 1 - most));
    }
    assert_int_equal(rung_costliest(&ladder, RUNG_HYBRID), ladder.costliest);
    assert_near(rung_share(&ladder, RUNG_SPECTRAL, 0), ladder.steps[0].spectral / ladder.spectral);
    ladder_free(&ladder);
    free_weights(weights, network);
    network_free(network);
}

/* With one quantized layer, every sum has that layer's term alone. */
static void one_layer_alone_is_the_whole(void **state)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE};
    Network *network = graph_open(shapes[2].text, 14, shape, &message);
    assert_non_null(network);
    Weights **weights = make_weights(network, (const unsigned[8]){0, 3});
    Ladder ladder = climb(network, weights, noise, &normalization, IMAGES, pool);
    assert_int_equal(ladder.costliest, 1);
    assert_true(ladder.measured > 0);
    assert_near(ladder.measured, ladder.hybrid);
    assert_near(ladder.measured, ladder.steps[1].alone);
    assert_false(ladder.steps[0].quantized);
    assert_true(ladder.steps[0].hybrid == 0 && ladder.steps[0].alone == 0);
    ladder_free(&ladder);
    free_weights(weights, network);
    network_free(network);
}

static void a_node_without_a_constant_is_named(void **state)
{
    const size_t shape[4] = {0, CHANNELS, SIDE, SIDE};
    Network *network = graph_open("a=Conv(x,{4,3,3,3}#1); b=Sigmoid(a); c=Clip(b,0.1,1.0); e=Div(b,c); "
                                  "g=GlobalAveragePool(e); y=Flatten(g)",
                                  13, shape, &message);
    assert_non_null(network);
    Weights **weights = make_weights(network, four_bits);
    Ladder ladder = climb(network, weights, noise, &normalization, IMAGES, pool);
    assert_true(isinf(ladder.spectral) && isinf(ladder.frobenius) && isfinite(ladder.hybrid));
    assert_non_null(ladder.culprit);
    assert_non_null(ladder.reason);
    assert_null(ladder.violation);
    assert_int_equal(ladder.certified[CERTIFIED_SPECTRAL], 0);
    assert_near(rung_share(&ladder, RUNG_HYBRID, 0), 1);
    assert_true(isnan(rung_share(&ladder, RUNG_SPECTRAL, 0)));
    assert_true(rung_costliest(&ladder, RUNG_SPECTRAL) == NO_INDEX);
    ladder_free(&ladder);
    free_weights(weights, network);
    network_free(network);
}

/* --- accuracy, certificates, threads ---------------------------------------------------------------- */

typedef struct Lenet {
    Network *network;
    Dataset *dataset;
    Weights **weights;
} Lenet;

static Lenet open_lenet(void)
{
    Lenet lenet;
    assert_int_equal(network_open(&lenet.network, DATA "lenet5.onnx", &(NetworkOptions){0}, &message),
                     STATUS_OK);
    assert_int_equal(dataset_open(&lenet.dataset, &(DatasetSource){.images = CALIBRATION}, &message),
                     STATUS_OK);
    lenet.weights = make_weights(lenet.network, (const unsigned[8]){8, 4, 3, 4, 8});
    return lenet;
}

static void close_lenet(Lenet *lenet)
{
    free_weights(lenet->weights, lenet->network);
    network_free(lenet->network);
    dataset_free(lenet->dataset);
}

static void hybrid_accuracy_ends_at_the_quantized_networks(void **state)
{
    Lenet lenet = open_lenet();
    Evaluation evaluation;
    Reference *reference;
    assert_int_equal(reference_create(&reference, lenet.network, lenet.dataset, &fashion, 0, &message),
                     STATUS_OK);
    assert_int_equal(evaluation_run(&evaluation, reference, (const Weights *const *)lenet.weights, 200, pool,
                                    NULL, NULL, &message),
                     STATUS_OK);
    reference_free(reference);
    Ladder ladder = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, 200, pool);
    assert_true(ladder.labelled);
    assert_int_equal(ladder.correct, evaluation.reference.top1_correct);
    assert_int_equal(ladder.steps[ladder.layer_count - 1].hybrid_correct, evaluation.quantized.top1_correct);
    assert_int_equal(ladder.steps[ladder.layer_count - 1].lost, evaluation.lost);
    assert_int_equal(ladder.steps[ladder.layer_count - 1].gained, evaluation.gained);
    for (size_t l = 0; l < ladder.layer_count; l++)
        assert_int_equal(ladder.steps[l].hybrid_correct + ladder.steps[l].lost,
                         ladder.correct + ladder.steps[l].gained);
    assert_int_equal(ladder.kept, evaluation.agreeing);
    assert_true(ladder.certified[CERTIFIED_MEASURED] > 100 && ladder.kept < 200);
    assert_true(fabs(20 * log10(ladder.output_norm / ladder.measured) - evaluation.output_sqnr_db) < 1e-6);
    ladder_free(&ladder);
    close_lenet(&lenet);
}

/* At more bits even the spectral rung certifies some images; no rung certifies more than the next. */
static void rungs_certify_in_order(void **state)
{
    Lenet lenet = open_lenet();
    Weights **fine = make_weights(lenet.network, (const unsigned[8]){8, 8, 8, 8, 8});
    Ladder ladder = climb(lenet.network, fine, lenet.dataset, &fashion, 200, pool);
    check_order(&ladder, "8 bits");
    assert_true(ladder.certified[CERTIFIED_NORMS] > 150);
    ladder_free(&ladder);
    free_weights(fine, lenet.network);
    close_lenet(&lenet);
}

/* The pulls of an image's ledger add up to the change of its margin, and on its own top class and rival they
 * are those of the networks run as a whole. */
static void ledgers_add_up(void **state)
{
    const size_t images[] = {150, 3, 77, 76, 12}, rivals[] = {4, 0, 9, 2, 2}, count = 5;
    Lenet lenet = open_lenet();
    Ledger *ledger;
    const LedgerOptions options = {.pool = pool};
    assert_int_equal(ledger_create(&ledger, lenet.network, (const Weights *const *)lenet.weights,
                                   lenet.dataset, &fashion, images, rivals, count, &options, &message),
                     STATUS_OK);
    assert_true(ledger->image_count == count && ledger->layer_count == lenet.network->layer_count);
    for (size_t i = 0; i < count; i++) {
        double sum = ledger->margins[i].before - ledger->margins[i].after, moved = 0;
        for (size_t l = 0; l < ledger->layer_count; l++) {
            sum += ledger->pulls[i * ledger->layer_count + l];
            moved += fabs(ledger->pulls[i * ledger->layer_count + l]);
        }
        assert_true(fabs(sum) < 1e-9 && moved > 0.01);
        assert_true(ledger->margins[i].before >= 0);
    }
    ledger_drop(ledger_hold(ledger));
    ledger_drop(ledger);
    close_lenet(&lenet);
}

/* The ledgers of changed and held images end at the margins that the evaluation found. */
static void ledgers_end_at_the_evaluations_margins(void **state)
{
    Lenet lenet = open_lenet();
    Reference *reference;
    Evaluation evaluation;
    ImageChanges changes = {0};
    Ledger *ledger;
    assert_int_equal(reference_create(&reference, lenet.network, lenet.dataset, &fashion, 0, &message),
                     STATUS_OK);
    reference->changes = &changes;
    assert_int_equal(evaluation_run(&evaluation, reference, (const Weights *const *)lenet.weights, 200, pool,
                                    NULL, NULL, &message),
                     STATUS_OK);
    reference_free(reference);
    size_t images[CHANGES_MOST], rivals[CHANGES_MOST];
    for (size_t i = 0; i < changes.held_count; i++) {
        images[i] = changes.held[i].image;
        rivals[i] = changes.held[i].rival;
    }
    assert_int_equal(ledger_create(&ledger, lenet.network, (const Weights *const *)lenet.weights,
                                   lenet.dataset, &fashion, images, rivals, changes.held_count,
                                   &(LedgerOptions){.pool = pool}, &message),
                     STATUS_OK);
    for (size_t i = 0; i < changes.held_count; i++) {
        double margin = ledger->margins[i].before;
        for (size_t l = 0; l < ledger->layer_count; l++) margin += ledger->pulls[i * ledger->layer_count + l];
        assert_true(fabs(margin - changes.held[i].margin) < 1e-5);
        assert_true(ledger->margins[i].before >= changes.held[i].float_margin - 1e-5);
    }
    ledger_drop(ledger);
    close_lenet(&lenet);
}

/* Mean pulls add up to the mean change of the margin over the float network's second class; partners are
 * mutual in their cosine. */
static void pulls_of_layers_have_partners(void **state)
{
    Lenet lenet = open_lenet();
    Ladder ladder = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, 100, pool);
    double share = 0;
    size_t partners = 0;
    for (size_t l = 0; l < ladder.layer_count; l++) {
        const LadderStep *step = &ladder.steps[l];
        share += rung_squared_share(&ladder, l);
        assert_true(step->lowered <= 100);
        if (step->opponent != NO_INDEX) {
            assert_true(step->opposition < 0 && step->opposition >= -1);
            assert_true(ladder.steps[step->opponent].opposition <= step->opposition);
        }
        if (step->ally != NO_INDEX) assert_true(ladder.steps[step->ally].alliance >= step->alliance);
        partners += step->ally != NO_INDEX || step->opponent != NO_INDEX;
    }
    assert_near(share, 1);
    assert_true(partners >= ladder.layer_count);
    ladder_free(&ladder);
    close_lenet(&lenet);
}

static void assert_same_ladder(const Ladder *a, const Ladder *b)
{
    assert_int_equal(a->images, b->images);
    assert_memory_equal(&a->output_norm, &b->output_norm, sizeof(double));
    assert_memory_equal(&a->measured, &b->measured, sizeof(double));
    assert_memory_equal(&a->hybrid, &b->hybrid, sizeof(double));
    assert_memory_equal(&a->spectral, &b->spectral, sizeof(double));
    assert_memory_equal(&a->frobenius, &b->frobenius, sizeof(double));
    assert_memory_equal(a->certified, b->certified, sizeof a->certified);
    assert_int_equal(a->kept, b->kept);
    assert_int_equal(a->correct, b->correct);
    assert_int_equal(a->costliest, b->costliest);
    assert_int_equal(a->layer_count, b->layer_count);
    for (size_t l = 0; l < a->layer_count; l++) {
        const LadderStep *x = &a->steps[l], *y = &b->steps[l];
        assert_memory_equal(&x->local_error, &y->local_error, sizeof(double));
        assert_memory_equal(&x->spectral, &y->spectral, sizeof(double));
        assert_memory_equal(&x->hybrid, &y->hybrid, sizeof(double));
        assert_memory_equal(&x->alone, &y->alone, sizeof(double));
        assert_int_equal(x->hybrid_correct, y->hybrid_correct);
    }
}

static void threads_change_no_bit(void **state)
{
    Lenet lenet = open_lenet();
    Ladder one = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, 75, pool);
    for (size_t threads = 1; threads <= 4; threads += 3) {
        Pool *other;
        assert_int_equal(pool_create(&other, threads, NULL), STATUS_OK);
        Ladder same = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, 75, other);
        assert_same_ladder(&same, &one);
        ladder_free(&same);
        pool_free(other);
    }
    ladder_free(&one);
    close_lenet(&lenet);
}

/* --- on the way -------------------------------------------------------------------------------------- */

typedef struct Watcher {
    size_t most_calls; /* asks to stop at that one */
    size_t calls;
    LadderStep steps[8];
    Ladder last; /* a copy, with those steps */
} Watcher;

static bool watch(void *context, const Ladder *so_far, double fraction)
{
    Watcher *watcher = context;
    check_order(so_far, "so far");
    assert_true(so_far->images > watcher->last.images && so_far->images <= so_far->total);
    assert_true(fraction > 0 && (so_far->images == so_far->total) == (fraction == 1));
    assert_true(so_far->layer_count <= 8 && so_far->measured > 0 && so_far->costliest != NO_INDEX);
    watcher->last = *so_far;
    watcher->last.steps = watcher->steps;
    memcpy(watcher->steps, so_far->steps, so_far->layer_count * sizeof *so_far->steps);
    return ++watcher->calls < watcher->most_calls;
}

static void what_is_done_so_far_is_a_ladder(void **state)
{
    Lenet lenet = open_lenet();
    Watcher watcher = {.most_calls = SIZE_MAX};
    Ladder ladder;
    const LadderOptions options = {.pool = pool, .images = 150, .progress = watch, .context = &watcher};
    assert_int_equal(try_climb(&ladder, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_OK);
    assert_true(watcher.calls >= 2);
    assert_int_equal(ladder.images, 150);
    assert_same_ladder(&watcher.last, &ladder);
    ladder_free(&ladder);
    close_lenet(&lenet);
}

/* An unfinished ladder equals that of a run on the images done so far. */
static void a_ladder_on_the_way_is_that_of_fewer_images(void **state)
{
    Lenet lenet = open_lenet();
    Watcher watcher = {.most_calls = 1};
    Ladder ladder;
    const LadderOptions options = {.pool = pool, .images = 500, .progress = watch, .context = &watcher};
    assert_int_equal(try_climb(&ladder, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_CANCELLED);
    assert_int_equal(watcher.calls, 1);
    assert_null(ladder.steps);
    assert_true(watcher.last.images < 500 && watcher.last.total == 500);
    ladder = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, watcher.last.images, pool);
    assert_same_ladder(&watcher.last, &ladder);
    ladder_free(&ladder);
    close_lenet(&lenet);
}

/* --- memory ----------------------------------------------------------------------------------------- */

static void memory_bounds_what_is_under_way(void **state)
{
    Lenet lenet = open_lenet();
    Pool *three;
    assert_int_equal(pool_create(&three, 3, NULL), STATUS_OK);
    Ladder wide = climb(lenet.network, lenet.weights, lenet.dataset, &fashion, 75, three), narrow;
    LadderOptions options = {.pool = three, .images = 75, .memory = wide.bytes - 1};
    assert_int_equal(try_climb(&narrow, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_OK);
    const size_t bench = wide.bytes - narrow.bytes, least = narrow.bytes - bench;
    assert_true(bench > 0 && wide.bytes > 3 * bench);
    assert_same_ladder(&narrow, &wide);
    ladder_free(&narrow);

    options.memory = least;
    assert_int_equal(try_climb(&narrow, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_OK);
    assert_int_equal(narrow.bytes, least);
    assert_same_ladder(&narrow, &wide);
    ladder_free(&narrow);

    options.memory = least - 1;
    assert_int_equal(try_climb(&narrow, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_MEMORY);
    assert_says("lenet5.onnx' on 75 images takes");
    assert_int_equal(message.remedies, REMEDY_MEMORY | REMEDY_LADDER_IMAGES);
    assert_int_equal(message.memory_missing, 1);
    options.memory = bench;
    assert_int_equal(try_climb(&narrow, lenet.network, lenet.weights, lenet.dataset, &fashion, &options),
                     STATUS_MEMORY);
    assert_int_equal(message.remedies, REMEDY_MEMORY);
    assert_null(narrow.steps);
    ladder_free(&wide);
    pool_free(three);
    close_lenet(&lenet);
}

static void failures_are_said(void **state)
{
    Lenet lenet = open_lenet();
    Ladder ladder;
    LayerNorm *norms = calloc(lenet.network->node_count, sizeof *norms);
    assert_non_null(norms);
    const Weights *const *weights = (const Weights *const *)lenet.weights;
    const LadderOptions options = {.pool = pool, .images = 64};
    assert_int_equal(
        ladder_create(&ladder, lenet.network, weights, norms, noise, &normalization, &options, &message),
        STATUS_INVALID);
    assert_says("8 x 8 with 3 channels");
    assert_null(ladder.steps);
    free(norms);
    close_lenet(&lenet);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_plans_keep_the_order),
        cmocka_unit_test(networks_in_data_keep_the_order),
        cmocka_unit_test(two_layers_agree_with_a_direct_computation),
        cmocka_unit_test(hybrids_agree_with_a_direct_computation),
        cmocka_unit_test(one_layer_alone_is_the_whole),
        cmocka_unit_test(a_node_without_a_constant_is_named),
        cmocka_unit_test(hybrid_accuracy_ends_at_the_quantized_networks),
        cmocka_unit_test(ledgers_add_up),
        cmocka_unit_test(ledgers_end_at_the_evaluations_margins),
        cmocka_unit_test(pulls_of_layers_have_partners),
        cmocka_unit_test(rungs_certify_in_order),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_is_done_so_far_is_a_ladder),
        cmocka_unit_test(a_ladder_on_the_way_is_that_of_fewer_images),
        cmocka_unit_test(memory_bounds_what_is_under_way),
        cmocka_unit_test(failures_are_said),
    };
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests(tests, set_up, noise_stop);
}
