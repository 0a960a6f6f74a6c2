/* SPDX-License-Identifier: MIT */
/* Constants of every operator's edges against random pairs, dense decompositions and fine grids; lambda over
 * small graphs. */
#include "graph_text.h"
#include "node_matrix.h"

#include "base/random.h"
#include "bound/lipschitz.h"
#include "network/geometry.h"
#include "network/network.h"
#include "network/run/run.h"

#include <stdio.h>

#define ROUNDING 1e-5 /* of float outputs that are close to each other */

static const size_t image_shape[] = {1, 4, 6, 5};

static Network *open_at(const char *text, int opset)
{
    Message message = {0};
    Network *network = graph_open(text, opset, image_shape, &message);
    if (!network) fail_msg("%s: %s", text, message.text);
    return network;
}

static Network *open_text(const char *text)
{
    return open_at(text, 13);
}

/* [elements], normal-like in [-4, 4]; key separates arrays */
static float *random_array(size_t count, uint64_t key, double scale)
{
    float *array = calloc(count, sizeof *array);
    assert_non_null(array);
    for (size_t i = 0; i < count; i++)
        array[i] = (float)(scale * (random_uniform(5, key, i, 0) + random_uniform(5, key, i, 1) - 1));
    return array;
}

static double distance(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += pow((double)a[i] - (double)b[i], 2);
    return sqrt(sum);
}

static double linear_bound(const NetworkEdge *edge)
{
    const double schur = sqrt(edge->row_sum * edge->column_sum);
    return edge->norm > 0 ? fmin(edge->norm, schur) : schur;
}

static double constant_of(const Network *network, size_t node, size_t input, const float *const *arrays)
{
    NetworkEdge edge;
    Message message = {0};
    double norm = 0;
    network_edge(&edge, network, node, input);
    switch (edge.kind) {
    case EDGE_LINEAR:
        return linear_bound(&edge);
    case EDGE_MAX:
        return sqrt(edge.windows);
    case EDGE_ELEMENTWISE:
        return edge.slope;
    case EDGE_PRODUCT:
        assert_int_equal(network_factor_norm(&norm, network, node, input, arrays[1 - input], &message),
                         STATUS_OK);
        return norm;
    default:
        fail_msg("node '%s': kind %d", network->nodes[node].name, (int)edge.kind);
    }
    return 0;
}

/* Moves one input by random steps of every size; returns the largest ratio of output change to constant. */
static double check_pairs(const Network *network, size_t number, size_t input)
{
    const Node *node = &network->nodes[number];
    const size_t count = network->values[node->inputs[input]].elements;
    const size_t outputs = network->values[node->output].elements;
    double most = 0;
    for (uint64_t k = 0; k < 40; k++) {
        float *arrays[8] = {0};
        for (size_t i = 0; i < node->input_count; i++)
            if (!network->values[node->inputs[i]].constant)
                arrays[i] = random_array(network->values[node->inputs[i]].elements, 100 * k + i, 4);
        const double constant = constant_of(network, number, input, (const float *const *)arrays);
        float *before = node_output(network, number, (const float *const *)arrays);
        float *old = arrays[input],
              *step = random_array(count, 100 * k + 50, pow(10, -2.0 + (double)(k % 4)));
        arrays[input] = calloc(count, sizeof(float));
        for (size_t i = 0; i < count; i++)
            arrays[input][i] = old[i] + (k % 3 && i != k % count ? 0 : step[i]);
        float *after = node_output(network, number, (const float *const *)arrays);
        const double moved = distance(arrays[input], old, count);
        const double stretch = distance(after, before, outputs) / moved;
        if (!(stretch <= constant + ROUNDING * (1 + 1 / moved)))
            fail_msg("node '%s' (%s), input %zu: stretched by %.9g, constant %.9g", node->name,
                     node->operator_name, input, stretch, constant);
        most = fmax(most, stretch / constant);
        for (size_t i = 0; i < node->input_count; i++) free(arrays[i]);
        free(old);
        free(step);
        free(before);
        free(after);
    }
    return most;
}

/* Checks every edge of every node of the graph except layers. Linear ones are compared with their dense norm,
 * which must be below the constant by at most `slack`. */
