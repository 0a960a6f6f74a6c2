/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/state_folder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_MODE 0700 /* as the XDG base directory specification asks */

char *state_path(const char *format, ...)
{
    char *name, *path = NULL;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    va_list arguments;
    va_start(arguments, format);
    const int named = vasprintf(&name, format, arguments);
    va_end(arguments);
    if (named < 0) return NULL;
    int length = -1;
    if (state && *state == '/')
        length = asprintf(&path, "%s/bitstitch/%s", state, name);
    else if (home && *home == '/')
        length = asprintf(&path, "%s/.local/state/bitstitch/%s", home, name);
    free(name);
    return length < 0 ? NULL : path;
}

Status state_make_folders(char *path, Message *message)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        const bool failed = mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST;
        const int error = errno;
        if (failed) status_fail(message, STATUS_IO, "cannot make the folder '%s': %s", path, strerror(error));
        *slash = '/';
        if (failed) return STATUS_IO;
    }
    return STATUS_OK;
}
