/* SPDX-License-Identifier: MIT */
/* Mutator of ONNX files for the fuzzer. Random changes of bytes rarely leave a valid graph, so most changes
 * are made to the unpacked model: operators, names, attributes, shapes with data that fits them. Everything
 * is allocated in an arena, so that parts may be shared and dropped. */
#include "base/arena.h"
#include "base/random.h"
#include "base/sizes.h"

#include "onnx.pb-c.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)16 << 20)
#define MOST_ELEMENTS 4096

/* From libFuzzer. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

typedef struct Mutation {
    Arena arena;
    Onnx__ModelProto *model;
    uint64_t seed, draws;
} Mutation;

static size_t draw(Mutation *mutation, size_t count)
{
    return count ? random_bits(mutation->seed, mutation->draws++, 0, 0) % count : 0;
}

static void *allocate(void *context, size_t size)
{
    return arena_allocate(&((Mutation *)context)->arena, size, 1);
}

static void release(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

static int64_t draw_number(Mutation *mutation)
{
    static const int64_t numbers[] = {
        0,  1,    2,     3,         4,         5,         7,         8,          15,
        16, 17,   60,    63,        255,       -1,        -2,        -3,         -4,
        -5, 1000, 65536, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 4294967296, 2147483648};
    const size_t count = sizeof numbers / sizeof *numbers;
    /* Small ones in most cases. */
    return numbers[draw(mutation, draw(mutation, 4) ? 9 : count)];
}

static float draw_float(Mutation *mutation)
{
    static const float numbers[] = {
        0, 1, -1, 0.5f, 2, 1e-40f, 1e30f, -3e38f, __builtin_inff(), __builtin_nanf("")};
    return numbers[draw(mutation, sizeof numbers / sizeof *numbers)];
}

/* --- operators and names ------------------------------------------------------------------------------ */

static char *draw_operator(Mutation *mutation)
{
    static char *const names[] = {"Abs",
                                  "Add",
                                  "And",
                                  "ArgMax",
                                  "ArgMin",
                                  "AveragePool",
                                  "BatchNormalization",
                                  "Cast",
                                  "Ceil",
                                  "Celu",
                                  "Clip",
                                  "Concat",
                                  "Constant",
                                  "ConstantOfShape",
                                  "Conv",
                                  "ConvTranspose",
                                  "Cos",
                                  "CumSum",
                                  "DepthToSpace",
                                  "DequantizeLinear",
                                  "Div",
                                  "Dropout",
                                  "Einsum",
                                  "Elu",
                                  "Equal",
                                  "Erf",
                                  "Exp",
                                  "Expand",
                                  "Flatten",
                                  "Floor",
                                  "Gather",
                                  "GatherElements",
                                  "GatherND",
                                  "Gelu",
                                  "Gemm",
                                  "GlobalAveragePool",
                                  "GlobalMaxPool",
                                  "Greater",
                                  "GreaterOrEqual",
                                  "GroupNormalization",
                                  "HardSigmoid",
                                  "HardSwish",
                                  "Identity",
                                  "InstanceNormalization",
                                  "IsNaN",
                                  "LRN",
                                  "LayerNormalization",
                                  "LeakyRelu",
                                  "Less",
                                  "LessOrEqual",
                                  "Log",
                                  "LogSoftmax",
                                  "MatMul",
                                  "Max",
                                  "MaxPool",
                                  "Mean",
                                  "Min",
                                  "Mish",
                                  "Mod",
                                  "Mul",
                                  "Neg",
                                  "Not",
                                  "Or",
                                  "PRelu",
                                  "Pad",
                                  "Pow",
                                  "QuantizeLinear",
                                  "Range",
                                  "Reciprocal",
                                  "ReduceL1",
                                  "ReduceL2",
                                  "ReduceLogSum",
                                  "ReduceMax",
                                  "ReduceMean",
                                  "ReduceMin",
                                  "ReduceProd",
                                  "ReduceSum",
                                  "ReduceSumSquare",
                                  "Relu",
                                  "Reshape",
                                  "Resize",
                                  "Round",
                                  "ScatterND",
                                  "Selu",
                                  "Shape",
                                  "Sigmoid",
                                  "Sign",
                                  "Sin",
                                  "Size",
                                  "Slice",
                                  "Softmax",
                                  "Softplus",
                                  "Softsign",
                                  "SpaceToDepth",
                                  "Split",
                                  "Sqrt",
                                  "Squeeze",
                                  "Sub",
                                  "Sum",
                                  "Tanh",
                                  "ThresholdedRelu",
                                  "Tile",
                                  "TopK",
                                  "Transpose",
                                  "Trilu",
                                  "Unsqueeze",
                                  "Upsample",
                                  "Where",
                                  "Xor"};
    return names[draw(mutation, sizeof names / sizeof *names)];
}