static void check_graph(const char *text, double slack)
{
    Network *network = open_text(text);
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t k = 0; k < network->nodes[i].input_count; k++) {
            NetworkEdge edge;
            network_edge(&edge, network, i, k);
            if (edge.kind == EDGE_LAYER || edge.kind == EDGE_CONSTANT) continue;
            check_pairs(network, i, k);
            if (edge.kind != EDGE_LINEAR) continue;
            const double exact = node_norm(network, i, k), constant = linear_bound(&edge);
            if (!(exact <= constant * (1 + ROUNDING) && constant <= slack * exact))
                fail_msg("%s: node '%s': norm %.7g, constant %.7g", text, network->nodes[i].name, exact,
                         constant);
        }
    network_free(network);
}

static void test_linear(void **state)
{
    check_graph("y=AveragePool(x) kernel_shape=[2,2] strides=[2,2]", 1.0001);
    check_graph("y=AveragePool(x) kernel_shape=[3,3] pads=[1,1,1,1]", 1.001);
    check_graph("y=AveragePool(x) kernel_shape=[3,3] pads=[1,1,1,1] count_include_pad=1", 1.001);
    check_graph("y=AveragePool(x) kernel_shape=[3,2] strides=[2,2] pads=[1,0,1,1] ceil_mode=1", 1.001);
    check_graph("y=AveragePool(x) kernel_shape=[4,4] strides=[2,3] pads=[2,2,2,2] count_include_pad=1 "
                "ceil_mode=1",
                1.001);
    check_graph("y=GlobalAveragePool(x)", 1.0001);
    check_graph("y=ReduceMean(x) axes=[1]", 1.0001);
    check_graph("y=ReduceMean(x) axes=[1,3] keepdims=0", 1.0001);
    check_graph("y=Transpose(x) perm=[0,2,1,3]", 1.0001);
    check_graph("y=Reshape(x,[0,10,12])", 1.0001);
    check_graph("y=Slice(x,[1],[6],[2],[2])", 1.0001);
    check_graph("y=Gather(x,[1,3,1,1,0]) axis=1", 1.0001);
    check_graph("y=Pad(x,[0,0,1,2,0,1,0,0],0.5)", 1.0001);
    check_graph("a,b=Split(x,[1,3]) axis=1; y=Concat(b,a,x) axis=1", 1.0001);
    check_graph("y=ReduceSum(x,[1,3])", 1.0001);
    check_graph("r=ReduceSum(x,[2]); y=Expand(r,[1,4,5,5])", 1.0001);
    check_graph("y=Tile(x,[1,2,1,3])", 1.0001);
    check_graph("y=Pad(x,[0,1,2,3,0,1,2,3]) mode='reflect'", 1.0001);
    check_graph("y=Pad(x,[0,0,2,1,0,0,2,1]) mode='edge'", 1.0001);
    check_graph("y=Resize(x,-,[1.0,1.0,2.0,3.0])", 1.0001);
    check_graph("y=Resize(x,-,[1.0,1.0,2.0,1.0]) mode='linear'", 1.2);
    check_graph("y=Resize(x,-,-,[1,4,9,9]) mode='linear' coordinate_transformation_mode='align_corners'",
                1.5);
    check_graph("y=Resize(x,-,[1.0,1.0,0.7,1.9]) mode='cubic'", 2);
    check_graph("y=DepthToSpace(x) blocksize=2", 1.0001);
    check_graph("y=SpaceToDepth(x) blocksize=1", 1.0001);
}

static void test_max_pool(void **state)
{
    check_graph("y=MaxPool(x) kernel_shape=[2,2] strides=[2,2]", 1);
    check_graph("y=MaxPool(x) kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", 1);
    check_graph("y=MaxPool(x) kernel_shape=[3,2] pads=[1,0,1,0]", 1);
    check_graph("y=MaxPool(x) kernel_shape=[2,2] dilations=[2,2]", 1);
}

