/* SPDX-License-Identifier: MIT */
#include "dataset/formats/format.h"

#include <stdlib.h>

Status labels_allocate(Dataset *dataset, Message *message)
{
    dataset->storage->labels = calloc(dataset->count, sizeof *dataset->storage->labels);
    dataset->labelled = dataset->storage->labels != NULL;
    return dataset->labelled ? STATUS_OK : status_no_memory(message, "labels");
}

Status labels_check_count(const Dataset *dataset, size_t count, Message *message)
{
    if (count == dataset->count) return STATUS_OK;
    return status_fail(message, STATUS_INVALID, "cannot open '%s': %zu labels for the %zu images of '%s'",
                       dataset->labels_path, count, dataset->count, dataset->images_path);
}
