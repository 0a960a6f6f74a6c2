/* SPDX-License-Identifier: MIT */
#include "onnx/quantized_model.h"

#include "base/file_replace.h"
#include "onnx/graph.h"
#include "onnx/onnx_edit.h"
#include "onnx/onnx_pack.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CEILING ((size_t)2 << 30)
#define AXIS_OPSET 13          /* the first where DequantizeLinear has an axis */
#define CLIP_INTEGERS_OPSET 12 /* the first where Clip takes integers */
#define CLIP_INPUTS_OPSET 11   /* the first where Clip takes its limits as inputs */

/* What replaces a layer's tensors; NULL before the first node that uses them. */
typedef struct NewTensors {
    const char *weights, *bias;
} NewTensors;

/* A node of the file. */
typedef struct FileNode {
    const Onnx__NodeProto *proto; /* as edited so far; NULL where it is removed */
    const WeightOperand *use;     /* NULL where it uses no quantized layer */
    size_t layer;
} FileNode;

typedef struct Writer {
    const QuantizedModel *model;
    OnnxFile *file;
    Graph graph; /* the file's, for the model's outputs */
    OnnxEdit edit;
    FileNode *nodes;   /* [file's nodes] */
    NewTensors *added; /* [layer_count] */
} Writer;

/* --- beginning and end ------------------------------------------------------------------------------ */

/* Opens the network's file again. Its SHA-256 must not have changed. */
static Status open_file(Writer *writer, size_t ceiling, Message *message)
{
    const QuantizedModel *model = writer->model;
    Status status = onnx_file_open(&writer->file, model->path, ceiling, message);
    if (!status && strcmp(writer->file->sha256, model->sha256) != 0)
        status = status_fail(message, STATUS_INVALID, "it has changed since it was opened");
    if (!status) status = graph_make(&writer->graph, writer->file->model->graph, model->output, message);
    return status ? status_context(message, status, "cannot read '%s' again", model->path) : STATUS_OK;
}

static Status writer_begin(Writer *writer, const QuantizedModel *model, Message *message)
{
    const size_t ceiling = model->ceiling ? model->ceiling : DEFAULT_CEILING;
    *writer = (Writer){.model = model};
    Status status = open_file(writer, ceiling, message);
    if (status) return status;
    const Graph *graph = &writer->graph;
    const Onnx__GraphProto *proto = graph->proto;
    writer->edit = onnx_edit_begin(ceiling - writer->file->used);
    writer->nodes = onnx_edit_allocate(&writer->edit, proto->n_node, sizeof *writer->nodes);
    writer->added = onnx_edit_allocate(&writer->edit, model->layer_count, sizeof *writer->added);
    if (!writer->added) return onnx_edit_status(&writer->edit, message);
    for (size_t i = 0; i < proto->n_node; i++) writer->nodes[i].proto = proto->node[i];
    for (size_t i = 0; i < model->layer_count; i++)
        for (size_t k = 0; k < model->layers[i].use_count; k++) {
            const WeightOperand *use = &model->layers[i].uses[k];
            writer->nodes[use->file_node].use = use;
            writer->nodes[use->file_node].layer = i;
        }
    for (size_t i = 0; i < graph->table.count; i++) onnx_edit_reserve(&writer->edit, graph_name(graph, i));
    for (size_t i = 0; i < proto->n_node; i++)
        if (proto->node[i]->name) onnx_edit_reserve(&writer->edit, proto->node[i]->name);
    return onnx_edit_status(&writer->edit, message);
}

static void writer_end(Writer *writer)
{
    onnx_edit_end(&writer->edit);
    graph_free(&writer->graph);
    onnx_file_close(writer->file);
}

static Status find_layout(WeightLayout *layout, const Writer *writer, const FileNode *node, Message *message)
{
    const QuantizedLayer *layer = &writer->model->layers[node->layer];
    const Onnx__NodeProto *proto = writer->graph.proto->node[node->use->file_node];
    Status status = weight_layout_find(layout, proto, node->use, &layer->shape, message);
    return status ? status_context(message, status, "layer '%s' (%s)", layer->name, proto->op_type)
                  : STATUS_OK;
}

/* --- weights ---------------------------------------------------------------------------------------- */

