#include "report/onnx_write.h"

#include "base/file.h"
#include "network/run/weights.h"
#include "report/onnx_axes.h"
#include "report/onnx_model.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CEILING ((size_t)2 << 30)
#define AXES_OPSET 13 /* from here on DequantizeLinear has an axis */
#define CLIP_INTEGERS_OPSET 12
#define CLIP_INPUTS_OPSET 11

/* What the file has instead of a layer's tensors; NULL until the first node that uses them. */
typedef struct EditLayer {
    const char *weights, *bias;
} EditLayer;

/* A node of the file. */
typedef struct EditNode {
    const Onnx__NodeProto *proto; /* as edited so far; NULL where it is left out */
    const LayerSource *source;    /* NULL where it uses no layer's weights */
    size_t layer;
} EditNode;

typedef struct Edit {
    const Network *network;
    const Pipeline *pipeline;
    NetworkFile file;
    OnnxParts parts;
    EditNode *nodes;   /* [file's nodes] */
    EditLayer *layers; /* [network's layers] */
} Edit;

/* --- batch normalizations --------------------------------------------------------------------------- */

/* The node that makes the first input of `node` now that others have been left out. */
static size_t producer_of_input(const Edit *edit, size_t node)
{
    const Graph *graph = &edit->file.graph;
    do {
        node = graph->names[graph_input(graph, node, 0)].producer;
    } while (!edit->nodes[node].proto);
    return node;
}

/* Leaves a folded node out: what makes its input, which nothing else uses, makes its output. */
static void leave_out(Edit *edit, size_t node)
{
    const Onnx__NodeProto *folded = edit->nodes[node].proto;
    EditNode *producer = &edit->nodes[producer_of_input(edit, node)];
    Onnx__NodeProto *copy = onnx_parts_copy(&edit->parts, producer->proto, 0);
    if (!copy) return;
    for (size_t i = 0; i < copy->n_output; i++)
        if (strcmp(copy->output[i], folded->input[0]) == 0) copy->output[i] = folded->output[0];
    producer->proto = copy;
    edit->nodes[node].proto = NULL;
}

/* --- weights ---------------------------------------------------------------------------------------- */

/* A tensor of values[], laid out as the map says. */
static const float *spread(Edit *edit, const float *values, const AxisMap *map)
{
    const size_t count = axis_map_elements(map);
    float *spread = onnx_parts_allocate(&edit->parts, count, sizeof *spread);
    AxisWalk walk = axis_walk_start(map);
    for (size_t i = 0; spread && i < count; i++, axis_walk_next(&walk, map)) spread[i] = values[walk.at];
    return spread;
}

static const char *add_vector(Edit *edit, const char *stem, const char *ending, const float *values,
                              const AxisMap *map)
{
    return onnx_parts_floats(&edit->parts, stem, ending, map->rank, map->size, spread(edit, values, map),
                             axis_map_elements(map));
}

/* The layer's codes as the file lays its weights out. */
static const char *add_codes(Edit *edit, const char *layer, const int8_t *codes, size_t n,
                             const OnnxAxes *axes)
{
    const size_t count = axis_map_elements(&axes->rows);
    int8_t *data = onnx_parts_allocate(&edit->parts, count, 1);
    AxisWalk row = axis_walk_start(&axes->rows), column = axis_walk_start(&axes->columns);
    for (size_t i = 0; data && i < count; i++) {
        data[i] = codes[(size_t)row.at * n + (size_t)column.at];
        axis_walk_next(&row, &axes->rows);
        axis_walk_next(&column, &axes->columns);
    }
    return onnx_parts_tensor(&edit->parts, layer, ".weight_quantized", ONNX__TENSOR_PROTO__DATA_TYPE__INT8,
                             axes->rank, axes->dims, data, count);
}

/* Codes times a scale an output. */
static const char *add_weights(Edit *edit, size_t index, const OnnxAxes *axes)
{
    OnnxParts *parts = &edit->parts;
    const Layer *layer = &edit->network->layers[index];
    const float *scales = edit->pipeline->layers[index].scales;
    const size_t outputs = layer->groups * layer->m;
    const bool by_axis = edit->network->opset >= AXES_OPSET && axes->row_axis != ONNX_NO_AXIS;
    const char *codes = add_codes(edit, layer->name, edit->pipeline->layers[index].codes, layer->n, axes);
    const char *scale =
        by_axis ? onnx_parts_floats(parts, layer->name, ".weight_scale", 1, &outputs, scales, outputs)
                : onnx_parts_float(parts, layer->name, ".weight_scale", 1);
    Onnx__NodeProto *node = onnx_parts_node(parts, "DequantizeLinear", layer->name, ".weight_dequantized",
                                            (const char *[]){codes, scale}, 2);
    if (by_axis) {
        onnx_parts_set_int(parts, node, "axis", (int64_t)axes->row_axis);
        return onnx_parts_output(node);
    }
    const char *factor =
        onnx_parts_floats(parts, layer->name, ".weight_factor", axes->scale_rank, axes->scale_dims,
                          spread(edit, scales, &axes->scales), axis_map_elements(&axes->scales));
    return onnx_parts_output(onnx_parts_node(parts, "Mul", layer->name, ".weight_scaled",
                                             (const char *[]){onnx_parts_output(node), factor}, 2));
}

