/* Files: read whole under a cap, written to a temporary name and renamed, named by their SHA-256.
 *
 * Nothing is lost: file_replace() leaves the old file or the new one, never half.
 * Any thread may call.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a file; 0 where it cannot be seen, which opening it explains. */
size_t file_bytes(const char *path);

/* Bytes that file_read_gzip() takes at most where the file's own word for what it unpacks to is true. */
size_t file_gzip_bytes(const char *path);

/* Reads a regular file of at most `cap` bytes; *data is malloc'ed, with a terminating zero beyond *size.
 * A file that shrinks or grows while it is read is an error. */
Status file_read(char **data, size_t *size, const char *path, size_t cap, Message *message);

/* file_read() for whoever names the file: the message says the reason alone. */
Status file_load(char **data, size_t *size, const char *path, size_t cap, Message *message);

/* file_read(), through zlib where the content starts as a gzip stream; `cap` then holds for the file and the
 * result together, which are there at once. */
Status file_read_gzip(char **data, size_t *size, const char *path, size_t cap, Message *message);

/* Writes NAME.tmp-XXXXXX beside `path` with the mode the old file had (or 0666 and the umask), flushes it to
 * the disk, and renames it over `path`; where `path` is a symbolic link, over what it leads to. A device or a
 * pipe is written to directly, and so is an open descriptor (/dev/stdout, /dev/fd/3), from where it stands. A
 * pipe that nobody reads raises SIGPIPE: a program ignores it to get a Status instead.
 * On failure the old file stands and no temporary file is left; a process that is killed can leave one. */
Status file_replace(const char *path, const char *data, size_t size, Message *message);

/* Hexadecimal SHA-256 of a file's bytes. */
Status file_sha256(char hex[65], const char *path, Message *message);

/* Text that grows. Any failed allocation, or a text above 1 GiB, sets `failed` and later calls do nothing:
 * check once, at the end. */
typedef struct Text {
    char *data; /* terminated; NULL when empty */
    size_t length, capacity;
    bool failed;
} Text;

void text_append(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(Text *text);

/* The path of `name` seen from the folder of `base`: joined to it unless absolute. malloc'ed, NULL when out
 * of memory. */
char *file_beside(const char *base, const char *name);

#endif
