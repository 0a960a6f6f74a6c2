/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/description.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 20)
#define MOST_LABELS 100000

static const char *const known_keys[] = {"network",    "task",   "mean", "std",      "labels", "calibration",
                                         "evaluation", "resize", "crop", "channels", "layout", NULL};
static const char *const image_keys[] = {"images", "labels", NULL};

/* Reads a path, joined to the description's folder. *path stays NULL where the key is absent. */
static Status read_path(char **path, const JsonObject *object, const char *key, Message *message)
{
    if (!json_find(object, key)) return STATUS_OK;
    const char *text;
    Status status = json_text(&text, object, key, message);
    if (status != STATUS_OK) return status;
    if (!*text) return json_fail(message, STATUS_INVALID, object, key, "an empty path");
    *path = file_beside(object->path, text);
    return *path ? STATUS_OK : status_no_memory(message, object->path);
}

/* Reads a path, or { "images": ..., "labels": ... }. */
static Status read_images(ImageFiles *files, const JsonObject *top, const char *key, Message *message)
{
    const cJSON *item = json_find(top, key);
    if (!item) return STATUS_OK;
    if (cJSON_IsString(item)) return read_path(&files->images, top, key, message);
    if (!cJSON_IsObject(item))
        return json_fail(message, STATUS_INVALID, top, key,
                         "a path, or an object with a path 'images', is needed");
    JsonObject object;
    Status status = json_object(&object, top, key, message);
    if (status == STATUS_OK) status = json_only_keys(&object, image_keys, message);
    if (status == STATUS_OK) status = read_path(&files->images, &object, "images", message);
    if (status == STATUS_OK) status = read_path(&files->labels, &object, "labels", message);
    if (status == STATUS_OK && !files->images)
        status = json_fail(message, STATUS_INVALID, &object, "images", "is missing");
    return status;
}

/* Appends a number to a comma-separated list; false where `item` is no number. */
static bool add_number(Text *list, const cJSON *item)
{
    char digits[NUMBER_TEXT];
    if (!cJSON_IsNumber(item)) return false;
    number_format(digits, item->valuedouble, 0);
    text_append(list, list->length ? ",%s" : "%s", digits);
    return true;
}

/* Reads a number, or an array of numbers, as comma-separated text. */
static Status read_numbers(char **text, const JsonObject *top, const char *key, Message *message)
{
    const cJSON *item = json_find(top, key), *number;
    if (!item) return STATUS_OK;
    Text list = {0};
    bool good = cJSON_IsNumber(item) ? add_number(&list, item) : cJSON_IsArray(item);
    if (cJSON_IsArray(item)) cJSON_ArrayForEach(number, item) good = good && add_number(&list, number);
    if (good && list.length && !list.failed) {
        *text = list.data;
        return STATUS_OK;
    }
    const bool failed = list.failed;
    text_free(&list);
    if (failed) return status_no_memory(message, top->path);
    return json_fail(message, STATUS_INVALID, top, key, "a number, or an array of numbers, is needed");
}

static Status read_labels(Description *description, const JsonObject *top, Message *message)
{
    if (!json_find(top, "labels")) return STATUS_OK;
    const cJSON *array, *item;
    Status status = json_array(&array, top, "labels", message);
    if (status != STATUS_OK) return status;
    size_t count = 0;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item))
            return json_fail(message, STATUS_INVALID, top, "labels", "element %zu is not a text", count);
        count++;
    }
    if (count == 0 || count > MOST_LABELS)
        return json_fail(message, STATUS_INVALID, top, "labels", "%zu class names: 1 to %d are needed", count,
                         MOST_LABELS);
    description->labels = calloc(count, sizeof *description->labels);
    if (!description->labels) return status_no_memory(message, "class names");
    cJSON_ArrayForEach(item, array)
    {
        char *name = strdup(item->valuestring);
        if (!name) return status_no_memory(message, "class names");
        description->labels[description->label_count++] = name;
    }
    return STATUS_OK;
}

