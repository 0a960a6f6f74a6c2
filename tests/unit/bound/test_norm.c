/* SPDX-License-Identifier: MIT */
/* Operator norms against the dense singular value decomposition of the operator's matrix. */
#include "graph_text.h"
#include "node_matrix.h"

#include "app/cli/blas_kernel.h"
#include "bound/conv_map.h"
#include "bound/norm_record.h"
#include "network/geometry.h"
#include "network/network.h"

#include <stdio.h>

#define ROUNDING 1e-5 /* of the float kernel that makes the dense matrix */

static Pool *pool;

/* The norm of a network with one layer and one use. */
static LayerNorm only_norm(const Network *network)
{
    Message message = {0};
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    assert_non_null(norms);
    assert_int_equal(network->layer_count, 1);
    assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
    const LayerNorm norm = norms[network->layers[0].uses[0]];
    free(norms);
    return norm;
}

static double check_text(const char *text, const size_t *shape)
{
    Message message = {0};
    Network *network = graph_open(text, 13, shape, &message);
    if (!network) fail_msg("%s: %s", text, message.text);
    const LayerNorm norm = only_norm(network);
    const double exact = node_norm(network, network->layers[0].uses[0], 0);
    if (!(norm.lower <= exact * (1 + ROUNDING) && exact <= norm.upper * (1 + ROUNDING) &&
          norm.upper <= 1.05 * exact && norm.lower >= 0.99 * exact))
        fail_msg("%s: %.7g is not in %.7g to %.7g (%s)", text, exact, norm.lower, norm.upper, norm.upper_by);
    assert_true(norm.upper <= norm.frobenius * (1 + 1e-12));
    network_free(network);
    return norm.upper / exact;
}

static void test_convolutions(void **state)
{
    static const struct {
        size_t channels, outputs, groups, kernel, stride, pad, dilation;
    } cases[] = {
        {3, 4, 1, 3, 1, 1, 1}, {4, 3, 1, 3, 2, 1, 1}, {2, 5, 1, 3, 1, 0, 1}, {4, 6, 2, 3, 1, 1, 1},
        {6, 6, 6, 3, 1, 1, 1}, {6, 6, 6, 3, 2, 1, 1}, {3, 4, 1, 3, 1, 2, 2}, {2, 3, 1, 5, 2, 2, 1},
        {3, 4, 1, 1, 1, 0, 1}, {3, 4, 1, 1, 2, 0, 1}, {2, 2, 1, 3, 3, 1, 1}, {2, 3, 1, 3, 2, 2, 2},
        {4, 8, 4, 3, 2, 0, 1}, {3, 2, 1, 2, 3, 0, 1}, {2, 3, 1, 1, 1, 1, 1}, {5, 1, 1, 4, 1, 3, 1},
        {2, 2, 1, 3, 2, 1, 3},
    };
    double worst = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t tall = 0; tall < 2; tall++) {
            char text[256];
            const size_t shape[] = {1, cases[i].channels, tall ? 10 : 7, tall ? 7 : 9};
            snprintf(text, sizeof text,
                     "y=Conv(x,{%zu,%zu,%zu,%zu}#%zu,{%zu}#99) group=%zu strides=[%zu,%zu] "
                     "pads=[%zu,%zu,%zu,%zu] dilations=[%zu,%zu]",
                     cases[i].outputs, cases[i].channels / cases[i].groups, cases[i].kernel, cases[i].kernel,
                     i + 1, cases[i].outputs, cases[i].groups, cases[i].stride, cases[i].stride, cases[i].pad,
                     cases[i].pad, cases[i].pad, cases[i].pad, cases[i].dilation, cases[i].dilation);
            worst = fmax(worst, check_text(text, shape));
        }
    print_message("worst upper/exact %.5f\n", worst);
}

