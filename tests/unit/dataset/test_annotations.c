/* SPDX-License-Identifier: MIT */
/* Masks, polygons and COCO's JSON: by hand-computed expectations, against a bitmap, and with damaged input.
 */
#include "base/sizes.h"
#include "dataset/annotations/coco_json.h"
#include "dataset/annotations/polygon.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- masks -------------------------------------------------------------------------------------------- */

static void assert_runs(const Mask *mask, size_t count, const uint32_t *runs)
{
    assert_int_equal(mask->count, count);
    assert_memory_equal(mask->runs, runs, count * sizeof *runs);
}

/* Columns first: (y, x) is at position 3x + y. */
static void runs_go_down_the_columns(void **state)
{
    static const unsigned char pixels[3 * 4] = {
        0, 1, 0, 0, /**/
        0, 1, 1, 0, /**/
        0, 1, 1, 1, /**/
    };
    Mask mask;
    unsigned char back[3 * 4];
    assert_int_equal(mask_from_pixels(&mask, pixels, 3, 4, NULL), STATUS_OK);
    assert_runs(&mask, 6, (const uint32_t[]){3, 3, 1, 2, 2, 1});
    assert_int_equal(mask_area(&mask), 6);
    const Box box = mask_box(&mask);
    assert_true(box.x == 1 && box.y == 0 && box.width == 3 && box.height == 3);
    mask_to_pixels(back, &mask);
    assert_memory_equal(back, pixels, sizeof pixels);
    mask_free(&mask);
}

static void a_mask_that_starts_inside_has_an_empty_first_run(void **state)
{
    Mask mask;
    assert_int_equal(mask_from_pixels(&mask, (const unsigned char[]){1, 0}, 1, 2, NULL), STATUS_OK);
    assert_runs(&mask, 3, (const uint32_t[]){0, 1, 1});
    mask_free(&mask);
    assert_int_equal(mask_from_pixels(&mask, (const unsigned char[]){0, 0}, 1, 2, NULL), STATUS_OK);
    assert_runs(&mask, 1, (const uint32_t[]){2});
    const Box none = mask_box(&mask);
    assert_true(none.width == 0 && none.height == 0);
    mask_free(&mask);
}

/* By hand: 6 is '6'; 1 is '1'; 40 = 8 + 32 * 1 is 'X' (8 + 32 + '0') then '1'; the fourth run is the
 * difference to the second: 2 - 1 = 1, '1'; the fifth to the third: 51 - 40 = 11, ';'. */
static void compressed_text_is_read(void **state)
{
    Mask mask;
    assert_int_equal(mask_from_text(&mask, 10, 10, "61X11;", NULL), STATUS_OK);
    assert_runs(&mask, 5, (const uint32_t[]){6, 1, 40, 2, 51});
    mask_free(&mask);
    /* differences below 0: 3 - 5 = -2 is 30 in 5 bits, 'N' */
    assert_int_equal(mask_from_text(&mask, 3, 4, "152N1", NULL), STATUS_INVALID);
    assert_int_equal(mask_from_text(&mask, 4, 3, "1523N", NULL), STATUS_INVALID);
    assert_int_equal(mask_from_text(&mask, 1, 11, "152N", NULL), STATUS_OK);
    assert_runs(&mask, 4, (const uint32_t[]){1, 5, 2, 3});
    mask_free(&mask);
}

static void damaged_run_lengths_are_refused(void **state)
{
    static const char *const damaged[] = {"",    "4", "6",  "oooooooooooo1", "oooooo0", "\x7f\x7f",
                                          "1 2", "N", "1N", "61X11;5"};
    Message message;
    Mask mask;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_int_equal(mask_from_text(&mask, 1, 5, damaged[i], &message), STATUS_INVALID);
        assert_null(mask.runs);
    }
    assert_int_equal(mask_from_runs(&mask, 1, 5, (const uint32_t[]){UINT32_MAX, UINT32_MAX}, 2, &message),
                     STATUS_INVALID);
    assert_int_equal(mask_from_text(&mask, 0, 5, "5", &message), STATUS_INVALID);
    assert_int_equal(mask_from_text(&mask, SIZE_MAX, 2, "5", &message), STATUS_INVALID);
}