/* Adds values[] as a tensor of the map's shape. */
static const char *add_mapped(Writer *writer, const char *stem, const char *ending, const float *values,
                              const AxisMap *map, size_t rank, const size_t *dims)
{
    const size_t count = axis_map_elements(map);
    float *data = onnx_edit_allocate(&writer->edit, count, sizeof *data);
    AxisWalk walk = axis_walk_start(map);
    for (size_t i = 0; data && i < count; i++, axis_walk_next(&walk, map)) data[i] = values[walk.at];
    return onnx_edit_floats(&writer->edit, stem, ending, rank, dims, data, count);
}

/* Adds the layer's codes[groups*m][n] in the file's layout. */
static const char *add_codes(Writer *writer, const QuantizedLayer *layer, const WeightLayout *layout)
{
    const size_t count = axis_map_elements(&layout->rows);
    int8_t *data = onnx_edit_allocate(&writer->edit, count, 1);
    AxisWalk row = axis_walk_start(&layout->rows), column = axis_walk_start(&layout->columns);
    for (size_t i = 0; data && i < count; i++) {
        data[i] = layer->codes[(size_t)row.at * layer->shape.n + (size_t)column.at];
        axis_walk_next(&row, &layout->rows);
        axis_walk_next(&column, &layout->columns);
    }
    return onnx_edit_tensor(&writer->edit, layer->name, ".weight_quantized",
                            ONNX__TENSOR_PROTO__DATA_TYPE__INT8, layout->rank, layout->dims, data, count);
}

/* Adds the dequantized weights: codes times the scale of their output. Returns their name. */
static const char *add_weights(Writer *writer, const QuantizedLayer *layer, const WeightLayout *layout)
{
    OnnxEdit *edit = &writer->edit;
    const size_t outputs = layer->shape.groups * layer->shape.m;
    const bool by_axis = writer->file->opset >= AXIS_OPSET && layout->row_axis != NO_AXIS;
    const char *codes = add_codes(writer, layer, layout);
    const char *scale =
        by_axis ? onnx_edit_floats(edit, layer->name, ".weight_scale", 1, &outputs, layer->scales, outputs)
                : onnx_edit_float(edit, layer->name, ".weight_scale", 1);
    Onnx__NodeProto *node = onnx_edit_node(edit, "DequantizeLinear", layer->name, ".weight_dequantized",
                                           (const char *[]){codes, scale}, 2);
    if (by_axis) {
        onnx_edit_set_int(edit, node, "axis", (int64_t)layout->row_axis);
        return onnx_edit_output(node);
    }
    const char *factor = add_mapped(writer, layer->name, ".weight_factor", layer->scales, &layout->scales,
                                    layout->scale_rank, layout->scale_dims);
    return onnx_edit_output(onnx_edit_node(edit, "Mul", layer->name, ".weight_scaled",
                                           (const char *[]){onnx_edit_output(node), factor}, 2));
}

/* --- inputs ----------------------------------------------------------------------------------------- */

/* Adds the quantization of `value` with one scale, and its dequantization. Returns the result's name. */
static const char *fake_quantize(Writer *writer, const char *stem, const char *value, float low, float high,
                                 float scale)
{
    OnnxEdit *edit = &writer->edit;
    const Onnx__TensorProto__DataType type =
        low < 0 ? ONNX__TENSOR_PROTO__DATA_TYPE__INT8 : ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    const bool clip = low < 0 || high < UINT8_MAX; /* signed codes are symmetric: the type's -128 is none */
    const bool clip_integers = clip && writer->file->opset >= CLIP_INTEGERS_OPSET;
    const char *scale_name = onnx_edit_float(edit, stem, "_scale", scale);
    const char *zero = onnx_edit_byte(edit, stem, "_zero_point", type, 0);
    value = onnx_edit_output(onnx_edit_node(edit, "QuantizeLinear", stem, "_quantized",
                                            (const char *[]){value, scale_name, zero}, 3));
    if (clip_integers) {
        const char *least = onnx_edit_byte(edit, stem, "_min", type, (int)low);
        const char *most = onnx_edit_byte(edit, stem, "_max", type, (int)high);
        value = onnx_edit_output(
            onnx_edit_node(edit, "Clip", stem, "_clipped", (const char *[]){value, least, most}, 3));
    }
    value = onnx_edit_output(onnx_edit_node(edit, "DequantizeLinear", stem, "_dequantized",
                                            (const char *[]){value, scale_name, zero}, 3));
    if (!clip || clip_integers) return value;
    /* Clip takes floats alone: the limits are the products that DequantizeLinear computes. */
    if (writer->file->opset >= CLIP_INPUTS_OPSET) {
        const char *most = onnx_edit_float(edit, stem, "_max", high * scale);
        const char *least = onnx_edit_float(edit, stem, "_min", low * scale);
        return onnx_edit_output(
            onnx_edit_node(edit, "Clip", stem, "_clipped", (const char *[]){value, least, most}, 3));
    }
    Onnx__NodeProto *node = onnx_edit_node(edit, "Clip", stem, "_clipped", &value, 1);
    onnx_edit_set_float(edit, node, "min", low * scale);
    onnx_edit_set_float(edit, node, "max", high * scale);
    return onnx_edit_output(node);
}