static void test_uneven(void **state)
{
    const size_t shape[] = {1, 3, 8, 6};
    check_text("y=Conv(x,{4,3,3,2}#3) strides=[2,1] pads=[0,1,2,0] dilations=[1,2]", shape);
    check_text("y=Conv(x,{4,3,1,5}#4) strides=[1,3] pads=[0,4,0,1]", shape);
    check_text("y=Conv(x,{2,3,3,3}#5) auto_pad='SAME_LOWER' strides=[2,2]", shape);
}

static void test_gemm(void **state)
{
    const size_t shape[] = {1, 3, 4, 2};
    check_text("f=Flatten(x); y=Gemm(f,{24,10}#1,{10}#2)", shape);
    check_text("f=Flatten(x); y=Gemm(f,{40,24}#3) transB=1 alpha=0.5", shape);
    check_text("f=Flatten(x); y=MatMul(f,{24,1}#4)", shape);
}

static void test_zero_weights(void **state)
{
    Message message = {0};
    const size_t shape[] = {1, 1, 4, 4};
    Network *network = graph_open("y=Conv(x,{1,1,3,3}#1) pads=[1,1,1,1]", 13, shape, &message);
    assert_non_null(network);
    memset((float *)network->layers[0].weights, 0, 9 * sizeof(float));
    const LayerNorm norm = only_norm(network);
    assert_true(norm.lower == 0 && norm.upper == 0 && norm.frobenius == 0);
    network_free(network);
}

/* A NaN weight gives no bound, rather than a small one. */
static void test_not_finite(void **state)
{
    Message message = {0};
    const size_t shape[] = {1, 2, 4, 4};
    Network *network = graph_open("y=Conv(x,{2,1,3,3}#1) group=2", 13, shape, &message);
    assert_non_null(network);
    ((float *)network->layers[0].weights)[12] = NAN;
    const LayerNorm norm = only_norm(network);
    assert_true(isinf(norm.upper) && isinf(norm.frobenius) && isfinite(norm.lower));
    network_free(network);
}

/* Both proofs hold above the exact norm and fail below it. */
static void test_proofs(void **state)
{
    static const char *const texts[] = {
        "y=Conv(x,{4,3,3,3}#3) pads=[1,1,1,1]",
        "y=Conv(x,{2,3,3,3}#3) strides=[2,2] pads=[1,1,1,1]",
        "y=Conv(x,{9,3,3,3}#3) strides=[2,2] pads=[0,2,1,0]",
    };
    const size_t shape[] = {1, 3, 8, 7};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Message message = {0};
        ConvGeometry geometry;
        ConvMap map;
        bool proven;
        double fourier;
        Network *network = graph_open(texts[i], 13, shape, &message);
        assert_non_null(network);
        const size_t use = network->layers[0].uses[0];
        const double exact = node_norm(network, use, 0);
        network_convolution(&geometry, network, use);
        assert_int_equal(conv_map_create(&map, &geometry, network->layers, 0, &message), STATUS_OK);
        assert_int_equal(conv_map_certify(&proven, &map, exact * 1.0001, SIZE_MAX, &message), STATUS_OK);
        assert_true(proven);
        assert_int_equal(conv_map_certify(&proven, &map, exact * 0.9999, SIZE_MAX, &message), STATUS_OK);
        assert_false(proven);
        assert_int_equal(conv_map_fourier(&fourier, &map, exact * 0.1, &message), STATUS_OK);
        assert_true(fourier >= exact * (1 - ROUNDING) && fourier <= 1.5 * exact);
        conv_map_free(&map);
        network_free(network);
    }
}

static void test_data(void **state)
{
    static const char *const names[] = {"lenet5", "vgg8", "resnet20", "inception", "mobilenetv2"};
    Message message = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        Network *network;
        double worst = 1;
        snprintf(path, sizeof path, SOURCE_ROOT "/data/%s.onnx", names[i]);
        assert_int_equal(network_open(&network, path, &(NetworkOptions){0}, &message), STATUS_OK);
        LayerNorm *norms = calloc(network->node_count, sizeof *norms);
        assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
        for (size_t l = 0; l < network->layer_count; l++) {
            const LayerNorm *norm = &norms[network->layers[l].uses[0]];
            assert_true(norm->lower > 0 && norm->upper <= norm->frobenius);
            worst = fmax(worst, norm->upper / norm->lower);
        }
        print_message("%s: worst upper/lower %.5f\n", names[i], worst);
        assert_true(worst <= 1.02);
        free(norms);
        network_free(network);
    }
}

