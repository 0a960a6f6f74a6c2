/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/annotations/coco_json.h"

#include "base/json.h"
#include "base/sizes.h"
#include "dataset/annotations/polygon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POLYGONS ((size_t)4096) /* per object */
#define MOST_RUNS ((size_t)1 << 26)  /* of all masks: 256 MiB */
#define MOST_STEPS 4e9               /* of the outlines of all polygons, on the fine grid: seconds */
#define MOST_COORDINATE 1e7          /* of a box */

/* An id of the file, and its index in the file's list. */
typedef struct Id {
    size_t id, index;
} Id;

typedef struct Reading {
    JsonObject top;
    Annotations *annotations;
    Id *images, *classes; /* sorted by id: their place is the index in Annotations */
    size_t runs;          /* of all masks so far */
    double steps;         /* of all polygons so far */
} Reading;

static int by_id(const void *a, const void *b)
{
    const Id *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

/* The place of an id among sorted ones, or NO_INDEX. */
static size_t place_of(const Id *ids, size_t count, size_t id)
{
    const Id key = {id, 0}, *found = count ? bsearch(&key, ids, count, sizeof *ids, by_id) : NULL;
    return found ? (size_t)(found - ids) : NO_INDEX;
}

/* Reads the ids of a list of objects, sorted. */
static Status read_ids(Id **ids, size_t *count, const Reading *reading, const char *key, Message *message)
{
    const cJSON *array, *item;
    JsonObject object;
    size_t index = 0;
    Status status = json_array(&array, &reading->top, key, message);
    if (status != STATUS_OK) return status;
    *count = (size_t)cJSON_GetArraySize(array);
    *ids = calloc(*count + 1, sizeof **ids);
    if (!*ids) return status_no_memory(message, reading->top.path);
    cJSON_ArrayForEach(item, array)
    {
        status = json_element(&object, &reading->top, key, item, index, message);
        if (status == STATUS_OK) status = json_count(&(*ids)[index].id, &object, "id", message);
        if (status != STATUS_OK) return status;
        (*ids)[index].index = index;
        index++;
    }
    qsort(*ids, *count, sizeof **ids, by_id);
    for (size_t i = 1; i < *count; i++)
        if ((*ids)[i].id == (*ids)[i - 1].id)
            return json_fail(message, STATUS_INVALID, &reading->top, key, "two elements have the id %zu",
                             (*ids)[i].id);
    return STATUS_OK;
}

/* places[index in the file's list] = index in Annotations */
static size_t *invert(const Id *ids, size_t count)
{
    size_t *places = calloc(count + 1, sizeof *places);
    for (size_t i = 0; places && i < count; i++) places[ids[i].index] = i;
    return places;
}

static Status copy_text(char **copy, const JsonObject *object, const char *key, Message *message)
{
    const char *text;
    Status status = json_text(&text, object, key, message);
    if (status != STATUS_OK) return status;
    *copy = strdup(text);
    return *copy ? STATUS_OK : status_no_memory(message, object->path);
}

/* --- images and classes ------------------------------------------------------------------------------- */

static Status read_image(Annotations *annotations, size_t image, const JsonObject *object, Message *message)
{
    Status status = copy_text(&annotations->image_names[image], object, "file_name", message);
    if (status == STATUS_OK) status = json_count(&annotations->heights[image], object, "height", message);
    if (status == STATUS_OK) status = json_count(&annotations->widths[image], object, "width", message);
    if (status == STATUS_OK &&
        mask_check_size(annotations->heights[image], annotations->widths[image], NULL) != STATUS_OK)
        status = json_fail(message, STATUS_INVALID, object, "height", "an image of %zu x %zu pixels",
                           annotations->heights[image], annotations->widths[image]);
    return status;
}

static Status read_images(Reading *reading, Message *message)
{
    Annotations *annotations = reading->annotations;
    Status status = read_ids(&reading->images, &annotations->image_count, reading, "images", message);
    const size_t count = annotations->image_count;
    size_t *places = status == STATUS_OK ? invert(reading->images, count) : NULL, index = 0;
    annotations->image_names = calloc(count + 1, sizeof *annotations->image_names);
    annotations->heights = calloc(count + 1, sizeof *annotations->heights);
    annotations->widths = calloc(count + 1, sizeof *annotations->widths);
    if (status == STATUS_OK &&
        !(places && annotations->image_names && annotations->heights && annotations->widths))
        status = status_no_memory(message, annotations->path);
    if (status == STATUS_OK) {
        const cJSON *item;
        JsonObject object;
        cJSON_ArrayForEach(item, json_find(&reading->top, "images"))
        {
            json_element(&object, &reading->top, "images", item, index, NULL);
            if (status == STATUS_OK) status = read_image(annotations, places[index++], &object, message);
        }
    }
    free(places);
    return status;
}

static Status read_classes(Reading *reading, Message *message)
{
    Annotations *annotations = reading->annotations;
    Status status = read_ids(&reading->classes, &annotations->class_count, reading, "categories", message);
    const size_t count = annotations->class_count;
    size_t *places = status == STATUS_OK ? invert(reading->classes, count) : NULL, index = 0;
    annotations->class_names = calloc(count + 1, sizeof *annotations->class_names);
    if (status == STATUS_OK && !(places && annotations->class_names))
        status = status_no_memory(message, annotations->path);
    if (status == STATUS_OK) {
        const cJSON *item;
        JsonObject object;
        cJSON_ArrayForEach(item, json_find(&reading->top, "categories"))
        {
            json_element(&object, &reading->top, "categories", item, index, NULL);
            if (status == STATUS_OK)
                status = copy_text(&annotations->class_names[places[index++]], &object, "name", message);
        }
    }
    free(places);
    return status;
}

/* --- segmentations ------------------------------------------------------------------------------------ */

/* Numbers of an array: *numbers [*count], to be freed. */
static Status read_numbers(double **numbers, size_t *count, const cJSON *array, const JsonObject *object,
                           const char *key, Message *message)
{
    const cJSON *item;
    size_t index = 0;
    *count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
    *numbers = calloc(*count + 1, sizeof **numbers);
    if (!*numbers) return status_no_memory(message, object->path);
    if (!cJSON_IsArray(array))
        return json_fail(message, STATUS_INVALID, object, key, "an array of numbers is needed");
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return json_fail(message, STATUS_INVALID, object, key, "element %zu is not a number", index);
        (*numbers)[index++] = item->valuedouble;
    }
    return STATUS_OK;
}

