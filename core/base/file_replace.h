/* SPDX-License-Identifier: MIT */
/* Writes files so that nothing is lost: the old file stands, or the new one, never half of one. Any thread
 * may call.
 *
 * Example (const char *data, size_t size, Message *message):
 *     return file_replace("plan.csv", data, size, message);
 */
#ifndef BASE_FILE_REPLACE_H
#define BASE_FILE_REPLACE_H

#include "base/status.h"

#include <stddef.h>

/* Writes data[size] to PATH.tmp-XXXXXX with the mode that the old file had (a new one: 0666 under the umask),
 * flushes it to the disk, and renames it to `path`; where `path` is a symbolic link, to what it leads to.
 * Devices and pipes are written to directly, and so are open descriptors (/dev/stdout, /dev/fd/3), from their
 * present position. On failure the old file stands, and no temporary file is left; a process that is killed
 * can leave one. A pipe that nobody reads raises SIGPIPE: ignore the signal to get a Status instead. */
Status file_replace(const char *path, const char *data, size_t size, Message *message);

#endif
