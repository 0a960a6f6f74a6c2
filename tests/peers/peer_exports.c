/* SPDX-License-Identifier: MIT */
/* Quantizes a network and writes it as ONNX, for another program to run it beside this one:
 *
 *     peer_exports FOLDER quantize NETWORK OPTIONS...
 *
 * Writes to the folder:
 *   export.onnx   the quantized network
 *   probe.onnx    the same, with the inputs of all QuantizeLinear as further outputs
 *   probes        those outputs, in order: name, scale, least and largest code, one per line
 *   images        the images in the file's layout
 *   float, quantized   the outputs of both networks (floats)
 *   labels        one byte per image
 *
 * Then prints a line of JSON. For each line on standard input, the number of an image, it writes to `trace`
 * the input of each quantized layer before rounding, x / scale, in the file's order.
 */
#include "app/cli/commands/steps.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "onnx/onnx_file.h"
#include "report/quantized_onnx.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Peer {
    const char *folder;
    Inputs inputs;
    Pipeline *pipeline;
    Workspace *workspace;
    size_t images;
} Peer;

static void check(Status status, const Message *message)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "%s\n", message->text);
    exit(1);
}

static void *need(void *memory)
{
    if (!memory) abort();
    return memory;
}

static FILE *create(const Peer *peer, const char *name)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", peer->folder, name);
    FILE *file = fopen(path, "wb");
    if (file) return file;
    perror(path);
    exit(1);
}

static void put_floats(FILE *file, const float *values, size_t count)
{
    if (fwrite(values, sizeof *values, count, file) != count) abort();
}

/* An image's values as the file orders them: channels first. */
static void put_ordered(FILE *file, const float *values, size_t elements, size_t channels)
{
    const size_t pixels = elements / channels;
    float *ordered = need(malloc(elements * sizeof *ordered));
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++) ordered[c * pixels + p] = values[p * channels + c];
    put_floats(file, ordered, elements);
    free(ordered);
}

/* --- images and outputs ------------------------------------------------------------------------------- */

static size_t read_tile(const Peer *peer, float *tile, size_t first)
{
    const Network *network = peer->inputs.network;
    const size_t left = peer->images - first, count = left < network->batch ? left : network->batch;
    Message message;
    memset(tile, 0, network->values[network->input].elements * sizeof *tile);
    check(dataset_read(peer->inputs.evaluation, tile, first, count, &peer->inputs.normalization, &message),
          &message);
    return count;
}

static void put_outputs(const Peer *peer, FILE *file, const float *tile, const Weights *const *weights,
                        size_t count)
{
    const Network *network = peer->inputs.network;
    Message message;
    float *output = need(malloc(network->output_elements * network->batch * sizeof *output));
    check(network_run(network, output, tile, weights, peer->workspace, &message), &message);
    put_floats(file, output, network->output_elements * count);
    free(output);
}

static void write_outputs(const Peer *peer)
{
    const Network *network = peer->inputs.network;
    const Value *input = &network->values[network->input];
    const size_t elements = input->elements / network->batch;
    FILE *images = create(peer, "images"), *labels = create(peer, "labels");
    FILE *reference = create(peer, "float"), *quantized = create(peer, "quantized");
    float *tile = need(malloc(input->elements * sizeof *tile));
    for (size_t first = 0, count; first < peer->images; first += count) {
        count = read_tile(peer, tile, first);
        for (size_t i = 0; i < count; i++)
            put_ordered(images, tile + i * elements, elements, input->channels_last ? network->channels : 1);
        put_outputs(peer, reference, tile, NULL, count);
        put_outputs(peer, quantized, tile, (const Weights *const *)peer->pipeline->weights, count);
        for (size_t i = 0; i < count && peer->inputs.evaluation->labelled; i++)
            fputc((int)dataset_label(peer->inputs.evaluation, first + i), labels);
    }
    free(tile);
    fclose(images);
    fclose(labels);
    fclose(reference);
    fclose(quantized);
}

