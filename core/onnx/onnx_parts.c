#include "onnx/onnx_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64
#define SUFFIX 24 /* "_18446744073709551615" */

OnnxParts onnx_parts_begin(size_t ceiling)
{
    return (OnnxParts){.arena = arena_make(ceiling)};
}

void onnx_parts_end(OnnxParts *parts)
{
    arena_free(&parts->arena);
    name_table_free(&parts->names);
    free(parts->nodes);
    free(parts->tensors);
    *parts = (OnnxParts){0};
}

void *onnx_parts_allocate(OnnxParts *parts, size_t count, size_t size)
{
    void *memory = parts->failed ? NULL : arena_allocate(&parts->arena, count, size);
    parts->failed |= !memory;
    return memory;
}

/* Room for one more in *list; false where it failed. */
static bool make_room(OnnxParts *parts, void *list, size_t *room, size_t count)
{
    void **items = *(void ***)list;
    if (parts->failed || count < *room) return !parts->failed;
    const size_t larger = *room ? 2 * *room : FIRST_ROOM;
    items = reallocarray(items, larger, sizeof *items);
    parts->failed = !items;
    if (!items) return false;
    *(void ***)list = items;
    *room = larger;
    return true;
}

/* --- names ------------------------------------------------------------------------------------------ */

static bool add_name(OnnxParts *parts, const char *name)
{
    size_t number;
    bool is_new = true;
    if (!parts->failed) parts->failed = !name_table_add(&parts->names, name, &number, &is_new);
    return is_new;
}

void onnx_parts_take(OnnxParts *parts, const char *name)
{
    add_name(parts, name);
}

const char *onnx_parts_name(OnnxParts *parts, const char *stem, const char *ending)
{
    const size_t room = strlen(stem) + strlen(ending) + SUFFIX;
    char *name = onnx_parts_allocate(parts, room, 1);
    if (!name) return "";
    snprintf(name, room, "%s%s", stem, ending);
    for (size_t i = 2; !add_name(parts, name); i++) snprintf(name, room, "%s%s_%zu", stem, ending, i);
    return name;
}

/* --- tensors ---------------------------------------------------------------------------------------- */

const char *onnx_parts_tensor(OnnxParts *parts, const char *stem, const char *ending,
                              Onnx__TensorProto__DataType type, size_t rank, const size_t *dims,
                              const void *data, size_t bytes)
{
    const char *name = onnx_parts_name(parts, stem, ending);
    Onnx__TensorProto *tensor = onnx_parts_allocate(parts, 1, sizeof *tensor);
    int64_t *sizes = onnx_parts_allocate(parts, rank, sizeof *sizes);
    if (!sizes || !make_room(parts, &parts->tensors, &parts->tensor_room, parts->tensor_count)) return "";
    for (size_t i = 0; i < rank; i++) sizes[i] = (int64_t)dims[i];
    onnx__tensor_proto__init(tensor);
    tensor->name = (char *)name;
    tensor->has_data_type = true;
    tensor->data_type = (int32_t)type;
    tensor->n_dims = rank;
    tensor->dims = sizes;
    tensor->has_raw_data = true;
    tensor->raw_data = (ProtobufCBinaryData){bytes, (uint8_t *)data};
    parts->tensors[parts->tensor_count++] = tensor;
    return name;
}

const char *onnx_parts_floats(OnnxParts *parts, const char *stem, const char *ending, size_t rank,
                              const size_t *dims, const float *data, size_t count)
{
    return onnx_parts_tensor(parts, stem, ending, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, rank, dims, data,
                             count * sizeof *data);
}

const char *onnx_parts_float(OnnxParts *parts, const char *stem, const char *ending, float value)
{
    float *data = onnx_parts_allocate(parts, 1, sizeof *data);
    if (!data) return "";
    *data = value;
    return onnx_parts_floats(parts, stem, ending, 0, NULL, data, 1);
}

const char *onnx_parts_byte(OnnxParts *parts, const char *stem, const char *ending,
                            Onnx__TensorProto__DataType type, int value)
{
    uint8_t *data = onnx_parts_allocate(parts, 1, 1);
    if (!data) return "";
    *data = (uint8_t)value;
    return onnx_parts_tensor(parts, stem, ending, type, 0, NULL, data, 1);
}

