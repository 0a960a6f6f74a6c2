/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "onnx/external.h"

#include "base/file.h"
#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_AT_ONCE ((size_t)1 << 20)

/* --- entries of a tensor ------------------------------------------------------------------------------ */

static const char *entry_of(const Onnx__TensorProto *tensor, const char *key)
{
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = tensor->external_data[i];
        if (entry->key && entry->value && strcmp(entry->key, key) == 0) return entry->value;
    }
    return NULL;
}

/* Reads a decimal number of bytes; `absent` where text is NULL. False where it is no number. */
static bool read_bytes(size_t *bytes, const char *text, size_t absent)
{
    *bytes = absent;
    if (!text) return true;
    if (*text < '0' || *text > '9') return false;
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    *bytes = (size_t)value;
    return *end == 0 && errno == 0 && value <= INT64_MAX;
}

/* --- opening ------------------------------------------------------------------------------------------ */

static Status refuse(const char *location, const char *why, Message *message)
{
    return status_fail(message, STATUS_INVALID, "external data '%s': %s", location, why);
}

static Status open_folder(int *folder, const char *network, Message *message)
{
    char *path = file_beside(network, ".");
    if (!path) return status_no_memory(message, "a path");
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Status status = *folder < 0 ? status_fail(message, STATUS_IO, "cannot read '%s': %m", path) : STATUS_OK;
    free(path);
    return status;
}

/* Opens `name` in the folder *folder, and closes that; *folder is then what was opened, or -1. */
static Status enter(int *folder, const char *name, bool last, const char *location, Message *message)
{
    const int kind = last ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY;
    const int next = openat(*folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind);
    const int reason = errno;
    close(*folder);
    *folder = next;
    if (next >= 0) return STATUS_OK;
    if (reason == ELOOP || (!last && reason == ENOTDIR))
        return refuse(location, "it leads through a link", message);
    return status_fail(message, STATUS_IO, "external data '%s': %s", location, strerror(reason));
}

/* Opens a path part by part, so that no part can be a link. Changes `path`. */
static Status open_below(int *file, char *path, const char *location, Message *message)
{
    for (char *name = path, *next; name; name = next) {
        next = strchr(name, '/');
        if (next) *next++ = 0;
        if (strcmp(name, "..") == 0 || *name == 0) {
            return refuse(location, "its path is absolute, or has '..' or an empty part", message);
        }
        Status status = enter(file, name, !next, location, message);
        if (status) return status;
    }
    return STATUS_OK;
}

static Status check_facts(const struct stat *facts, const char *location, Message *message)
{
    if (!S_ISREG(facts->st_mode)) return refuse(location, "it is not a regular file", message);
    if (facts->st_nlink > 1)
        return refuse(location, "it has a second name somewhere (a hard link): replace it by a copy",
                      message);
    return STATUS_OK;
}

static Status open_location(ExternalFile *result, const char *network, const char *location, Message *message)
{
    struct stat facts;
    int file = -1;
    char *path = strdup(location);
    if (!path) return status_no_memory(message, "a path");
    Status status = open_folder(&file, network, message);
    if (!status) status = open_below(&file, path, location, message);
    if (!status && fstat(file, &facts) != 0)
        status = status_fail(message, STATUS_IO, "external data '%s': %m", location);
    if (!status) status = check_facts(&facts, location, message);
    free(path);
    if (status) {
        if (file >= 0) close(file);
        return status;
    }
    *result = (ExternalFile){location, file, (size_t)facts.st_size};
    return STATUS_OK;
}

/* The open file of a location, or NULL. */
static const ExternalFile *find_file(const ExternalFiles *external, const char *location)
{
    for (size_t i = 0; i < external->count; i++)
        if (strcmp(external->files[i].location, location) == 0) return &external->files[i];
    return NULL;
}