/* Adds the polygon `item` to the object's mask. */
static Status add_polygon(TrueObject *to, Reading *reading, const cJSON *item, const JsonObject *object,
                          Message *message)
{
    const Annotations *annotations = reading->annotations;
    const size_t height = annotations->heights[to->image], width = annotations->widths[to->image];
    double *corners;
    size_t count;
    Mask polygon = {0}, sum;
    Status status = read_numbers(&corners, &count, item, object, "segmentation", message);
    if (status == STATUS_OK && count % 2)
        status =
            json_fail(message, STATUS_INVALID, object, "segmentation", "a polygon of %zu numbers", count);
    if (status == STATUS_OK) reading->steps += polygon_steps(corners, count / 2);
    if (status == STATUS_OK && reading->steps > MOST_STEPS)
        status = json_fail(message, STATUS_INVALID, object, "segmentation",
                           "the outlines of all polygons are too long");
    Message reason = {0};
    if (status == STATUS_OK) {
        status = mask_from_polygon(&polygon, height, width, corners, count / 2, &reason);
        if (status != STATUS_OK) json_fail(message, status, object, "segmentation", "%s", reason.text);
    }
    free(corners);
    if (status != STATUS_OK) return status;
    if (to->mask.count == 0) {
        to->mask = polygon;
        return STATUS_OK;
    }
    status = mask_union(&sum, &to->mask, &polygon, message);
    mask_free(&polygon);
    if (status != STATUS_OK) return status;
    mask_free(&to->mask);
    to->mask = sum;
    return STATUS_OK;
}

