/* SPDX-License-Identifier: MIT */
/* ONNX files, alone and with external data in the files `data`, `link` (to it) and `pipe` beside them: opened
 * under a small ceiling. Then every layer's weights are packed, the geometry is computed, one tile is run,
 * and the network is exported as quantized ONNX, which must open.
 */
#include "fuzz_input.h"
#include "network/geometry.h"
#include "network/network.h"
#include "network/run/input_quantizer.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "report/quantized_onnx.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CEILING ((size_t)2 << 20)
#define MOST_MACS 4000000 /* an image: what takes longer is sound, and slow */
#define MOST_ROWS 64

static void make_neighbours(void)
{
    static int made;
    uint8_t data[256];
    if (made++) return;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)i;
    fuzz_file("data", data, sizeof data);
    fuzz_require(symlink("data", fuzz_path("link")) == 0, "links can be made");
    fuzz_require(mkfifo(fuzz_path("pipe"), 0600) == 0, "pipes can be made");
}

static void run_node(const Network *network, size_t number, const void *zeros, Workspace *workspace)
{
    Message message;
    const Node *node = &network->nodes[number];
    const void **inputs = calloc(node->input_count + 1, sizeof *inputs);
    void *output = calloc(network->values[node->output].elements, 8);
    fuzz_require(inputs && output, "memory for a node");
    for (size_t i = 0; i < node->input_count; i++) {
        const Value *value = &network->values[node->inputs[i]];
        NetworkEdge edge;
        double norm;
        inputs[i] = value->constant ? value->constant : zeros;
        network_edge(&edge, network, number, i);
        if (edge.kind == EDGE_PRODUCT) network_factor_norm(&norm, network, number, i, zeros, &message);
    }
    fuzz_require_message(network_run_node(network, number, output, inputs, NULL, workspace, &message),
                         &message);
    free(inputs);
    free(output);
}

/* Runs every node alone on zeros, and computes the factors of its products. */
static void run_nodes(const Network *network, Workspace *workspace)
{
    void *zeros = calloc(1, CEILING);
    for (size_t i = 0; zeros && i < network->node_count; i++) run_node(network, i, zeros, workspace);
    free(zeros);
}

static void run(const Network *network, const Weights *const *weights)
{
    Message message = {0};
    Workspace *workspace;
    float *input =
        calloc(network->batch * network->channels * network->height * network->width, sizeof *input);
    float *output = calloc(network->batch * network->output_elements, sizeof *output);
    Status status = workspace_create(&workspace, network, &message);
    fuzz_require_message(status, &message);
    if (status == STATUS_OK && input && output) {
        input[0] = 1;
        fuzz_require_message(network_run(network, output, input, weights, workspace, &message), &message);
        if (!weights) run_nodes(network, workspace);
    }
    workspace_free(workspace);
    free(input);
    free(output);
}

/* 3-bit weights and 4-bit activations: per-tensor scales for even layers, per-channel scales for odd ones. */
static void solve_layer(Pipeline *pipeline, size_t l)
{
    const Network *network = pipeline->network;
    const Layer *layer = &network->layers[l];
    const size_t outputs = layer->groups * layer->m, scales = l % 2 ? layer_input_channels(layer) : 1;
    LayerResult *result = &pipeline->layers[l];
    Message message = {0};
    *result = (LayerResult){.bits = 4, .activation_bits = 4, .input_scale_count = scales};
    result->codes = calloc(outputs * layer->n + 1, 1);
    result->scales = calloc(outputs + 1, sizeof(float));
    result->bias = calloc(outputs + 1, sizeof(float));
    result->input_scales = calloc(scales + 1, sizeof(float));
    if (!result->codes || !result->scales || !result->bias || !result->input_scales) abort();
    memset(result->codes, 3, outputs * layer->n);
    for (size_t i = 0; i < scales; i++) result->input_scales[i] = 0.5f;
    const InputQuantizer quantizer = {scales, result->input_scales, -7, 7};
    fuzz_require_message(weights_create_integer(&pipeline->weights[l], network, l, result->codes,
                                                result->scales, layer->bias, &quantizer, &message),
                         &message);
}