static Onnx__NodeProto *draw_node(Mutation *mutation)
{
    const Onnx__GraphProto *graph = mutation->model->graph;
    return graph->n_node ? graph->node[draw(mutation, graph->n_node)] : NULL;
}

/* A value's name: an initializer's, an input's or a node's output. */
static char *draw_name(Mutation *mutation)
{
    const Onnx__GraphProto *graph = mutation->model->graph;
    const Onnx__NodeProto *node = draw_node(mutation);
    char *name = NULL;
    const size_t kind = draw(mutation, 4);
    if (kind == 0 && graph->n_initializer)
        name = graph->initializer[draw(mutation, graph->n_initializer)]->name;
    else if (kind == 1 && graph->n_input)
        name = graph->input[draw(mutation, graph->n_input)]->name;
    else if (node && node->n_output)
        name = node->output[draw(mutation, node->n_output)];
    return name ? name : "";
}

/* Returns the list with one more empty place at the end. */
static void *grown(Mutation *mutation, void *list, size_t count, size_t size)
{
    char *larger = arena_allocate(&mutation->arena, count + 1, size);
    if (larger && count) memcpy(larger, list, count * size);
    return larger;
}

static void change_inputs(Mutation *mutation, Onnx__NodeProto *node)
{
    const size_t kind = draw(mutation, 4);
    if (kind == 0 && node->n_input) {
        node->n_input--;
    } else if (kind == 1) {
        char **larger = grown(mutation, node->input, node->n_input, sizeof *larger);
        if (!larger) return;
        node->input = larger;
        node->input[node->n_input++] = draw_name(mutation);
    } else if (node->n_input) {
        node->input[draw(mutation, node->n_input)] = kind == 2 ? draw_name(mutation) : "";
    }
}

/* Inserts a node between another and its consumers. */
static void insert_node(Mutation *mutation)
{
    static char *const made[] = {"made0", "made1", "made2", "made3", "made4", "made5", "made6", "made7"};
    Onnx__GraphProto *graph = mutation->model->graph;
    Onnx__NodeProto *node = draw_node(mutation), *added = allocate(mutation, sizeof *added);
    Onnx__NodeProto **larger = grown(mutation, graph->node, graph->n_node, sizeof *larger);
    char **names = allocate(mutation, 2 * sizeof *names);
    if (!node || !node->n_output || !added || !larger || !names) return;
    *added = (Onnx__NodeProto)ONNX__NODE_PROTO__INIT;
    names[0] = made[draw(mutation, sizeof made / sizeof *made)];
    names[1] = node->output[0];
    node->output[0] = names[0];
    added->op_type = draw_operator(mutation);
    added->n_input = added->n_output = 1;
    added->input = names;
    added->output = names + 1;
    graph->node = larger;
    graph->node[graph->n_node++] = added;
}

/* --- attributes --------------------------------------------------------------------------------------- */

static Onnx__AttributeProto *draw_attribute(Mutation *mutation, const Onnx__NodeProto *node)
{
    return node->n_attribute ? node->attribute[draw(mutation, node->n_attribute)] : NULL;
}

static void change_integers(Mutation *mutation, size_t *count, int64_t **integers)
{
    const size_t kind = draw(mutation, 5);
    if (kind == 0 && *count) {
        --*count;
    } else if (kind == 1) {
        int64_t *larger = grown(mutation, *integers, *count, sizeof *larger);
        if (!larger) return;
        *integers = larger;
        larger[(*count)++] = draw_number(mutation);
    } else if (*count) {
        (*integers)[draw(mutation, *count)] = draw_number(mutation);
    }
}

static void change_attribute(Mutation *mutation, Onnx__AttributeProto *attribute)
{
    if (!attribute) return;
    if (attribute->n_ints)
        change_integers(mutation, &attribute->n_ints, &attribute->ints);
    else if (attribute->has_i)
        attribute->i = draw_number(mutation);
    else if (attribute->has_f)
        attribute->f = draw_float(mutation);
    else if (attribute->n_floats)
        attribute->floats[draw(mutation, attribute->n_floats)] = draw_float(mutation);
    else if (attribute->has_s && attribute->s.len)
        attribute->s.data[draw(mutation, attribute->s.len)] = (uint8_t) "ijkbn,->.ab"[draw(mutation, 11)];
}

/* Copies an attribute from another node, which may have another operator. */
static void take_attribute(Mutation *mutation, Onnx__NodeProto *node)
{
    const Onnx__NodeProto *other = draw_node(mutation);
    Onnx__AttributeProto *attribute = draw_attribute(mutation, other);
    Onnx__AttributeProto **larger = grown(mutation, node->attribute, node->n_attribute, sizeof *larger);
    if (!attribute || !larger) return;
    node->attribute = larger;
    node->attribute[node->n_attribute++] = attribute;
}

/* --- tensors ------------------------------------------------------------------------------------------ */

