/* SPDX-License-Identifier: MIT */
/* Task: what a network's outputs mean, and what is measured of them.
 *
 * The kind is the network's `task` (an option, a description or the file's metadata), or what the outputs'
 * shapes say where none is named:
 *   - classify: one vector of scores per image;
 *   - detect: [4 + classes][anchors] (YOLOv8), [anchors][5 + classes] (YOLOv5), or two outputs [anchors][4]
 *     and [anchors][classes];
 *   - segment: a detection head with mask coefficients behind the classes, and prototypes
 *     [coefficients][height][width];
 *   - semantic: [classes][height][width];
 *   - none: all else.
 *
 * Other networks have two-dimensional outputs as well. A detection head whose kind is not named is therefore
 * recognized only where the number of class names fits. Outputs that do not fit the named task are compared
 * as numbers (TASK_NONE). Slices are the parts that are compared as numbers: a YOLO output's boxes, scores
 * and coefficients, and whole outputs otherwise.
 *
 * Example (const Network *network, size_t class_count):
 *     NetworkTask task;
 *     task_find(&task, network, class_count);
 *     puts(task.understood);
 */
#ifndef EVALUATE_TASK_H
#define EVALUATE_TASK_H

#include "dataset/task_kind.h"
#include "evaluate/head.h"
#include "evaluate/interval.h"
#include "network/types.h"

#define TASK_SLICES 8
#define TASK_NAME 48     /* bytes of a slice's name */
#define TASK_FIGURES 24  /* most figures of a task */
#define TASK_INTERVALS 2 /* most figures with an interval */

/* Numbers of an image's output vector: `rows` runs of `run` numbers, `step` apart. */
typedef struct OutputSlice {
    char name[TASK_NAME];
    size_t offset, rows, step, run;
} OutputSlice;

typedef struct NetworkTask {
    NetworkTaskKind kind;
    size_t classes; /* 0 for TASK_NONE */
    Head head;      /* of detect and segment */
    HeadOptions options;
    size_t height, width; /* of semantic's output */
    size_t slice_count;
    OutputSlice slices[TASK_SLICES]; /* outputs behind the last are not compared on their own */
    char understood[240]; /* "detect: YOLOv8 head, 3 classes, 960 anchors, boxes by centre and size in pixels"
                           */
} NetworkTask;

/* What is measured for a kind of task. */
typedef struct TaskMeasure {
    const char *title;        /* "object detection" */
    size_t figure_count;      /* at most TASK_FIGURES */
    const char *const *names; /* [figure_count]: "box AP", "box AP50", ... */
    size_t interval_count;    /* at most TASK_INTERVALS */
    const size_t *intervals;  /* [interval_count] figures that have an interval; the first is the headline */
} TaskMeasure;

/* By NetworkTaskKind. Classification has the figures top-1 and top-5; none has the SQNR in dB, without
 * interval. */
extern const TaskMeasure task_measures[TASK_KINDS];

/* 95 % intervals of the figures that task_measures[].intervals lists: of the float network's, the quantized
 * network's, and of the change on the same images. NaN where they are not known. */
typedef struct FigureIntervals {
    Interval reference[TASK_INTERVALS], quantized[TASK_INTERVALS], change[TASK_INTERVALS];
} FigureIntervals;

/* The figure that stands for all: top-1, box AP, mask AP, mIoU, SQNR. */
static inline size_t task_headline(NetworkTaskKind kind)
{
    return task_measures[kind].interval_count ? task_measures[kind].intervals[0] : 0;
}

/* class_count: of the class names, 0 where they are unknown. */
void task_find(NetworkTask *task, const Network *network, size_t class_count);

#endif