/* --- records ---------------------------------------------------------------------------------------------
 */

/* Norms from records have the same bytes; a layer whose weights changed is computed again. */
static void test_records(void **state)
{
    Message message = {0};
    Network *network;
    NormRecord *records;
    size_t count;
    assert_int_equal(network_open(&network, SOURCE_ROOT "/data/lenet5.onnx", &(NetworkOptions){0}, &message),
                     STATUS_OK);
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    LayerNorm *recalled = calloc(network->node_count, sizeof *recalled);
    assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
    assert_int_equal(norm_records_create(&records, &count, network, norms, &message), STATUS_OK);
    assert_int_equal(count, network->layer_count);
    norm_records_recall(recalled, network, records, count);
    assert_memory_equal(recalled, norms, network->node_count * sizeof *norms);
    memset(recalled, 0, network->node_count * sizeof *recalled);
    float *changed = (float *)network->layers[1].weights;
    changed[0] += 1;
    norm_records_recall(recalled, network, records, count);
    assert_null(recalled[network->layers[1].uses[0]].upper_by);
    assert_non_null(recalled[network->layers[0].uses[0]].upper_by);
    assert_null(norm_proof("belief"));
    free(records);
    free(recalled);
    free(norms);
    network_free(network);
}

/* --- cancelling ----------------------------------------------------------------------------------------- */

typedef struct Caller {
    size_t calls, stop_at; /* 0: never */
    double fraction;
} Caller;

static bool proceed(void *context, double fraction)
{
    Caller *caller = context;
    assert_true(fraction >= caller->fraction && fraction <= 1);
    caller->fraction = fraction;
    return ++caller->calls != caller->stop_at;
}

/* Stopped at each of many moments: asked no more, what was found stays, and what is found after is the same.
 */
static void test_cancelled_anywhere(void **state)
{
    const size_t shape[] = {1, 3, 8, 8};
    Message message = {0};
    Network *network =
        graph_open("a=Conv(x,{4,3,3,3}#1) pads=[1,1,1,1]; b=Relu(a); c=Conv(b,{6,2,3,3}#2) group=2 "
                   "strides=[2,2]; d=Relu(c); f=Flatten(d); y=Gemm(f,{54,10}#3,{10}#4)",
                   13, shape, &message);
    if (!network) fail_msg("%s", message.text);
    const size_t bytes = network->node_count * sizeof(LayerNorm);
    LayerNorm *norms = malloc(bytes), *expected = calloc(1, bytes);
    assert_true(norms && expected);
    assert_int_equal(network_norms(expected, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
    Status status = STATUS_CANCELLED;
    for (size_t stop_at = 1; status == STATUS_CANCELLED; stop_at += 1 + stop_at / 8) {
        Caller caller = {.stop_at = stop_at};
        const NormOptions options = {.pool = pool, .proceed = proceed, .context = &caller};
        memset(norms, 0, bytes);
        status = network_norms(norms, network, &options, &message);
        assert_int_equal(caller.calls == stop_at, status == STATUS_CANCELLED);
        caller = (Caller){0};
        assert_int_equal(network_norms(norms, network, &options, &message), STATUS_OK);
        assert_memory_equal(norms, expected, bytes);
    }
    assert_int_equal(status, STATUS_OK);
    free(norms);
    free(expected);
    network_free(network);
}

int main(int count, char **arguments)
{
    Message message = {0};
    if (blas_kernel_choose(NULL, &message)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_uneven),
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_cancelled_anywhere),
    };
    if (pool_create(&pool, 0, &message)) return 1;
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pool_free(pool);
    return failed;
}