/* --- inputs ----------------------------------------------------------------------------------------- */

/* How the codes of an input are written. */
typedef struct CodeForm {
    Onnx__TensorProto__DataType type;
    bool narrower; /* than the type */
    float low, high, scale;
    const char *scale_name, *zero_name;
} CodeForm;

static CodeForm make_form(Edit *edit, const char *stem, const InputQuantizer *quantizer, float scale)
{
    CodeForm form = {.low = quantizer->low, .high = quantizer->high, .scale = scale};
    const bool is_signed = form.low < 0;
    form.type = is_signed ? ONNX__TENSOR_PROTO__DATA_TYPE__INT8 : ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    form.narrower = is_signed || form.high < UINT8_MAX; /* codes are symmetric: -128 is none */
    form.scale_name = onnx_parts_float(&edit->parts, stem, "_scale", scale);
    form.zero_name = onnx_parts_byte(&edit->parts, stem, "_zero_point", form.type, 0);
    return form;
}

static const char *clip_by_inputs(Edit *edit, const char *stem, const char *value, const char *least,
                                  const char *most)
{
    return onnx_parts_output(
        onnx_parts_node(&edit->parts, "Clip", stem, "_clipped", (const char *[]){value, least, most}, 3));
}

static const char *clip_codes(Edit *edit, const char *stem, const char *value, const CodeForm *form)
{
    const char *least = onnx_parts_byte(&edit->parts, stem, "_min", form->type, (int)form->low);
    const char *most = onnx_parts_byte(&edit->parts, stem, "_max", form->type, (int)form->high);
    return clip_by_inputs(edit, stem, value, least, most);
}

/* What codes stand for, where Clip takes floats alone: the products are those of DequantizeLinear. */
static const char *clip_floats(Edit *edit, const char *stem, const char *value, const CodeForm *form)
{
    OnnxParts *parts = &edit->parts;
    const float low = form->low * form->scale, high = form->high * form->scale;
    if (edit->network->opset >= CLIP_INPUTS_OPSET)
        return clip_by_inputs(edit, stem, value, onnx_parts_float(parts, stem, "_min", low),
                              onnx_parts_float(parts, stem, "_max", high));
    Onnx__NodeProto *node = onnx_parts_node(parts, "Clip", stem, "_clipped", &value, 1);
    onnx_parts_set_float(parts, node, "min", low);
    onnx_parts_set_float(parts, node, "max", high);
    return onnx_parts_output(node);
}

/* `value` through codes and back. */
static const char *add_rounding(Edit *edit, const char *stem, const char *value,
                                const InputQuantizer *quantizer, float scale)
{
    const CodeForm form = make_form(edit, stem, quantizer, scale);
    const bool integers = edit->network->opset >= CLIP_INTEGERS_OPSET;
    value = onnx_parts_output(onnx_parts_node(&edit->parts, "QuantizeLinear", stem, "_quantized",
                                              (const char *[]){value, form.scale_name, form.zero_name}, 3));
    if (form.narrower && integers) value = clip_codes(edit, stem, value, &form);
    value = onnx_parts_output(onnx_parts_node(&edit->parts, "DequantizeLinear", stem, "_dequantized",
                                              (const char *[]){value, form.scale_name, form.zero_name}, 3));
    return form.narrower && !integers ? clip_floats(edit, stem, value, &form) : value;
}

static const char *multiply(Edit *edit, const char *stem, const char *ending, const char *value,
                            const char *factor)
{
    return onnx_parts_output(
        onnx_parts_node(&edit->parts, "Mul", stem, ending, (const char *[]){value, factor}, 2));
}

static const float *reciprocals(Edit *edit, const float *scales, size_t count)
{
    float *inverse = onnx_parts_allocate(&edit->parts, count, sizeof *inverse);
    for (size_t i = 0; inverse && i < count; i++) inverse[i] = 1 / scales[i];
    return inverse;
}

