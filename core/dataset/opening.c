/* SPDX-License-Identifier: MIT */
#include "dataset/opening.h"

#include "base/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where a file that a description names cannot be read, the description may be wrong. */
static Status name_key(Status status, const Description *description, const char *key, Message *message)
{
    if (status != STATUS_IO) return status;
    return status_context(message, status, "description '%s', key '%s'", description->path, key);
}

Status opening_network(Network **network, Description *description, const char *path,
                       const NetworkOptions *options, Message *message)
{
    const size_t length = strlen(path);
    *description = (Description){0};
    if (length < 5 || strcasecmp(path + length - 5, ".json") != 0)
        return network_open(network, path, options, message);
    Status status = description_read(description, path, message);
    if (status != STATUS_OK) return status;
    NetworkOptions described = *options;
    if (!described.task) described.task = description->task;
    status = network_open(network, description->network, &described, message);
    return name_key(status, description, "network", message);
}

Status opening_normalization(char **text, float *values, const char *given, bool is_std,
                             const Network *network, const Description *description, const char *prefix,
                             Message *message)
{
    const char *key = is_std ? "std" : "mean";
    const char *described = is_std ? description->std : description->mean;
    const char *metadata = is_std ? network->std : network->mean;
    const char *chosen = is_std ? "1" : "0";
    char source[512] = "";
    if (given) {
        chosen = given;
        snprintf(source, sizeof source, "%s%s", prefix, key);
    } else if (described) {
        chosen = described;
        snprintf(source, sizeof source, "description '%s', key '%s'", description->path, key);
    } else if (metadata && *metadata) {
        chosen = metadata;
        snprintf(source, sizeof source, "'%s', metadata '%s'", network->path, key);
    }
    *text = strdup(chosen);
    if (!*text) return status_no_memory(message, "the normalization");
    return normalization_parse(values, chosen, network->channels, is_std, source, message);
}

static Status copy_names(char ***copy, char *const *names, size_t count, Message *message)
{
    char **list = calloc(size_max(count, 1), sizeof *list);
    if (!list) return status_no_memory(message, "class names");
    for (size_t i = 0; i < count; i++) {
        list[i] = strdup(names[i]);
        if (list[i]) continue;
        class_names_free(list, i);
        return status_no_memory(message, "class names");
    }
    *copy = list;
    return STATUS_OK;
}

/* Whether the network has one output, a vector. */
static bool is_classifier(const Network *network)
{
    size_t axes = 0;
    for (size_t i = 0; network->output_count == 1 && i < network->outputs[0].rank; i++)
        axes += network->outputs[0].shape[i] != 1;
    return axes == 1;
}

Status opening_class_names(char ***names, size_t *count, const char *given, const Network *network,
                           const Description *description, Message *message)
{
    const char *source = network->path;
    Status status = STATUS_OK;
    *names = NULL;
    *count = 0;
    if (given) {
        source = given;
        status = class_names_read(names, count, given, message);
    } else if (description->labels) {
        source = description->path;
        status = copy_names(names, description->labels, description->label_count, message);
        *count = status == STATUS_OK ? description->label_count : 0;
    } else if (network->labels && *network->labels) {
        status = class_names_split(names, count, network->labels, message);
    }
    if (status != STATUS_OK || !*names || !is_classifier(network) || *count == network->output_elements)
        return status;
    return status_fail(message, STATUS_INVALID, "'%s' names %zu classes, and '%s' has %zu outputs", source,
                       *count, network->path, network->output_elements);
}

Status opening_images(Dataset **dataset, DatasetSource *source, const char *const *given,
                      const Description *description, const char *prefix, Message *message)
{
    Status status = STATUS_OK;
    for (PreparationKey key = 0; key < PREPARATION_KEYS && status == STATUS_OK; key++) {
        const char *text = given[key] ? given[key] : description->preparation[key];
        const char *name = preparation_key_name(key);
        char what[512];
        if (!text) continue;
        if (given[key])
            snprintf(what, sizeof what, "%s%s", prefix, name);
        else
            snprintf(what, sizeof what, "description '%s', key '%s'", description->path, name);
        status = preparation_set(&source->preparation, key, text, what, message);
    }
    if (status == STATUS_OK) status = dataset_open(dataset, source, message);
    if (source->images == description->calibration.images)
        return name_key(status, description, "calibration", message);
    if (source->images == description->evaluation.images)
        return name_key(status, description, "evaluation", message);
    return status;
}