static Status read_polygons(TrueObject *to, Reading *reading, const cJSON *list, const JsonObject *object,
                            Message *message)
{
    const cJSON *item;
    Status status = STATUS_OK;
    if ((size_t)cJSON_GetArraySize(list) > MOST_POLYGONS)
        return json_fail(message, STATUS_INVALID, object, "segmentation", "more than %zu polygons",
                         MOST_POLYGONS);
    cJSON_ArrayForEach(item, list)
    {
        status = add_polygon(to, reading, item, object, message);
        if (status != STATUS_OK) break;
    }
    return status;
}

/* Uncompressed run lengths. */
static Status read_runs(Mask *mask, size_t height, size_t width, const cJSON *list, const JsonObject *object,
                        Message *message)
{
    double *numbers;
    size_t count;
    Status status = read_numbers(&numbers, &count, list, object, "counts", message);
    uint32_t *runs = calloc(count + 1, sizeof *runs);
    if (status == STATUS_OK && !runs) status = status_no_memory(message, object->path);
    for (size_t r = 0; status == STATUS_OK && r < count; r++) {
        if (numbers[r] < 0 || numbers[r] > (double)MASK_MOST_PIXELS || numbers[r] != floor(numbers[r]))
            status =
                json_fail(message, STATUS_INVALID, object, "counts", "run %zu has length %g", r, numbers[r]);
        else
            runs[r] = (uint32_t)numbers[r];
    }
    Message reason = {0};
    if (status == STATUS_OK) {
        status = mask_from_runs(mask, height, width, runs, count, &reason);
        if (status != STATUS_OK) json_fail(message, status, object, "counts", "%s", reason.text);
    }
    free(numbers);
    free(runs);
    return status;
}

/* {"counts": ..., "size": [height, width]} */
static Status read_run_lengths(TrueObject *to, const Reading *reading, const JsonObject *object,
                               Message *message)
{
    const Annotations *annotations = reading->annotations;
    const size_t height = annotations->heights[to->image], width = annotations->widths[to->image];
    JsonObject inner;
    double *size = NULL;
    size_t count;
    Status status = json_object(&inner, object, "segmentation", message);
    if (status == STATUS_OK)
        status = read_numbers(&size, &count, json_find(&inner, "size"), &inner, "size", message);
    if (status == STATUS_OK && (count != 2 || size[0] != (double)height || size[1] != (double)width))
        status = json_fail(message, STATUS_INVALID, &inner, "size", "the image's size, [%zu, %zu], is needed",
                           height, width);
    free(size);
    if (status != STATUS_OK) return status;
    if (cJSON_IsArray(json_find(&inner, "counts")))
        return read_runs(&to->mask, height, width, json_find(&inner, "counts"), &inner, message);
    const char *text;
    Message reason = {0};
    status = json_text(&text, &inner, "counts", message);
    if (status != STATUS_OK) return status;
    status = mask_from_text(&to->mask, height, width, text, &reason);
    return status == STATUS_OK ? status : json_fail(message, status, &inner, "counts", "%s", reason.text);
}

static Status read_segmentation(TrueObject *to, Reading *reading, const JsonObject *object, Message *message)
{
    const cJSON *item = json_find(object, "segmentation");
    if (!item || cJSON_IsNull(item)) return STATUS_OK;
    Status status = cJSON_IsArray(item) ? read_polygons(to, reading, item, object, message)
                                        : read_run_lengths(to, reading, object, message);
    reading->runs += to->mask.count;
    if (status != STATUS_OK || reading->runs <= MOST_RUNS) return status;
    return json_fail(message, STATUS_INVALID, object, "segmentation",
                     "the masks of the file have too many runs");
}

/* --- objects ------------------------------------------------------------------------------------------ */

static Status read_box(Box *box, const JsonObject *object, Message *message)
{
    double *numbers;
    size_t count;
    Status status = read_numbers(&numbers, &count, json_find(object, "bbox"), object, "bbox", message);
    bool good = status == STATUS_OK && count == 4;
    for (size_t i = 0; good && i < 4; i++)
        good = fabs(numbers[i]) <= MOST_COORDINATE && (i < 2 || numbers[i] >= 0);
    if (good) *box = (Box){numbers[0], numbers[1], numbers[2], numbers[3]};
    free(numbers);
    if (good || status != STATUS_OK) return status;
    return json_fail(message, STATUS_INVALID, object, "bbox",
                     "four numbers, [x, y, width, height] in pixels, are needed");
}

