/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/truth.h"

#include "base/sizes.h"
#include "dataset/annotations/coco_json.h"
#include "dataset/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void truth_free(Truth *truth)
{
    if (!truth) return;
    annotations_free(truth->objects);
    free(truth->images);
    free(truth->label_folder);
    free(truth);
}

/* The path that is given, or the one beside the images where it is there; *path is NULL where it is not. */
static Status find_path(char **path, const DatasetSource *source, const char *beside, Message *message)
{
    *path = NULL;
    if (source->labels) {
        *path = strdup(source->labels);
        return *path ? STATUS_OK : status_no_memory(message, source->labels);
    }
    size_t length = strlen(source->images);
    while (length > 1 && source->images[length - 1] == '/') length--;
    if (asprintf(path, "%.*s%s", (int)length, source->images, beside) < 0) {
        *path = NULL;
        return status_no_memory(message, source->images);
    }
    if (access(*path, F_OK) == 0) return STATUS_OK;
    free(*path);
    *path = NULL;
    return STATUS_OK;
}

/* The annotations' number for each image of the dataset. */
static Status match_images(Dataset *dataset, Truth *truth, Message *message)
{
    truth->images = calloc(dataset->count + 1, sizeof *truth->images);
    if (!truth->images) return status_no_memory(message, dataset->labels_path);
    for (size_t i = 0; i < dataset->count; i++) {
        const char *name = dataset_image_name(dataset, i);
        const size_t image = name ? annotations_image(truth->objects, name) : i;
        if (image >= truth->objects->image_count)
            return status_fail(message, STATUS_INVALID, "'%s' has no image '%s'", dataset->labels_path,
                               name ? name : dataset->images_path);
        truth->images[i] = image;
    }
    return STATUS_OK;
}

/* The class of that name, or NO_INDEX. */
static size_t find_class(const DatasetSource *source, const char *name)
{
    for (size_t c = 0; source->class_names && c < source->class_count; c++)
        if (strcmp(source->class_names[c], name) == 0) return c;
    return NO_INDEX;
}

/* Numbers the objects' classes as the source's class names are, where all are among them. */
static Status number_classes(Annotations *objects, const DatasetSource *source, Message *message)
{
    size_t *numbers = calloc(objects->class_count + 1, sizeof *numbers);
    bool all = numbers != NULL;
    for (size_t c = 0; all && c < objects->class_count; c++) {
        numbers[c] = find_class(source, objects->class_names[c]);
        all = numbers[c] != NO_INDEX;
    }
    for (size_t i = 0; all && i < objects->object_count; i++)
        objects->objects[i].class = numbers[objects->objects[i].class];
    free(numbers);
    return numbers ? STATUS_OK : status_no_memory(message, objects->path);
}

static Status open_objects(Dataset *dataset, Truth *truth, const DatasetSource *source, Message *message)
{
    Status status = find_path(&dataset->labels_path, source, "/instances.json", message);
    if (status != STATUS_OK || !dataset->labels_path) return status;
    status = coco_json_read(&truth->objects, dataset->labels_path, message);
    if (status == STATUS_OK) status = number_classes(truth->objects, source, message);
    if (status == STATUS_OK) status = match_images(dataset, truth, message);
    dataset->has_truth = status == STATUS_OK;
    return status;
}

/* The path of the image's labels, its name with .png for its ending; malloc'ed, NULL when out of memory. */
static char *label_path(const Truth *truth, const char *image)
{
    const char *slash = strrchr(image, '/'), *dot = strrchr(slash ? slash : image, '.');
    const int length = (int)(dot ? (size_t)(dot - image) : strlen(image));
    char *path;
    return asprintf(&path, "%s/%.*s.png", truth->label_folder, length, image) < 0 ? NULL : path;
}

static Status open_labels(Dataset *dataset, Truth *truth, const DatasetSource *source, Message *message)
{
    Status status = find_path(&dataset->labels_path, source, "-labels", message);
    if (status != STATUS_OK || !dataset->labels_path) return status;
    truth->label_folder = strdup(dataset->labels_path);
    if (!truth->label_folder) return status_no_memory(message, dataset->labels_path);
    for (size_t i = 0; i < dataset->count; i++) {
        const char *name = dataset_image_name(dataset, i);
        char *path = name ? label_path(truth, name) : NULL;
        const bool there = path && access(path, R_OK) == 0;
        free(path);
        if (!there)
            return status_fail(message, STATUS_INVALID, "'%s' has no label image for '%s'",
                               truth->label_folder, name ? name : dataset->images_path);
    }
    dataset->has_truth = true;
    return STATUS_OK;
}

Status truth_open(Dataset *dataset, const DatasetSource *source, Message *message)
{
    if (source->task == TASK_CLASSIFY || source->task == TASK_NONE) return STATUS_OK;
    dataset->truth = calloc(1, sizeof *dataset->truth);
    if (!dataset->truth) return status_no_memory(message, source->images);
    return (source->task == TASK_SEMANTIC ? open_labels : open_objects)(dataset, dataset->truth, source,
                                                                        message);
}

Status truth_read_labels(LabelImage *labels, const Dataset *dataset, size_t image, Message *message)
{
    char *path = label_path(dataset->truth, dataset_image_name(dataset, image));
    *labels = (LabelImage){0};
    if (!path) return status_no_memory(message, dataset->labels_path);
    Status status = label_image_read(labels, path, message);
    free(path);
    return status;
}
