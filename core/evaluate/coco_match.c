/* SPDX-License-Identifier: MIT */
#include "evaluate/coco_match.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>

typedef struct AreaRange {
    double least, most; /* pixels, both included */
} AreaRange;

static const AreaRange ranges[COCO_AREAS] = {
    [COCO_ALL] = {0, 1e10},
    [COCO_SMALL] = {0, 32 * 32},
    [COCO_MEDIUM] = {32 * 32, 96 * 96},
    [COCO_LARGE] = {96 * 96, 1e10},
};

/* The objects and detections of one class. */
typedef struct Matching {
    const Detection **found;   /* [found_count] by rank */
    const TrueObject **truth;  /* [truth_count] in the file's order */
    const TrueObject **sorted; /* [truth_count]: those to be ignored last */
    size_t *order;             /* [truth_count]: where sorted[i] is in truth[] */
    bool *ignored, *taken;     /* [truth_count], of sorted[] */
    double *iou;               /* [found_count][truth_count], of truth[] */
    size_t found_count, truth_count;
    bool masks;
} Matching;

double coco_threshold(size_t t)
{
    return t == COCO_THRESHOLDS - 1 ? .95 : (double)t * ((.95 - .5) / (COCO_THRESHOLDS - 1)) + .5;
}

static bool outside(double area, CocoArea range)
{
    return area < ranges[range].least || area > ranges[range].most;
}

static double detection_area(const Detection *detection, bool masks)
{
    return masks ? (double)mask_area(&detection->mask) : detection->box.width * detection->box.height;
}

/* --- one class ---------------------------------------------------------------------------------------- */

static void find_overlaps(Matching *matching)
{
    for (size_t d = 0; d < matching->found_count; d++)
        for (size_t g = 0; g < matching->truth_count; g++) {
            const Detection *found = matching->found[d];
            const TrueObject *truth = matching->truth[g];
            double iou = box_iou(&found->box, &truth->box, truth->crowd);
            if (matching->masks) iou = mask_iou(&found->mask, &truth->mask, truth->crowd);
            matching->iou[d * matching->truth_count + g] = iou;
        }
}

/* Puts the objects that are ignored in this area range behind the others. */
static void sort_truth(Matching *matching, CocoArea area)
{
    size_t next = 0;
    for (int last = 0; last < 2; last++)
        for (size_t g = 0; g < matching->truth_count; g++) {
            const TrueObject *truth = matching->truth[g];
            const bool ignored = truth->crowd || outside(truth->area, area);
            if (ignored != last) continue;
            matching->sorted[next] = truth;
            matching->order[next] = g;
            matching->ignored[next++] = ignored;
        }
}

/* The object, in sorted[], that detection d takes at an IoU of `least` or more; NO_INDEX: none. */
static size_t best_object(const Matching *matching, size_t d, double least)
{
    size_t best = NO_INDEX;
    for (size_t g = 0; g < matching->truth_count; g++) {
        if (matching->taken[g] && !matching->sorted[g]->crowd) continue;
        if (best != NO_INDEX && !matching->ignored[best] && matching->ignored[g]) break;
        const double iou = matching->iou[d * matching->truth_count + matching->order[g]];
        if (iou < least) continue;
        least = iou;
        best = g;
    }
    return best;
}

/* Sets bit t of the class's detections for one area range. */
static void match_at(CocoFound *results, Matching *matching, CocoArea area, size_t t)
{
    const uint16_t bit = (uint16_t)(1u << t);
    for (size_t g = 0; g < matching->truth_count; g++) matching->taken[g] = false;
    for (size_t d = 0; d < matching->found_count; d++) {
        const size_t best = best_object(matching, d, fmin(coco_threshold(t), 1 - 1e-10));
        bool ignored = outside(detection_area(matching->found[d], matching->masks), area);
        if (best != NO_INDEX) {
            matching->taken[best] = true;
            results[d].matched[area] |= bit;
            ignored = matching->ignored[best];
        }
        if (ignored) results[d].ignored[area] |= bit;
    }
}

