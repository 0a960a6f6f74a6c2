/* SPDX-License-Identifier: MIT */
#include "onnx/onnx_tensor.h"

#include "base/sizes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Where a tensor's elements are: raw bytes, or one of the typed arrays (as protobuf holds them, so that
 * int32_data carries the small types and the halves' bits). */
typedef struct Source {
    const void *data;
    size_t count, width; /* elements; bytes of one */
    bool raw;
} Source;

/* out[i] = the i-th element at `in`, whose width is `width` */
typedef void Convert(void *out, const unsigned char *in, size_t width, size_t count);

static uint32_t half_bits(uint32_t half)
{
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ffu;
    if (exponent == 31) return sign | 0x7f800000u | fraction << 13;
    if (exponent) return sign | (exponent + 112) << 23 | fraction << 13;
    if (!fraction) return sign;
    unsigned shift = (unsigned)__builtin_clz(fraction) - 21; /* to a leading one at bit 10 */
    return sign | (113 - shift) << 23 | (fraction << shift & 0x3ffu) << 13;
}

static uint32_t load_half(const unsigned char *in)
{
    uint16_t half;
    memcpy(&half, in, sizeof half);
    return half;
}

static void convert_double(void *out, const unsigned char *in, size_t width, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double x;
        memcpy(&x, in + i * width, sizeof x);
        ((float *)out)[i] = (float)x;
    }
}

static void convert_half(void *out, const unsigned char *in, size_t width, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = half_bits(load_half(in + i * width));
        memcpy((float *)out + i, &bits, sizeof bits);
    }
}

static void convert_bfloat16(void *out, const unsigned char *in, size_t width, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = load_half(in + i * width) << 16;
        memcpy((float *)out + i, &bits, sizeof bits);
    }
}

#define CONVERT_INTEGERS(type)                                                                               \
    static void convert_##type(void *out, const unsigned char *in, size_t width, size_t count)               \
    {                                                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                 \
            type x;                                                                                          \
            memcpy(&x, in + i * width, sizeof x);                                                            \
            ((int64_t *)out)[i] = (int64_t)x;                                                                \
        }                                                                                                    \
    }
CONVERT_INTEGERS(int8_t)
CONVERT_INTEGERS(uint8_t)
CONVERT_INTEGERS(int16_t)
CONVERT_INTEGERS(uint16_t)
CONVERT_INTEGERS(int32_t)
CONVERT_INTEGERS(uint32_t)
CONVERT_INTEGERS(uint64_t)

static void convert_bool(void *out, const unsigned char *in, size_t width, size_t count)
{
    for (size_t i = 0; i < count; i++) ((uint8_t *)out)[i] = in[i * width] != 0;
}

typedef enum TypedField { FIELD_FLOAT, FIELD_INT32, FIELD_INT64, FIELD_DOUBLE, FIELD_UINT64 } TypedField;

typedef struct DataType {
    const char *name;
    size_t width; /* in raw data; 0: not supported */
    TypedField field;
    ElementType type;
    Convert *convert; /* NULL: the elements are already as values hold them */
} DataType;

static const DataType data_types[] = {
    {"UNDEFINED", 0, FIELD_FLOAT, ELEMENT_FLOAT, NULL},
    {"FLOAT", 4, FIELD_FLOAT, ELEMENT_FLOAT, NULL},
    {"UINT8", 1, FIELD_INT32, ELEMENT_INT64, convert_uint8_t},
    {"INT8", 1, FIELD_INT32, ELEMENT_INT64, convert_int8_t},
    {"UINT16", 2, FIELD_INT32, ELEMENT_INT64, convert_uint16_t},
    {"INT16", 2, FIELD_INT32, ELEMENT_INT64, convert_int16_t},
    {"INT32", 4, FIELD_INT32, ELEMENT_INT64, convert_int32_t},
    {"INT64", 8, FIELD_INT64, ELEMENT_INT64, NULL},
    {"STRING", 0, FIELD_FLOAT, ELEMENT_FLOAT, NULL},
    {"BOOL", 1, FIELD_INT32, ELEMENT_BOOL, convert_bool},
    {"FLOAT16", 2, FIELD_INT32, ELEMENT_FLOAT, convert_half},
    {"DOUBLE", 8, FIELD_DOUBLE, ELEMENT_FLOAT, convert_double},
    {"UINT32", 4, FIELD_UINT64, ELEMENT_INT64, convert_uint32_t},
    {"UINT64", 8, FIELD_UINT64, ELEMENT_INT64, convert_uint64_t},
    {"COMPLEX64", 0, FIELD_FLOAT, ELEMENT_FLOAT, NULL},
    {"COMPLEX128", 0, FIELD_FLOAT, ELEMENT_FLOAT, NULL},
    {"BFLOAT16", 2, FIELD_INT32, ELEMENT_FLOAT, convert_bfloat16},
};
static const size_t data_type_count = sizeof data_types / sizeof *data_types;

const char *onnx_type_name(int64_t type)
{
    return type >= 0 && (uint64_t)type < data_type_count ? data_types[type].name : "unknown";
}

bool onnx_type_element(ElementType *type, int64_t number)
{
    if (number < 0 || (uint64_t)number >= data_type_count || data_types[number].width == 0) return false;
    *type = data_types[number].type;
    return *type != ELEMENT_INT64 || number == ONNX__TENSOR_PROTO__DATA_TYPE__INT32 ||
           number == ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
}