/* Codes of weights make up for one scale a channel; before float weights, the codes are multiplied by it. */
static const char *add_input(Edit *edit, const char *value, size_t index, const OnnxAxes *axes)
{
    const InputQuantizer *quantizer = weights_quantizer(edit->pipeline->weights[index]);
    const char *stem = onnx_parts_name(&edit->parts, edit->network->layers[index].name, ".input");
    if (quantizer->count == 1) return add_rounding(edit, stem, value, quantizer, quantizer->scales[0]);
    const float *inverse = reciprocals(edit, quantizer->scales, quantizer->count);
    if (!inverse) return "";
    value =
        multiply(edit, stem, "_balanced", value, add_vector(edit, stem, "_inverse", inverse, &axes->inputs));
    value = add_rounding(edit, stem, value, quantizer, 1);
    if (edit->pipeline->layers[index].codes) return value;
    return multiply(edit, stem, "_restored", value,
                    add_vector(edit, stem, "_factor", quantizer->scales, &axes->inputs));
}

/* --- biases ----------------------------------------------------------------------------------------- */

static bool bias_stays(const Layer *layer, const float *bias)
{
    if (layer->folded_count) return false;
    for (size_t i = 0; i < layer->groups * layer->m; i++)
        if (bias[i] != layer->bias[i]) return false;
    return true;
}

/* Behind a node that takes none. */
static void add_bias_behind(Edit *edit, Onnx__NodeProto *node, size_t index, const OnnxAxes *axes)
{
    OnnxParts *parts = &edit->parts;
    const char *stem = edit->network->layers[index].name;
    char *output = node->output[0];
    node->output[0] = (char *)onnx_parts_name(parts, output, "_unbiased");
    const char *bias =
        add_vector(edit, stem, ".bias_solved", edit->pipeline->layers[index].bias, &axes->outputs);
    Onnx__NodeProto *sum =
        onnx_parts_node(parts, "Add", stem, ".bias_added", (const char *[]){node->output[0], bias}, 2);
    if (sum) sum->output[0] = output;
}

/* As the third input, in the place of the file's. */
static void set_bias(Edit *edit, Onnx__NodeProto *node, size_t index)
{
    const Layer *layer = &edit->network->layers[index];
    const size_t outputs = layer->groups * layer->m;
    EditLayer *now = &edit->layers[index];
    if (!now->bias)
        now->bias = onnx_parts_floats(&edit->parts, layer->name, ".bias_solved", 1, &outputs,
                                      edit->pipeline->layers[index].bias, outputs);
    node->input[2] = (char *)now->bias;
    onnx_parts_drop(node, "beta"); /* of a Gemm: in the bias */
}

/* --- nodes ------------------------------------------------------------------------------------------ */

static void add_solved(Edit *edit, Onnx__NodeProto *node, size_t index, const OnnxAxes *axes)
{
    const Layer *layer = &edit->network->layers[index];
    EditLayer *now = &edit->layers[index];
    const bool stays = bias_stays(layer, edit->pipeline->layers[index].bias);
    if (!now->weights) now->weights = add_weights(edit, index, axes);
    node->input[axes->weights] = (char *)now->weights;
    onnx_parts_drop(node, "alpha"); /* of a Gemm: in the weights */
    if (!stays && axes->takes_bias) set_bias(edit, node, index);
    onnx_parts_keep(&edit->parts, node);
    if (!stays && !axes->takes_bias) add_bias_behind(edit, node, index, axes);
}

static Status add_use(Edit *edit, const EditNode *from, Message *message)
{
    const LayerResult *result = &edit->pipeline->layers[from->layer];
    const Layer *layer = &edit->network->layers[from->layer];
    OnnxAxes axes;
    Status status = onnx_axes_find(&axes, &edit->file.graph, layer, from->source, message);
    if (status) return status;
    Onnx__NodeProto *node = onnx_parts_copy(&edit->parts, from->proto, axes.takes_bias ? 3 : 2);
    if (!node) return STATUS_OK;
    if (result->input_scale_count)
        node->input[axes.data] = (char *)add_input(edit, node->input[axes.data], from->layer, &axes);
    if (result->codes)
        add_solved(edit, node, from->layer, &axes);
    else
        onnx_parts_keep(&edit->parts, node);
    while (node->n_input > from->proto->n_input && !*node->input[node->n_input - 1]) node->n_input--;
    return STATUS_OK;
}

static Status add_nodes(Edit *edit, Message *message)
{
    const Graph *graph = &edit->file.graph;
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < graph->order_count; i++) {
        const EditNode *node = &edit->nodes[graph->order[i]];
        if (node->source)
            status = add_use(edit, node, message);
        else
            onnx_parts_keep(&edit->parts, node->proto);
    }
    return status;
}

/* --- beginning and end ------------------------------------------------------------------------------ */