static unsigned char noise(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 30 == 0;
}

/* Union, intersection and IoU of random masks are those of their bitmaps. */
static void two_masks_agree_with_bitmaps(void **state)
{
    enum { H = 13, W = 9 };
    unsigned seed = 1;
    for (size_t trial = 0; trial < 50; trial++) {
        unsigned char a[H * W], b[H * W], either[H * W], out[H * W];
        size_t common = 0, all = 0, in_a = 0;
        Mask left, right, sum;
        for (size_t i = 0; i < H * W; i++) {
            a[i] = noise(&seed);
            b[i] = noise(&seed);
            either[i] = a[i] | b[i];
            common += a[i] & b[i];
            all += either[i];
            in_a += a[i];
        }
        assert_int_equal(mask_from_pixels(&left, a, H, W, NULL), STATUS_OK);
        assert_int_equal(mask_from_pixels(&right, b, H, W, NULL), STATUS_OK);
        assert_int_equal(mask_union(&sum, &left, &right, NULL), STATUS_OK);
        mask_to_pixels(out, &sum);
        assert_memory_equal(out, either, sizeof out);
        assert_int_equal(mask_intersection(&left, &right), common);
        assert_true(mask_iou(&left, &right, false) == (double)common / (double)all);
        assert_true(mask_iou(&left, &right, true) == (double)common / (double)in_a);
        mask_free(&left);
        mask_free(&right);
        mask_free(&sum);
    }
}

static void boxes_overlap_by_area(void **state)
{
    const Box a = {0, 0, 10, 10}, b = {5, 0, 10, 10}, beside = {10, 0, 5, 5}, empty = {2, 2, 0, 0};
    assert_true(box_iou(&a, &b, false) == 50.0 / 150.0);
    assert_true(box_iou(&a, &b, true) == 0.5);
    assert_true(box_iou(&a, &beside, false) == 0);
    assert_true(box_iou(&empty, &empty, true) == 0);
}

/* --- polygons ----------------------------------------------------------------------------------------- */

static size_t polygon_area(size_t size, const double *corners, size_t count, unsigned char *pixels)
{
    Mask mask;
    assert_int_equal(mask_from_polygon(&mask, size, size, corners, count, NULL), STATUS_OK);
    const size_t area = mask_area(&mask);
    mask_to_pixels(pixels, &mask);
    mask_free(&mask);
    return area;
}

/* A rectangle of whole pixels covers them, in either sense of rotation; beyond the image it is cut. */
static void rectangles_cover_their_pixels(void **state)
{
    static const double square[] = {1, 1, 3, 1, 3, 3, 1, 3}, turned[] = {1, 1, 1, 3, 3, 3, 3, 1},
                        beyond[] = {-5, -5, 2, -5, 2, 20, -5, 20};
    unsigned char pixels[25];
    assert_int_equal(polygon_area(5, square, 4, pixels), 4);
    assert_true(pixels[6] && pixels[7] && pixels[11] && pixels[12]);
    assert_int_equal(polygon_area(5, turned, 4, pixels), 4);
    assert_int_equal(polygon_area(5, beyond, 4, pixels), 10);
    assert_true(pixels[0] && pixels[21] && !pixels[2]);
}

/* The triangle below the diagonal of 10 x 10: half of the pixels, those of the diagonal in or out. */
static void triangles_cover_half(void **state)
{
    static const double triangle[] = {0, 0, 10, 10, 0, 10};
    unsigned char pixels[100];
    const size_t area = polygon_area(10, triangle, 3, pixels);
    assert_in_range(area, 45, 55);
    for (size_t y = 0; y < 10; y++)
        for (size_t x = 0; x < 10; x++)
            if (x != y) assert_int_equal(pixels[10 * y + x], x < y);
}

/* A point that is there twice divides 0 by 0 nowhere. */
static void polygons_without_an_inside_are_empty(void **state)
{
    static const double line[] = {1, 1, 4, 4, 1, 1}, point[] = {2, 2, 2, 2, 2, 2};
    unsigned char pixels[25];
    assert_int_equal(polygon_area(5, line, 3, pixels), 0);
    assert_int_equal(polygon_area(5, point, 3, pixels), 0);
}

