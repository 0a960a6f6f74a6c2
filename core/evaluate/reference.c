/* SPDX-License-Identifier: MIT */
#include "evaluate/reference.h"

#include "base/sizes.h"
#include "evaluate/judge.h"

#include <stdlib.h>

static Status check(const Network *network, const Dataset *dataset, Message *message)
{
    if (dataset->count == 0)
        return status_fail(message, STATUS_INVALID, "'%s' has no images", dataset->images_path);
    if (dataset->channels == network->channels && dataset->height == network->height &&
        dataset->width == network->width)
        return STATUS_OK;
    return status_fail(message, STATUS_INVALID,
                       "'%s' has images of %zu x %zu with %zu channels, and '%s' takes %zu x %zu with %zu",
                       dataset->images_path, dataset->height, dataset->width, dataset->channels,
                       network->path, network->height, network->width, network->channels);
}

size_t reference_bytes(size_t memory)
{
    return memory ? size_min(memory / 8, REFERENCE_BYTES) : REFERENCE_BYTES;
}

Status reference_create(Reference **result, const Network *network, const Dataset *dataset,
                        const Normalization *normalization, size_t bytes, Message *message)
{
    *result = NULL;
    Status status = check(network, dataset, message);
    if (status != STATUS_OK) return status;
    Reference *reference = calloc(1, sizeof *reference);
    if (!reference) return status_no_memory(message, "the float network's outputs");
    const size_t classes = network->output_elements;
    const size_t capacity = size_min(dataset->count, bytes / sizeof *reference->outputs / classes);
    *reference = (Reference){.network = network,
                             .dataset = dataset,
                             .normalization = *normalization,
                             .classes = classes,
                             .judged = calloc(dataset->count, sizeof *reference->judged),
                             .capacity = capacity,
                             .outputs = calloc(capacity * classes + 1, sizeof *reference->outputs)};
    task_find(&reference->task, network, dataset->class_count);
    if (!reference->outputs || !reference->judged) {
        reference_free(reference);
        return status_no_memory(message, "the float network's outputs");
    }
    *result = reference;
    return STATUS_OK;
}

void reference_free(Reference *reference)
{
    if (!reference) return;
    for (size_t i = 0; reference->judged && i < reference->dataset->count; i++)
        judged_free(&reference->judged[i]);
    free(reference->judged);
    free(reference->outputs);
    free(reference);
}
