/* SPDX-License-Identifier: MIT */
/* The float figures of the three networks in data/ are those that onnxruntime and COCO's own evaluator give.
 */
#include "app/cli/blas_kernel.h"
#include "dataset/opening.h"
#include "evaluate/accuracy.h"
#include "evaluate/coco.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA SOURCE_ROOT "/data/"

typedef struct Opened {
    Network *network;
    Description description;
    char **class_names;
    size_t class_count;
    Dataset *dataset;
    Reference *reference;
    Pool *pool;
} Opened;

static void check(Status status, const Message *message)
{
    if (status != STATUS_OK) fail_msg("%s", message->text);
}

/* truth: the description's, or none. */
static Opened open_network(const char *path, bool truth, size_t threads, size_t most)
{
    Opened opened = {0};
    Message message;
    NetworkTask task;
    static const char *const preparation[PREPARATION_KEYS] = {0};
    const Normalization plain = {.std = {1, 1, 1}};
    check(pool_create(&opened.pool, threads, &message), &message);
    check(opening_network(&opened.network, &opened.description, path, &(NetworkOptions){0}, &message),
          &message);
    check(opening_class_names(&opened.class_names, &opened.class_count, NULL, opened.network,
                              &opened.description, &message),
          &message);
    task_find(&task, opened.network, opened.class_count);
    DatasetSource source = {.images = opened.description.evaluation.images,
                            .labels = opened.description.evaluation.labels,
                            .task = truth ? task.kind : TASK_NONE,
                            .height = opened.network->height,
                            .width = opened.network->width,
                            .channels = opened.network->channels,
                            .class_names = opened.class_names,
                            .class_count = opened.class_count,
                            .most = most,
                            .seed = 3,
                            .pool = opened.pool};
    check(opening_images(&opened.dataset, &source, preparation, &opened.description, "", &message), &message);
    check(reference_create(&opened.reference, opened.network, opened.dataset, &plain, REFERENCE_BYTES,
                           &message),
          &message);
    return opened;
}

static void close_network(Opened *opened)
{
    reference_free(opened->reference);
    dataset_free(opened->dataset);
    class_names_free(opened->class_names, opened->class_count);
    description_free(&opened->description);
    network_free(opened->network);
    pool_free(opened->pool);
}

static Evaluation evaluate(Opened *opened, const Weights *const *weights)
{
    Evaluation evaluation;
    Message message;
    check(evaluation_run(&evaluation, opened->reference, weights, 0, opened->pool, NULL, NULL, &message),
          &message);
    return evaluation;
}

static void assert_figures(const Evaluation *evaluation, const double *expected, size_t count, double near)
{
    for (size_t f = 0; f < count; f++)
        if (!(fabs(evaluation->figures[0][f] - expected[f]) < near))
            fail_msg("%s is %.6f, not %.6f", task_measures[evaluation->task].names[f],
                     evaluation->figures[0][f], expected[f]);
}

static void boxes_of_blood_cells(void **state)
{
    static const double expected[COCO_FIGURES] = {0.59665,  0.8977,   0.665854, 0.384771, 0.46744,  0.718972,
                                                  0.388649, 0.629096, 0.695688, 0.58994,  0.757766, 0.777778};
    Opened opened = open_network(DATA "cells-yolo.json", true, 2, 0);
    const Evaluation evaluation = evaluate(&opened, NULL);
    assert_int_equal(evaluation.task, TASK_DETECT);
    assert_int_equal(evaluation.images, 159);
    assert_true(evaluation.has_truth);
    assert_figures(&evaluation, expected, COCO_FIGURES, 1e-3);
    const Interval interval = evaluation.intervals.reference[0];
    assert_true(interval.low < 0.59 && interval.low > 0.55 && interval.high > 0.6 && interval.high < 0.65);
    close_network(&opened);
}

static void boxes_and_masks_of_nuclei(void **state)
{
    static const double expected[2 * COCO_FIGURES] = {0.6176,   0.883782, 0.695173, 0.596738, 0.856873, -1,
                                                      0.034363, 0.293947, 0.669861, 0.652412, 0.895614, -1,
                                                      0.613922, 0.882319, 0.678138, 0.592145, 0.843361, -1,
                                                      0.034269, 0.295019, 0.672478, 0.656624, 0.877193, -1};
    Opened opened = open_network(DATA "nuclei-yolo-seg.json", true, 2, 0);
    const Evaluation evaluation = evaluate(&opened, NULL);
    assert_int_equal(evaluation.task, TASK_SEGMENT);
    assert_figures(&evaluation, expected, 2 * COCO_FIGURES, 1e-3);
    close_network(&opened);
}

