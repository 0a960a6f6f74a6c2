/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/file.h"

#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_AT_ONCE ((size_t)1 << 20)

/* Opens a regular file without waiting: opening a pipe would wait for its other end. */
static Status open_regular(int *file, size_t *size, const char *path, Message *message)
{
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*file < 0) return status_fail(message, STATUS_IO, "%m");
    struct stat facts;
    Status status = STATUS_OK;
    if (fstat(*file, &facts) != 0)
        status = status_fail(message, STATUS_IO, "%m");
    else if (S_ISDIR(facts.st_mode))
        status = status_fail(message, STATUS_INVALID, "it is a folder, not a file");
    else if (!S_ISREG(facts.st_mode))
        status = status_fail(message, STATUS_INVALID, "it is not a regular file");
    if (status != STATUS_OK)
        close(*file);
    else
        *size = (size_t)facts.st_size;
    return status;
}

/* Reads `size` bytes, fewer at the end of the file. -1 with errno on failure. */
static ssize_t read_up_to(int file, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, (char *)data + done, size_min(size - done, READ_AT_ONCE));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

size_t file_bytes(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && facts.st_size > 0 ? (size_t)facts.st_size : 0;
}

Status file_load(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    int file;
    size_t bytes;
    *data = NULL;
    *size = 0;
    Status status = open_regular(&file, &bytes, path, message);
    if (status != STATUS_OK) return status;
    char *buffer = NULL;
    if (bytes > cap || bytes >= SSIZE_MAX) {
        status = status_fail(message, STATUS_INVALID, "%zu bytes, more than the limit of %zu", bytes, cap);
    } else if (!(buffer = malloc(bytes + 1))) {
        status = status_fail(message, STATUS_MEMORY, "out of memory for %zu bytes", bytes);
    } else {
        const ssize_t got = read_up_to(file, buffer, bytes + 1); /* one more, which must not be there */
        if (got < 0)
            status = status_fail(message, STATUS_IO, "%m");
        else if ((size_t)got != bytes)
            status = status_fail(message, STATUS_IO, "its size changed while it was read");
    }
    close(file);
    if (status != STATUS_OK) {
        free(buffer);
        return status;
    }
    buffer[bytes] = 0;
    *data = buffer;
    *size = bytes;
    return STATUS_OK;
}

Status file_read(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    Status status = file_load(data, size, path, cap, message);
    return status == STATUS_OK ? status : status_context(message, status, "cannot read '%s'", path);
}

Status file_sha256(char hex[65], const char *path, Message *message)
{
    int file;
    size_t size;
    hex[0] = 0;
    Status status = open_regular(&file, &size, path, message);
    if (status == STATUS_OK) {
        SHA2_CTX context;
        SHA256Init(&context);
        unsigned char block[65536];
        ssize_t got;
        while ((got = read_up_to(file, block, sizeof block)) > 0) SHA256Update(&context, block, (size_t)got);
        if (got < 0) status = status_fail(message, STATUS_IO, "%m");
        close(file);
        if (status == STATUS_OK) SHA256End(&context, hex);
    }
    return status == STATUS_OK ? status : status_context(message, status, "cannot read '%s'", path);
}

char *file_beside(const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    if (name[0] == '/' || !slash) return strdup(name);
    size_t folder = (size_t)(slash - base) + 1, length = strlen(name);
    char *path = malloc(folder + length + 1);
    if (!path) return NULL;
    memcpy(path, base, folder);
    memcpy(path + folder, name, length + 1);
    return path;
}