static Source source_of(const Onnx__TensorProto *from, const DataType *type)
{
    if (from->has_raw_data)
        return (Source){from->raw_data.data, from->raw_data.len / type->width, type->width, true};
    switch (type->field) {
    case FIELD_FLOAT:
        return (Source){from->float_data, from->n_float_data, sizeof(float), false};
    case FIELD_INT32:
        return (Source){from->int32_data, from->n_int32_data, sizeof(int32_t), false};
    case FIELD_INT64:
        return (Source){from->int64_data, from->n_int64_data, sizeof(int64_t), false};
    case FIELD_DOUBLE:
        return (Source){from->double_data, from->n_double_data, sizeof(double), false};
    case FIELD_UINT64:
        break;
    }
    return (Source){from->uint64_data, from->n_uint64_data, sizeof(uint64_t), false};
}

static Status read_shape(OnnxTensor *tensor, const Onnx__TensorProto *from, Message *message)
{
    if (from->n_dims > TENSOR_MAX_RANK)
        return status_fail(message, STATUS_UNSUPPORTED, "rank %zu: the most is %d", from->n_dims,
                           TENSOR_MAX_RANK);
    size_t bytes = sizeof(int64_t);
    tensor->rank = from->n_dims;
    tensor->elements = 1;
    for (size_t i = 0; i < from->n_dims; i++) {
        int64_t size = from->dims[i];
        if (size < 0 || !size_multiply(&bytes, bytes, (size_t)size))
            return status_fail(message, STATUS_INVALID, "dimension %zu is %" PRId64, i, size);
        tensor->shape[i] = (size_t)size;
        tensor->elements *= (size_t)size;
    }
    return STATUS_OK;
}

/* Elements as values hold them, from elements of the file's type. */
static Status convert_elements(OnnxTensor *tensor, const DataType *type, const Source *source, Arena *arena,
                               Message *message)
{
    tensor->data = source->data;
    if (!type->convert && tensor->elements > 0) return STATUS_OK;
    size_t width = type->type == ELEMENT_FLOAT ? 4 : type->type == ELEMENT_INT64 ? 8 : 1;
    void *data = arena_allocate(arena, tensor->elements, width);
    if (!data) return status_no_memory(message, "its elements");
    if (type->convert) type->convert(data, source->data, source->width, tensor->elements);
    tensor->data = data;
    return STATUS_OK;
}

static Status read_inside(OnnxTensor *tensor, const Onnx__TensorProto *from, const DataType *type,
                          Arena *arena, Message *message)
{
    Source source = source_of(from, type);
    bool whole = !source.raw || from->raw_data.len % type->width == 0;
    if (source.count != tensor->elements || !whole)
        return status_fail(message, STATUS_INVALID, "it has data for %zu elements, its shape says %zu",
                           source.count, tensor->elements);
    return convert_elements(tensor, type, &source, arena, message);
}

/* What is converted is read to memory of its own first. */
static Status read_outside(OnnxTensor *tensor, const Onnx__TensorProto *from, const ExternalFiles *external,
                           const DataType *type, Arena *arena, Message *message)
{
    if (!external)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "its data is in another file, which is not read here");
    ExternalPart part;
    Status status = external_find(&part, external, from, tensor->elements * type->width, message);
    if (status) return status;
    void *data = type->convert ? malloc(part.size + 1) : arena_allocate(arena, part.size, 1);
    if (!data) return status_no_memory(message, "its elements");
    const Source source = {data, tensor->elements, type->width, true};
    status = external_read(data, &part, message);
    if (!status) status = convert_elements(tensor, type, &source, arena, message);
    if (type->convert) free(data);
    return status;
}

/* The tensor's type and shape. */
static Status read_kind(OnnxTensor *tensor, const DataType **type, const Onnx__TensorProto *from,
                        Message *message)
{
    const int32_t number = from->data_type;
    *tensor = (OnnxTensor){0};
    if (number < 0 || (size_t)number >= data_type_count || data_types[number].width == 0)
        return status_fail(message, STATUS_UNSUPPORTED, "data type %d (%s) is not supported", number,
                           onnx_type_name(number));
    *type = &data_types[number];
    tensor->type = (*type)->type;
    return read_shape(tensor, from, message);
}

static Status read_tensor(OnnxTensor *tensor, const Onnx__TensorProto *from, const ExternalFiles *external,
                          Arena *arena, Message *message)
{
    const DataType *type;
    Status status = read_kind(tensor, &type, from, message);
    if (status) return status;
    return is_external(from) ? read_outside(tensor, from, external, type, arena, message)
                             : read_inside(tensor, from, type, arena, message);
}

Status onnx_tensor_read(OnnxTensor *tensor, const Onnx__TensorProto *from, const ExternalFiles *external,
                        Arena *arena, Message *message)
{
    Status status = read_tensor(tensor, from, external, arena, message);
    if (status) status_context(message, status, "tensor '%s'", from->name ? from->name : "");
    return status;
}

Status onnx_tensor_embed(Onnx__TensorProto *tensor, const ExternalFiles *external, Arena *arena,
                         Message *message)
{
    OnnxTensor kind;
    const DataType *type;
    ExternalPart part = {0};
    Status status = read_kind(&kind, &type, tensor, message);
    if (!status) status = external_find(&part, external, tensor, kind.elements * type->width, message);
    void *data = status ? NULL : arena_allocate(arena, part.size, 1);
    if (!status) status = data ? external_read(data, &part, message) : status_no_memory(message, "its data");
    if (status) return status_context(message, status, "tensor '%s'", tensor->name ? tensor->name : "");
    tensor->has_raw_data = true;
    tensor->raw_data = (ProtobufCBinaryData){part.size, data};
    tensor->n_external_data = 0;
    tensor->has_data_location = false;
    return STATUS_OK;
}