static void match_class(CocoImage *image, Matching *matching, size_t class)
{
    CocoFound *results = image->found + image->found_count;
    CocoTruth truth = {.class = (uint32_t) class};
    for (size_t d = 0; d < matching->found_count; d++)
        results[d] =
            (CocoFound){.class = (uint32_t) class, .rank = (uint32_t)d, .score = matching->found[d]->score};
    find_overlaps(matching);
    for (CocoArea area = 0; area < COCO_AREAS; area++) {
        sort_truth(matching, area);
        for (size_t g = 0; g < matching->truth_count; g++) truth.count[area] += !matching->ignored[g];
        for (size_t t = 0; t < COCO_THRESHOLDS; t++) match_at(results, matching, area, t);
    }
    image->found_count += matching->found_count;
    if (matching->truth_count) image->truth[image->truth_count++] = truth;
}

/* --- all classes -------------------------------------------------------------------------------------- */

static int by_class_and_score(const void *a, const void *b)
{
    const Detection *left = *(const Detection *const *)a, *right = *(const Detection *const *)b;
    if (left->class != right->class) return left->class < right->class ? -1 : 1;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    return (left > right) - (left < right); /* both in one array */
}

static int by_class(const void *a, const void *b)
{
    const TrueObject *left = *(const TrueObject *const *)a, *right = *(const TrueObject *const *)b;
    if (left->class != right->class) return left->class < right->class ? -1 : 1;
    return (left > right) - (left < right);
}

/* Takes the next class of the sorted detections and objects: the lower of the two. */
static size_t take_class(Matching *matching, const Detection **found, size_t found_left,
                         const TrueObject **truth, size_t truth_left)
{
    size_t class = found_left ? found[0]->class : SIZE_MAX;
    if (truth_left) class = size_min(class, truth[0]->class);
    matching->found = found;
    matching->truth = truth;
    matching->found_count = matching->truth_count = 0;
    while (matching->found_count < found_left && found[matching->found_count]->class == class)
        matching->found_count++;
    while (matching->truth_count < truth_left && truth[matching->truth_count]->class == class)
        matching->truth_count++;
    return class;
}

static void match_classes(CocoImage *image, Matching *matching, const Detection **found, size_t found_count,
                          const TrueObject **truth, size_t truth_count)
{
    for (size_t d = 0, g = 0; d < found_count || g < truth_count;) {
        const size_t class = take_class(matching, found + d, found_count - d, truth + g, truth_count - g);
        d += matching->found_count;
        g += matching->truth_count;
        matching->found_count = size_min(matching->found_count, COCO_MOST_DETECTIONS);
        match_class(image, matching, class);
    }
}

static void free_matching(Matching *matching)
{
    free(matching->sorted);
    free(matching->order);
    free(matching->ignored);
    free(matching->taken);
    free(matching->iou);
}

Status coco_match(CocoImage *image, const Detections *found, const TrueObject *objects, size_t count,
                  bool masks, Message *message)
{
    const size_t most = size_min(found->count, COCO_MOST_DETECTIONS);
    const Detection **detections = calloc(found->count + 1, sizeof *detections);
    const TrueObject **truth = calloc(count + 1, sizeof *truth);
    Matching matching = {.sorted = calloc(count + 1, sizeof *matching.sorted),
                         .order = calloc(count + 1, sizeof *matching.order),
                         .ignored = calloc(count + 1, sizeof *matching.ignored),
                         .taken = calloc(count + 1, sizeof *matching.taken),
                         .iou = calloc(most * count + 1, sizeof *matching.iou),
                         .masks = masks};
    *image = (CocoImage){.found = calloc(found->count + 1, sizeof *image->found),
                         .truth = calloc(count + 1, sizeof *image->truth)};
    const bool fits = detections && truth && matching.sorted && matching.order && matching.ignored &&
                      matching.taken && matching.iou && image->found && image->truth;
    if (fits) {
        for (size_t d = 0; d < found->count; d++) detections[d] = &found->items[d];
        for (size_t g = 0; g < count; g++) truth[g] = &objects[g];
        qsort(detections, found->count, sizeof *detections, by_class_and_score);
        qsort(truth, count, sizeof *truth, by_class);
        match_classes(image, &matching, detections, found->count, truth, count);
    } else {
        coco_image_free(image);
    }
    free_matching(&matching);
    free(detections);
    free(truth);
    return fits ? STATUS_OK : status_no_memory(message, "matching detections");
}

void coco_image_free(CocoImage *image)
{
    free(image->found);
    free(image->truth);
    *image = (CocoImage){0};
}
