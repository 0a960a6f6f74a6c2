/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/annotations/annotations.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++) free(names[i]);
    free(names);
}

void annotations_free(Annotations *annotations)
{
    if (!annotations) return;
    for (size_t i = 0; annotations->objects && i < annotations->object_count; i++)
        mask_free(&annotations->objects[i].mask);
    free_names(annotations->image_names, annotations->image_count);
    free_names(annotations->class_names, annotations->class_count);
    free(annotations->path);
    free(annotations->heights);
    free(annotations->widths);
    free(annotations->by_name);
    free(annotations->first);
    free(annotations->objects);
    free(annotations);
}

/* Counting sort by image: *objects becomes a new array. */
static bool group(Annotations *annotations)
{
    size_t *first = calloc(annotations->image_count + 2, sizeof *first);
    TrueObject *sorted = calloc(annotations->object_count + 1, sizeof *sorted);
    if (!first || !sorted) {
        free(first);
        free(sorted);
        return false;
    }
    /* first[i + 2] counts image i, then first[i + 1] is where its next object goes */
    for (size_t i = 0; i < annotations->object_count; i++) first[annotations->objects[i].image + 2]++;
    for (size_t i = 2; i < annotations->image_count + 2; i++) first[i] += first[i - 1];
    for (size_t i = 0; i < annotations->object_count; i++)
        sorted[first[annotations->objects[i].image + 1]++] = annotations->objects[i];
    free(annotations->objects);
    annotations->objects = sorted;
    annotations->first = first;
    return true;
}

static int by_name(const void *a, const void *b, void *names)
{
    char *const *texts = names;
    return strcmp(texts[*(const size_t *)a], texts[*(const size_t *)b]);
}

Status annotations_finish(Annotations *annotations, Message *message)
{
    const size_t count = annotations->image_count;
    annotations->by_name = calloc(count + 1, sizeof *annotations->by_name);
    if (!annotations->by_name || !group(annotations)) return status_no_memory(message, annotations->path);
    for (size_t i = 0; i < count; i++) annotations->by_name[i] = i;
    qsort_r(annotations->by_name, count, sizeof *annotations->by_name, by_name, annotations->image_names);
    annotations->masks = annotations->object_count > 0;
    for (size_t i = 0; i < annotations->object_count; i++)
        annotations->masks &= annotations->objects[i].mask.count > 0;
    for (size_t i = 1; i < count; i++) {
        const char *name = annotations->image_names[annotations->by_name[i]];
        if (strcmp(name, annotations->image_names[annotations->by_name[i - 1]]) == 0)
            return status_fail(message, STATUS_INVALID, "'%s': two images are named '%s'", annotations->path,
                               name);
    }
    return STATUS_OK;
}

size_t annotations_image(const Annotations *annotations, const char *name)
{
    size_t low = 0, high = annotations->image_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2, image = annotations->by_name[middle];
        const int order = strcmp(name, annotations->image_names[image]);
        if (order == 0) return image;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NO_INDEX;
}
