/* SPDX-License-Identifier: MIT */
#include "onnx_build.h"

#include "onnx.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Onnx__ModelProto *model;

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    return memory;
}

static char *copy_text(const char *text)
{
    char *copy = allocate(strlen(text) + 1, 1);
    return memcpy(copy, text, strlen(text) + 1);
}

static void *copy_data(const void *data, size_t count, size_t size)
{
    void *copy = allocate(count, size);
    if (count) memcpy(copy, data, count * size);
    return copy;
}

/* list[*count++] = item, for protobuf-c's arrays of pointers */
static void *append(void *list, size_t *count, void *item)
{
    void **grown = realloc(list, (*count + 1) * sizeof *grown);
    assert_non_null(grown);
    grown[(*count)++] = item;
    return grown;
}

void ob_begin(int64_t opset)
{
    model = allocate(1, sizeof *model);
    onnx__model_proto__init(model);
    model->has_ir_version = 1;
    model->ir_version = 8;
    model->graph = allocate(1, sizeof *model->graph);
    onnx__graph_proto__init(model->graph);
    ob_import("", opset);
}

void ob_import(const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *entry = allocate(1, sizeof *entry);
    onnx__operator_set_id_proto__init(entry);
    entry->domain = copy_text(domain);
    entry->has_version = 1;
    entry->version = version;
    model->opset_import = append(model->opset_import, &model->n_opset_import, entry);
}

void ob_ir_version(int64_t version)
{
    model->ir_version = version;
}

void ob_metadata(const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = allocate(1, sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = copy_text(key);
    entry->value = copy_text(value);
    model->metadata_props = append(model->metadata_props, &model->n_metadata_props, entry);
}

static void add_dimension(Onnx__TensorShapeProto *shape, int64_t size)
{
    Onnx__TensorShapeProto__Dimension *dimension = allocate(1, sizeof *dimension);
    onnx__tensor_shape_proto__dimension__init(dimension);
    dimension->has_dim_value = size != OB_OPEN;
    dimension->dim_value = size == OB_OPEN ? 0 : size;
    if (size == OB_OPEN) dimension->dim_param = copy_text("open");
    shape->dim = append(shape->dim, &shape->n_dim, dimension);
}

static Onnx__ValueInfoProto *value_info(const char *name)
{
    Onnx__ValueInfoProto *info = allocate(1, sizeof *info);
    onnx__value_info_proto__init(info);
    info->name = copy_text(name);
    return info;
}

void ob_input(const char *name, int type, size_t rank, const int64_t *dims)
{
    Onnx__ValueInfoProto *info = value_info(name);
    info->type = allocate(1, sizeof *info->type);
    onnx__type_proto__init(info->type);
    Onnx__TypeProto__Tensor *tensor = info->type->tensor_type = allocate(1, sizeof *tensor);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = allocate(1, sizeof *tensor->shape);
    onnx__tensor_shape_proto__init(tensor->shape);
    for (size_t i = 0; i < rank; i++) add_dimension(tensor->shape, dims[i]);
    model->graph->input = append(model->graph->input, &model->graph->n_input, info);
}

void ob_output(const char *name)
{
    model->graph->output = append(model->graph->output, &model->graph->n_output, value_info(name));
}

void ob_value_info(const char *name)
{
    Onnx__GraphProto *graph = model->graph;
    graph->value_info = append(graph->value_info, &graph->n_value_info, value_info(name));
}

static Onnx__TensorProto *tensor_raw(const char *name, int type, size_t rank, const int64_t *dims,
                                     const void *data, size_t bytes)
{
    Onnx__TensorProto *tensor = allocate(1, sizeof *tensor);
    onnx__tensor_proto__init(tensor);
    if (name) tensor->name = copy_text(name);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->n_dims = rank;
    tensor->dims = copy_data(dims, rank, sizeof *dims);
    tensor->has_raw_data = 1;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = copy_data(data, bytes, 1);
    return tensor;
}

static size_t element_count(size_t rank, const int64_t *dims)
{
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) count *= (size_t)dims[i];
    return count;
}

static Onnx__TensorProto *tensor_float(const char *name, size_t rank, const int64_t *dims, const float *data)
{
    return tensor_raw(name, OB_FLOAT, rank, dims, data, element_count(rank, dims) * sizeof *data);
}

static Onnx__TensorProto *tensor_int64(const char *name, size_t rank, const int64_t *dims,
                                       const int64_t *data)
{
    return tensor_raw(name, OB_INT64, rank, dims, data, element_count(rank, dims) * sizeof *data);
}

