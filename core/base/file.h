/* SPDX-License-Identifier: MIT */
/* Files read whole, below a ceiling, and named by their SHA-256. Any thread may call.
 *
 * Example (Message *message):
 *     char *data;
 *     size_t size;
 *     Status status = file_read(&data, &size, "labels.txt", 1 << 20, message);
 *     free(data);
 *     return status;
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/status.h"

#include <stddef.h>

/* The size of a file in bytes; 0 where it cannot be seen: opening it says why. */
size_t file_bytes(const char *path);

/* Reads a regular file of at most `cap` bytes. *data is malloc'ed, with a zero after its *size bytes; NULL on
 * failure. A file whose size changes while it is read is refused. */
Status file_read(char **data, size_t *size, const char *path, size_t cap, Message *message);

/* file_read() for callers that name the file: the message gives the reason alone. */
Status file_load(char **data, size_t *size, const char *path, size_t cap, Message *message);

/* The SHA-256 of a file's bytes, in 64 hexadecimal digits. */
Status file_sha256(char hex[65], const char *path, Message *message);

/* The path of `name` relative to the folder of the file `base`; absolute names stay. malloc'ed, NULL when out
 * of memory. */
char *file_beside(const char *base, const char *name);

#endif
