/* SPDX-License-Identifier: MIT */
#include "evaluate/detection.h"

#include "base/sizes.h"

#include <stdlib.h>

bool detections_add(Detections *detections, const Detection *detection)
{
    if (detections->count == detections->capacity) {
        const size_t capacity = size_max(2 * detections->capacity, 64);
        Detection *items = realloc(detections->items, capacity * sizeof *items);
        if (!items) return false;
        detections->items = items;
        detections->capacity = capacity;
    }
    detections->items[detections->count++] = *detection;
    return true;
}

void detections_clear(Detections *detections)
{
    for (size_t i = 0; i < detections->count; i++) mask_free(&detections->items[i].mask);
    detections->count = 0;
}

void detections_free(Detections *detections)
{
    detections_clear(detections);
    free(detections->items);
    *detections = (Detections){0};
}
