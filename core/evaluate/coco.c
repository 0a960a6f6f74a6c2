/* SPDX-License-Identifier: MIT */
#include "evaluate/coco.h"

#include "base/sizes.h"

#include <float.h>
#include <stdlib.h>

const char *const coco_figure_names[COCO_FIGURES] = {
    [COCO_AP] = "AP",
    [COCO_AP50] = "AP50",
    [COCO_AP75] = "AP75",
    [COCO_AP_SMALL] = "AP_small",
    [COCO_AP_MEDIUM] = "AP_medium",
    [COCO_AP_LARGE] = "AP_large",
    [COCO_AR1] = "AR1",
    [COCO_AR10] = "AR10",
    [COCO_AR100] = "AR100",
    [COCO_AR_SMALL] = "AR_small",
    [COCO_AR_MEDIUM] = "AR_medium",
    [COCO_AR_LARGE] = "AR_large",
};

/* A detection and its image. */
typedef struct Entry {
    CocoFound found;
    size_t image;
} Entry;

/* The objects of a class in one image. */
typedef struct Count {
    CocoTruth truth;
    size_t image;
} Count;

struct CocoRanking {
    size_t class_count, most;          /* most detections of a class */
    Entry *entries;                    /* by class, then descending score, image and rank */
    Count *counts;                     /* by class, then image */
    size_t *first_entry, *first_count; /* [class_count + 1] */
};

/* What is asked of one class. */
typedef struct Question {
    size_t class, t, most;
    CocoArea area;
    const uint32_t *weights; /* [images], or NULL: all 1 */
} Question;

/* --- ranking ------------------------------------------------------------------------------------------ */

static int by_score(const void *a, const void *b)
{
    const Entry *left = a, *right = b;
    if (left->found.class != right->found.class) return left->found.class < right->found.class ? -1 : 1;
    if (left->found.score != right->found.score) return left->found.score > right->found.score ? -1 : 1;
    if (left->image != right->image) return left->image < right->image ? -1 : 1;
    return (left->found.rank > right->found.rank) - (left->found.rank < right->found.rank);
}

static int by_class(const void *a, const void *b)
{
    const Count *left = a, *right = b;
    if (left->truth.class != right->truth.class) return left->truth.class < right->truth.class ? -1 : 1;
    return (left->image > right->image) - (left->image < right->image);
}

static void fill(CocoRanking *ranking, const CocoImage *images, size_t image_count)
{
    size_t entries = 0, counts = 0;
    for (size_t i = 0; i < image_count; i++) {
        for (size_t d = 0; d < images[i].found_count; d++)
            ranking->entries[entries++] = (Entry){images[i].found[d], i};
        for (size_t c = 0; c < images[i].truth_count; c++)
            ranking->counts[counts++] = (Count){images[i].truth[c], i};
    }
    qsort(ranking->entries, entries, sizeof *ranking->entries, by_score);
    qsort(ranking->counts, counts, sizeof *ranking->counts, by_class);
    for (size_t c = 0, e = 0, n = 0; c < ranking->class_count; c++) {
        const size_t start = e;
        while (e < entries && ranking->entries[e].found.class == c) e++;
        while (n < counts && ranking->counts[n].truth.class == c) n++;
        ranking->first_entry[c + 1] = e;
        ranking->first_count[c + 1] = n;
        ranking->most = size_max(ranking->most, e - start);
    }
}

Status coco_ranking_create(CocoRanking **result, const CocoImage *images, size_t image_count,
                           size_t class_count, Message *message)
{
    size_t entries = 0, counts = 0;
    *result = NULL;
    for (size_t i = 0; i < image_count; i++) {
        entries += images[i].found_count;
        counts += images[i].truth_count;
    }
    CocoRanking *ranking = calloc(1, sizeof *ranking);
    if (!ranking) return status_no_memory(message, "average precision");
    *ranking = (CocoRanking){.class_count = class_count,
                             .entries = calloc(entries + 1, sizeof *ranking->entries),
                             .counts = calloc(counts + 1, sizeof *ranking->counts),
                             .first_entry = calloc(class_count + 1, sizeof *ranking->first_entry),
                             .first_count = calloc(class_count + 1, sizeof *ranking->first_count)};
    if (!ranking->entries || !ranking->counts || !ranking->first_entry || !ranking->first_count) {
        coco_ranking_free(ranking);
        return status_no_memory(message, "average precision");
    }
    fill(ranking, images, image_count);
    *result = ranking;
    return STATUS_OK;
}

void coco_ranking_free(CocoRanking *ranking)
{
    if (!ranking) return;
    free(ranking->entries);
    free(ranking->counts);
    free(ranking->first_entry);
    free(ranking->first_count);
    free(ranking);
}

size_t coco_scratch(const CocoRanking *ranking)
{
    return 2 * ranking->most + 1;
}

/* --- one class ---------------------------------------------------------------------------------------- */

static size_t weight_of(const Question *question, size_t image)
{
    return question->weights ? question->weights[image] : 1;
}

/* Objects to be found. */
static size_t count_objects(const CocoRanking *ranking, const Question *question)
{
    size_t objects = 0;
    for (size_t i = ranking->first_count[question->class]; i < ranking->first_count[question->class + 1]; i++)
        objects +=
            ranking->counts[i].truth.count[question->area] * weight_of(question, ranking->counts[i].image);
    return objects;
}

/* points[count][2] = recall and precision at each right detection; returns their count. Wrong ones are left
 * out: their precision is below that of the right one before, with the same recall. An image that counts w
 * times has its detections w times in a row. */
