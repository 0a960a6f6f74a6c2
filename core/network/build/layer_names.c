/* SPDX-License-Identifier: MIT */
#include "network/build/layer_names.h"

#include "base/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".weight"
#define SEPARATOR '/'

/* True if the component [part, part + length) starts with `before` and a '.'. */
static bool extends(const char *part, size_t length, const char *before, size_t before_length)
{
    return before_length > 0 && length > before_length && part[before_length] == '.' &&
           memcmp(part, before, before_length) == 0;
}

/* The path of a node without its last component, components joined by '.'; "" if nothing is left. */
static char *join_path(Arena *arena, const char *path)
{
    char *joined = arena_allocate(arena, strlen(path) + 1, 1);
    size_t used = 0, last = 0; /* last: start of the component joined last */
    if (!joined) return NULL;
    const char *part = path[0] == SEPARATOR ? path + 1 : path, *end;
    for (; (end = strchr(part, SEPARATOR)) != NULL; part = end + 1) {
        size_t length = (size_t)(end - part);
        if (extends(part, length, joined + last, used - last)) {
            used = last;
        } else if (used > 0) {
            joined[used++] = '.';
            last = used;
        }
        memcpy(joined + used, part, length);
        used += length;
    }
    joined[used] = 0;
    return joined;
}

const char *layer_name(Arena *arena, const char *weight, const char *node)
{
    size_t length = strlen(weight), suffix = strlen(SUFFIX);
    if (length > suffix && strcmp(weight + length - suffix, SUFFIX) == 0)
        return arena_copy_text(arena, weight, length - suffix);
    if (node[0] == SEPARATOR) {
        const char *joined = join_path(arena, node);
        if (!joined || *joined) return joined;
    }
    return arena_copy_text(arena, node, strlen(node));
}

const char *layer_name_unique(Arena *arena, NameTable *taken, size_t *suffixes, const char *name)
{
    size_t number, ignored, length = strlen(name);
    bool is_new;
    if (!name_table_add(taken, name, &number, &is_new)) return NULL;
    if (is_new) return name;
    char *longer = arena_allocate(arena, length + 24, 1);
    size_t *suffix = &suffixes[number];
    *suffix = size_max(*suffix, 1);
    while (longer) {
        snprintf(longer, length + 24, "%s_%zu", name, ++*suffix);
        if (!name_table_add(taken, longer, &ignored, &is_new)) return NULL;
        if (is_new) break;
    }
    return longer;
}
