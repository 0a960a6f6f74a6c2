/* SPDX-License-Identifier: MIT */
#include "case_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

/* --- protobuf-c's messages, all on the heap so that the model's own free function releases them ------- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) abort();
    return memory;
}

static char *copy_text(const char *text)
{
    char *copy = allocate(strlen(text) + 1, 1);
    return memcpy(copy, text, strlen(text) + 1);
}

static void *append(void *list, size_t *count, void *item)
{
    void **grown = realloc(list, (*count + 1) * sizeof *grown);
    if (!grown) abort();
    grown[(*count)++] = item;
    return grown;
}

static Onnx__NodeProto *add_node(Onnx__GraphProto *graph, const char *operator_name,
                                 const char *const *inputs, const char *output)
{
    Onnx__NodeProto *node = allocate(1, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = copy_text(operator_name);
    for (; *inputs; inputs++) node->input = append(node->input, &node->n_input, copy_text(*inputs));
    node->output = append(node->output, &node->n_output, copy_text(output));
    graph->node = append(graph->node, &graph->n_node, node);
    return node;
}

static void set_int(Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute = allocate(1, sizeof *attribute);
    onnx__attribute_proto__init(attribute);
    attribute->name = copy_text(name);
    attribute->has_type = attribute->has_i = 1;
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    attribute->i = value;
    node->attribute = append(node->attribute, &node->n_attribute, attribute);
}

/* A list of integers as a constant. */
static int64_t *add_integers(Onnx__GraphProto *graph, const char *name, size_t count)
{
    Onnx__TensorProto *tensor = allocate(1, sizeof *tensor);
    onnx__tensor_proto__init(tensor);
    tensor->name = copy_text(name);
    tensor->has_data_type = 1;
    tensor->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    tensor->dims = allocate(1, sizeof *tensor->dims);
    tensor->dims[tensor->n_dims++] = (int64_t)count;
    tensor->int64_data = allocate(count, sizeof *tensor->int64_data);
    tensor->n_int64_data = count;
    graph->initializer = append(graph->initializer, &graph->n_initializer, tensor);
    return tensor->int64_data;
}

static void add_tensor(Onnx__GraphProto *graph, const char *name, const Onnx__TensorProto *from)
{
    const size_t size = onnx__tensor_proto__get_packed_size(from);
    uint8_t *bytes = allocate(size, 1);
    onnx__tensor_proto__pack(from, bytes);
    Onnx__TensorProto *tensor = onnx__tensor_proto__unpack(NULL, size, bytes);
    free(bytes);
    if (!tensor) abort();
    if (tensor->name != protobuf_c_empty_string) free(tensor->name);
    tensor->name = copy_text(name);
    graph->initializer = append(graph->initializer, &graph->n_initializer, tensor);
}

/* --- inputs ------------------------------------------------------------------------------------------- */

static bool is_initializer(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (graph->initializer[i]->name && strcmp(graph->initializer[i]->name, name) == 0) return true;
    return false;
}

const Onnx__ValueInfoProto *case_graph_input(const Onnx__GraphProto *graph, size_t k)
{
    for (size_t i = 0; i < graph->n_input; i++)
        if (!is_initializer(graph, graph->input[i]->name) && k-- == 0) return graph->input[i];
    return NULL;
}

static size_t count_elements(const Onnx__TensorProto *tensor)
{
    size_t count = 1;
    for (size_t i = 0; i < tensor->n_dims; i++) count *= (size_t)tensor->dims[i];
    return count;
}

/* name = Reshape(Cast(Gather(image, [start, start + 1, ...])), dims) */
static void cut_out(Onnx__GraphProto *graph, const char *name, const Onnx__TensorProto *like, size_t start)
{
    char indices[NAME], picked[NAME], cast[NAME], shape[NAME];
    const size_t count = count_elements(like);
    snprintf(indices, sizeof indices, "indices of %zu", start);
    snprintf(picked, sizeof picked, "picked %zu", start);
    snprintf(cast, sizeof cast, "cast %zu", start);
    snprintf(shape, sizeof shape, "dims of %zu", start);
    int64_t *positions = add_integers(graph, indices, count);
    for (size_t i = 0; i < count; i++) positions[i] = (int64_t)(start + i);
    int64_t *dims = add_integers(graph, shape, like->n_dims);
    if (like->n_dims) memcpy(dims, like->dims, like->n_dims * sizeof *dims);
    set_int(add_node(graph, "Gather", (const char *[]){"image", indices, NULL}, picked), "axis", 3);
    set_int(add_node(graph, "Cast", (const char *[]){picked, NULL}, cast), "to", like->data_type);
    add_node(graph, "Reshape", (const char *[]){cast, shape, NULL}, name);
}

