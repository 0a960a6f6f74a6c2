/* SPDX-License-Identifier: MIT */
/* Annotations in COCO's format: all masks have the size of their image, and its area at most. */
#include "dataset/annotations/coco_json.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Annotations *annotations;
    Message message = {0};
    Status status = coco_json_read(&annotations, fuzz_file("fuzz.json", data, size), &message);
    fuzz_require_message(status, &message);
    if (status != STATUS_OK) return 0;
    for (size_t i = 0; i < annotations->object_count; i++) {
        const TrueObject *object = &annotations->objects[i];
        fuzz_require(object->image < annotations->image_count, "an object is in an image");
        fuzz_require(object->class < annotations->class_count, "an object has a class");
        if (!object->mask.count) continue;
        fuzz_require(object->mask.height == annotations->heights[object->image],
                     "a mask has its image's height");
        fuzz_require(mask_area(&object->mask) <= object->mask.height * object->mask.width,
                     "a mask has its image's pixels at most");
        fuzz_require(mask_iou(&object->mask, &object->mask, true) <= 1, "an overlap is a share");
    }
    annotations_free(annotations);
    return 0;
}
