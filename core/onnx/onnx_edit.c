/* SPDX-License-Identifier: MIT */
#include "onnx/onnx_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64
#define SUFFIX 24 /* "_18446744073709551615" */

OnnxEdit onnx_edit_begin(size_t ceiling)
{
    return (OnnxEdit){.arena = arena_make(ceiling)};
}

void onnx_edit_end(OnnxEdit *edit)
{
    arena_free(&edit->arena);
    name_table_free(&edit->names);
    free(edit->nodes);
    free(edit->tensors);
    *edit = (OnnxEdit){0};
}

Status onnx_edit_status(const OnnxEdit *edit, Message *message)
{
    return edit->failed ? arena_fail(&edit->arena, message) : STATUS_OK;
}

void *onnx_edit_allocate(OnnxEdit *edit, size_t count, size_t size)
{
    void *memory = edit->failed ? NULL : arena_allocate(&edit->arena, count, size);
    edit->failed |= !memory;
    return memory;
}

/* Makes room for one more pointer in *list, which has room for *room of them. False on failure. */
static bool make_room(OnnxEdit *edit, void *list, size_t *room, size_t count)
{
    void **items = *(void ***)list;
    if (edit->failed || count < *room) return !edit->failed;
    const size_t larger = *room ? 2 * *room : FIRST_ROOM;
    items = reallocarray(items, larger, sizeof *items);
    edit->failed = !items;
    if (!items) return false;
    *(void ***)list = items;
    *room = larger;
    return true;
}

/* --- names ------------------------------------------------------------------------------------------ */

static bool add_name(OnnxEdit *edit, const char *name)
{
    size_t number;
    bool is_new = true;
    if (!edit->failed) edit->failed = !name_table_add(&edit->names, name, &number, &is_new);
    return is_new;
}

void onnx_edit_reserve(OnnxEdit *edit, const char *name)
{
    add_name(edit, name);
}

const char *onnx_edit_name(OnnxEdit *edit, const char *stem, const char *ending)
{
    const size_t room = strlen(stem) + strlen(ending) + SUFFIX;
    char *name = onnx_edit_allocate(edit, room, 1);
    if (!name) return "";
    snprintf(name, room, "%s%s", stem, ending);
    for (size_t i = 2; !add_name(edit, name); i++) snprintf(name, room, "%s%s_%zu", stem, ending, i);
    return name;
}

/* --- tensors ---------------------------------------------------------------------------------------- */

const char *onnx_edit_tensor(OnnxEdit *edit, const char *stem, const char *ending,
                             Onnx__TensorProto__DataType type, size_t rank, const size_t *dims,
                             const void *data, size_t bytes)
{
    const char *name = onnx_edit_name(edit, stem, ending);
    Onnx__TensorProto *tensor = onnx_edit_allocate(edit, 1, sizeof *tensor);
    int64_t *sizes = onnx_edit_allocate(edit, rank, sizeof *sizes);
    if (!sizes || !make_room(edit, &edit->tensors, &edit->tensor_room, edit->tensor_count)) return "";
    for (size_t i = 0; i < rank; i++) sizes[i] = (int64_t)dims[i];
    onnx__tensor_proto__init(tensor);
    tensor->name = (char *)name;
    tensor->has_data_type = true;
    tensor->data_type = (int32_t)type;
    tensor->n_dims = rank;
    tensor->dims = sizes;
    tensor->has_raw_data = true;
    tensor->raw_data = (ProtobufCBinaryData){bytes, (uint8_t *)data};
    edit->tensors[edit->tensor_count++] = tensor;
    return name;
}

const char *onnx_edit_floats(OnnxEdit *edit, const char *stem, const char *ending, size_t rank,
                             const size_t *dims, const float *data, size_t count)
{
    return onnx_edit_tensor(edit, stem, ending, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, rank, dims, data,
                            count * sizeof *data);
}

