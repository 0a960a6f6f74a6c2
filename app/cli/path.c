/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/path.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void path_expand(char *path, size_t capacity, const char *typed)
{
    const char *home = getenv("HOME");
    if (home && typed[0] == '~' && (typed[1] == '/' || !typed[1]))
        snprintf(path, capacity, "%s%s", home, typed + 1);
    else
        snprintf(path, capacity, "%s", typed);
}

/* The pattern of what starts with `path`; malloc'ed, NULL when out of memory. */
static char *pattern_of(const char *path)
{
    char *pattern = malloc(2 * strlen(path) + 2), *end = pattern;
    if (!pattern) return NULL;
    for (; *path; path++) {
        if (strchr("*?[\\", *path)) *end++ = '\\';
        *end++ = *path;
    }
    memcpy(end, "*", 2);
    return pattern;
}

/* Bytes, whole characters of UTF-8, that all have in common. */
static size_t common_length(char *const *paths, size_t count)
{
    size_t length = strlen(paths[0]);
    for (size_t i = 1; i < count; i++) {
        size_t same = 0;
        while (same < length && paths[i][same] == paths[0][same]) same++;
        length = same;
    }
    while (length > 0 && (paths[0][length] & 0xc0) == 0x80) length--;
    return length;
}

size_t path_complete(char *path, size_t capacity)
{
    glob_t found;
    size_t count = 0;
    char *pattern = pattern_of(path);
    if (!pattern) return 0;
    if (glob(pattern, GLOB_MARK, NULL, &found) == 0) {
        count = found.gl_pathc;
        const size_t length = common_length(found.gl_pathv, count);
        if (length < capacity) snprintf(path, capacity, "%.*s", (int)length, found.gl_pathv[0]);
        globfree(&found);
    }
    free(pattern);
    return count;
}

bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

/* The first character of an open file that is no blank and no mark of the byte order; 0 where there is
 * none. */
static unsigned char first_character(int file)
{
    unsigned char block[4096];
    ssize_t got;
    while ((got = read(file, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++)
            if (block[i] != 0xef && block[i] != 0xbb && block[i] != 0xbf && !isspace(block[i]))
                return block[i];
    return 0;
}

/* Opens without waiting for a pipe's other end. */
bool looks_like_json(const char *path)
{
    struct stat facts;
    if (has_suffix(path, ".json")) return true;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return false;
    const bool regular = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    const bool is_json = regular && first_character(file) == '{';
    close(file);
    return is_json;
}