static Status read_task(Description *description, const JsonObject *top, Message *message)
{
    if (!json_find(top, "task")) return STATUS_OK;
    const char *task;
    Status status = json_text(&task, top, "task", message);
    if (status != STATUS_OK) return status;
    NetworkTaskKind kind;
    if (!task_kind_parse(&kind, task))
        return json_fail(message, STATUS_UNSUPPORTED, top, "task",
                         "'%s' is not supported: classification, detect, segment, semantic and none are",
                         task);
    description->task = strdup(task);
    return description->task ? STATUS_OK : status_no_memory(message, top->path);
}

static Status read_word(char **word, const JsonObject *top, const char *key, Message *message)
{
    const char *text;
    if (!json_find(top, key)) return STATUS_OK;
    Status status = json_text(&text, top, key, message);
    if (status != STATUS_OK) return status;
    *word = strdup(text);
    return *word ? STATUS_OK : status_no_memory(message, top->path);
}

/* Reads the keys of a Preparation: sizes are numbers, the others words. preparation_set() checks them later.
 */
static Status read_preparation(Description *description, const JsonObject *top, Message *message)
{
    Status status = STATUS_OK;
    for (PreparationKey key = 0; key < PREPARATION_KEYS && status == STATUS_OK; key++) {
        const bool sides = key == PREPARATION_RESIZE || key == PREPARATION_CROP;
        status = (sides ? read_numbers : read_word)(&description->preparation[key], top,
                                                    preparation_key_name(key), message);
    }
    return status;
}

static Status fill(Description *description, const JsonObject *top, Message *message)
{
    description->path = strdup(top->path);
    Status status = description->path ? STATUS_OK : status_no_memory(message, top->path);
    if (status == STATUS_OK) status = json_only_keys(top, known_keys, message);
    if (status == STATUS_OK) status = read_path(&description->network, top, "network", message);
    if (status == STATUS_OK && !description->network)
        status = json_fail(message, STATUS_INVALID, top, "network", "is missing");
    if (status == STATUS_OK) status = read_task(description, top, message);
    if (status == STATUS_OK) status = read_numbers(&description->mean, top, "mean", message);
    if (status == STATUS_OK) status = read_numbers(&description->std, top, "std", message);
    if (status == STATUS_OK) status = read_preparation(description, top, message);
    if (status == STATUS_OK) status = read_labels(description, top, message);
    if (status == STATUS_OK) status = read_images(&description->calibration, top, "calibration", message);
    if (status == STATUS_OK) status = read_images(&description->evaluation, top, "evaluation", message);
    return status;
}

/* Puts "description" in front of messages that start with the file's name in quotes, as those of base/json.h
 * do. */
static Status say_description(Status status, Message *message)
{
    if (!message || message->text[0] != '\'') return status;
    const Message reason = *message;
    status_fail(message, status, "description %s", reason.text);
    return status_advise(status, message, reason.remedies);
}

Status description_read(Description *description, const char *path, Message *message)
{
    *description = (Description){0};
    cJSON *root;
    Status status = json_read(&root, path, MOST_BYTES, message);
    if (status == STATUS_OK) {
        JsonObject top = json_top(root, path);
        status = fill(description, &top, message);
    }
    cJSON_Delete(root);
    if (status == STATUS_OK) return STATUS_OK;
    description_free(description);
    return say_description(status, message);
}

static void free_files(ImageFiles *files)
{
    free(files->images);
    free(files->labels);
}

void description_free(Description *description)
{
    if (!description) return;
    free(description->path);
    free(description->network);
    free(description->task);
    free(description->mean);
    free(description->std);
    for (size_t i = 0; i < PREPARATION_KEYS; i++) free(description->preparation[i]);
    class_names_free(description->labels, description->label_count);
    free_files(&description->calibration);
    free_files(&description->evaluation);
    *description = (Description){0};
}
