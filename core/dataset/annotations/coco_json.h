/* SPDX-License-Identifier: MIT */
/* Annotations in COCO's JSON format ("instances_val2017.json"): the keys `images` (id, file_name, width,
 * height), `categories` (id, name) and `annotations` (image_id, category_id, bbox; area, iscrowd and
 * segmentation are optional). Other keys are ignored.
 *
 * A segmentation is a list of polygons, {"counts": [...], "size": [height, width]} or the same with
 * compressed text. Images and classes are numbered by ascending id. An object without an area has its mask's,
 * or its box's.
 *
 * What is wrong is refused with the file and the record: ids that are there twice or nowhere, boxes with a
 * negative size or far outside of any image, damaged run lengths. Ceilings: COCO_JSON_MOST_BYTES per file,
 * COCO_JSON_MOST_OBJECTS objects.
 *
 * Example (Message *message):
 *     Annotations *annotations;
 *     Status status = coco_json_read(&annotations, "instances.json", message);
 *     if (status == STATUS_OK) annotations_free(annotations);
 */
#ifndef DATASET_COCO_JSON_H
#define DATASET_COCO_JSON_H

#include "dataset/annotations/annotations.h"

#define COCO_JSON_MOST_BYTES ((size_t)256 << 20)
#define COCO_JSON_MOST_OBJECTS ((size_t)1 << 20)

/* *annotations is NULL on failure. STATUS_INVALID, STATUS_IO, STATUS_MEMORY. */
Status coco_json_read(Annotations **annotations, const char *path, Message *message);

#endif