/* The constant is attained at a pixel that is larger than all others in its windows. */
static void test_max_pool_is_attained(void **state)
{
    Network *network = open_text("y=MaxPool(x) kernel_shape=[3,3] strides=[2,1] pads=[1,1,1,1] ceil_mode=1");
    size_t number = 0;
    while (strcmp(network->nodes[number].operator_name, "MaxPool") != 0) number++;
    NetworkEdge edge;
    network_edge(&edge, network, number, 0);
    assert_int_equal(edge.kind, EDGE_MAX);
    const Node *node = &network->nodes[number];
    const size_t count = network->values[node->inputs[0]].elements;
    const size_t outputs = network->values[node->output].elements;
    float *image = calloc(count, sizeof *image), *zeros = calloc(outputs, sizeof *zeros);
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        image[i] = 1;
        float *out = node_output(network, number, (const float *const[]){image});
        most = fmax(most, pow(distance(out, zeros, outputs), 2));
        image[i] = 0;
        free(out);
    }
    assert_true(fabs(most - edge.windows) < 1e-9);
    free(image);
    free(zeros);
    network_free(network);
}

static void test_arithmetic(void **state)
{
    check_graph("y=Add(x,{4,1,1}#1)", 1);
    check_graph("y=Sub({1,4,6,5}#1,x)", 1);
    check_graph("y=Mul(x,{4,1,1}#1)", 1);
    check_graph("y=Div(x,{4,1,1}#1)", 1);
    check_graph("g=GlobalAveragePool(x); y=Mul(x,g)", 1.0001);
    check_graph("g=GlobalAveragePool(x); y=Add(g,x)", 1.0001);
    check_graph("g=GlobalAveragePool(x); y=Sub(x,g)", 1.0001);
    check_graph("g=GlobalAveragePool(x); y=Mul(g,{1,4,6,5}#3)", 1.0001);
    check_graph("g=ReduceMean(x) axes=[1]; y=Mul(g,x)", 1.0001);
    check_graph("a=Relu(x); y=Mul(a,x)", 1);
    check_graph("r=Relu(x); y=BatchNormalization(r,[1.5,-2.0,0.3,1.0],[0.1,0.2,0.3,0.4],[0.0,1.0,0.5,0.2],"
                "[0.5,1.5,2.0,1.0])",
                1);
    check_graph("y=Softmax(x) axis=1", 1);
}

static void test_more_operators(void **state)
{
    check_graph("y=LogSoftmax(x) axis=1", 1);
    check_graph("y=Max(x,{4,1,1}#1)", 1);
    check_graph("a=Neg(x); y=Min(a,x,{4,6,5}#1)", 1);
    check_graph("g=GlobalMaxPool(x); y=Max(x,g)", 1);
    check_graph("y=ReduceMax(x) axes=[1,2]", 1);
    check_graph("y=ReduceMin(x) axes=[3]", 1);
    check_graph("y=ReduceL2(x) axes=[2,3]", 1);
    check_graph("y=ReduceL1(x) axes=[2,3]", 1);
    check_graph("y=ReduceLogSumExp(x) axes=[1]", 1);
    check_graph("y=PRelu(x,{4,1,1}#1)", 1);
    check_graph("c=Cast([1]) to=9; y=Where(c,x,{1}#1)", 1);
    check_graph("y,i=TopK(x,[3]) axis=2", 1);
    check_graph("t=Transpose(x) perm=[0,1,3,2]; y=MatMul(x,t)", 1);
    check_graph("g=ReduceMean(x) axes=[1]; y=MatMul(g,{1,4,5,2}#1)", 1);
    check_graph("g=ReduceMean(x) axes=[1]; t=Transpose(x) perm=[0,1,3,2]; y=MatMul(g,t)", 1);
    check_graph("y=MatMul({1,4,2,6}#1,x)", 1);
}

static void check_unbounded(const char *text, int opset)
{
    Network *network = open_at(text, opset);
    bool found = false;
    for (size_t i = 0; i < network->node_count; i++) {
        NetworkEdge edge;
        network_edge(&edge, network, i, 0);
        found |= edge.kind == EDGE_UNBOUNDED && edge.reason && *edge.reason;
    }
    if (!found) fail_msg("%s has a constant everywhere", text);
    network_free(network);
}