/* --- nodes ------------------------------------------------------------------------------------------ */

void onnx_parts_keep(OnnxParts *parts, const Onnx__NodeProto *node)
{
    if (!node || !make_room(parts, &parts->nodes, &parts->node_room, parts->node_count)) return;
    parts->nodes[parts->node_count++] = (Onnx__NodeProto *)node;
}

/* A list of texts of which the first `count` are those given. */
static char **copy_texts(OnnxParts *parts, char *const *texts, size_t count, size_t room)
{
    char **copy = onnx_parts_allocate(parts, room, sizeof *copy);
    for (size_t i = 0; copy && i < room; i++) copy[i] = i < count ? texts[i] : "";
    return copy;
}

Onnx__NodeProto *onnx_parts_node(OnnxParts *parts, const char *operator_name, const char *stem,
                                 const char *ending, const char *const *inputs, size_t count)
{
    Onnx__NodeProto *node = onnx_parts_allocate(parts, 1, sizeof *node);
    char *name = (char *)onnx_parts_name(parts, stem, ending);
    char **list = copy_texts(parts, (char *const *)inputs, count, count);
    char **output = copy_texts(parts, &name, 1, 1);
    if (!output) return NULL;
    onnx__node_proto__init(node);
    node->name = name;
    node->op_type = (char *)operator_name;
    node->n_input = count;
    node->input = list;
    node->n_output = 1;
    node->output = output;
    onnx_parts_keep(parts, node);
    return parts->failed ? NULL : node;
}

const char *onnx_parts_output(const Onnx__NodeProto *node)
{
    return node ? node->output[0] : "";
}

Onnx__NodeProto *onnx_parts_copy(OnnxParts *parts, const Onnx__NodeProto *node, size_t inputs)
{
    const size_t room = node->n_input > inputs ? node->n_input : inputs;
    Onnx__NodeProto *copy = onnx_parts_allocate(parts, 1, sizeof *copy);
    char **input = copy_texts(parts, node->input, node->n_input, room);
    char **output = copy_texts(parts, node->output, node->n_output, node->n_output);
    Onnx__AttributeProto **attributes = onnx_parts_allocate(parts, node->n_attribute, sizeof *attributes);
    if (!attributes) return NULL;
    *copy = *node;
    copy->n_input = room;
    copy->input = input;
    copy->output = output;
    copy->attribute = attributes;
    for (size_t i = 0; i < node->n_attribute; i++) attributes[i] = node->attribute[i];
    return copy;
}

/* --- attributes ------------------------------------------------------------------------------------- */

static Onnx__AttributeProto *add_attribute(OnnxParts *parts, Onnx__NodeProto *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    if (!node) return NULL;
    Onnx__AttributeProto *attribute = onnx_parts_allocate(parts, 1, sizeof *attribute);
    Onnx__AttributeProto **list = onnx_parts_allocate(parts, node->n_attribute + 1, sizeof *list);
    if (!list) return NULL;
    onnx__attribute_proto__init(attribute);
    attribute->name = (char *)name;
    attribute->has_type = true;
    attribute->type = type;
    for (size_t i = 0; i < node->n_attribute; i++) list[i] = node->attribute[i];
    list[node->n_attribute++] = attribute;
    node->attribute = list;
    return attribute;
}

void onnx_parts_set_int(OnnxParts *parts, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute =
        add_attribute(parts, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!attribute) return;
    attribute->has_i = true;
    attribute->i = value;
}

void onnx_parts_set_float(OnnxParts *parts, Onnx__NodeProto *node, const char *name, float value)
{
    Onnx__AttributeProto *attribute =
        add_attribute(parts, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!attribute) return;
    attribute->has_f = true;
    attribute->f = value;
}

void onnx_parts_drop(Onnx__NodeProto *node, const char *name)
{
    size_t kept = 0;
    if (!node) return;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (!node->attribute[i]->name || strcmp(node->attribute[i]->name, name) != 0)
            node->attribute[kept++] = node->attribute[i];
    node->n_attribute = kept;
}
