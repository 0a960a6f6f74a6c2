/* SPDX-License-Identifier: MIT */
#include "evaluate/task.h"

#include "base/sizes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- measures ----------------------------------------------------------------------------------------- */

#define COCO_NAMES(what)                                                                                     \
    what " AP", what " AP50", what " AP75", what " AP_small", what " AP_medium", what " AP_large",           \
        what " AR1", what " AR10", what " AR100", what " AR_small", what " AR_medium", what " AR_large"

static const char *const classify_names[] = {"top-1", "top-5"};
static const char *const detect_names[] = {COCO_NAMES("box")};
static const char *const segment_names[] = {COCO_NAMES("box"), COCO_NAMES("mask")};
static const char *const semantic_names[] = {"mIoU", "Dice", "pixel accuracy"};
static const char *const none_names[] = {"SQNR"};
static const size_t first_figure[] = {0}, first_two[] = {0, 1}, box_and_mask[] = {12, 0};

const TaskMeasure task_measures[TASK_KINDS] = {
    [TASK_CLASSIFY] = {"classification", 2, classify_names, 1, first_figure},
    [TASK_DETECT] = {"object detection", 12, detect_names, 1, first_figure},
    [TASK_SEGMENT] = {"instance segmentation", 24, segment_names, 2, box_and_mask},
    [TASK_SEMANTIC] = {"semantic segmentation", 3, semantic_names, 2, first_two},
    [TASK_NONE] = {"outputs", 1, none_names, 0, NULL},
};

/* --- shapes ------------------------------------------------------------------------------------------- */

/* An output's shape without dimensions of 1. */
typedef struct Shape {
    size_t rank, sizes[TENSOR_MAX_RANK];
    const NetworkOutput *output;
} Shape;

static Shape shape_of(const NetworkOutput *output)
{
    Shape shape = {.output = output};
    for (size_t i = 0; i < output->rank; i++)
        if (output->shape[i] != 1) shape.sizes[shape.rank++] = output->shape[i];
    return shape;
}

/* The first output of that rank, from number *next on; false where there is none. */
static bool find_shape(Shape *shape, size_t *next, const Network *network, size_t rank)
{
    for (; *next < network->output_count; ++*next) {
        *shape = shape_of(&network->outputs[*next]);
        if (shape->rank == rank) {
            ++*next;
            return true;
        }
    }
    return false;
}