static Onnx__ValueInfoProto *image_info(size_t length)
{
    Onnx__ValueInfoProto *info = allocate(1, sizeof *info);
    onnx__value_info_proto__init(info);
    info->name = copy_text("image");
    info->type = allocate(1, sizeof *info->type);
    onnx__type_proto__init(info->type);
    Onnx__TypeProto__Tensor *tensor = info->type->tensor_type = allocate(1, sizeof *tensor);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = allocate(1, sizeof *tensor->shape);
    onnx__tensor_shape_proto__init(tensor->shape);
    for (size_t i = 0; i < 4; i++) {
        Onnx__TensorShapeProto__Dimension *dimension = allocate(1, sizeof *dimension);
        onnx__tensor_shape_proto__dimension__init(dimension);
        dimension->has_dim_value = 1;
        dimension->dim_value = i < 3 ? 1 : (int64_t)length;
        tensor->shape->dim = append(tensor->shape->dim, &tensor->shape->n_dim, dimension);
    }
    return info;
}

static size_t bind_inputs(Onnx__GraphProto *graph, const CaseInput *inputs)
{
    size_t length = 0, bound = 0;
    for (size_t i = 0; i < graph->n_input; i++) {
        Onnx__ValueInfoProto *input = graph->input[i];
        if (!is_initializer(graph, input->name)) {
            const CaseInput *from = &inputs[bound++];
            if (from->tensor && from->computed) {
                cut_out(graph, input->name, from->tensor, length);
                length += count_elements(from->tensor);
            } else if (from->tensor) {
                add_tensor(graph, input->name, from->tensor);
            }
        }
        onnx__value_info_proto__free_unpacked(input, NULL);
    }
    graph->n_input = 0;
    length = length ? length : 1;
    graph->input = append(graph->input, &graph->n_input, image_info(length));
    return length;
}

/* --- outputs ------------------------------------------------------------------------------------------ */

/* flat = Reshape(Cast(name), [1, -1]) */
static void flatten(Onnx__GraphProto *graph, Onnx__NodeProto *joined, const char *name, size_t k,
                    const char *what)
{
    char cast[NAME], flat[NAME];
    snprintf(cast, sizeof cast, "%s %zu as float", what, k);
    snprintf(flat, sizeof flat, "%s %zu flat", what, k);
    set_int(add_node(graph, "Cast", (const char *[]){name, NULL}, cast), "to", 1);
    add_node(graph, "Reshape", (const char *[]){cast, "one row", NULL}, flat);
    joined->input = append(joined->input, &joined->n_input, copy_text(flat));
}

static void join_outputs(Onnx__GraphProto *graph, const size_t *ranks)
{
    int64_t *row = add_integers(graph, "one row", 2);
    row[0] = 1;
    row[1] = -1;
    Onnx__NodeProto *joined = add_node(graph, "Concat", (const char *[]){NULL}, "joined");
    set_int(joined, "axis", 1);
    for (size_t k = 0; k < graph->n_output; k++) {
        const char *name = graph->output[k]->name;
        flatten(graph, joined, name, k, "output");
        if (ranks[k] == 0) continue;
        char shape[NAME];
        snprintf(shape, sizeof shape, "shape of %zu", k);
        add_node(graph, "Shape", (const char *[]){name, NULL}, shape);
        flatten(graph, joined, shape, k, "shape");
    }
    flatten(graph, joined, "image", 0, "image");
    for (size_t k = 0; k < graph->n_output; k++)
        onnx__value_info_proto__free_unpacked(graph->output[k], NULL);
    Onnx__ValueInfoProto *output = allocate(1, sizeof *output);
    onnx__value_info_proto__init(output);
    output->name = copy_text("joined");
    graph->n_output = 0;
    graph->output = append(graph->output, &graph->n_output, output);
}

size_t case_graph_rewrite(Onnx__ModelProto *model, const CaseInput *inputs, const size_t *ranks)
{
    const size_t length = bind_inputs(model->graph, inputs);
    join_outputs(model->graph, ranks);
    return length;
}

/* --- opsets ------------------------------------------------------------------------------------------ */

static bool drop_broadcast(Onnx__NodeProto *node)
{
    size_t kept = 0;
    bool broadcast = false, axis = false;
    for (size_t i = 0; i < node->n_attribute; i++) {
        Onnx__AttributeProto *attribute = node->attribute[i];
        axis |= strcmp(attribute->name, "axis") == 0;
        if (strcmp(attribute->name, "broadcast") != 0) {
            node->attribute[kept++] = attribute;
            continue;
        }
        broadcast = true;
        onnx__attribute_proto__free_unpacked(attribute, NULL);
    }
    node->n_attribute = kept;
    return !(broadcast && axis);
}

int64_t case_graph_opset(int64_t opset)
{
    return opset == 1 || opset == 6 ? 7 : opset;
}

bool case_graph_raise_opset(Onnx__ModelProto *model)
{
    bool sound = true;
    for (size_t i = 0; i < model->n_opset_import; i++)
        model->opset_import[i]->version = case_graph_opset(model->opset_import[i]->version);
    for (size_t i = 0; i < model->graph->n_node; i++) sound &= drop_broadcast(model->graph->node[i]);
    return sound;
}