static void absurd_polygons_are_refused(void **state)
{
    static const double nan_corner[] = {0, 0, NAN, 1, 1, 1}, far[] = {0, 0, 1e9, 0, 1, 1},
                        infinite[] = {0, 0, INFINITY, 0, 1, 1};
    Mask mask;
    Message message;
    assert_int_equal(mask_from_polygon(&mask, 5, 5, nan_corner, 3, &message), STATUS_INVALID);
    assert_int_equal(mask_from_polygon(&mask, 5, 5, far, 3, &message), STATUS_INVALID);
    assert_int_equal(mask_from_polygon(&mask, 5, 5, infinite, 3, &message), STATUS_INVALID);
    assert_int_equal(mask_from_polygon(&mask, 5, 5, far, 2, &message), STATUS_INVALID);
    double longest[2 * 100];
    for (size_t i = 0; i < 200; i++) longest[i] = i / 2 % 2 ? 1e5 : -1e5;
    assert_int_equal(mask_from_polygon(&mask, 5, 5, longest, 100, &message), STATUS_INVALID);
    assert_non_null(strstr(message.text, "outline"));
    assert_null(mask.runs);
}

/* --- COCO's JSON -------------------------------------------------------------------------------------- */

#define IMAGES                                                                                               \
    "\"images\": [{\"id\": 7, \"file_name\": \"b.png\", \"height\": 4, \"width\": 6},"                       \
    " {\"id\": 3, \"file_name\": \"a.png\", \"height\": 5, \"width\": 5}]"
#define CLASSES                                                                                              \
    "\"categories\": [{\"id\": 9, \"name\": \"dog\", \"supercategory\": \"dog\"},"                           \
    " {\"id\": 2, \"name\": \"cat\"}]"

static Status read_text(Annotations **annotations, const char *text, Message *message)
{
    char path[] = "/tmp/bitstitch-coco-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    const Status status = coco_json_read(annotations, path, message);
    unlink(path);
    return status;
}

static void images_and_classes_are_numbered_by_id(void **state)
{
    Annotations *annotations;
    Message message = {0};
    Status status = read_text(
        &annotations,
        "{" IMAGES ", " CLASSES ", \"annotations\": ["
        "{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\": "
        "[[1,1,3,1,3,3,1,3]]},"
        "{\"image_id\": 3, \"category_id\": 2, \"bbox\": [0, 0, 5, 1], \"area\": 3.5, \"iscrowd\": 1,"
        " \"segmentation\": {\"counts\": [0, 1, 4, 1, 19], \"size\": [5, 5]}},"
        "{\"image_id\": 7, \"category_id\": 2, \"bbox\": [0, 0, 6, 4],"
        " \"segmentation\": [[0,0,1,0,1,1,0,1], [4,0,5,0,5,1,4,1]]}]}",
        &message);
    assert_string_equal(message.text, "");
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(annotations->image_count, 2);
    assert_string_equal(annotations->image_names[0], "a.png");
    assert_string_equal(annotations->class_names[0], "cat");
    assert_int_equal(annotations->heights[1], 4);
    assert_int_equal(annotations_image(annotations, "b.png"), 1);
    assert_int_equal(annotations_image(annotations, "c.png"), NO_INDEX);
    assert_int_equal(annotations->first[1], 1);
    assert_int_equal(annotations->first[2], 3);
    assert_true(annotations->masks);
    const TrueObject *objects = annotations->objects;
    assert_true(objects[0].crowd && objects[0].area == 3.5 && objects[0].class == 0);
    assert_true(!objects[1].crowd && objects[1].area == 4 && objects[1].class == 1);
    assert_int_equal(mask_area(&objects[0].mask), 2);
    assert_int_equal(mask_area(&objects[2].mask), 2); /* of both polygons */
    annotations_free(annotations);
}