/* Opens the file of a tensor with external data, unless it is open already. */
static Status open_file_of(ExternalFiles *external, const Onnx__TensorProto *tensor, Message *message)
{
    if (!is_external(tensor)) return STATUS_OK;
    const char *location = entry_of(tensor, "location");
    if (!location) location = "";
    if (find_file(external, location)) return STATUS_OK;
    ExternalFile *grown = realloc(external->files, (external->count + 1) * sizeof *grown);
    if (!grown) return status_no_memory(message, "external data");
    external->files = grown;
    ExternalFile *file = &grown[external->count];
    Status status = open_location(file, external->network, location, message);
    if (status) return status;
    external->count++;
    external->bytes += size_min(file->size, external->ceiling - external->bytes + 1);
    if (external->bytes <= external->ceiling) return STATUS_OK;
    status = status_fail(message, STATUS_MEMORY,
                         "external data '%s': %zu MiB, more than the %zu MiB that are left for all", location,
                         size_mib(file->size), size_mib(external->ceiling));
    return status_advise(status, message, REMEDY_MEMORY);
}

Status external_open(ExternalFiles *external, const char *network, const Onnx__ModelProto *model,
                     size_t ceiling, Message *message)
{
    const Onnx__GraphProto *graph = model->graph;
    Status status = STATUS_OK;
    *external = (ExternalFiles){.network = network, .ceiling = ceiling};
    for (size_t i = 0; !status && i < graph->n_initializer; i++)
        status = open_file_of(external, graph->initializer[i], message);
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; !status && k < graph->node[i]->n_attribute; k++)
            if (graph->node[i]->attribute[k]->t)
                status = open_file_of(external, graph->node[i]->attribute[k]->t, message);
    return status;
}

void external_close(ExternalFiles *external)
{
    for (size_t i = 0; i < external->count; i++) close(external->files[i].descriptor);
    free(external->files);
    *external = (ExternalFiles){0};
}

/* --- reading ------------------------------------------------------------------------------------------ */

static Status read_at(char *data, const ExternalFile *file, size_t offset, size_t size, Message *message)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got =
            pread(file->descriptor, data + done, size_min(size - done, READ_AT_ONCE), (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return status_fail(message, STATUS_IO, "external data '%s': %m", file->location);
        if (got == 0) return refuse(file->location, "its size changed while it was read", message);
        done += (size_t)got;
    }
    return STATUS_OK;
}

Status external_read(void *data, const ExternalPart *part, Message *message)
{
    return read_at(data, part->file, part->offset, part->size, message);
}

Status external_find(ExternalPart *part, const ExternalFiles *external, const Onnx__TensorProto *tensor,
                     size_t size, Message *message)
{
    const char *location = entry_of(tensor, "location");
    const ExternalFile *file = location ? find_file(external, location) : NULL;
    size_t offset, length;
    if (!file) return refuse(location ? location : "", "it is not open", message);
    if (!read_bytes(&offset, entry_of(tensor, "offset"), 0) || offset > file->size ||
        !read_bytes(&length, entry_of(tensor, "length"), file->size - offset) || length > file->size - offset)
        return refuse(location, "its offset or length is no number, or behind the end of the file", message);
    if (length < size || (length > size && entry_of(tensor, "length")))
        return status_fail(message, STATUS_INVALID, "external data '%s': %zu bytes, its shape says %zu",
                           location, length, size);
    *part = (ExternalPart){file, offset, size};
    return STATUS_OK;
}

static Status add_file(SHA2_CTX *sum, const ExternalFile *file, Message *message)
{
    char *block = malloc(READ_AT_ONCE);
    Status status = block ? STATUS_OK : status_no_memory(message, "external data");
    for (size_t at = 0; !status && at < file->size; at += READ_AT_ONCE) {
        const size_t size = size_min(READ_AT_ONCE, file->size - at);
        status = read_at(block, file, at, size, message);
        if (!status) SHA256Update(sum, (const uint8_t *)block, size);
    }
    free(block);
    return status;
}

Status external_sha256(char sha256[65], const ExternalFiles *external, Message *message)
{
    SHA2_CTX sum;
    Status status = STATUS_OK;
    if (external->count == 0) return STATUS_OK;
    SHA256Init(&sum);
    SHA256Update(&sum, (const uint8_t *)sha256, 64);
    for (size_t i = 0; !status && i < external->count; i++)
        status = add_file(&sum, &external->files[i], message);
    if (!status) SHA256End(&sum, sha256);
    return status;
}
