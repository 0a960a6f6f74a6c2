/* SPDX-License-Identifier: MIT */
/* Description: NAME.json beside a network, which says what images go with it and how they are prepared.
 *
 *     { "network": "resnet20.onnx", "task": "classification",
 *       "mean": [0.286], "std": [0.353], "labels": ["T-shirt/top", ...],
 *       "resize": 256, "crop": [224, 224], "channels": "rgb", "layout": "nhwc",
 *       "calibration": "train-images-idx3-ubyte.gz",
 *       "evaluation": { "images": "t10k-images.gz", "labels": "t10k-labels.gz" } }
 *
 * Paths are relative to the description's folder. Only `network` is needed. `resize`, `crop`, `channels` and
 * `layout` are those of a Preparation (image/preparation.h). Unknown and repeated keys, wrong types and
 * trailing text are errors that name the file and the key. Command-line options win over a description, which
 * wins over the network's metadata.
 */
#ifndef DATASET_DESCRIPTION_H
#define DATASET_DESCRIPTION_H

#include "dataset/dataset.h"

typedef struct ImageFiles {
    char *images, *labels; /* paths joined to the description's folder; NULL where absent */
} ImageFiles;

typedef struct Description {
    char *path;
    char *network;    /* path */
    char *task;       /* as task_kind_parse() reads it; NULL where absent */
    char *mean, *std; /* comma-separated, as normalization_parse() reads them; NULL where absent */
    char *preparation[PREPARATION_KEYS]; /* as preparation_set() reads them; NULL where absent */
    char **labels;                       /* class names, or NULL */
    size_t label_count;
    ImageFiles calibration, evaluation;
} Description;

/* Reads NAME.json. *description is to be freed with description_free() on success, and is empty on failure.
 */
Status description_read(Description *description, const char *path, Message *message);
void description_free(Description *description);

/* Reads class names from a text file, one per line (a final empty line does not count), at most 100,000.
 * *names is to be freed with class_names_free(); NULL on failure. */
Status class_names_read(char ***names, size_t *count, const char *path, Message *message);

/* The same from a comma-separated text, the network's metadata. */
Status class_names_split(char ***names, size_t *count, const char *text, Message *message);

/* Frees the names and the array. NULL allowed. */
void class_names_free(char **names, size_t count);

#endif
