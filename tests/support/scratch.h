/* SPDX-License-Identifier: MIT */
/* Scratch: a folder for a test's files, and checks of messages. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];
static Message message;

static inline void scratch_create(void)
{
    snprintf(scratch, sizeof scratch, "/tmp/bitstitch-test-XXXXXX");
    assert_non_null(mkdtemp(scratch));
}

/* Returns the path of a file in the folder; a few paths may be in use at once. */
static inline const char *scratch_path(const char *name)
{
    static char paths[8][512];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static inline size_t scratch_count(void)
{
    size_t count = 0;
    DIR *folder = opendir(scratch);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static inline void scratch_remove(void)
{
    DIR *folder = opendir(scratch);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(scratch_path(entry->d_name));
    closedir(folder);
    assert_int_equal(rmdir(scratch), 0);
}

static inline const char *scratch_write(const char *name, const void *data, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline const char *scratch_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* Returns the file's content, to be freed. */
static inline char *scratch_read(const char *path)
{
    char *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read(&data, &size, path, 1 << 20, &message), STATUS_OK);
    return data;
}

static inline void assert_says(const char *part)
{
    if (!strstr(message.text, part)) fail_msg("'%s' does not say '%s'", message.text, part);
}

#endif