const char *onnx_edit_float(OnnxEdit *edit, const char *stem, const char *ending, float value)
{
    float *data = onnx_edit_allocate(edit, 1, sizeof *data);
    if (!data) return "";
    *data = value;
    return onnx_edit_floats(edit, stem, ending, 0, NULL, data, 1);
}

const char *onnx_edit_byte(OnnxEdit *edit, const char *stem, const char *ending,
                           Onnx__TensorProto__DataType type, int value)
{
    uint8_t *data = onnx_edit_allocate(edit, 1, 1);
    if (!data) return "";
    *data = (uint8_t)value;
    return onnx_edit_tensor(edit, stem, ending, type, 0, NULL, data, 1);
}

/* --- nodes ------------------------------------------------------------------------------------------ */

void onnx_edit_add(OnnxEdit *edit, const Onnx__NodeProto *node)
{
    if (!node || !make_room(edit, &edit->nodes, &edit->node_room, edit->node_count)) return;
    edit->nodes[edit->node_count++] = (Onnx__NodeProto *)node;
}

/* A list of `room` texts: texts[count], then "". */
static char **copy_texts(OnnxEdit *edit, char *const *texts, size_t count, size_t room)
{
    char **copy = onnx_edit_allocate(edit, room, sizeof *copy);
    for (size_t i = 0; copy && i < room; i++) copy[i] = i < count ? texts[i] : "";
    return copy;
}

Onnx__NodeProto *onnx_edit_node(OnnxEdit *edit, const char *operator_name, const char *stem,
                                const char *ending, const char *const *inputs, size_t count)
{
    Onnx__NodeProto *node = onnx_edit_allocate(edit, 1, sizeof *node);
    char *name = (char *)onnx_edit_name(edit, stem, ending);
    char **list = copy_texts(edit, (char *const *)inputs, count, count);
    char **output = copy_texts(edit, &name, 1, 1);
    if (!output) return NULL;
    onnx__node_proto__init(node);
    node->name = name;
    node->op_type = (char *)operator_name;
    node->n_input = count;
    node->input = list;
    node->n_output = 1;
    node->output = output;
    onnx_edit_add(edit, node);
    return edit->failed ? NULL : node;
}

const char *onnx_edit_output(const Onnx__NodeProto *node)
{
    return node ? node->output[0] : "";
}

Onnx__NodeProto *onnx_edit_copy(OnnxEdit *edit, const Onnx__NodeProto *node, size_t inputs)
{
    const size_t room = node->n_input > inputs ? node->n_input : inputs;
    Onnx__NodeProto *copy = onnx_edit_allocate(edit, 1, sizeof *copy);
    char **input = copy_texts(edit, node->input, node->n_input, room);
    char **output = copy_texts(edit, node->output, node->n_output, node->n_output);
    Onnx__AttributeProto **attributes = onnx_edit_allocate(edit, node->n_attribute, sizeof *attributes);
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

static Onnx__AttributeProto *add_attribute(OnnxEdit *edit, Onnx__NodeProto *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    if (!node) return NULL;
    Onnx__AttributeProto *attribute = onnx_edit_allocate(edit, 1, sizeof *attribute);
    Onnx__AttributeProto **list = onnx_edit_allocate(edit, node->n_attribute + 1, sizeof *list);
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

void onnx_edit_set_int(OnnxEdit *edit, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute =
        add_attribute(edit, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!attribute) return;
    attribute->has_i = true;
    attribute->i = value;
}

void onnx_edit_set_float(OnnxEdit *edit, Onnx__NodeProto *node, const char *name, float value)
{
    Onnx__AttributeProto *attribute =
        add_attribute(edit, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!attribute) return;
    attribute->has_f = true;
    attribute->f = value;
}

void onnx_edit_remove_attribute(Onnx__NodeProto *node, const char *name)
{
    size_t kept = 0;
    if (!node) return;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (!node->attribute[i]->name || strcmp(node->attribute[i]->name, name) != 0)
            node->attribute[kept++] = node->attribute[i];
    node->n_attribute = kept;
}
