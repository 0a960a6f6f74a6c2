/* SPDX-License-Identifier: MIT */
/* What a network is for: it decides what is true of an image, and what is measured. Pure; any thread may
 * call. */
#ifndef DATASET_TASK_KIND_H
#define DATASET_TASK_KIND_H

#include <stdbool.h>

typedef enum NetworkTaskKind {
    TASK_CLASSIFY, /* one class per image */
    TASK_DETECT,   /* boxes of objects */
    TASK_SEGMENT,  /* boxes and masks of objects: instance segmentation */
    TASK_SEMANTIC, /* one class per pixel */
    TASK_NONE,     /* nothing is known: outputs are compared as numbers */
    TASK_KINDS
} NetworkTaskKind;

/* "classify", "detect", "segment", "semantic", "none". */
const char *task_kind_name(NetworkTaskKind kind);

/* Reads one of these names, or another that exporters and descriptions write: "classification",
 * "object-detection", "instance-segmentation", "semantic-segmentation", ... False for any other text. */
bool task_kind_parse(NetworkTaskKind *kind, const char *text);

#endif