/* The place of an id that the object refers to. */
static Status read_reference(size_t *place, const JsonObject *object, const char *key, const Id *ids,
                             size_t count, Message *message)
{
    size_t id;
    Status status = json_count(&id, object, key, message);
    if (status != STATUS_OK) return status;
    *place = place_of(ids, count, id);
    if (*place != NO_INDEX) return STATUS_OK;
    return json_fail(message, STATUS_INVALID, object, key, "the file has none of id %zu", id);
}

/* COCO writes iscrowd as 0 or 1. */
static Status read_crowd(bool *crowd, const JsonObject *object, Message *message)
{
    const cJSON *item = json_find(object, "iscrowd");
    *crowd = item && (cJSON_IsTrue(item) || (cJSON_IsNumber(item) && item->valuedouble != 0));
    if (!item || cJSON_IsBool(item) || cJSON_IsNumber(item)) return STATUS_OK;
    return json_fail(message, STATUS_INVALID, object, "iscrowd", "0 or 1 is needed");
}

static Status read_area(TrueObject *to, const JsonObject *object, Message *message)
{
    to->area = to->mask.count ? (double)mask_area(&to->mask) : to->box.width * to->box.height;
    return json_find(object, "area") ? json_number(&to->area, object, "area", message) : STATUS_OK;
}

static Status read_object(TrueObject *to, Reading *reading, const JsonObject *object, Message *message)
{
    const Annotations *annotations = reading->annotations;
    Status status =
        read_reference(&to->image, object, "image_id", reading->images, annotations->image_count, message);
    if (status == STATUS_OK)
        status = read_reference(&to->class, object, "category_id", reading->classes, annotations->class_count,
                                message);
    if (status == STATUS_OK) status = read_box(&to->box, object, message);
    if (status == STATUS_OK) status = read_crowd(&to->crowd, object, message);
    if (status == STATUS_OK) status = read_segmentation(to, reading, object, message);
    return status == STATUS_OK ? read_area(to, object, message) : status;
}

static Status read_objects(Reading *reading, Message *message)
{
    Annotations *annotations = reading->annotations;
    const cJSON *array, *item;
    JsonObject object;
    Status status = json_array(&array, &reading->top, "annotations", message);
    if (status != STATUS_OK) return status;
    const size_t count = (size_t)cJSON_GetArraySize(array);
    if (count > COCO_JSON_MOST_OBJECTS)
        return json_fail(message, STATUS_INVALID, &reading->top, "annotations",
                         "%zu objects: at most %zu are supported", count, COCO_JSON_MOST_OBJECTS);
    annotations->objects = calloc(count + 1, sizeof *annotations->objects);
    if (!annotations->objects) return status_no_memory(message, annotations->path);
    cJSON_ArrayForEach(item, array)
    {
        const size_t index = annotations->object_count;
        status = json_element(&object, &reading->top, "annotations", item, index, message);
        if (status == STATUS_OK) {
            annotations->object_count++;
            status = read_object(&annotations->objects[index], reading, &object, message);
        }
        if (status != STATUS_OK) break;
    }
    return status;
}

Status coco_json_read(Annotations **result, const char *path, Message *message)
{
    cJSON *root;
    *result = NULL;
    Status status = json_read(&root, path, COCO_JSON_MOST_BYTES, message);
    if (status != STATUS_OK) return status;
    Reading reading = {.top = json_top(root, path), .annotations = calloc(1, sizeof(Annotations))};
    if (!reading.annotations || !(reading.annotations->path = strdup(path)))
        status = status_no_memory(message, path);
    if (status == STATUS_OK) status = read_images(&reading, message);
    if (status == STATUS_OK) status = read_classes(&reading, message);
    if (status == STATUS_OK) status = read_objects(&reading, message);
    if (status == STATUS_OK) status = annotations_finish(reading.annotations, message);
    free(reading.images);
    free(reading.classes);
    cJSON_Delete(root);
    if (status == STATUS_OK)
        *result = reading.annotations;
    else
        annotations_free(reading.annotations);
    return status;
}
