/* SPDX-License-Identifier: MIT */
/* Decoding of detection heads, pixel counts and the bootstrap, by hand-computed expectations. */
#include "evaluate/bootstrap.h"
#include "evaluate/head.h"
#include "evaluate/pixel_counts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- heads -------------------------------------------------------------------------------------------- */

/* YOLOv8's [4 + 2][3]: a box at (20, 10) of 8 x 4, the same moved by one pixel, and one far away. */
static const float yolov8[6 * 3] = {
    20,   21,    60,     /* centre x */
    10,   10,    40,     /* centre y */
    8,    8,     8,      /* width */
    4,    4,     4,      /* height */
    0.9f, 0.8f,  0.001f, /* class 0: the last is not above the threshold */
    0.0f, 0.95f, 0.7f,   /* class 1 */
};

static void assert_box(const Detection *found, size_t class, float score, double x, double y, double width,
                       double height)
{
    assert_int_equal(found->class, class);
    assert_true(found->score == score);
    assert_true(found->box.x == x && found->box.y == y);
    assert_true(found->box.width == width && found->box.height == height);
}

/* Overlap of the first two: 7 of 9, above 0.7: the better one suppresses, in its class alone. */
static void boxes_are_suppressed_by_class(void **state)
{
    Head head;
    Detections found = {0};
    const ImageFit fit = image_fit_same(64, 64);
    head_yolov8(&head, 2, 3, 64, 64);
    assert_int_equal(head_decode(&found, &head, yolov8, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_int_equal(found.count, 3);
    assert_box(&found.items[0], 1, 0.95f, 17, 8, 8, 4);
    assert_box(&found.items[1], 0, 0.9f, 16, 8, 8, 4);
    assert_box(&found.items[2], 1, 0.7f, 56, 38, 8, 4);
    HeadOptions loose = head_field_defaults;
    loose.iou = 0.8;
    loose.detections = 3;
    detections_clear(&found);
    assert_int_equal(head_decode(&found, &head, yolov8, &fit, &loose, NULL), STATUS_OK);
    assert_int_equal(found.count, 3);
    assert_box(&found.items[2], 0, 0.8f, 17, 8, 8, 4);
    loose.candidates = 1;
    detections_clear(&found);
    assert_int_equal(head_decode(&found, &head, yolov8, &fit, &loose, NULL), STATUS_OK);
    assert_int_equal(found.count, 1);
    detections_free(&found);
}

/* YOLOv5's [2][5 + 1]: the score is objectness times class. */
static void objectness_multiplies(void **state)
{
    static const float output[2 * 6] = {20, 10, 8, 4, 0.5f, 0.5f, 40, 30, 8, 4, 0.001f, 0.9f};
    Head head;
    Detections found = {0};
    const ImageFit fit = image_fit_same(64, 64);
    head_yolov5(&head, 1, 2, 64, 64);
    assert_int_equal(head_decode(&found, &head, output, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_int_equal(found.count, 1);
    assert_box(&found.items[0], 0, 0.25f, 16, 8, 8, 4);
    detections_free(&found);
}

/* Boxes as corners in fractions, y first, and scores after a background. */
static void corners_in_fractions(void **state)
{
    static const float output[4 + 3] = {0.25f, 0.5f, 0.5f, 1.5f, 0.1f, 0.2f, 0.7f};
    const Head head = {.anchors = 1,
                       .classes = 2,
                       .boxes = {0, 4, 1},
                       .scores = {5, 3, 1},
                       .corners = true,
                       .y_first = true,
                       .fractions = true,
                       .height = 40,
                       .width = 80};
    Detections found = {0};
    const ImageFit fit = image_fit_same(40, 80);
    assert_int_equal(head_decode(&found, &head, output, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_int_equal(found.count, 2);
    assert_box(&found.items[0], 1, 0.7f, 40, 10, 40, 10); /* clipped at the image's right side */
    detections_free(&found);
}

/* An image of 32 x 64 lies in 64 x 64 at half of its size: 16 rows above, pixel x at 2x. */
static void boxes_are_mapped_back(void **state)
{
    Head head;
    Detections found = {0};
    const ImageFit fit = {.height = 16, .width = 32, .scale_x = 2, .scale_y = 2, .left = 0, .top = 4};
    head_yolov8(&head, 2, 3, 64, 64);
    assert_int_equal(head_decode(&found, &head, yolov8, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_box(&found.items[1], 0, 0.9f, 8, 2, 4, 2);
    assert_box(&found.items[2], 1, 0.7f, 28, 16, 4, 0); /* below the image */
    detections_free(&found);
}

static void numbers_that_are_not_finite_are_no_detections(void **state)
{
    float output[6 * 3];
    Head head;
    Detections found = {0};
    const ImageFit fit = image_fit_same(64, 64);
    memcpy(output, yolov8, sizeof output);
    output[0] = NAN;
    output[3 * 3 + 1] = INFINITY;
    output[5 * 3 + 2] = NAN;
    head_yolov8(&head, 2, 3, 64, 64);
    assert_int_equal(head_decode(&found, &head, output, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_int_equal(found.count, 0);
    detections_free(&found);
}

/* One prototype of 2 x 2 for 4 x 4 pixels, coefficient 1. Its shares are 0 and 1 (logits of -100 and 100);
 * pixel centres .5, 1.5, 2.5, 3.5 are at -.25, .25, .75, 1.25 among the prototypes: shares 0, .25, .75, 1. */
static void masks_are_resized_with_half_pixel_centres(void **state)
{
    static const float output[4 + 1 + 1 + 4] = {2, 2, 3, 4, 0.9f, 1, -100, 100, -100, 100};
    Head head;
    Detections found = {0};
    unsigned char pixels[16];
    static const unsigned char expected[16] = {0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0};
    const ImageFit fit = image_fit_same(4, 4);
    head_yolov8(&head, 1, 1, 4, 4);
    head.coefficient_count = 1;
    head.coefficients = (HeadField){5, 1, 1};
    head.prototypes = 6;
    head.prototype_height = head.prototype_width = 2;
    assert_int_equal(head_decode(&found, &head, output, &fit, &head_field_defaults, NULL), STATUS_OK);
    assert_int_equal(found.count, 1);
    mask_to_pixels(pixels, &found.items[0].mask);
    assert_memory_equal(pixels, expected, 16); /* the box ends at 3.5: its centre is not inside */
    HeadOptions options = head_field_defaults;
    options.mask = 0.2;
    detections_clear(&found);
    assert_int_equal(head_decode(&found, &head, output, &fit, &options, NULL), STATUS_OK);
    assert_int_equal(mask_area(&found.items[0].mask), 8);
    detections_free(&found);
}

/* --- pixels ------------------------------------------------------------------------------------------- */

/* Six pixels, one ignored. Class 0: truth 2, predicted 3, both 2; class 1: 2, 2, 1; class 2: 1, 0, 0. */
static void pixel_counts_are_pooled(void **state)
{
    static const float logits[3 * 6] = {5, 5, 1, 5, 1, 1, 1, 1, 5, 1, 5, 5, 1, 1, 1, 1, 1, 1};
    static const unsigned char labels[6] = {0, 0, 1, 1, 2, PIXEL_IGNORED};
    unsigned char predicted[6];
    PixelCount counts[4] = {{0}};
    pixel_classes(predicted, logits, 3, 6);
    assert_memory_equal(predicted, ((const unsigned char[]){0, 0, 1, 0, 1, 1}), 6);
    pixel_counts_add(counts, 3, predicted, labels, 6);
    assert_true(pixel_count_iou(&counts[0]) == 2.0 / 3);
    assert_true(pixel_count_iou(&counts[1]) == 1.0 / 3);
    assert_true(pixel_count_iou(&counts[2]) == 0);
    assert_true(pixel_count_dice(&counts[0]) == 4.0 / 5);
    assert_true(isnan(pixel_count_iou(&counts[3])));
    assert_true(fabs(pixel_counts_mean_iou(counts, 4) - 1.0 / 3) < 1e-12); /* class 3 occurs nowhere */
    assert_true(fabs(pixel_counts_mean_dice(counts, 4) - (0.8 + 0.5) / 3) < 1e-12);
    assert_true(pixel_counts_accuracy(counts, 4) == 3.0 / 5);
    assert_true(isnan(pixel_counts_accuracy(counts + 3, 1)));
}

static void of_equal_logits_the_lower_class_wins(void **state)
{
    static const float logits[3 * 2] = {1, NAN, 1, NAN, 0, 3};
    unsigned char predicted[2];
    pixel_classes(predicted, logits, 3, 2);
    assert_int_equal(predicted[0], 0);
    assert_int_equal(predicted[1], 2);
}

/* --- bootstrap ---------------------------------------------------------------------------------------- */

static void a_resample_draws_as_many_images(void **state)
{
    uint32_t weights[50], again[50];
    size_t differ = 0;
    for (size_t r = 0; r < 20; r++) {
        size_t sum = 0;
        bootstrap_draw(weights, 50, 1, r);
        bootstrap_draw(again, 50, 1, r);
        assert_memory_equal(weights, again, sizeof weights);
        for (size_t i = 0; i < 50; i++) sum += weights[i];
        assert_int_equal(sum, 50);
        bootstrap_draw(again, 50, 2, r);
        differ += memcmp(weights, again, sizeof weights) != 0;
    }
    assert_int_equal(differ, 20);
}

/* Of 0..1000 shuffled: 25 and 975. The mean of 100 images that are 0 or 1 with probability 1/2 has a standard
 * error of .05: the interval is about 1.96 times that on both sides. */
static void intervals_are_percentiles(void **state)
{
    double values[1001];
    uint32_t weights[100];
    for (size_t i = 0; i < 1001; i++) values[i] = (double)(i * 8 % 1001);
    Interval interval = bootstrap_interval(values, 1001);
    assert_true(interval.low == 25 && interval.high == 975);
    for (size_t r = 0; r < 1000; r++) {
        double sum = 0;
        bootstrap_draw(weights, 100, 1, r);
        for (size_t i = 0; i < 100; i += 2) sum += weights[i];
        values[r] = sum / 100;
    }
    interval = bootstrap_interval(values, 1000);
    assert_true(fabs(interval.low - (0.5 - 0.098)) < 0.015);
    assert_true(fabs(interval.high - (0.5 + 0.098)) < 0.015);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_are_suppressed_by_class),
        cmocka_unit_test(objectness_multiplies),
        cmocka_unit_test(corners_in_fractions),
        cmocka_unit_test(boxes_are_mapped_back),
        cmocka_unit_test(numbers_that_are_not_finite_are_no_detections),
        cmocka_unit_test(masks_are_resized_with_half_pixel_centres),
        cmocka_unit_test(pixel_counts_are_pooled),
        cmocka_unit_test(of_equal_logits_the_lower_class_wins),
        cmocka_unit_test(a_resample_draws_as_many_images),
        cmocka_unit_test(intervals_are_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
