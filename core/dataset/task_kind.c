/* SPDX-License-Identifier: MIT */
#include "dataset/task_kind.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *names[5]; /* ours first; NULL after the last */
} kinds[TASK_KINDS] = {
    [TASK_CLASSIFY] = {{"classify", "classification", "image-classification"}},
    [TASK_DETECT] = {{"detect", "detection", "object-detection"}},
    [TASK_SEGMENT] = {{"segment", "instance-segmentation"}},
    [TASK_SEMANTIC] = {{"semantic", "segmentation", "semantic-segmentation", "image-segmentation"}},
    [TASK_NONE] = {{"none"}},
};

const char *task_kind_name(NetworkTaskKind kind)
{
    return kinds[kind].names[0];
}

bool task_kind_parse(NetworkTaskKind *kind, const char *text)
{
    for (NetworkTaskKind k = 0; k < TASK_KINDS; k++)
        for (size_t i = 0; kinds[k].names[i]; i++)
            if (strcasecmp(text, kinds[k].names[i]) == 0) {
                *kind = k;
                return true;
            }
    return false;
}