/* --- probes ------------------------------------------------------------------------------------------- */

static float scalar_of(const Onnx__GraphProto *graph, const char *name)
{
    float value;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) {
            memcpy(&value, graph->initializer[i]->raw_data.data, sizeof value);
            return value;
        }
    abort();
}

static bool is_listed(Onnx__ValueInfoProto *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i]->name, name) == 0) return true;
    return false;
}

/* A float output of any shape. */
static Onnx__ValueInfoProto *float_output(char *name)
{
    Onnx__ValueInfoProto *info = need(calloc(1, sizeof *info));
    onnx__value_info_proto__init(info);
    info->name = name;
    info->type = need(calloc(1, sizeof *info->type));
    onnx__type_proto__init(info->type);
    Onnx__TypeProto__Tensor *tensor = info->type->tensor_type = need(calloc(1, sizeof *tensor));
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    return info;
}

static void write_model(const Peer *peer, const char *name, const Onnx__ModelProto *model)
{
    FILE *file = create(peer, name);
    const size_t size = onnx__model_proto__get_packed_size(model);
    uint8_t *bytes = need(malloc(size));
    onnx__model_proto__pack(model, bytes);
    if (fwrite(bytes, 1, size, file) != size) abort();
    fclose(file);
    free(bytes);
}

/* The added outputs then belong to the model. */
static void write_probes(const Peer *peer, const char *export)
{
    OnnxFile *file;
    Message message;
    check(onnx_file_open(&file, export, SIZE_MAX, &message), &message);
    Onnx__GraphProto *graph = file->model->graph;
    FILE *probes = create(peer, "probes");
    graph->output = need(realloc(graph->output, (graph->n_output + graph->n_node) * sizeof *graph->output));
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        if (strcmp(node->op_type, "QuantizeLinear") != 0) continue;
        fprintf(probes, "%s\t%.9g\n", node->input[0], (double)scalar_of(graph, node->input[1]));
        if (!is_listed(graph->output, graph->n_output, node->input[0]))
            graph->output[graph->n_output++] = float_output(need(strdup(node->input[0])));
    }
    write_model(peer, "probe.onnx", file->model);
    fclose(probes);
    onnx_file_close(file);
}

/* --- traces ------------------------------------------------------------------------------------------- */

/* The input of the file's node: before the layout changes that were inserted for the node. */
static size_t data_value(const Network *network, const Node *use)
{
    size_t value = use->inputs[0];
    for (size_t producer; (producer = network->values[value].producer) != NO_INDEX;) {
        if (network->nodes[producer].file_node != use->file_node) break;
        value = network->nodes[producer].inputs[0];
    }
    return value;
}

/* Elements after the channel axis, for an image in the file's order. */
static size_t channel_stride(const Network *network, const Node *use, const Value *value, size_t elements)
{
    const Layer *layer = &network->layers[use->layer];
    if (strncmp(layer->operator_name, "Conv", 4) == 0) return elements / layer_input_channels(layer);
    return layer->sources[0].operand ? 1 : value->shape[value->rank - 1];
}

static void put_trace(const Peer *peer, FILE *file, const Node *use, const float *tile_values, size_t image)
{
    const Network *network = peer->inputs.network;
    const InputQuantizer *quantizer = weights_quantizer(peer->pipeline->weights[use->layer]);
    const Value *value = &network->values[data_value(network, use)];
    const size_t elements = value->elements / network->batch;
    const size_t channels = value->channels_last ? value->shape[value->rank - 1] : 1;
    const size_t pixels = elements / channels, stride = channel_stride(network, use, value, elements);
    const float *values = tile_values + image * elements;
    for (size_t i = 0; i < elements; i++) {
        const float x = values[i % pixels * channels + i / pixels];
        const size_t c = i / stride % quantizer->count;
        const float code = quantizer->count == 1 ? x / quantizer->scales[0] : x * (1 / quantizer->scales[c]);
        put_floats(file, &code, 1);
    }
}

