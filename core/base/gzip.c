/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/gzip.h"

#include "base/file.h"
#include "base/sizes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static bool starts_as_gzip(const char *data)
{
    return (unsigned char)data[0] == 0x1f && (unsigned char)data[1] == 0x8b;
}

size_t gzip_bytes(const char *path)
{
    char head[2];
    unsigned char tail[4];
    size_t bytes = file_bytes(path);
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return bytes;
    if (bytes > sizeof tail && pread(file, head, sizeof head, 0) == sizeof head && starts_as_gzip(head) &&
        pread(file, tail, sizeof tail, (off_t)(bytes - sizeof tail)) == sizeof tail)
        bytes += tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    close(file);
    return bytes;
}

/* Doubles the room of *data, up to `cap`, which is what packed_size bytes leave of the limit. */
static Status grow(unsigned char **data, size_t *room, size_t cap, size_t packed_size, const char *path,
                   Message *message)
{
    if (*room == cap)
        return status_fail(
            message, STATUS_INVALID,
            "cannot read '%s': with what it unpacks to it takes more than the limit of %zu bytes", path,
            packed_size + cap);
    *room = *room > cap / 2 ? cap : 2 * *room;
    unsigned char *larger = realloc(*data, *room + 1);
    if (!larger) return status_fail(message, STATUS_MEMORY, "out of memory to unpack '%s'", path);
    *data = larger;
    return STATUS_OK;
}

/* Unpacks packed[packed_size], which may be several gzip members in a row, into *data, whose room grows up to
 * `cap`. *data is to be freed, also on failure. */
static Status unpack(unsigned char **data, size_t *size, const char *packed, size_t packed_size, size_t cap,
                     const char *path, Message *message)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)packed_size};
    size_t room = size_min(packed_size, cap);
    *data = malloc(room + 1);
    const int gzip_only = 16 + MAX_WBITS;
    if (!*data || inflateInit2(&stream, gzip_only) != Z_OK) return status_no_memory(message, "unpacking");
    Status status = STATUS_OK;
    bool ended = false; /* a member */
    while (status == STATUS_OK && (!ended || stream.avail_in > 0)) {
        stream.next_out = *data + *size;
        stream.avail_out = (uInt)(room - *size);
        const int code = inflate(&stream, Z_NO_FLUSH);
        *size = room - stream.avail_out;
        ended = code == Z_STREAM_END;
        if (ended) {
            inflateReset(&stream);
        } else if (code == Z_MEM_ERROR) {
            status = status_no_memory(message, "unpacking");
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            status = status_fail(message, STATUS_INVALID, "cannot read '%s': damaged gzip stream (%s)", path,
                                 stream.msg ? stream.msg : "no dictionary");
        } else if (*size == room) {
            status = grow(data, &room, cap, packed_size, path, message);
        } else if (stream.avail_in == 0) {
            status = status_fail(message, STATUS_INVALID, "cannot read '%s': the gzip stream ends too early",
                                 path);
        }
    }
    inflateEnd(&stream);
    return status;
}

Status gzip_read(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    Status status = file_read(data, size, path, size_min(cap, UINT_MAX), message);
    if (status != STATUS_OK || *size < 2 || !starts_as_gzip(*data)) return status;
    char *packed = *data;
    unsigned char *unpacked = NULL;
    const size_t packed_size = *size;
    *size = 0;
    status =
        unpack(&unpacked, size, packed, packed_size, size_min(cap, UINT_MAX) - packed_size, path, message);
    free(packed);
    if (status != STATUS_OK) {
        free(unpacked);
        unpacked = NULL;
        *size = 0;
    } else {
        unpacked[*size] = 0;
    }
    *data = (char *)unpacked;
    return status;
}