static void test_unbounded(void **state)
{
    check_unbounded("y=Exp(x)", 13);
    check_unbounded("y=Floor(x)", 13);
    check_unbounded("y=Pow(x,2.0)", 13);
    check_unbounded("y=LRN(x) size=3", 13);
    check_unbounded("y=ReduceProd(x) axes=[1]", 13);
    check_unbounded("y=LayerNormalization(x,{5}#1)", 17);
    check_unbounded("m=ArgMax(x) axis=1; y=Cast(m) to=1", 13);
    check_unbounded("q=QuantizeLinear(x,0.1); y=DequantizeLinear(q,0.1)", 13);
    check_unbounded("g=Greater(x,0.0); y=Where(g,x,1.0)", 13);
}

/* The largest slope on a grid of 2^-9 over [-8, 8) approaches the constant from below. */
static void check_slope(const char *text, double expected)
{
    const size_t shape[] = {1, 1, 128, 64};
    Message message = {0};
    Network *network = graph_open(text, 20, shape, &message);
    if (!network) fail_msg("%s: %s", text, message.text);
    NetworkEdge edge = {.kind = EDGE_CONSTANT};
    size_t number = 0;
    for (; edge.kind != EDGE_ELEMENTWISE; number++) {
        assert_true(number < network->node_count);
        network_edge(&edge, network, number, 0);
    }
    const size_t count = network->values[network->input].elements;
    float *grid = calloc(count, sizeof *grid);
    for (size_t i = 0; i < count; i++) grid[i] = (float)((double)i / 512 - 8);
    const float *const inputs[] = {grid, NULL, NULL};
    float *out = node_output(network, number - 1, inputs);
    double most = 0;
    for (size_t i = 1; i < count; i++) most = fmax(most, fabs((double)out[i] - (double)out[i - 1]) * 512);
    if (!(most <= edge.slope * (1 + 1e-3) && most >= edge.slope * (1 - 2e-3)))
        fail_msg("%s: slope %.6f, constant %.6f", text, most, edge.slope);
    assert_true(fabs(edge.slope - expected) < 1e-6);
    free(grid);
    free(out);
    network_free(network);
}

static void test_slopes(void **state)
{
    check_slope("y=Relu(x)", 1);
    check_slope("y=Clip(x,-1.0,2.5)", 1);
    check_slope("y=Sigmoid(x)", 0.25);
    check_slope("s=Sigmoid(x); y=Mul(x,s)", 1.09984);
    check_slope("y=HardSigmoid(x) alpha=0.4 beta=0.3", 0.4);
    check_slope("y=HardSigmoid(x) alpha=-0.7 beta=0.3", 0.7);
    check_slope("y=HardSwish(x)", 1.5);
    check_slope("y=Tanh(x)", 1);
    check_slope("y=Softplus(x)", 1);
    check_slope("y=Softsign(x)", 1);
    check_slope("y=Erf(x)", 1.1283792);
    check_slope("y=Gelu(x)", 1.12891);
    check_slope("y=Gelu(x) approximate='tanh'", 1.129);
    check_slope("y=Mish(x)", 1.0885);
    check_slope("y=Abs(x)", 1);
    check_slope("y=Sin(x)", 1);
    check_slope("y=LeakyRelu(x) alpha=-1.5", 1.5);
    check_slope("y=LeakyRelu(x)", 1);
    check_slope("y=Elu(x) alpha=1.3", 1.3);
    check_slope("y=Celu(x) alpha=2.0", 1);
    check_slope("y=Selu(x)", 1.05070102 * 1.67326319);
    check_slope("y=Mul(x,-3.0)", 3);
    check_slope("y=Div(x,-4.0)", 0.25);
}

/* In double, because a float grid is too coarse: s(x)(1 + x(1 - s(x))) stays below the constant. */
static void test_silu_in_double(void **state)
{
    double most = 0;
    for (double x = 2; x < 3; x += 1e-5) {
        const double s = 1 / (1 + exp(-x));
        most = fmax(most, s * (1 + x * (1 - s)));
    }
    assert_true(most <= 1.09984 && most > 1.09983);
}

/* --- lambda ------------------------------------------------------------------------------------------ */