/* Adds a Mul of `value` by one factor per channel. */
static const char *multiply_channels(Writer *writer, const char *stem, const char *factor_ending,
                                     const char *ending, const char *value, const float *factors,
                                     const AxisMap *channels)
{
    const char *factor =
        add_mapped(writer, stem, factor_ending, factors, channels, channels->rank, channels->size);
    return onnx_edit_output(
        onnx_edit_node(&writer->edit, "Mul", stem, ending, (const char *[]){value, factor}, 2));
}

/* Quantizes a layer's input. Codes of weights include per-channel input scales; float weights do not, and the
 * dequantized input is multiplied by them. */
static const char *quantize_input(Writer *writer, const char *value, const QuantizedLayer *layer,
                                  const WeightLayout *layout)
{
    const size_t count = layer->input_scale_count;
    const float *scales = layer->input_scales;
    const char *stem = onnx_edit_name(&writer->edit, layer->name, ".input");
    if (count == 1) return fake_quantize(writer, stem, value, layer->input_low, layer->input_high, scales[0]);
    float *inverse = onnx_edit_allocate(&writer->edit, count, sizeof *inverse);
    if (!inverse) return "";
    for (size_t i = 0; i < count; i++) inverse[i] = 1 / scales[i];
    value = multiply_channels(writer, stem, "_inverse", "_balanced", value, inverse, &layout->inputs);
    value = fake_quantize(writer, stem, value, layer->input_low, layer->input_high, 1);
    if (layer->codes) return value;
    return multiply_channels(writer, stem, "_factor", "_restored", value, scales, &layout->inputs);
}

/* --- nodes ------------------------------------------------------------------------------------------ */

/* Adds a node with the layer's codes and bias in place of the file's weights and bias. */
static void add_quantized(Writer *writer, Onnx__NodeProto *node, size_t index, const WeightLayout *layout)
{
    OnnxEdit *edit = &writer->edit;
    const QuantizedLayer *layer = &writer->model->layers[index];
    NewTensors *added = &writer->added[index];
    const size_t outputs = layer->shape.groups * layer->shape.m;
    if (!added->weights) added->weights = add_weights(writer, layer, layout);
    node->input[layout->weights] = (char *)added->weights;
    onnx_edit_remove_attribute(node, "alpha"); /* a Gemm's: the weights include it */
    if (layer->bias && layout->takes_bias) {
        if (!added->bias)
            added->bias =
                onnx_edit_floats(edit, layer->name, ".bias_solved", 1, &outputs, layer->bias, outputs);
        node->input[2] = (char *)added->bias;
        onnx_edit_remove_attribute(node, "beta"); /* a Gemm's: the bias includes it */
    }
    onnx_edit_add(edit, node);
    if (!layer->bias || layout->takes_bias) return;
    char *output = node->output[0];
    node->output[0] = (char *)onnx_edit_name(edit, output, "_unbiased");
    const char *bias = add_mapped(writer, layer->name, ".bias_solved", layer->bias, &layout->outputs,
                                  layout->outputs.rank, layout->outputs.size);
    Onnx__NodeProto *sum =
        onnx_edit_node(edit, "Add", layer->name, ".bias_added", (const char *[]){node->output[0], bias}, 2);
    if (sum) sum->output[0] = output;
}

