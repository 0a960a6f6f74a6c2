/* SPDX-License-Identifier: MIT */
/* COCO's measure on scenes that are small enough to be computed by hand. */
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

#define NEAR 1e-9

/* A scene: objects and detections, each with its image. */
typedef struct Scene {
    size_t image_count, class_count, truth_count, found_count;
    TrueObject truth[8];
    struct {
        size_t image;
        Detection detection;
    } found[128];
} Scene;

static TrueObject object(size_t image, size_t class, double x, double y, double width, double height)
{
    return (TrueObject){.image = image, .class = class, .box = {x, y, width, height}, .area = width * height};
}

static void find(Scene *scene, size_t image, size_t class, float score, double x, double y, double width,
                 double height)
{
    scene->found[scene->found_count].image = image;
    scene->found[scene->found_count++].detection =
        (Detection){.class = class, .score = score, .box = {x, y, width, height}};
}

/* The matches of the scene's image. */
static CocoImage match_image(const Scene *scene, size_t image)
{
    Detections found = {0};
    TrueObject truth[8];
    size_t count = 0;
    CocoImage result;
    for (size_t i = 0; i < scene->found_count; i++)
        if (scene->found[i].image == image) assert_true(detections_add(&found, &scene->found[i].detection));
    for (size_t i = 0; i < scene->truth_count; i++)
        if (scene->truth[i].image == image) truth[count++] = scene->truth[i];
    assert_int_equal(coco_match(&result, &found, truth, count, false, NULL), STATUS_OK);
    free(found.items);
    return result;
}

static CocoRanking *rank(const Scene *scene)
{
    CocoImage images[4];
    CocoRanking *ranking;
    for (size_t i = 0; i < scene->image_count; i++) images[i] = match_image(scene, i);
    assert_int_equal(coco_ranking_create(&ranking, images, scene->image_count, scene->class_count, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < scene->image_count; i++) coco_image_free(&images[i]);
    return ranking;
}

static void figures_of(double figures[COCO_FIGURES], const Scene *scene)
{
    CocoRanking *ranking = rank(scene);
    assert_int_equal(coco_figures(figures, ranking, NULL), STATUS_OK);
    coco_ranking_free(ranking);
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < NEAR)) fail_msg("%.12g, not %.12g", value, expected);
}

/* --- matching ----------------------------------------------------------------------------------------- */

/* Of two objects with the same IoU (80 of 120) the later is taken, so that the second detection, which
 * overlaps it alone (90 of 110), finds none: 50 of 150 are left for the first. */