static size_t find_points(double *points, const CocoRanking *ranking, const Question *question,
                          size_t objects)
{
    const unsigned bit = 1u << question->t;
    size_t tp = 0, fp = 0, count = 0;
    for (size_t e = ranking->first_entry[question->class]; e < ranking->first_entry[question->class + 1];
         e++) {
        const Entry *entry = &ranking->entries[e];
        const size_t weight = weight_of(question, entry->image);
        if (entry->found.ignored[question->area] & bit || entry->found.rank >= question->most) continue;
        if (!(entry->found.matched[question->area] & bit)) {
            fp += weight;
        } else if (weight) {
            tp += weight;
            points[2 * count] = (double)tp / (double)objects;
            points[2 * count++ + 1] = (double)tp / ((double)(fp + tp) + DBL_EPSILON);
        }
    }
    return count;
}

static double recall_at(size_t r)
{
    return r == COCO_RECALLS - 1 ? 1 : (double)r * (1.0 / (COCO_RECALLS - 1));
}

/* precision[COCO_RECALLS] of points[count][2]: the largest precision of those with that recall or more. */
static void read_curve(double precision[COCO_RECALLS], double *points, size_t count)
{
    for (size_t i = count; i-- > 1;)
        if (points[2 * i + 1] > points[2 * i - 1]) points[2 * i - 1] = points[2 * i + 1];
    for (size_t r = 0, i = 0; r < COCO_RECALLS; r++) {
        while (i < count && points[2 * i] < recall_at(r)) i++;
        precision[r] = i < count ? points[2 * i + 1] : 0;
    }
}

/* *ap, the mean precision, and *recall, the last. False where no object is to be found. */
static bool answer(double *ap, double *recall, const CocoRanking *ranking, const Question *question,
                   double *scratch)
{
    double precision[COCO_RECALLS], sum = 0;
    const size_t objects = count_objects(ranking, question);
    if (objects == 0) return false;
    const size_t count = find_points(scratch, ranking, question, objects);
    read_curve(precision, scratch, count);
    for (size_t r = 0; r < COCO_RECALLS; r++) sum += precision[r];
    *ap = sum / COCO_RECALLS;
    *recall = count ? scratch[2 * count - 2] : 0;
    return true;
}

/* --- figures ------------------------------------------------------------------------------------------ */

/* Which classes and thresholds a mean is over. */
typedef struct Range {
    size_t first_class, last_class, first_threshold, last_threshold;
} Range;

/* Means of AP and recall; -1 where no class has an object. */
static void average(double *ap, double *recall, const CocoRanking *ranking, const Range *range,
                    Question question, double *scratch)
{
    double ap_sum = 0, recall_sum = 0, one_ap, one_recall;
    size_t count = 0;
    for (question.class = range->first_class; question.class < range->last_class; question.class ++)
        for (question.t = range->first_threshold; question.t <= range->last_threshold; question.t++) {
            if (!answer(&one_ap, &one_recall, ranking, &question, scratch)) continue;
            ap_sum += one_ap;
            recall_sum += one_recall;
            count++;
        }
    *ap = count ? ap_sum / (double)count : -1;
    *recall = count ? recall_sum / (double)count : -1;
}

Status coco_figures(double figures[COCO_FIGURES], const CocoRanking *ranking, Message *message)
{
    double *scratch = calloc(coco_scratch(ranking), sizeof *scratch), unused;
    if (!scratch) return status_no_memory(message, "average precision");
    const Range all = {0, ranking->class_count, 0, COCO_THRESHOLDS - 1};
    Question question = {.most = COCO_MOST_DETECTIONS};
    for (CocoArea area = COCO_ALL; area <= COCO_LARGE; area++) {
        double *ap = &figures[area == COCO_ALL ? COCO_AP : COCO_AP_SMALL + area - COCO_SMALL];
        double *recall = &figures[area == COCO_ALL ? COCO_AR100 : COCO_AR_SMALL + area - COCO_SMALL];
        question.area = area;
        average(ap, recall, ranking, &all, question, scratch);
    }
    question.area = COCO_ALL;
    average(&figures[COCO_AP50], &unused, ranking, &(Range){0, ranking->class_count, 0, 0}, question,
            scratch);
    average(&figures[COCO_AP75], &unused, ranking, &(Range){0, ranking->class_count, 5, 5}, question,
            scratch);
    question.most = 1;
    average(&unused, &figures[COCO_AR1], ranking, &all, question, scratch);
    question.most = 10;
    average(&unused, &figures[COCO_AR10], ranking, &all, question, scratch);
    free(scratch);
    return STATUS_OK;
}

double coco_ap(const CocoRanking *ranking, const uint32_t *weights, double *scratch)
{
    double ap, recall;
    average(&ap, &recall, ranking, &(Range){0, ranking->class_count, 0, COCO_THRESHOLDS - 1},
            (Question){.most = COCO_MOST_DETECTIONS, .weights = weights}, scratch);
    return ap;
}

double coco_class_ap(const CocoRanking *ranking, size_t class, size_t first, size_t last, double *scratch)
{
    double ap, recall;
    average(&ap, &recall, ranking, &(Range){class, class + 1, first, last},
            (Question){.most = COCO_MOST_DETECTIONS}, scratch);
    return ap;
}

bool coco_curve(double precision[COCO_RECALLS], const CocoRanking *ranking, size_t class, size_t t,
                double *scratch)
{
    const Question question = {.class = class, .t = t, .most = COCO_MOST_DETECTIONS};
    const size_t objects = count_objects(ranking, &question);
    if (objects == 0) return false;
    read_curve(precision, scratch, find_points(scratch, ranking, &question, objects));
    return true;
}