/* Adds a node that uses a quantized layer. */
static Status add_use(Writer *writer, const FileNode *from, Message *message)
{
    const QuantizedLayer *layer = &writer->model->layers[from->layer];
    WeightLayout layout;
    Status status = find_layout(&layout, writer, from, message);
    if (status) return status;
    Onnx__NodeProto *node = onnx_edit_copy(&writer->edit, from->proto, layout.takes_bias ? 3 : 2);
    if (!node) return STATUS_OK;
    if (layer->input_scale_count)
        node->input[layout.data] = (char *)quantize_input(writer, node->input[layout.data], layer, &layout);
    if (layer->codes)
        add_quantized(writer, node, from->layer, &layout);
    else
        onnx_edit_add(&writer->edit, node);
    while (node->n_input > from->proto->n_input && !*node->input[node->n_input - 1]) node->n_input--;
    return STATUS_OK;
}

/* Removes a folded node. Nothing else uses its input: the node that computes it now computes its output. */
static void remove_folded(Writer *writer, size_t node)
{
    const Graph *graph = &writer->graph;
    const Onnx__NodeProto *folded = writer->nodes[node].proto;
    size_t producer = node;
    do {
        producer = graph->names[graph_input(graph, producer, 0)].producer;
    } while (!writer->nodes[producer].proto);
    Onnx__NodeProto *copy = onnx_edit_copy(&writer->edit, writer->nodes[producer].proto, 0);
    if (!copy) return;
    for (size_t i = 0; i < copy->n_output; i++)
        if (strcmp(copy->output[i], folded->input[0]) == 0) copy->output[i] = folded->output[0];
    writer->nodes[producer].proto = copy;
    writer->nodes[node].proto = NULL;
}

static Status add_nodes(Writer *writer, Message *message)
{
    const QuantizedModel *model = writer->model;
    Status status = STATUS_OK;
    for (size_t i = 0; i < model->layer_count; i++)
        for (size_t k = 0; model->layers[i].codes && k < model->layers[i].folded_count; k++)
            remove_folded(writer, model->layers[i].folded[k]);
    for (size_t i = 0; !status && i < writer->graph.order_count; i++) {
        const FileNode *node = &writer->nodes[writer->graph.order[i]];
        if (node->use)
            status = add_use(writer, node, message);
        else
            onnx_edit_add(&writer->edit, node->proto);
    }
    return status;
}

/* --- writing and checking --------------------------------------------------------------------------- */

Status quantized_model_write(const char *path, const QuantizedModel *model, Message *message)
{
    Writer writer;
    uint8_t *bytes = NULL;
    size_t size;
    Status status = writer_begin(&writer, model, message);
    if (!status) {
        status = add_nodes(&writer, message);
        if (!status) status = onnx_pack(&bytes, &size, &writer.edit, writer.file, &writer.graph, message);
        if (status)
            status_context(message, status, "cannot write '%s'", path);
        else
            status = file_replace(path, (const char *)bytes, size, message);
    }
    free(bytes);
    writer_end(&writer);
    return status;
}

static Status check_node(const Writer *writer, const FileNode *node, Message *message)
{
    const Graph *graph = &writer->graph;
    WeightLayout layout;
    Status status = find_layout(&layout, writer, node, message);
    if (status) return status;
    const size_t weights = graph_input(graph, node->use->file_node, node->use->operand);
    const Onnx__TensorProto *tensor = graph->names[weights].initializer;
    if (!tensor || tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "layer '%s': its weights are %s: convert the network to FLOAT",
                       writer->model->layers[node->layer].name, onnx_type_name(tensor->data_type));
}

Status quantized_model_check(const QuantizedModel *model, Message *message)
{
    Writer writer;
    Status status = writer_begin(&writer, model, message);
    if (!status && writer.file->opset < QUANTIZED_MODEL_FIRST_OPSET)
        status = status_fail(message, STATUS_UNSUPPORTED,
                             "its opset %d has no DequantizeLinear; convert it to opset 13 or later",
                             writer.file->opset);
    for (size_t i = 0; !status && i < writer.graph.order_count; i++) {
        const FileNode *node = &writer.nodes[writer.graph.order[i]];
        if (node->use) status = check_node(&writer, node, message);
    }
    writer_end(&writer);
    return status;
}