static void of_equal_overlaps_the_later_object_is_taken(void **state)
{
    Scene scene = {.truth_count = 2, .truth = {object(0, 0, 0, 0, 10, 10), object(0, 0, 4, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 2, 0, 10, 10);
    find(&scene, 0, 0, 0.8f, 5, 0, 10, 10);
    CocoImage image = match_image(&scene, 0);
    assert_int_equal(image.found[0].matched[COCO_ALL], 0xf); /* .5, .55, .6, .65 are not above 2/3 */
    assert_int_equal(image.found[1].matched[COCO_ALL] & 0xf, 0);
    assert_int_equal(image.found[1].matched[COCO_ALL], 0x70); /* there the first takes none: .7, .75, .8 */
    coco_image_free(&image);
}

/* An overlap of exactly the threshold counts, also of 1 at the last ones. */
static void an_overlap_of_the_threshold_counts(void **state)
{
    Scene scene = {.truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 5);
    CocoImage image = match_image(&scene, 0);
    assert_int_equal(image.found[0].matched[COCO_ALL], 1);
    coco_image_free(&image);
    scene.found[0].detection.box.height = 10;
    image = match_image(&scene, 0);
    assert_int_equal(image.found[0].matched[COCO_ALL], 0x3ff);
    coco_image_free(&image);
}

/* A crowd may be found any number of times, by the share of the detection; these count neither way. */
static void what_is_found_in_a_crowd_is_ignored(void **state)
{
    Scene scene = {.truth_count = 2, .truth = {object(0, 0, 0, 0, 100, 100), object(0, 0, 200, 0, 10, 10)}};
    scene.truth[0].crowd = true;
    find(&scene, 0, 0, 0.9f, 10, 10, 10, 10);
    find(&scene, 0, 0, 0.8f, 50, 50, 10, 10);
    find(&scene, 0, 0, 0.7f, 95, 0, 10, 10); /* half of it in the crowd: ignored at .5 alone */
    find(&scene, 0, 0, 0.6f, 200, 0, 10, 10);
    CocoImage image = match_image(&scene, 0);
    assert_int_equal(image.found[0].ignored[COCO_ALL], 0x3ff);
    assert_int_equal(image.found[1].ignored[COCO_ALL], 0x3ff);
    assert_int_equal(image.found[2].ignored[COCO_ALL], 1);
    assert_int_equal(image.found[3].ignored[COCO_ALL], 0);
    assert_int_equal(image.truth[0].count[COCO_ALL], 1);
    coco_image_free(&image);
}

/* Objects before crowds: a detection takes the object that it overlaps by 2/3, though all of it is in the
 * crowd, up to the threshold .65; above, the crowd. */
static void a_crowd_is_looked_at_last(void **state)
{
    Scene scene = {.truth_count = 2, .truth = {object(0, 0, 0, 0, 100, 100), object(0, 0, 2, 0, 10, 10)}};
    scene.truth[0].crowd = true;
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    CocoImage image = match_image(&scene, 0);
    assert_int_equal(image.found[0].matched[COCO_ALL], 0x3ff);
    assert_int_equal(image.found[0].ignored[COCO_ALL], 0x3f0);
    coco_image_free(&image);
}

/* 32 x 32 is small and medium, 96 x 96 medium and large; a pixel more is not. */
static void area_ranges_include_both_ends(void **state)
{
    static const struct {
        double area;
        uint32_t small, medium, large;
    } cases[] = {{1023, 1, 0, 0}, {1024, 1, 1, 0}, {1025, 0, 1, 0}, {9216, 0, 1, 1}, {9217, 0, 0, 1}};
    for (size_t i = 0; i < 5; i++) {
        Scene scene = {.truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
        scene.truth[0].area = cases[i].area;
        CocoImage image = match_image(&scene, 0);
        assert_int_equal(image.truth[0].count[COCO_ALL], 1);
        assert_int_equal(image.truth[0].count[COCO_SMALL], cases[i].small);
        assert_int_equal(image.truth[0].count[COCO_MEDIUM], cases[i].medium);
        assert_int_equal(image.truth[0].count[COCO_LARGE], cases[i].large);
        coco_image_free(&image);
    }
}

/* --- figures ------------------------------------------------------------------------------------------ */

/* Two objects, one found at once: precision 1 at recalls 0 to .5, which are 51 of 101. */
static void half_the_objects_are_51_of_101_recalls(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {.image_count = 1,
                   .class_count = 1,
                   .truth_count = 2,
                   .truth = {object(0, 0, 0, 0, 10, 10), object(0, 0, 50, 50, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 51.0 / 101);
    assert_near(figures[COCO_AP50], 51.0 / 101);
    assert_near(figures[COCO_AR1], 0.5);
    assert_near(figures[COCO_AR100], 0.5);
    assert_near(figures[COCO_AP_SMALL], 51.0 / 101);
    assert_true(figures[COCO_AP_MEDIUM] == -1 && figures[COCO_AR_LARGE] == -1);
}

/* Right, wrong, right of two objects: precisions 1, 1/2, 2/3; read from the right 1 up to recall .5, then
 * 2/3. (51 + 50 * 2/3) / 101. One detection per image finds one of two objects. */
static void precision_is_the_largest_from_there_on(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {.image_count = 1,
                   .class_count = 1,
                   .truth_count = 2,
                   .truth = {object(0, 0, 0, 0, 10, 10), object(0, 0, 50, 50, 10, 10)}};
    find(&scene, 0, 0, 0.7f, 50, 50, 10, 10);
    find(&scene, 0, 0, 0.8f, 100, 100, 10, 10);
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], (51 + 50 * 2.0 / 3) / 101);
    assert_near(figures[COCO_AR1], 0.5);
    assert_near(figures[COCO_AR10], 1);
}

/* IoU of 8/10: found at .5 to .8, seven of ten thresholds; .8 itself counts. */
static void a_loose_box_counts_at_the_lower_thresholds(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {
        .image_count = 1, .class_count = 1, .truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 7.9);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 0.6);
    assert_near(figures[COCO_AP50], 1);
    assert_near(figures[COCO_AP75], 1);
    assert_near(figures[COCO_AR100], 0.6);
}

/* Equal scores: the image with the lower id comes first. A wrong detection before the right one: 1/2. */
static void equal_scores_are_in_the_order_of_images(void **state)
{
    for (size_t wrong = 0; wrong < 2; wrong++) {
        double figures[COCO_FIGURES];
        Scene scene = {.image_count = 2,
                       .class_count = 1,
                       .truth_count = 1,
                       .truth = {object(1 - wrong, 0, 0, 0, 10, 10)}};
        find(&scene, 1, 0, 0.5f, 0, 0, 10, 10);
        find(&scene, 0, 0, 0.5f, 0, 0, 10, 10);
        figures_of(figures, &scene);
        assert_near(figures[COCO_AP], wrong == 0 ? 0.5 : 1);
    }
}

/* Equal scores in an image: the first stays the first (stable). */
static void equal_scores_of_an_image_stay_in_order(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {
        .image_count = 1, .class_count = 1, .truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.5f, 30, 0, 10, 10);
    find(&scene, 0, 0, 0.5f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP50], 0.5);
}

/* A class without objects is in no mean, whatever is found of it; a class that is never found is, with 0. */
static void classes_without_objects_do_not_count(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {
        .image_count = 1, .class_count = 3, .truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    find(&scene, 0, 1, 0.95f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 1);
    scene.truth[scene.truth_count++] = object(0, 2, 40, 40, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 0.5);
    assert_near(figures[COCO_AR100], 0.5);
}

/* An empty scene: no object, no detection. */
static void nothing_to_find_is_minus_one(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {.image_count = 2, .class_count = 2};
    figures_of(figures, &scene);
    for (size_t f = 0; f < COCO_FIGURES; f++) assert_true(figures[f] == -1);
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    for (size_t f = 0; f < COCO_FIGURES; f++) assert_true(figures[f] == -1);
}

/* The hundred best of an image and a class count: the right one is the 101st. */
static void at_most_a_hundred_detections_count(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {
        .image_count = 1, .class_count = 1, .truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.1f, 0, 0, 10, 10);
    for (size_t i = 0; i < 99; i++) find(&scene, 0, 0, 0.5f, 100, 100, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 0.01);
    find(&scene, 0, 0, 0.5f, 100, 100, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 0);
    assert_near(figures[COCO_AR100], 0);
}

/* A wrong detection outside of the area range is not wrong in it: large beside a small object. */
static void unmatched_detections_outside_of_the_range_are_ignored(void **state)
{
    double figures[COCO_FIGURES];
    Scene scene = {
        .image_count = 1, .class_count = 1, .truth_count = 1, .truth = {object(0, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 100, 100, 200, 200);
    find(&scene, 0, 0, 0.8f, 0, 0, 10, 10);
    figures_of(figures, &scene);
    assert_near(figures[COCO_AP], 0.5);
    assert_near(figures[COCO_AP_SMALL], 1);
    assert_true(figures[COCO_AP_LARGE] == -1);
}

static void curves_and_classes(void **state)
{
    Scene scene = {.image_count = 1,
                   .class_count = 2,
                   .truth_count = 2,
                   .truth = {object(0, 0, 0, 0, 10, 10), object(0, 0, 50, 50, 10, 10)}};
    double precision[COCO_RECALLS];
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    CocoRanking *ranking = rank(&scene);
    double *scratch = calloc(coco_scratch(ranking), sizeof *scratch);
    assert_true(coco_curve(precision, ranking, 0, 0, scratch));
    assert_near(precision[0], 1);
    assert_near(precision[50], 1);
    assert_near(precision[51], 0);
    assert_false(coco_curve(precision, ranking, 1, 0, scratch));
    assert_near(coco_class_ap(ranking, 0, 0, 0, scratch), 51.0 / 101);
    assert_near(coco_class_ap(ranking, 1, 0, 0, scratch), -1);
    free(scratch);
    coco_ranking_free(ranking);
}

/* An image that counts twice is the same as two images alike; one that counts 0 times is not there. */
static void weights_repeat_images(void **state)
{
    Scene scene = {
        .image_count = 2,
        .class_count = 1,
        .truth_count = 3,
        .truth = {object(0, 0, 0, 0, 10, 10), object(0, 0, 50, 50, 10, 10), object(1, 0, 0, 0, 10, 10)}};
    find(&scene, 0, 0, 0.9f, 0, 0, 10, 10);
    find(&scene, 0, 0, 0.8f, 20, 20, 10, 10);
    find(&scene, 1, 0, 0.7f, 0, 0, 10, 10);
    CocoRanking *ranking = rank(&scene);
    double *scratch = calloc(coco_scratch(ranking), sizeof *scratch);
    assert_near(coco_ap(ranking, (const uint32_t[]){0, 1}, scratch), 1);
    assert_near(coco_ap(ranking, (const uint32_t[]){0, 5}, scratch), 1);
    assert_near(coco_ap(ranking, (const uint32_t[]){1, 0}, scratch), 51.0 / 101);
    const double weighted = coco_ap(ranking, (const uint32_t[]){2, 1}, scratch);
    coco_ranking_free(ranking);
    free(scratch);
    scene.image_count = 3; /* image 2 is image 0 again */
    for (size_t i = 0; i < 2; i++) {
        scene.truth[scene.truth_count] = scene.truth[i];
        scene.truth[scene.truth_count++].image = 2;
        scene.found[scene.found_count] = scene.found[i];
        scene.found[scene.found_count++].image = 2;
    }
    double figures[COCO_FIGURES];
    figures_of(figures, &scene);
    assert_near(weighted, figures[COCO_AP]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_equal_overlaps_the_later_object_is_taken),
        cmocka_unit_test(an_overlap_of_the_threshold_counts),
        cmocka_unit_test(what_is_found_in_a_crowd_is_ignored),
        cmocka_unit_test(a_crowd_is_looked_at_last),
        cmocka_unit_test(area_ranges_include_both_ends),
        cmocka_unit_test(half_the_objects_are_51_of_101_recalls),
        cmocka_unit_test(precision_is_the_largest_from_there_on),
        cmocka_unit_test(a_loose_box_counts_at_the_lower_thresholds),
        cmocka_unit_test(equal_scores_are_in_the_order_of_images),
        cmocka_unit_test(equal_scores_of_an_image_stay_in_order),
        cmocka_unit_test(classes_without_objects_do_not_count),
        cmocka_unit_test(nothing_to_find_is_minus_one),
        cmocka_unit_test(at_most_a_hundred_detections_count),
        cmocka_unit_test(unmatched_detections_outside_of_the_range_are_ignored),
        cmocka_unit_test(curves_and_classes),
        cmocka_unit_test(weights_repeat_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
