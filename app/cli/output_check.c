/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/output_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status cannot_write(const char *path, int error, Message *message)
{
    return status_fail(message, STATUS_IO, "cannot write '%s': %s", path, strerror(error));
}

static Status check_device(const char *path, Message *message)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return cannot_write(path, errno, message);
    close(file);
    return STATUS_OK;
}

static Status check_folder(const char *path, Message *message)
{
    char *probe;
    if (asprintf(&probe, "%s.tmp-XXXXXX", path) < 0) return status_no_memory(message, "a path");
    int file = mkstemp(probe), error = errno;
    if (file >= 0) {
        close(file);
        unlink(probe);
    }
    free(probe);
    return file < 0 ? cannot_write(path, error, message) : STATUS_OK;
}

Status output_check(const char *path, Message *message)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return errno == ENOENT ? check_folder(path, message) : cannot_write(path, errno, message);
    if (S_ISDIR(facts.st_mode)) return cannot_write(path, EISDIR, message);
    if (S_ISREG(facts.st_mode)) return check_folder(path, message);
    return check_device(path, message);
}