static void understand(NetworkTask *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void understand(NetworkTask *task, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(task->understood, sizeof task->understood, format, arguments);
    va_end(arguments);
}

static void add_slice(NetworkTask *task, const char *name, size_t offset, size_t rows, size_t step,
                      size_t run)
{
    if (task->slice_count == TASK_SLICES) return;
    OutputSlice *slice = &task->slices[task->slice_count++];
    *slice = (OutputSlice){.offset = offset, .rows = rows, .step = step, .run = run};
    snprintf(slice->name, sizeof slice->name, "%s", name);
}

static void add_output(NetworkTask *task, const NetworkOutput *output)
{
    add_slice(task, output->name, output->offset, 1, output->elements, output->elements);
}

/* --- detection heads ---------------------------------------------------------------------------------- */

/* A two-dimensional output as a head: fields and anchors. */
typedef struct Grid {
    size_t fields, anchors;
    bool fields_first; /* [fields][anchors] */
} Grid;

static Grid grid_of(const Shape *shape)
{
    const bool first = shape->sizes[0] < shape->sizes[1];
    return (Grid){shape->sizes[first ? 0 : 1], shape->sizes[first ? 1 : 0], first};
}

static HeadField field_at(const Grid *grid, size_t offset, size_t first)
{
    return grid->fields_first ? (HeadField){offset + first * grid->anchors, 1, grid->anchors}
                              : (HeadField){offset + first, grid->fields, 1};
}

/* Adds fields first to first + count - 1 as a slice. */
static void add_fields(NetworkTask *task, const char *name, const Grid *grid, size_t offset, size_t first,
                       size_t count)
{
    if (count == 0) return;
    if (grid->fields_first)
        add_slice(task, name, offset + first * grid->anchors, 1, 0, count * grid->anchors);
    else
        add_slice(task, name, offset + first, grid->anchors, grid->fields, count);
}

/* How many fields come before the classes: 4, or 5 with objectness; 0 where it is no head. Where the class
 * names do not decide, fields come first in YOLOv8's outputs, without objectness, and last in YOLOv5's. */
static size_t fields_before_classes(const Grid *grid, size_t coefficients, size_t class_count)
{
    if (grid->fields < 5 + coefficients) return 0;
    const size_t rest = grid->fields - coefficients;
    if (class_count && rest == 4 + class_count) return 4;
    if (class_count && rest == 5 + class_count) return 5;
    if (class_count) return 0;
    return grid->fields_first ? 4 : rest > 5 ? 5 : 0;
}

/* One output for boxes and scores, with prototypes or without. */
static bool find_one_output(NetworkTask *task, const Network *network, size_t class_count)
{
    Shape shape, prototypes;
    size_t next = 0, third = 0;
    if (!find_shape(&shape, &next, network, 2)) return false;
    const bool masks = find_shape(&prototypes, &third, network, 3) && prototypes.output != shape.output;
    const Grid grid = grid_of(&shape);
    const size_t coefficients = masks ? prototypes.sizes[0] : 0, offset = shape.output->offset;
    const size_t before = fields_before_classes(&grid, coefficients, class_count);
    if (!before) return false;
    Head *head = &task->head;
    *head = (Head){.anchors = grid.anchors,
                   .classes = grid.fields - coefficients - before,
                   .boxes = field_at(&grid, offset, 0),
                   .objectness = field_at(&grid, offset, 4),
                   .has_objectness = before == 5,
                   .scores = field_at(&grid, offset, before),
                   .height = network->height,
                   .width = network->width,
                   .coefficient_count = coefficients,
                   .coefficients = field_at(&grid, offset, grid.fields - coefficients)};
    add_fields(task, "boxes", &grid, offset, 0, 4);
    add_fields(task, "scores", &grid, offset, 4, grid.fields - coefficients - 4);
    add_fields(task, "coefficients", &grid, offset, grid.fields - coefficients, coefficients);
    if (masks) {
        head->prototypes = prototypes.output->offset;
        head->prototype_height = prototypes.sizes[1];
        head->prototype_width = prototypes.sizes[2];
        add_slice(task, "prototypes", head->prototypes, 1, 0, prototypes.output->elements);
    }
    understand(task, "%s: %s head, %zu class%s%s, %zu anchors, boxes by centre and size in pixels",
               task_kind_name(masks ? TASK_SEGMENT : TASK_DETECT), before == 4 ? "YOLOv8" : "YOLOv5",
               head->classes, head->classes == 1 ? "" : "es", before == 5 ? " and objectness" : "",
               head->anchors);
    return true;
}

/* Two outputs, [anchors][4] and [anchors][classes]. One class more than there are names is the background,
 * first. */
static bool find_two_outputs(NetworkTask *task, const Network *network, size_t class_count)
{
    Shape a, b;
    size_t next = 0;
    if (!find_shape(&a, &next, network, 2) || !find_shape(&b, &next, network, 2)) return false;
    const bool boxes_first = a.sizes[1] == 4 && !(b.sizes[1] == 4 && class_count != 4);
    const Shape *boxes = boxes_first ? &a : &b, *scores = boxes_first ? &b : &a;
    if (boxes->sizes[1] != 4 || boxes->sizes[0] != scores->sizes[0]) return false;
    const size_t fields = scores->sizes[1], background = class_count && fields == class_count + 1;
    if (class_count && fields != class_count + background) return false;
    task->head = (Head){.anchors = boxes->sizes[0],
                        .classes = fields - background,
                        .boxes = {boxes->output->offset, 4, 1},
                        .scores = {scores->output->offset + background, fields, 1},
                        .corners = true,
                        .fractions = true,
                        .height = network->height,
                        .width = network->width};
    add_output(task, boxes->output);
    add_output(task, scores->output);
    understand(task, "detect: boxes and scores, %zu classes%s, %zu anchors, boxes by corners in fractions",
               task->head.classes, background ? " after a background" : "", task->head.anchors);
    return true;
}

static bool find_head(NetworkTask *task, const Network *network, size_t class_count)
{
    const bool two = find_two_outputs(task, network, class_count);
    if (!two && !find_one_output(task, network, class_count)) return false;
    task->kind = task->head.coefficient_count ? TASK_SEGMENT : TASK_DETECT;
    task->classes = task->head.classes;
    task->options = head_field_defaults;
    return true;
}

/* --- other tasks -------------------------------------------------------------------------------------- */

static bool find_vector(NetworkTask *task, const Network *network)
{
    const NetworkOutput *output = &network->outputs[0];
    if (network->output_count != 1 || output->rank == 0 || shape_of(output).rank != 1) return false;
    task->kind = TASK_CLASSIFY;
    task->classes = network->output_elements;
    understand(task, "classify: one vector of %zu class scores", task->classes);
    return true;
}

static bool find_pixels(NetworkTask *task, const Network *network, size_t class_count)
{
    const NetworkOutput *output = &network->outputs[0];
    if (network->output_count != 1 || output->rank != 3 || output->shape[0] < 2 || output->shape[0] > 255 ||
        output->shape[1] * output->shape[2] < 2 || (class_count && class_count != output->shape[0]))
        return false;
    task->kind = TASK_SEMANTIC;
    task->classes = output->shape[0];
    task->height = output->shape[1];
    task->width = output->shape[2];
    add_output(task, output);
    understand(task, "semantic: logits of %zu classes for %zu x %zu pixels", task->classes, task->height,
               task->width);
    return true;
}

static void find_none(NetworkTask *task, const Network *network, bool named, NetworkTaskKind wanted)
{
    for (size_t i = 0; i < network->output_count; i++) add_output(task, &network->outputs[i]);
    task->kind = TASK_NONE;
    understand(task, "none: outputs are compared as numbers");
    if (named && wanted != TASK_NONE)
        understand(task, "none: the outputs do not fit '%s'; they are compared as numbers",
                   task_kind_name(wanted));
}

/* Reads the outputs as that kind of task. */
static bool find_kind(NetworkTask *task, const Network *network, NetworkTaskKind kind, size_t class_count)
{
    if (kind == TASK_CLASSIFY) return find_vector(task, network);
    if (kind == TASK_DETECT || kind == TASK_SEGMENT) return find_head(task, network, class_count);
    return kind == TASK_SEMANTIC && find_pixels(task, network, class_count);
}

void task_find(NetworkTask *task, const Network *network, size_t class_count)
{
    NetworkTaskKind wanted = TASK_NONE;
    const bool named = network->task && task_kind_parse(&wanted, network->task);
    *task = (NetworkTask){.kind = TASK_NONE};
    bool found = named && find_kind(task, network, wanted, class_count);
    for (NetworkTaskKind kind = TASK_CLASSIFY; !named && !found && kind < TASK_NONE; kind++)
        found = (kind == TASK_CLASSIFY || kind == TASK_SEMANTIC || class_count) &&
                find_kind(task, network, kind, class_count);
    if (!found) {
        *task = (NetworkTask){.kind = TASK_NONE};
        find_none(task, network, named, wanted);
    }
}