static void add_initializer(Onnx__TensorProto *tensor)
{
    Onnx__GraphProto *graph = model->graph;
    graph->initializer = append(graph->initializer, &graph->n_initializer, tensor);
}

void ob_initializer_float(const char *name, size_t rank, const int64_t *dims, const float *data)
{
    add_initializer(tensor_float(name, rank, dims, data));
}

void ob_initializer_int64(const char *name, size_t rank, const int64_t *dims, const int64_t *data)
{
    add_initializer(tensor_int64(name, rank, dims, data));
}

void ob_initializer_raw(const char *name, int type, size_t rank, const int64_t *dims, const void *data,
                        size_t bytes)
{
    add_initializer(tensor_raw(name, type, rank, dims, data, bytes));
}

static void add_entry(Onnx__TensorProto *tensor, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = allocate(1, sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = copy_text(key);
    entry->value = copy_text(value);
    tensor->external_data = append(tensor->external_data, &tensor->n_external_data, entry);
}

void ob_initializer_external(const char *name, int type, size_t rank, const int64_t *dims,
                             const char *location, const char *offset, const char *length)
{
    Onnx__TensorProto *tensor = tensor_raw(name, type, rank, dims, "", 0);
    tensor->has_raw_data = 0;
    tensor->has_data_location = 1;
    tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    if (location) add_entry(tensor, "location", location);
    if (offset) add_entry(tensor, "offset", offset);
    if (length) add_entry(tensor, "length", length);
    add_initializer(tensor);
}

void ob_node(const char *operator_name, const char *name, const char *const *inputs,
             const char *const *outputs)
{
    Onnx__NodeProto *node = allocate(1, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = copy_text(operator_name);
    if (name) node->name = copy_text(name);
    for (; *inputs; inputs++) node->input = append(node->input, &node->n_input, copy_text(*inputs));
    for (; *outputs; outputs++) node->output = append(node->output, &node->n_output, copy_text(*outputs));
    model->graph->node = append(model->graph->node, &model->graph->n_node, node);
}

static Onnx__NodeProto *last_node(void)
{
    assert_true(model->graph->n_node > 0);
    return model->graph->node[model->graph->n_node - 1];
}

void ob_domain(const char *domain)
{
    last_node()->domain = copy_text(domain);
}

static Onnx__AttributeProto *add_attribute(const char *name, Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *attribute = allocate(1, sizeof *attribute);
    onnx__attribute_proto__init(attribute);
    attribute->name = copy_text(name);
    attribute->has_type = 1;
    attribute->type = type;
    Onnx__NodeProto *node = last_node();
    node->attribute = append(node->attribute, &node->n_attribute, attribute);
    return attribute;
}

void ob_int(const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute = add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    attribute->has_i = 1;
    attribute->i = value;
}

void ob_float(const char *name, float value)
{
    Onnx__AttributeProto *attribute = add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    attribute->has_f = 1;
    attribute->f = value;
}

void ob_text(const char *name, const char *value)
{
    Onnx__AttributeProto *attribute = add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    attribute->has_s = 1;
    attribute->s.len = strlen(value);
    attribute->s.data = copy_data(value, strlen(value), 1);
}

void ob_ints(const char *name, size_t count, const int64_t *values)
{
    Onnx__AttributeProto *attribute = add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    attribute->n_ints = count;
    attribute->ints = copy_data(values, count, sizeof *values);
}

void ob_floats(const char *name, size_t count, const float *values)
{
    Onnx__AttributeProto *attribute = add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    attribute->n_floats = count;
    attribute->floats = copy_data(values, count, sizeof *values);
}

void ob_tensor_float(const char *name, size_t rank, const int64_t *dims, const float *data)
{
    add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)->t =
        tensor_float(NULL, rank, dims, data);
}

void ob_tensor_int64(const char *name, size_t rank, const int64_t *dims, const int64_t *data)
{
    add_attribute(name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)->t =
        tensor_int64(NULL, rank, dims, data);
}

uint8_t *ob_pack(size_t *size)
{
    *size = onnx__model_proto__get_packed_size(model);
    uint8_t *bytes = allocate(*size, 1);
    onnx__model_proto__pack(model, bytes);
    onnx__model_proto__free_unpacked(model, NULL);
    model = NULL;
    return bytes;
}

void ob_write(const char *path)
{
    size_t size;
    uint8_t *bytes = ob_pack(&size);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}
