/* SPDX-License-Identifier: MIT */
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
    Status status = status_fail(message, STATUS_MEMORY, "it takes more than the %zu MiB that are left",
                                size_mib(file->ceiling));
    return status_advise(status, message, REMEDY_MEMORY);
}

/* Bytes that malloc() takes for `size` bytes: 32 for a name of three. */
static size_t taken(size_t size)
{
    return size > SIZE_MAX / 2 ? size : size_max(32, (size + 8 + 15) / 16 * 16);
}

/* protobuf-c's allocator. Counts what is taken and never subtracts: unpacking frees next to nothing before it
 * ends. */
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

/* Whether a message, or one in it, has a field of number 0, which is invalid and which unpacking takes for an
 * unknown field. The schema bounds the recursion. */
static bool has_field_zero(const ProtobufCMessage *message)
{
    for (size_t i = 0; i < message->n_unknown_fields; i++)
        if (message->unknown_fields[i].tag == 0) return true;
    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        /* A repeated field is a count and a list; another one is a pointer, as in a list of one. */
        const char *base = (const char *)message;
        const bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        const void *place = base + field->offset;
        ProtobufCMessage *const *list = repeated ? *(ProtobufCMessage *const *const *)place : place;
        const size_t count =
            repeated ? *(const size_t *)(const void *)(base + field->quantifier_offset) : *list != NULL;
        for (size_t k = 0; k < count; k++)
            if (has_field_zero(list[k])) return true;
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
    return status_fail(message, STATUS_INVALID, "not an ONNX file, or truncated");
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
        return status_fail(message, STATUS_INVALID, "it names no opset: not an ONNX file, or damaged");
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
        return status_fail(message, STATUS_INVALID, "it has no graph: not an ONNX file, or damaged");
    if (model->ir_version > LAST_IR)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "IR version %" PRId64 " is not supported: the last is %d", model->ir_version,
                           LAST_IR);
    return find_opset(file, message);
}

/* The file's bytes and its unpacked form are in memory at once. The file may grow after its size is asked
 * for: the ceiling also bounds the bytes that are loaded. */
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

/* Weights are in memory up to four times: unpacked, folded, packed or edited, and in the file. */
Status onnx_file_advise(Status status, const char *path, size_t ceiling, Message *message)
{
    const size_t bytes = 4 * file_bytes(path);
    if (status != STATUS_MEMORY || !message || !(message->remedies & REMEDY_MEMORY) || bytes <= ceiling)
        return status;
    message->remedies &= ~(unsigned)REMEDY_MEMORY;
    return status_advise_memory(status, message, REMEDY_MEMORY_FOR_FILE, bytes, ceiling);
}