static void free_solved(Pipeline *pipeline)
{
    for (size_t l = 0; l < pipeline->layer_count; l++) {
        weights_free(pipeline->weights[l]);
        free(pipeline->layers[l].codes);
        free(pipeline->layers[l].scales);
        free(pipeline->layers[l].bias);
        free(pipeline->layers[l].input_scales);
    }
    free(pipeline->weights);
    free(pipeline->layers);
}

static void gather(const Network *network, size_t node)
{
    const Layer *layer = &network->layers[network->nodes[node].layer];
    const Value *value = &network->values[network->nodes[node].inputs[0]];
    const size_t rows = network_rows(network, node), count = rows < MOST_ROWS ? rows : MOST_ROWS;
    size_t positions[MOST_ROWS];
    float *out = calloc(count * layer->groups * layer->n, sizeof *out);
    float *in = calloc(value->elements, sizeof *in);
    for (size_t i = 0; i < count; i++) positions[i] = rows - 1 - i;
    if (out && in) network_gather(network, node, out, in, network->batch - 1, positions, count);
    free(out);
    free(in);
}

static void ask(const Network *network)
{
    bool *nonnegative = calloc(network->value_count, sizeof *nonnegative);
    if (nonnegative) network_find_nonnegative(nonnegative, network);
    free(nonnegative);
    for (size_t node = 0; node < network->node_count; node++) {
        ConvGeometry geometry;
        if (network->nodes[node].layer == NO_INDEX) continue;
        network_convolution(&geometry, network, node);
        gather(network, node);
    }
}

static uint64_t work(const Network *network)
{
    uint64_t macs = 0;
    for (size_t l = 0; l < network->layer_count && macs < MOST_MACS; l++) macs += network->layers[l].macs;
    return macs;
}

static void reopen(const char *path, size_t layers)
{
    Network *network;
    Message message = {0};
    const Status status = network_open(&network, path, &(NetworkOptions){0}, &message);
    fuzz_require(status == STATUS_OK, message.text);
    fuzz_require(network->layer_count == layers, "it has the layers that were written");
    network_free(network);
}

static void write_quantized(const Pipeline *pipeline)
{
    Plan *plan;
    Message message = {0};
    if (plan_create(&plan, pipeline->network, &message) != STATUS_OK) abort();
    const char *path = fuzz_path("export.onnx");
    const Result result = {.network = pipeline->network, .plan = plan, .pipeline = pipeline};
    Status status = quantized_onnx_check(result.network, plan, &result.memory, &message);
    if (status == STATUS_OK) {
        status = quantized_onnx_write(path, &result, &message);
        if (status == STATUS_OK) reopen(path, pipeline->layer_count);
    }
    fuzz_require_message(status, &message);
    plan_drop(plan);
}

static void use(const Network *network)
{
    Pipeline pipeline = {.network = network, .layer_count = network->layer_count};
    pipeline.weights = calloc(network->layer_count + 1, sizeof *pipeline.weights);
    pipeline.layers = calloc(network->layer_count + 1, sizeof *pipeline.layers);
    if (!pipeline.weights || !pipeline.layers) abort();
    bool solved = true;
    for (size_t l = 0; l < network->layer_count; l++) {
        solve_layer(&pipeline, l);
        solved &= pipeline.weights[l] != NULL;
    }
    ask(network);
    run(network, NULL);
    run(network, (const Weights *const *)pipeline.weights);
    if (solved) write_quantized(&pipeline);
    free_solved(&pipeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Network *network;
    Message message = {0};
    const NetworkOptions options = {.memory = CEILING, .kernels = size % 2 ? KERNELS_PLAIN : KERNELS_BEST};
    make_neighbours();
    fuzz_require_message(network_open(&network, fuzz_file("fuzz.onnx", data, size), &options, &message),
                         &message);
    if (network && work(network) < MOST_MACS) use(network);
    network_free(network);
    return 0;
}