static Lipschitz solve(const Network *network, const LayerNorm *norms, const double (*factors)[2])
{
    Message message = {0};
    Lipschitz lipschitz;
    LayerNorm *none = calloc(network->node_count, sizeof *none);
    assert_int_equal(lipschitz_create(&lipschitz, network, norms ? norms : none, factors, &message),
                     STATUS_OK);
    free(none);
    return lipschitz;
}

static void check_lambda(const char *text, double expected)
{
    Network *network = open_text(text);
    Lipschitz lipschitz = solve(network, NULL, NULL);
    const double lambda = lipschitz.spectral[network->input];
    if (!(fabs(lambda - expected) <= 1e-6 * expected))
        fail_msg("%s: lambda %.9g instead of %.9g", text, lambda, expected);
    assert_true(lipschitz.frobenius[network->input] == lambda);
    assert_true(lipschitz.culprit == NO_INDEX && !lipschitz.reason);
    assert_true(lipschitz.spectral[network->output] == 1);
    lipschitz_free(&lipschitz);
    network_free(network);
}

static void test_lambda(void **state)
{
    check_lambda("a=Relu(x); b=Mul(a,3.0); y=Sigmoid(b)", 0.75);
    check_lambda("a=Mul(x,3.0); r=Relu(a); y=Add(r,x)", 4);
    check_lambda("a=Mul(x,3.0); y=Concat(a,x) axis=1", sqrt(10));
    check_lambda("a,b=Split(x,[1,3]) axis=1; c=Mul(b,2.0); y=Concat(c,a) axis=1", sqrt(5));
    check_lambda("a=Concat(x,x) axis=1; r=Relu(a); y=Add(r,a)", 2 * sqrt(2));
    check_lambda("y=Add(x,x)", 2);
    check_lambda("y=GlobalAveragePool(x)", 1 / sqrt(30));
}

static void test_layers(void **state)
{
    Network *network = open_text("c=Conv(x,{4,4,1,1}#1); r=Relu(c); f=Conv(r,{4,4,3,3}#2) pads=[1,1,1,1]; "
                                 "y=Add(f,r)");
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    norms[network->layers[0].uses[0]] = (LayerNorm){.frobenius = 5, .upper = 3};
    norms[network->layers[1].uses[0]] = (LayerNorm){.frobenius = 11, .upper = 7};
    Lipschitz lipschitz = solve(network, norms, NULL);
    assert_true(fabs(lipschitz.spectral[network->input] - 3 * (7 + 1)) < 1e-9);
    assert_true(fabs(lipschitz.frobenius[network->input] - 5 * (11 + 1)) < 1e-9);
    lipschitz_free(&lipschitz);
    free(norms);
    network_free(network);
}

/* The largest singular value of a network without nonlinear nodes. Column i of its matrix is the output for
 * the i-th unit image, less that for the zero image. */
static double network_norm(const Network *network)
{
    Message message = {0};
    Workspace *workspace;
    const size_t batch = network->batch, inputs = network->values[network->input].elements / batch;
    const size_t outputs = network->output_elements;
    float *in = calloc(inputs * batch, sizeof *in), *out = calloc(outputs * batch, sizeof *out);
    double *matrix = calloc(inputs * outputs, sizeof *matrix);
    assert_int_equal(workspace_create(&workspace, network, &message), STATUS_OK);
    for (size_t i = 0; i <= inputs; i++) { /* the last is the zero image */
        const size_t unit = inputs - i;
        if (i) in[unit] = 1;
        assert_int_equal(network_run(network, out, in, NULL, workspace, &message), STATUS_OK);
        if (i) in[unit] = 0;
        for (size_t o = 0; o < outputs; o++) {
            if (i == 0)
                for (size_t k = 0; k < inputs; k++) matrix[k * outputs + o] = -(double)out[o];
            else
                matrix[unit * outputs + o] += (double)out[o];
        }
    }
    const double norm = largest_singular_value(matrix, outputs, inputs);
    workspace_free(workspace);
    free(in);
    free(out);
    free(matrix);
    return norm;
}

