#include "app/cli/path.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