static size_t width_of(int type)
{
    static const size_t widths[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 0, 0, 2};
    return type >= 0 && (size_t)type < sizeof widths / sizeof *widths ? widths[type] : 0;
}

/* Fills raw data to the length of the shape by repeating the existing data. */
static void fit_data(Mutation *mutation, Onnx__TensorProto *tensor)
{
    size_t elements = 1;
    const size_t width = width_of(tensor->data_type);
    for (size_t i = 0; i < tensor->n_dims; i++)
        if (tensor->dims[i] < 0 || !size_multiply(&elements, elements, (size_t)tensor->dims[i]) ||
            elements > MOST_ELEMENTS)
            return;
    uint8_t *data = allocate(mutation, elements * width + 1);
    if (!data || !width) return;
    const ProtobufCBinaryData old = tensor->raw_data;
    for (size_t i = 0; i < elements * width; i++)
        data[i] = old.len ? old.data[i % old.len] : (uint8_t)(i % width == 0);
    tensor->n_float_data = tensor->n_int32_data = tensor->n_int64_data = tensor->n_double_data = 0;
    tensor->n_uint64_data = 0;
    tensor->has_raw_data = 1;
    tensor->raw_data = (ProtobufCBinaryData){elements * width, data};
}

static void change_elements(Mutation *mutation, Onnx__TensorProto *tensor)
{
    if (!tensor->has_raw_data || tensor->raw_data.len < 8) return;
    const int64_t number = draw_number(mutation);
    const float real = draw_float(mutation);
    const size_t width = tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 ? 8 : 4;
    memcpy(tensor->raw_data.data + draw(mutation, tensor->raw_data.len / width) * width,
           width == 8 ? (const void *)&number : (const void *)&real, width);
}

static void change_tensor(Mutation *mutation)
{
    static const int types[] = {1, 1, 1, 7, 7, 9, 6, 10, 11, 16, 2, 3, 13};
    const Onnx__GraphProto *graph = mutation->model->graph;
    if (!graph->n_initializer) return;
    Onnx__TensorProto *tensor = graph->initializer[draw(mutation, graph->n_initializer)];
    switch (draw(mutation, 4)) {
    case 0:
        change_integers(mutation, &tensor->n_dims, &tensor->dims);
        fit_data(mutation, tensor);
        break;
    case 1:
        tensor->data_type = types[draw(mutation, sizeof types / sizeof *types)];
        fit_data(mutation, tensor);
        break;
    default:
        change_elements(mutation, tensor);
    }
}

static void change_image(Mutation *mutation)
{
    const Onnx__GraphProto *graph = mutation->model->graph;
    const Onnx__TypeProto *type = graph->n_input ? graph->input[0]->type : NULL;
    const Onnx__TensorShapeProto *shape = type && type->tensor_type ? type->tensor_type->shape : NULL;
    if (!shape || !shape->n_dim) return;
    Onnx__TensorShapeProto__Dimension *dimension = shape->dim[draw(mutation, shape->n_dim)];
    dimension->has_dim_value = 1;
    dimension->dim_value = draw_number(mutation);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void change_node(Mutation *mutation)
{
    Onnx__NodeProto *node = draw_node(mutation);
    if (!node) return;
    switch (draw(mutation, 8)) {
    case 0:
        node->op_type = draw_operator(mutation);
        break;
    case 1:
    case 2:
        change_inputs(mutation, node);
        break;
    case 3:
        take_attribute(mutation, node);
        break;
    case 4:
        if (node->n_attribute) node->n_attribute--;
        break;
    default:
        change_attribute(mutation, draw_attribute(mutation, node));
    }
}

static void change_model(Mutation *mutation)
{
    switch (draw(mutation, 12)) {
    case 0:
        insert_node(mutation);
        break;
    case 1:
        change_image(mutation);
        break;
    case 2:
        if (mutation->model->n_opset_import)
            mutation->model->opset_import[0]->version = (int64_t)(7 + draw(mutation, 15));
        break;
    case 3:
    case 4:
    case 5:
        change_tensor(mutation);
        break;
    default:
        change_node(mutation);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    Mutation mutation = {.arena = arena_make(MOST_BYTES), .seed = seed};
    ProtobufCAllocator allocator = {allocate, release, &mutation};
    const bool bytes = draw(&mutation, 8) == 0;
    if (!bytes) mutation.model = onnx__model_proto__unpack(&allocator, size, data);
    size_t packed = 0;
    if (mutation.model && mutation.model->graph) {
        for (size_t changes = 1 + draw(&mutation, 3); changes; changes--) change_model(&mutation);
        packed = onnx__model_proto__get_packed_size(mutation.model);
        if (packed <= max_size) onnx__model_proto__pack(mutation.model, data);
    }
    arena_free(&mutation.arena);
    return packed && packed <= max_size ? packed : LLVMFuzzerMutate(data, size, max_size);
}
