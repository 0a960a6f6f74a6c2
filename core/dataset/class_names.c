/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/sizes.h"
#include "dataset/description.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMES 100000
#define MOST_BYTES ((size_t)16 << 20)

typedef struct Names {
    char **names;
    size_t count, capacity;
} Names;

static Status add_name(Names *list, const char *text, size_t length, const char *source, Message *message)
{
    if (list->count == MOST_NAMES)
        return status_fail(message, STATUS_INVALID, "%s: more than %d class names", source, MOST_NAMES);
    if (list->count == list->capacity) {
        size_t capacity = size_max(16, 2 * list->capacity);
        char **names = realloc(list->names, capacity * sizeof *names);
        if (!names) return status_no_memory(message, "class names");
        list->names = names;
        list->capacity = capacity;
    }
    char *name = strndup(text, length);
    if (!name) return status_no_memory(message, "class names");
    list->names[list->count++] = name;
    return STATUS_OK;
}

/* Returns the list in *names and *count, empty on failure. */
static Status finish(char ***names, size_t *count, Names *list, Status status)
{
    if (status != STATUS_OK) {
        class_names_free(list->names, list->count);
        *list = (Names){0};
    }
    *names = list->names;
    *count = list->count;
    return status;
}

static Status add_lines(Names *list, const char *data, size_t size, const char *path, Message *message)
{
    const char *end = data + size;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) data += 3;
    if (memchr(data, 0, (size_t)(end - data)))
        return status_fail(message, STATUS_INVALID, "'%s': a zero byte: not a text file of class names",
                           path);
    while (data < end) {
        size_t length = strcspn(data, "\n");
        size_t kept = length > 0 && data[length - 1] == '\r' ? length - 1 : length;
        Status status = add_name(list, data, kept, path, message);
        if (status != STATUS_OK) return status;
        data += length + 1;
    }
    return STATUS_OK;
}

Status class_names_read(char ***names, size_t *count, const char *path, Message *message)
{
    char *data;
    size_t size;
    Names list = {0};
    Status status = file_read(&data, &size, path, MOST_BYTES, message);
    if (status == STATUS_OK) status = add_lines(&list, data, size, path, message);
    if (status == STATUS_OK && list.count == 0)
        status = status_fail(message, STATUS_INVALID, "'%s': no class names", path);
    free(data);
    return finish(names, count, &list, status);
}

Status class_names_split(char ***names, size_t *count, const char *text, Message *message)
{
    Names list = {0};
    Status status = STATUS_OK;
    for (bool more = true; more && status == STATUS_OK;) {
        text += strspn(text, " ");
        size_t length = strcspn(text, ","), kept = length;
        while (kept > 0 && text[kept - 1] == ' ') kept--;
        status = add_name(&list, text, kept, "the network's labels", message);
        more = text[length] == ',';
        text += length + 1;
    }
    return finish(names, count, &list, status);
}

void class_names_free(char **names, size_t count)
{
    if (!names) return;
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
}