static void damaged_annotations_name_the_record(void **state)
{
    static const struct {
        const char *object, *said;
    } cases[] = {
        {"{\"image_id\": 4, \"category_id\": 9, \"bbox\": [1, 1, 2, 2]}", "none of id 4"},
        {"{\"image_id\": 7, \"category_id\": 1, \"bbox\": [1, 1, 2, 2]}", "category_id"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, -2, 2]}", "bbox"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 1e300, 2]}", "bbox"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2]}", "bbox"},
        {"{\"image_id\": 7, \"category_id\": 9}", "bbox"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\": [[1, 1, 2]]}",
         "segmentation"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\": [[1, 1, 2, 1e8, 0, "
         "0]]}",
         "segmentation"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\": [[null, 1]]}",
         "not a number"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\":"
         " {\"counts\": [4294967295, 4294967295], \"size\": [4, 6]}}",
         "run 0"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\":"
         " {\"counts\": \"oooooooooo\", \"size\": [4, 6]}}",
         "damaged run lengths"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"segmentation\":"
         " {\"counts\": [24], \"size\": [6, 4]}}",
         "size"},
        {"{\"image_id\": 7, \"category_id\": 9, \"bbox\": [1, 1, 2, 2], \"iscrowd\": \"no\"}", "iscrowd"},
        {"7", "element 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000];
        Annotations *annotations;
        Message message;
        snprintf(text, sizeof text, "{" IMAGES ", " CLASSES ", \"annotations\": [%s]}", cases[i].object);
        assert_int_equal(read_text(&annotations, text, &message), STATUS_INVALID);
        assert_null(annotations);
        if (!strstr(message.text, cases[i].said)) fail_msg("%s: %s", cases[i].object, message.text);
        assert_non_null(strstr(message.text, "annotations"));
    }
}

static void damaged_files_are_refused(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{" IMAGES "}",
        "{" IMAGES ", " CLASSES "}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"height\": 4, \"width\": 0}], " CLASSES
        ", \"annotations\": []}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"height\": 4, \"width\": 1000000}], " CLASSES
        ", \"annotations\": []}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"height\": 4, \"width\": 4},"
        " {\"id\": 1, \"file_name\": \"b\", \"height\": 4, \"width\": 4}], " CLASSES ", \"annotations\": []}",
        "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"height\": 4, \"width\": 4},"
        " {\"id\": 2, \"file_name\": \"a\", \"height\": 4, \"width\": 4}], " CLASSES ", \"annotations\": []}",
        "{" IMAGES ", \"categories\": [{\"id\": 1}], \"annotations\": []}",
        "{\"images\": {}, " CLASSES ", \"annotations\": []}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Annotations *annotations;
        Message message;
        assert_int_equal(read_text(&annotations, texts[i], &message), STATUS_INVALID);
        assert_null(annotations);
    }
}

/* The masks of a real file have the areas and the boxes that it says. */
static void real_masks_have_their_areas(void **state)
{
    Annotations *annotations;
    Message message = {0};
    assert_int_equal(
        coco_json_read(&annotations, SOURCE_ROOT "/data/nuclei/evaluation/instances.json", &message),
        STATUS_OK);
    assert_int_equal(annotations->image_count, 128);
    assert_int_equal(annotations->object_count, 3172);
    assert_true(annotations->masks);
    for (size_t i = 0; i < annotations->object_count; i++) {
        const TrueObject *object = &annotations->objects[i];
        const Box box = mask_box(&object->mask);
        assert_true((double)mask_area(&object->mask) == object->area);
        assert_memory_equal(&box, &object->box, sizeof box);
    }
    annotations_free(annotations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_go_down_the_columns),
        cmocka_unit_test(a_mask_that_starts_inside_has_an_empty_first_run),
        cmocka_unit_test(compressed_text_is_read),
        cmocka_unit_test(damaged_run_lengths_are_refused),
        cmocka_unit_test(two_masks_agree_with_bitmaps),
        cmocka_unit_test(boxes_overlap_by_area),
        cmocka_unit_test(rectangles_cover_their_pixels),
        cmocka_unit_test(triangles_cover_half),
        cmocka_unit_test(polygons_without_an_inside_are_empty),
        cmocka_unit_test(absurd_polygons_are_refused),
        cmocka_unit_test(images_and_classes_are_numbered_by_id),
        cmocka_unit_test(damaged_annotations_name_the_record),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(real_masks_have_their_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