/* Branches side by side: lambda of the input lies between the network's exact norm and the sum over paths. */
static void test_joined_branches(void **state)
{
    Message message = {0};
    Network *network =
        open_text("a=Conv(x,{3,4,1,1}#1); b=Conv(x,{5,4,3,3}#2) pads=[1,1,1,1]; "
                  "p=AveragePool(x) kernel_shape=[3,3] pads=[1,1,1,1]; c=Conv(p,{2,4,1,1}#3); "
                  "j=Concat(a,b,c) axis=1; d=Conv(j,{6,10,3,3}#4) pads=[1,1,1,1]; y=Flatten(d)");
    LayerNorm *norms = calloc(network->node_count, sizeof *norms);
    Pool *pool;
    assert_int_equal(pool_create(&pool, 1, &message), STATUS_OK);
    assert_int_equal(network_norms(norms, network, &(NormOptions){.pool = pool}, &message), STATUS_OK);
    double of[4], sum = 0, pooling = 0;
    for (size_t l = 0; l < 4; l++) of[l] = norms[network->layers[l].uses[0]].upper;
    for (size_t i = 0; i < network->node_count; i++) {
        NetworkEdge edge;
        network_edge(&edge, network, i, 0);
        if (edge.kind == EDGE_LINEAR && strcmp(network->nodes[i].operator_name, "AveragePool") == 0)
            pooling = linear_bound(&edge);
    }
    sum = of[3] * (of[0] + of[1] + of[2] * pooling);
    const double squares = of[3] * sqrt(of[0] * of[0] + of[1] * of[1] + pow(of[2] * pooling, 2));
    const double exact = network_norm(network);
    Lipschitz lipschitz = solve(network, norms, NULL);
    const double lambda = lipschitz.spectral[network->input];
    if (!(exact <= lambda * (1 + 1e-5) && fabs(lambda - squares) < 1e-9 * lambda && lambda < 0.9 * sum))
        fail_msg("exact %g, lambda %g, root of squares %g, sum over paths %g", exact, lambda, squares, sum);
    lipschitz_free(&lipschitz);
    pool_free(pool);
    free(norms);
    network_free(network);
}

static void test_product(void **state)
{
    Network *network = open_text("g=GlobalAveragePool(x); y=Mul(x,g)");
    size_t product = NO_INDEX;
    for (size_t i = 0; i < network->node_count; i++)
        if (lipschitz_needs_factors(network, i)) product = i;
    assert_true(product != NO_INDEX);
    assert_string_equal(network->nodes[product].operator_name, "Mul");
    Lipschitz unknown = solve(network, NULL, NULL);
    assert_true(isinf(unknown.spectral[network->input]) && unknown.culprit == product && unknown.reason);
    double(*factors)[2] = calloc(network->node_count, sizeof *factors);
    factors[product][0] = 2;
    factors[product][1] = 9;
    Lipschitz known = solve(network, NULL, (const double(*)[2])factors);
    assert_true(known.culprit == NO_INDEX);
    assert_true(fabs(known.spectral[network->input] - (2 + 9 / sqrt(30))) < 1e-6);
    lipschitz_free(&unknown);
    lipschitz_free(&known);
    free(factors);
    network_free(network);
}

static void test_no_constant(void **state)
{
    Network *network = open_text("r=Relu(x); s=Sigmoid(x); d=Div(r,s); y=Relu(d)");
    Lipschitz lipschitz = solve(network, NULL, NULL);
    assert_true(isinf(lipschitz.spectral[network->input]));
    assert_string_equal(network->nodes[lipschitz.culprit].operator_name, "Div");
    assert_non_null(strstr(lipschitz.reason, "divides by an activation"));
    lipschitz_free(&lipschitz);
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),          cmocka_unit_test(test_max_pool),
        cmocka_unit_test(test_arithmetic),      cmocka_unit_test(test_max_pool_is_attained),
        cmocka_unit_test(test_more_operators),  cmocka_unit_test(test_unbounded),
        cmocka_unit_test(test_slopes),          cmocka_unit_test(test_silu_in_double),
        cmocka_unit_test(test_lambda),          cmocka_unit_test(test_layers),
        cmocka_unit_test(test_joined_branches), cmocka_unit_test(test_product),
        cmocka_unit_test(test_no_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