/* Every name of values and nodes that the file has. */
static void take_names(Edit *edit)
{
    const Graph *graph = &edit->file.graph;
    for (size_t i = 0; i < graph->table.count; i++) onnx_parts_take(&edit->parts, graph_name(graph, i));
    for (size_t i = 0; i < graph->proto->n_node; i++)
        if (graph->proto->node[i]->name) onnx_parts_take(&edit->parts, graph->proto->node[i]->name);
}

static void mark_uses(Edit *edit, const Plan *plan)
{
    for (size_t i = 0; i < edit->network->layer_count; i++) {
        const Layer *layer = &edit->network->layers[i];
        for (size_t k = 0; !layer_plan_stays_float(&plan->layers[i]) && k < layer->use_count; k++) {
            EditNode *node = &edit->nodes[layer->sources[k].file_node];
            node->source = &layer->sources[k];
            node->layer = i;
        }
    }
}

static Status edit_begin(Edit *edit, const Network *network, const Plan *plan, const WriteMemory *memory,
                         Message *message)
{
    const size_t ceiling = memory->ceiling ? memory->ceiling : DEFAULT_CEILING;
    *edit = (Edit){.network = network};
    Status status = network_file_open(&edit->file, network, ceiling, message);
    if (status) return status;
    const Onnx__GraphProto *graph = edit->file.graph.proto;
    edit->parts = onnx_parts_begin(ceiling - edit->file.onnx->used);
    edit->nodes = onnx_parts_allocate(&edit->parts, graph->n_node, sizeof *edit->nodes);
    edit->layers = onnx_parts_allocate(&edit->parts, network->layer_count, sizeof *edit->layers);
    if (edit->layers) {
        for (size_t i = 0; i < graph->n_node; i++) edit->nodes[i].proto = graph->node[i];
        mark_uses(edit, plan);
        take_names(edit);
    }
    return onnx_model_fits(&edit->parts, message);
}

static void edit_end(Edit *edit)
{
    onnx_parts_end(&edit->parts);
    network_file_close(&edit->file);
}

/* --- writing ---------------------------------------------------------------------------------------- */

static Status write_edited(Edit *edit, const char *path, Message *message)
{
    uint8_t *bytes;
    size_t size;
    for (size_t i = 0; i < edit->network->layer_count; i++) {
        const Layer *layer = &edit->network->layers[i];
        if (!edit->pipeline->layers[i].codes) continue;
        for (size_t k = 0; k < layer->folded_count; k++) leave_out(edit, layer->folded[k]);
    }
    Status status = add_nodes(edit, message);
    if (!status)
        status =
            onnx_model_pack(&bytes, &size, &edit->parts, &edit->file, edit->network->output_name, message);
    if (status) return status_context(message, status, "cannot write '%s'", path);
    status = file_replace(path, (const char *)bytes, size, message);
    free(bytes);
    return status;
}

Status quantized_onnx_write(const char *path, const Result *result, Message *message)
{
    Edit edit;
    Status status = edit_begin(&edit, result->network, result->plan, &result->memory, message);
    edit.pipeline = result->pipeline;
    if (!status) status = write_edited(&edit, path, message);
    edit_end(&edit);
    return network_file_advise(status, result->network->path, result->memory.ceiling, result->memory.held,
                               message);
}

/* --- asking ----------------------------------------------------------------------------------------- */

static Status check_node(const Edit *edit, const EditNode *node, Message *message)
{
    const Layer *layer = &edit->network->layers[node->layer];
    const Graph *graph = &edit->file.graph;
    OnnxAxes axes;
    Status status = onnx_axes_find(&axes, graph, layer, node->source, message);
    if (status) return status;
    const size_t weights = graph_input(graph, node->source->file_node, node->source->operand);
    const Onnx__TensorProto *tensor = graph->names[weights].initializer;
    if (!tensor || tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "layer '%s': its weights are %s: convert the network to FLOAT", layer->name,
                       onnx_type_name(tensor->data_type));
}

Status quantized_onnx_check(const Network *network, const Plan *plan, const WriteMemory *memory,
                            Message *message)
{
    Edit edit;
    if (network->opset < ONNX_WRITE_FIRST_OPSET)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "'%s' cannot be written as quantized ONNX: its opset %d has no DequantizeLinear; "
                           "convert it to opset 13 or later",
                           network->path, network->opset);
    Status status = edit_begin(&edit, network, plan, memory, message);
    for (size_t i = 0; !status && i < edit.file.graph.order_count; i++) {
        const EditNode *node = &edit.nodes[edit.file.graph.order[i]];
        if (node->source) status = check_node(&edit, node, message);
    }
    edit_end(&edit);
    if (!status) return STATUS_OK;
    status = network_file_advise(status, network->path, memory->ceiling, memory->held, message);
    return status_context(message, status, "'%s' cannot be written as quantized ONNX", network->path);
}
