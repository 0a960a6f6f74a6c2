/* SPDX-License-Identifier: MIT */
/* Files that may be gzip streams, by zlib. Any thread may call. */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/status.h"

#include <stddef.h>

/* Bytes that gzip_read() takes for the file at most, by its size and the unpacked size that a gzip stream
 * ends in (which may be wrong). 0 where the file cannot be read: gzip_read() says why. */
size_t gzip_bytes(const char *path);

/* file_read(), unpacked where the file starts as a gzip stream. `cap` bounds the file and the result
 * together, as they are in memory at once; at most 4 GiB. STATUS_INVALID for a damaged or truncated stream.
 */
Status gzip_read(char **data, size_t *size, const char *path, size_t cap, Message *message);

#endif
