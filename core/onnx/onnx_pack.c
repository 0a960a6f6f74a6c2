/* SPDX-License-Identifier: MIT */
#include "onnx/onnx_pack.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)INT32_MAX)
#define OPTIONAL_INPUTS_IR 4 /* from this IR version on, initializers need not be among the inputs */

/* A copy of list[count] with room for `more` pointers; NULL on failure. */
static void *copy_list(OnnxEdit *edit, void *list, size_t count, size_t more)
{
    void **copy = onnx_edit_allocate(edit, count + more, sizeof *copy);
    if (copy && count) memcpy(copy, list, count * sizeof *copy);
    return copy;
}

/* Shallow copies of the file's model and graph, with the nodes and tensors of the edit. */
static void copy_model(Onnx__ModelProto *model, Onnx__GraphProto *graph, OnnxEdit *edit, const OnnxFile *file)
{
    *model = *file->model;
    *graph = *model->graph;
    model->graph = graph;
    if (model->ir_version < OPTIONAL_INPUTS_IR) model->ir_version = OPTIONAL_INPUTS_IR;
    graph->node = edit->nodes;
    graph->n_node = edit->node_count;
    graph->input = copy_list(edit, graph->input, graph->n_input, 0);
    graph->value_info = copy_list(edit, graph->value_info, graph->n_value_info, 0);
    graph->initializer = copy_list(edit, graph->initializer, graph->n_initializer, edit->tensor_count);
    for (size_t i = 0; graph->initializer && i < edit->tensor_count; i++)
        graph->initializer[graph->n_initializer++] = edit->tensors[i];
}

/* The graph's declaration of an output; one that the file does not declare is declared as float of any shape.
 * NULL when out of memory. */
static Onnx__ValueInfoProto *declare_output(const Onnx__GraphProto *graph, OnnxEdit *edit, const char *name)
{
    for (size_t i = 0; i < graph->n_output; i++)
        if (graph->output[i]->name && strcmp(graph->output[i]->name, name) == 0) return graph->output[i];
    Onnx__ValueInfoProto *info = onnx_edit_allocate(edit, 1, sizeof *info);
    Onnx__TypeProto *type = onnx_edit_allocate(edit, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = onnx_edit_allocate(edit, 1, sizeof *tensor);
    if (!tensor) return NULL;
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    info->name = (char *)name;
    info->type = type;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    return info;
}

/* Makes the outputs of `chosen` the graph's only outputs. */
static void choose_outputs(Onnx__GraphProto *graph, OnnxEdit *edit, const Graph *chosen)
{
    Onnx__ValueInfoProto **list = copy_list(edit, NULL, 0, chosen->output_count);
    if (!list) return;
    for (size_t i = 0; i < chosen->output_count; i++)
        list[i] = declare_output(graph, edit, graph_name(chosen, chosen->outputs[i]));
    graph->output = list;
    graph->n_output = chosen->output_count;
}

/* --- dead nodes, tensors and values ------------------------------------------------------------------- */

/* The graph's entry for a name; an empty one where it has none. */
static GraphName find_name(const Graph *graph, const char *name)
{
    size_t number;
    if (name && name_table_find(&graph->table, name, &number)) return graph->names[number];
    return (GraphName){.producer = NO_INDEX};
}

/* Keeps the values in use; of the graph's inputs also those that are no initializer. */
static void keep_values(Onnx__ValueInfoProto **list, size_t *count, const Graph *graph, bool inputs)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        const GraphName name = find_name(graph, list[i]->name);
        if (name.uses || (inputs && !name.initializer)) list[kept++] = list[i];
    }
    *count = kept;
}

/* Removes what the outputs do not need. Inputs stay, except removed initializers among them. */
static Status remove_dead(Onnx__GraphProto *proto, OnnxEdit *edit, Message *message)
{
    Graph graph;
    Status status = graph_make(&graph, proto, NULL, message);
    Onnx__NodeProto **nodes = status ? NULL : copy_list(edit, NULL, 0, graph.order_count);
    if (nodes) {
        for (size_t i = 0; i < graph.order_count; i++) nodes[i] = proto->node[graph.order[i]];
        keep_values(proto->input, &proto->n_input, &graph, true);
        keep_values(proto->value_info, &proto->n_value_info, &graph, false);
        size_t kept = 0;
        for (size_t i = 0; i < proto->n_initializer; i++)
            if (find_name(&graph, proto->initializer[i]->name).uses)
                proto->initializer[kept++] = proto->initializer[i];
        proto->n_initializer = kept;
        proto->node = nodes;
        proto->n_node = graph.order_count;
    }
    graph_free(&graph);
    return status ? status : onnx_edit_status(edit, message);
}

/* --- external data ------------------------------------------------------------------------------------ */

/* Replaces *tensor by a copy that holds its external data. */
static Status embed(Onnx__TensorProto **tensor, OnnxEdit *edit, const OnnxFile *file, Message *message)
{
    if (!is_external(*tensor)) return STATUS_OK;
    Onnx__TensorProto *copy = onnx_edit_allocate(edit, 1, sizeof *copy);
    if (!copy) return onnx_edit_status(edit, message);
    *copy = **tensor;
    *tensor = copy;
    return onnx_tensor_embed(copy, &file->external, &edit->arena, message);
}

/* The same for the tensors among a node's attributes. */
static Status embed_attributes(Onnx__NodeProto **node, OnnxEdit *edit, const OnnxFile *file, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < (*node)->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = (*node)->attribute[i];
        if (!attribute->t || !is_external(attribute->t)) continue;
        Onnx__NodeProto *copy = onnx_edit_copy(edit, *node, 0);
        Onnx__AttributeProto *changed = onnx_edit_allocate(edit, 1, sizeof *changed);
        if (!changed) return onnx_edit_status(edit, message);
        *changed = *attribute;
        status = embed(&changed->t, edit, file, message);
        copy->attribute[i] = changed;
        *node = copy;
    }
    return status;
}

/* --- packing ------------------------------------------------------------------------------------------ */

static Status pack(uint8_t **bytes, size_t *size, const Onnx__ModelProto *model, OnnxEdit *edit,
                   Message *message)
{
    *size = onnx__model_proto__get_packed_size(model);
    edit->failed = *size > arena_left(&edit->arena);
    if (edit->failed) return onnx_edit_status(edit, message);
    if (*size > MOST_BYTES)
        return status_fail(message, STATUS_UNSUPPORTED, "it takes %zu MiB: ONNX files end at 2 GiB",
                           size_mib(*size));
    *bytes = malloc(*size);
    if (!*bytes) return status_no_memory(message, "the file");
    onnx__model_proto__pack(model, *bytes);
    return STATUS_OK;
}

Status onnx_pack(uint8_t **bytes, size_t *size, OnnxEdit *edit, const OnnxFile *file, const Graph *outputs,
                 Message *message)
{
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    *bytes = NULL;
    copy_model(&model, &graph, edit, file);
    choose_outputs(&graph, edit, outputs);
    Status status = onnx_edit_status(edit, message);
    if (!status) status = remove_dead(&graph, edit, message);
    for (size_t i = 0; !status && i < graph.n_initializer; i++)
        status = embed(&graph.initializer[i], edit, file, message);
    for (size_t i = 0; !status && i < graph.n_node; i++)
        status = embed_attributes(&graph.node[i], edit, file, message);
    return status ? status : pack(bytes, size, &model, edit, message);
}