static void pixels_of_nuclei(void **state)
{
    static const double expected[] = {0.727144, 0.810762, 0.966421}, dice[] = {0.988708, 0.916563, 0.527015};
    Opened opened = open_network(DATA "nuclei-unet.json", true, 2, 0);
    const Evaluation evaluation = evaluate(&opened, NULL);
    assert_int_equal(evaluation.task, TASK_SEMANTIC);
    assert_figures(&evaluation, expected, 3, 1e-4);
    assert_int_equal(evaluation.class_count, 3);
    for (size_t c = 0; c < 3; c++) assert_true(fabs(evaluation.class_figures[0][c] - dice[c]) < 1e-4);
    close_network(&opened);
}

/* Without truth the float network is judged by its own detections: it finds all of them, and what has a lower
 * score is wrong. Compared with itself it is equal, with any number of threads. */
static void without_truth_the_float_network_is_right(void **state)
{
    Opened opened = open_network(DATA "cells-yolo.json", false, 1, 12);
    const Weights **none = calloc(opened.network->layer_count, sizeof *none);
    const Evaluation one = evaluate(&opened, none);
    close_network(&opened);
    opened = open_network(DATA "cells-yolo.json", false, 3, 12);
    const Evaluation three = evaluate(&opened, none);
    close_network(&opened);
    free(none);
    assert_false(one.has_truth);
    assert_memory_equal(one.figures, three.figures, sizeof one.figures);
    assert_memory_equal(&one.intervals.change[0], &three.intervals.change[0], sizeof one.intervals.change[0]);
    assert_true(one.figures[0][COCO_AP] == one.figures[1][COCO_AP]);
    assert_true(one.figures[0][COCO_AP] > 0.999);
    assert_true(one.intervals.change[0].low == 0 && one.intervals.change[0].high == 0);
    assert_int_equal(one.slice_count, 2);
    assert_true(one.slices[0].sqnr_db == INFINITY && one.slices[0].cosine == 1 && one.slices[1].largest == 0);
}

static NetworkTask task_of(const char *file, const char *task, size_t class_count)
{
    Network *network;
    Message message;
    NetworkTask found;
    check(network_open(&network, file, &(NetworkOptions){.task = task}, &message), &message);
    task_find(&found, network, class_count);
    network_free(network);
    return found;
}

/* By metadata, by the shapes, by an option; one that does not fit compares numbers. */
static void tasks_are_found(void **state)
{
    NetworkTask task = task_of(DATA "cells-yolo.onnx", NULL, 0);
    assert_int_equal(task.kind, TASK_DETECT);
    assert_int_equal(task.classes, 3);
    assert_non_null(strstr(task.understood, "YOLOv8 head, 3 classes, 960 anchors"));
    assert_int_equal(task_of(DATA "cells-yolo.onnx", "", 3).kind, TASK_DETECT);
    assert_int_equal(task_of(DATA "cells-yolo.onnx", "", 0).kind, TASK_NONE);
    assert_int_equal(task_of(DATA "cells-yolo.onnx", "pose", 4).kind, TASK_NONE);
    assert_int_equal(task_of(DATA "cells-yolo.onnx", "none", 3).slice_count, 1);
    task = task_of(DATA "cells-yolo.onnx", "semantic", 3);
    assert_int_equal(task.kind, TASK_NONE);
    assert_non_null(strstr(task.understood, "do not fit 'semantic'"));
    task = task_of(DATA "nuclei-yolo-seg.onnx", "", 1);
    assert_int_equal(task.kind, TASK_SEGMENT);
    assert_int_equal(task.head.coefficient_count, 16);
    assert_int_equal(task.slice_count, 4);
    assert_string_equal(task.slices[3].name, "prototypes");
    assert_int_equal(task_of(DATA "nuclei-unet.onnx", "", 0).kind, TASK_SEMANTIC);
    assert_int_equal(task_of(DATA "lenet5.onnx", "", 0).kind, TASK_CLASSIFY);
    assert_int_equal(task_of(DATA "lenet5.onnx", "detect", 0).kind, TASK_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_blood_cells), cmocka_unit_test(boxes_and_masks_of_nuclei),
        cmocka_unit_test(pixels_of_nuclei),     cmocka_unit_test(without_truth_the_float_network_is_right),
        cmocka_unit_test(tasks_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
