/* SPDX-License-Identifier: MIT */
/* Opening: a network, how its input is prepared, its class names, and images, from plain arguments.
 *
 * A value that is not given (NULL) is the description's, or else what the network's own metadata says.
 * `description` is all zero where a network was opened without one. `prefix` goes in front of the name of a
 * given value in messages: "--" where it is an option of a command line, "" elsewhere.
 *
 * Example (const NetworkOptions *network_options, Normalization *normalization, Message *message):
 *     Network *network;
 *     Description description = {0};
 *     Dataset *dataset;
 *     char *mean;
 *     static const char *const preparation[PREPARATION_KEYS] = {0};
 *     opening_network(&network, &description, "resnet20.json", network_options, message);
 *     opening_normalization(&mean, normalization->mean, NULL, false, network, &description, "", message);
 *     DatasetSource source = {.images = description.calibration.images};
 *     opening_images(&dataset, &source, preparation, &description, "", message);
 */
#ifndef DATASET_OPENING_H
#define DATASET_OPENING_H

#include "dataset/dataset.h"
#include "dataset/description.h"
#include "network/network.h"

/* Opens `path`: a network, or a description (NAME.json), which names one. The caller frees both; on failure
 * *network is untouched, and *description may be filled. */
Status opening_network(Network **network, Description *description, const char *path,
                       const NetworkOptions *options, Message *message);

/* values: [network->channels], the mean of pixel/255 or its standard deviation. *text: the same as it was
 * written, "0" or "1" where nothing says it; malloc'ed. */
Status opening_normalization(char **text, float *values, const char *given, bool is_std,
                             const Network *network, const Description *description, const char *prefix,
                             Message *message);

/* Class names from the file `given`. *names is NULL where nothing names them; free with class_names_free().
 * Fails where a classifier has not as many outputs. */
Status opening_class_names(char ***names, size_t *count, const char *given, const Network *network,
                           const Description *description, Message *message);

/* Opens source->images, prepared as `given` says. given: [PREPARATION_KEYS], as preparation_set() reads them.
 */
Status opening_images(Dataset **dataset, DatasetSource *source, const char *const *given,
                      const Description *description, const char *prefix, Message *message);

#endif
