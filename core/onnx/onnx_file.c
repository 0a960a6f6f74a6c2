#include "onnx/onnx_file.h"

#include "base/file.h"
#include "base/sizes.h"

#include <inttypes.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define FILE_CAP ((size_t)2 << 30)
#define LAST_IR 12

/* --- unpacking under a ceiling ---------------------------------------------------------------------- */

static Status no_room(const OnnxFile *file, Message *message)
{
    return status_fail(message, STATUS_MEMORY, "it takes more than the %zu MiB that are left of --memory",
                       size_mib(file->ceiling));
}

/* What malloc() takes for `size` bytes: a name of three takes 32. */
static size_t taken(size_t size)
{
    return size > SIZE_MAX / 2 ? size : size_max(32, (size + 8 + 15) / 16 * 16);
}

/* Counts what is taken and never subtracts: unpacking frees next to nothing before it ends. */
static void *allocate(void *context, size_t size)
{
    OnnxFile *file = context;
    if (taken(size) > file->ceiling - file->used) {
        file->refused = true;
        return NULL;
    }
    file->used += taken(size);
    void *memory = malloc(size ? size : 1);
    file->starved |= !memory;
    return memory;
}

static void release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static ProtobufCAllocator allocator_of(OnnxFile *file)
{
    return (ProtobufCAllocator){allocate, release, file};
}

static bool has_field_zero(const ProtobufCMessage *message);

/* The messages of a field, whose descriptor says where its count and its pointers are. */
static bool any_has_field_zero(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    const void *place = base + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        const ProtobufCMessage *one = *(ProtobufCMessage *const *)place;
        return one && has_field_zero(one);
    }
    const size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    ProtobufCMessage *const *list = *(ProtobufCMessage *const *const *)place;
    for (size_t i = 0; i < count; i++)
        if (has_field_zero(list[i])) return true;
    return false;
}

/* A field of number 0, which none may have, and which unpacking takes for one it does not know. The schema
 * ends the recursion. */
static bool has_field_zero(const ProtobufCMessage *message)
{
    for (size_t i = 0; i < message->n_unknown_fields; i++)
        if (message->unknown_fields[i].tag == 0) return true;
    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && any_has_field_zero(message, field)) return true;
    }
    return false;
}

static Status unpack(OnnxFile *file, const char *data, size_t size, Message *message)
{
    if (size == 0) return status_fail(message, STATUS_INVALID, "the file is empty");
    ProtobufCAllocator allocator = allocator_of(file);
    file->model = onnx__model_proto__unpack(&allocator, size, (const uint8_t *)data);
    if (file->model && !has_field_zero(&file->model->base)) return STATUS_OK;
    if (file->refused) return no_room(file, message);
    if (file->starved) return status_no_memory(message, "what the file holds");
    return status_fail(message, STATUS_INVALID, "it is no ONNX file, or damaged or cut short");
}

/* --- checks ----------------------------------------------------------------------------------------- */

static bool is_default_domain(const char *domain)
{
    return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

static Status find_opset(OnnxFile *file, Message *message)
{
    int64_t version = 0;
    for (size_t i = 0; i < file->model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *entry = file->model->opset_import[i];
        if (is_default_domain(entry->domain) && entry->version > version) version = entry->version;
    }
    if (version == 0)
        return status_fail(message, STATUS_INVALID, "it names no opset: it is no ONNX file, or damaged");
    if (version < ONNX_FIRST_OPSET || version > ONNX_LAST_OPSET)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "opset %" PRId64 " is not supported: convert it to one of %d to %d", version,
                           ONNX_FIRST_OPSET, ONNX_LAST_OPSET);
    file->opset = (int)version;
    return STATUS_OK;
}

static Status check_model(OnnxFile *file, Message *message)
{
    const Onnx__ModelProto *model = file->model;
    if (!model->graph || !model->has_ir_version || model->ir_version < 1)
        return status_fail(message, STATUS_INVALID, "it holds no graph: it is no ONNX file, or damaged");
    if (model->ir_version > LAST_IR)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "IR version %" PRId64 " is not supported: the last is %d", model->ir_version,
                           LAST_IR);
    return find_opset(file, message);
}

/* The file's bytes and what they unpack to are there at once. It may have grown since its size was asked for:
 * the ceiling holds for what is loaded, too. */
static Status read_model(OnnxFile *file, const char *path, Message *message)
{
    char *data;
    file->used = file_bytes(path);
    if (file->used > file->ceiling) return no_room(file, message);
    Status status = file_load(&data, &file->used, path, size_min(FILE_CAP, file->ceiling), message);
    const size_t size = file->used;
    if (!status) SHA256Data((const uint8_t *)data, size, file->sha256);
    if (!status) status = unpack(file, data, size, message);
    file->used -= size;
    free(data);
    return status;
}

Status onnx_file_open(OnnxFile **result, const char *path, size_t ceiling, Message *message)
{
    *result = NULL;
    OnnxFile *file = calloc(1, sizeof *file);
    if (!file) return status_no_memory(message, "the file");
    file->ceiling = ceiling;
    Status status = read_model(file, path, message);
    if (!status) status = check_model(file, message);
    if (!status) status = external_open(&file->external, path, file->model, file->ceiling, message);
    if (!status) status = external_sha256(file->sha256, &file->external, message);
    if (status)
        onnx_file_close(file);
    else
        *result = file;
    return status;
}

void onnx_file_close(OnnxFile *file)
{
    if (!file) return;
    ProtobufCAllocator allocator = allocator_of(file);
    external_close(&file->external);
    if (file->model) onnx__model_proto__free_unpacked(file->model, &allocator);
    free(file);
}

const char *onnx_file_metadata(const OnnxFile *file, const char *key)
{
    for (size_t i = 0; i < file->model->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *entry = file->model->metadata_props[i];
        if (entry->key && entry->value && strcmp(entry->key, key) == 0) return entry->value;
    }
    return "";
}

/* --- tensors ---------------------------------------------------------------------------------------- */

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

Status onnx_tensor_take_in(Onnx__TensorProto *tensor, const ExternalFiles *external, Arena *arena,
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
