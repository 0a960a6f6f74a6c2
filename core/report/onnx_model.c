#include "report/onnx_model.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)INT32_MAX)
#define OPTIONAL_INPUTS_IR 4 /* from here on initializers need not be among the inputs */

typedef struct Edited {
    OnnxParts *parts;
    const NetworkFile *file;
    Onnx__ModelProto model;
    Onnx__GraphProto graph; /* the model's; its lists are copies */
} Edited;

Status onnx_model_fits(const OnnxParts *parts, Message *message)
{
    return parts->failed ? arena_refuse(&parts->arena, message) : STATUS_OK;
}

/* --- lists ------------------------------------------------------------------------------------------ */

/* A copy with room for `more`; NULL where it failed. */
static void *copy_list(OnnxParts *parts, void *list, size_t count, size_t more)
{
    void **copy = onnx_parts_allocate(parts, count + more, sizeof *copy);
    if (copy && count) memcpy(copy, list, count * sizeof *copy);
    return copy;
}

/* Shallow copies of the file's model and graph, with the nodes and tensors of the parts. */
static void copy_model(Edited *edited)
{
    OnnxParts *parts = edited->parts;
    Onnx__GraphProto *graph = &edited->graph;
    edited->model = *edited->file->onnx->model;
    *graph = *edited->model.graph;
    edited->model.graph = graph;
    if (edited->model.ir_version < OPTIONAL_INPUTS_IR) edited->model.ir_version = OPTIONAL_INPUTS_IR;
    graph->node = parts->nodes;
    graph->n_node = parts->node_count;
    graph->input = copy_list(parts, graph->input, graph->n_input, 0);
    graph->value_info = copy_list(parts, graph->value_info, graph->n_value_info, 0);
    graph->initializer = copy_list(parts, graph->initializer, graph->n_initializer, parts->tensor_count);
    for (size_t i = 0; graph->initializer && i < parts->tensor_count; i++)
        graph->initializer[graph->n_initializer++] = parts->tensors[i];
}

/* Float of any shape, for an output that the file does not name as one. */
static Onnx__ValueInfoProto *describe_output(OnnxParts *parts, const char *name)
{
    Onnx__ValueInfoProto *info = onnx_parts_allocate(parts, 1, sizeof *info);
    Onnx__TypeProto *type = onnx_parts_allocate(parts, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = onnx_parts_allocate(parts, 1, sizeof *tensor);
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

static void choose_output(Edited *edited, const char *name)
{
    Onnx__GraphProto *graph = &edited->graph;
    Onnx__ValueInfoProto **list = copy_list(edited->parts, NULL, 0, 1);
    if (!list) return;
    for (size_t i = 0; i < graph->n_output; i++)
        if (graph->output[i]->name && strcmp(graph->output[i]->name, name) == 0) list[0] = graph->output[i];
    if (!list[0]) list[0] = describe_output(edited->parts, name);
    graph->output = list;
    graph->n_output = 1;
}

/* --- what is dead ----------------------------------------------------------------------------------- */

/* What is known of a name; nothing where the graph does not have it. */
static GraphName find_name(const Graph *graph, const char *name)
{
    size_t number;
    if (name && name_table_find(&graph->table, name, &number)) return graph->names[number];
    return (GraphName){.producer = NO_INDEX};
}

static void keep_values(Onnx__ValueInfoProto **list, size_t *count, const Graph *graph, bool inputs)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        const GraphName name = find_name(graph, list[i]->name);
        if (name.uses || (inputs && !name.initializer)) list[kept++] = list[i];
    }
    *count = kept;
}

static void keep_tensors(Onnx__GraphProto *proto, const Graph *graph)
{
    size_t kept = 0;
    for (size_t i = 0; i < proto->n_initializer; i++)
        if (find_name(graph, proto->initializer[i]->name).uses)
            proto->initializer[kept++] = proto->initializer[i];
    proto->n_initializer = kept;
}

/* Leaves out what the output does not need. Inputs stay, unless they are tensors that are gone. */
static Status drop_dead(Edited *edited, const char *output, Message *message)
{
    Graph graph;
    Onnx__GraphProto *proto = &edited->graph;
    Status status = graph_make(&graph, proto, output, message);
    Onnx__NodeProto **nodes = status ? NULL : copy_list(edited->parts, NULL, 0, graph.order_count);
    if (nodes) {
        for (size_t i = 0; i < graph.order_count; i++) nodes[i] = proto->node[graph.order[i]];
        keep_values(proto->input, &proto->n_input, &graph, true);
        keep_values(proto->value_info, &proto->n_value_info, &graph, false);
        keep_tensors(proto, &graph);
        proto->node = nodes;
        proto->n_node = graph.order_count;
    }
    graph_free(&graph);
    return status;
}

/* --- data in other files ------------------------------------------------------------------------------ */

static Status take_in(Edited *edited, Onnx__TensorProto **tensor, Message *message)
{
    if (!is_external(*tensor)) return STATUS_OK;
    Onnx__TensorProto *copy = onnx_parts_allocate(edited->parts, 1, sizeof *copy);
    if (!copy) return onnx_model_fits(edited->parts, message);
    *copy = **tensor;
    *tensor = copy;
    return onnx_tensor_take_in(copy, &edited->file->onnx->external, &edited->parts->arena, message);
}

/* A node with tensors in other files among its attributes becomes a copy that holds them. */
static Status take_in_attributes(Edited *edited, Onnx__NodeProto **node, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < (*node)->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = (*node)->attribute[i];
        if (!attribute->t || !is_external(attribute->t)) continue;
        Onnx__NodeProto *copy = onnx_parts_copy(edited->parts, *node, 0);
        Onnx__AttributeProto *changed = onnx_parts_allocate(edited->parts, 1, sizeof *changed);
        if (!changed) return onnx_model_fits(edited->parts, message);
        *changed = *attribute;
        status = take_in(edited, &changed->t, message);
        copy->attribute[i] = changed;
        *node = copy;
    }
    return status;
}

static Status take_in_all(Edited *edited, Message *message)
{
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < edited->graph.n_initializer; i++)
        status = take_in(edited, &edited->graph.initializer[i], message);
    for (size_t i = 0; !status && i < edited->graph.n_node; i++)
        status = take_in_attributes(edited, &edited->graph.node[i], message);
    return status;
}

/* --- all -------------------------------------------------------------------------------------------- */

static Status pack(uint8_t **bytes, size_t *size, const Onnx__ModelProto *model, OnnxParts *parts,
                   Message *message)
{
    *size = onnx__model_proto__get_packed_size(model);
    parts->failed = *size > arena_left(&parts->arena);
    if (parts->failed) return onnx_model_fits(parts, message);
    if (*size > MOST_BYTES)
        return status_fail(message, STATUS_UNSUPPORTED, "it takes %zu MiB: ONNX files end at 2 GiB",
                           size_mib(*size));
    *bytes = malloc(*size);
    if (!*bytes) return status_no_memory(message, "the file");
    onnx__model_proto__pack(model, *bytes);
    return STATUS_OK;
}

Status onnx_model_pack(uint8_t **bytes, size_t *size, OnnxParts *parts, const NetworkFile *file,
                       const char *output, Message *message)
{
    *bytes = NULL;
    Edited edited = {.parts = parts, .file = file};
    copy_model(&edited);
    choose_output(&edited, output);
    Status status = onnx_model_fits(parts, message);
    if (!status) status = drop_dead(&edited, output, message);
    if (!status) status = onnx_model_fits(parts, message);
    if (!status) status = take_in_all(&edited, message);
    return status ? status : pack(bytes, size, &edited.model, parts, message);
}