static void run_nodes(const Peer *peer, void **values)
{
    const Network *network = peer->inputs.network;
    Message message;
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        const void *inputs[64];
        for (size_t k = 0; k < node->input_count && k < 64; k++) inputs[k] = values[node->inputs[k]];
        const Weights *weights = node->layer == NO_INDEX ? NULL : peer->pipeline->weights[node->layer];
        check(network_run_node(network, i, values[node->output], inputs, weights, peer->workspace, &message),
              &message);
    }
}

static void write_trace(const Peer *peer, size_t image)
{
    const Network *network = peer->inputs.network;
    void **values = need(calloc(network->value_count, sizeof *values));
    FILE *file = create(peer, "trace");
    for (size_t i = 0; i < network->value_count; i++)
        if (!network->values[i].constant) values[i] = need(calloc(network->values[i].elements, 8));
    read_tile(peer, values[network->input], image / network->batch * network->batch);
    run_nodes(peer, values);
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        if (node->layer != NO_INDEX && weights_quantizer(peer->pipeline->weights[node->layer]))
            put_trace(peer, file, node, values[data_value(network, node)], image % network->batch);
    }
    fclose(file);
    for (size_t i = 0; i < network->value_count; i++) free(values[i]);
    free(values);
}

/* --- all ---------------------------------------------------------------------------------------------- */

static void put_limits(const Peer *peer)
{
    const Network *network = peer->inputs.network;
    const char *comma = "";
    printf("\"limits\": [");
    for (size_t i = 0; i < network->node_count; i++) {
        const size_t layer = network->nodes[i].layer;
        const InputQuantizer *quantizer =
            layer == NO_INDEX ? NULL : weights_quantizer(peer->pipeline->weights[layer]);
        if (!quantizer) continue;
        printf("%s[%g, %g]", comma, (double)quantizer->low, (double)quantizer->high);
        comma = ", ";
    }
    printf("], ");
}

static void open_peer(Peer *peer, Options *options, int count, char **arguments)
{
    bool all;
    Message message;
    if (options_parse(options, &all, count, arguments, &message) != REQUEST_RUN)
        check(STATUS_INVALID, &message);
    check(inputs_open(&peer->inputs, options, INPUT_NEEDED, INPUT_NEEDED, &message), &message);
    check(step_quantize(&peer->pipeline, &peer->inputs, peer->inputs.plan, "quantizing", &message), &message);
    check(workspace_create(&peer->workspace, peer->inputs.network, &message), &message);
    const size_t most = options->evaluation_images, there = peer->inputs.evaluation->count;
    peer->images = most && most < there ? most : there;
}

int main(int count, char **arguments)
{
    if (count < 3) return 2;
    Peer peer = {.folder = arguments[1]};
    Options options;
    Message message;
    char path[1000];
    open_peer(&peer, &options, count - 1, arguments + 1);
    snprintf(path, sizeof path, "%s/export.onnx", peer.folder);
    const Result result = {
        .network = peer.inputs.network, .plan = peer.inputs.plan, .pipeline = peer.pipeline};
    check(quantized_onnx_check(result.network, result.plan, &result.memory, &message), &message);
    check(quantized_onnx_write(path, &result, &message), &message);
    write_probes(&peer, path);
    write_outputs(&peer);
    printf("{\"network\": \"%s\", ", result.network->path);
    put_limits(&peer);
    printf("\"images\": %zu, \"outputs\": %zu}\n", peer.images, result.network->output_elements);
    fflush(stdout);
    for (size_t image; scanf("%zu", &image) == 1 && image < peer.images;) {
        write_trace(&peer, image);
        puts("traced");
        fflush(stdout);
    }
    workspace_free(peer.workspace);
    pipeline_free(peer.pipeline);
    inputs_close(&peer.inputs);
    return 0;
}
