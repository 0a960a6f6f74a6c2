/* SPDX-License-Identifier: MIT */
#include "evaluate/judge.h"

#include "base/sizes.h"
#include "dataset/truth.h"
#include "evaluate/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED 1 /* of the bootstrap */

bool judge_has(const NetworkTask *task)
{
    return task->kind == TASK_DETECT || task->kind == TASK_SEGMENT || task->kind == TASK_SEMANTIC;
}

void judged_free(Judged *judged)
{
    coco_image_free(&judged->boxes);
    coco_image_free(&judged->masks);
    free(judged->pixels);
    *judged = (Judged){0};
}

/* --- objects ------------------------------------------------------------------------------------------ */

static const Annotations *annotations_of(const Judge *judge)
{
    return judge->dataset->has_truth ? judge->dataset->truth->objects : NULL;
}

/* How image `image` lies in the network's input, and its own size: of the annotations, else the input's. */
static ImageFit fit_of(const Judge *judge, size_t image)
{
    const Annotations *annotations = annotations_of(judge);
    const Dataset *dataset = judge->dataset;
    const ImageShape shape = {dataset->height, dataset->width, dataset->channels};
    if (!annotations) return image_fit_same(shape.height, shape.width);
    const size_t number = dataset->truth->images[image];
    return preparation_fit(&dataset->prepared, annotations->heights[number], annotations->widths[number],
                           &shape);
}

/* True objects of an image: those of the annotations, or made from the float network's detections. */
typedef struct Objects {
    const TrueObject *items;
    size_t count;
    TrueObject *made; /* to be freed; its masks belong to the detections */
} Objects;

static Status make_objects(Objects *objects, const Detections *found, Message *message)
{
    objects->made = calloc(found->count + 1, sizeof *objects->made);
    if (!objects->made) return status_no_memory(message, "detections");
    objects->items = objects->made;
    for (size_t i = 0; i < found->count; i++) {
        const Detection *item = &found->items[i];
        if (!(item->score > JUDGE_TRUTH_SCORE)) continue;
        const double box = item->box.width * item->box.height;
        objects->made[objects->count++] =
            (TrueObject){.class = item->class,
                         .box = item->box,
                         .area = item->mask.count ? (double)mask_area(&item->mask) : box,
                         .mask = item->mask};
    }
    return STATUS_OK;
}

static Status match_objects(Judged *judged, const Detections *found, const Objects *objects, bool masks,
                            Message *message)
{
    Status status = coco_match(&judged->boxes, found, objects->items, objects->count, false, message);
    if (status == STATUS_OK && masks)
        status = coco_match(&judged->masks, found, objects->items, objects->count, true, message);
    return status;
}

static Status judge_objects(Judged *judged, const Judge *judge, size_t image, const float *output,
                            const float *reference, Message *message)
{
    const NetworkTask *task = judge->task;
    const Annotations *annotations = annotations_of(judge);
    const ImageFit fit = fit_of(judge, image);
    Detections found = {0}, truth = {0};
    Objects objects = {0};
    bool masks = task->kind == TASK_SEGMENT;
    Status status = head_decode(&found, &task->head, output, &fit, &task->options, message);
    if (status == STATUS_OK && annotations) {
        const size_t number = judge->dataset->truth->images[image];
        objects.items = annotations->objects + annotations->first[number];
        objects.count = annotations->first[number + 1] - annotations->first[number];
        masks &= annotations->masks;
    } else if (status == STATUS_OK) {
        status = head_decode(&truth, &task->head, reference, &fit, &task->options, message);
        if (status == STATUS_OK) status = make_objects(&objects, &truth, message);
    }
    if (status == STATUS_OK) status = match_objects(judged, &found, &objects, masks, message);
    detections_free(&found);
    detections_free(&truth);
    free(objects.made);
    return status;
}

/* --- pixels ------------------------------------------------------------------------------------------- */

/* labels[height][width] of an image: its label image, or the float network's classes. */
static Status true_pixels(unsigned char *labels, const Judge *judge, size_t image, const float *reference,
                          Message *message)
{
    const NetworkTask *task = judge->task;
    LabelImage own;
    if (!judge->dataset->has_truth) {
        pixel_classes(labels, reference, task->classes, task->height * task->width);
        return STATUS_OK;
    }
    Status status = truth_read_labels(&own, judge->dataset, image, message);
    if (status != STATUS_OK) return status;
    label_image_resize(labels, task->height, task->width, &own);
    free(own.labels);
    return STATUS_OK;
}

static Status judge_pixels(Judged *judged, const Judge *judge, size_t image, const float *output,
                           const float *reference, Message *message)
{
    const NetworkTask *task = judge->task;
    const size_t pixels = task->height * task->width;
    unsigned char *labels = malloc(2 * pixels + 1), *predicted = labels ? labels + pixels : NULL;
    judged->pixels = calloc(task->classes, sizeof *judged->pixels);
    Status status = labels && judged->pixels ? true_pixels(labels, judge, image, reference, message)
                                             : status_no_memory(message, "pixels");
    if (status == STATUS_OK) {
        pixel_classes(predicted, output, task->classes, pixels);
        pixel_counts_add(judged->pixels, task->classes, predicted, labels, pixels);
    }
    free(labels);
    return status;
}

Status judge_image(Judged *judged, const Judge *judge, size_t image, const float *output,
                   const float *reference, Message *message)
{
    judged_free(judged);
    Status status = (judge->task->kind == TASK_SEMANTIC ? judge_pixels : judge_objects)(
        judged, judge, image, output, reference, message);
    judged->done = status == STATUS_OK;
    return status;
}

/* --- figures of many images --------------------------------------------------------------------------- */

typedef struct Place {
    size_t number, image;
} Place;

static int by_number(const void *a, const void *b)
{
    const Place *left = a, *right = b;
    if (left->number != right->number) return left->number < right->number ? -1 : 1;
    return (left->image > right->image) - (left->image < right->image);
}

/* The first `count` images of the evaluation, in the order of the annotations. NULL when out of memory. */
static Place *annotated_order(const Judge *judge, size_t count)
{
    Place *order = calloc(count + 1, sizeof *order);
    const Annotations *annotations = annotations_of(judge);
    for (size_t i = 0; order && i < count; i++)
        order[i] = (Place){annotations ? judge->dataset->truth->images[judge->order[i]] : judge->order[i],
                           judge->order[i]};
    if (order) qsort(order, count, sizeof *order, by_number);
    return order;
}

/* The ranking of boxes or masks. */
static Status rank(CocoRanking **ranking, const Judge *judge, const Judged *images, size_t count, bool masks,
                   Message *message)
{
    Place *order = annotated_order(judge, count);
    CocoImage *sorted = calloc(count + 1, sizeof *sorted);
    *ranking = NULL;
    Status status = order && sorted ? STATUS_OK : status_no_memory(message, "average precision");
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        const Judged *judged = &images[order[i].image];
        sorted[i] = masks ? judged->masks : judged->boxes;
    }
    const Annotations *annotations = annotations_of(judge);
    const size_t classes = size_max(judge->task->classes, annotations ? annotations->class_count : 0);
    if (status == STATUS_OK) status = coco_ranking_create(ranking, sorted, count, classes, message);
    free(order);
    free(sorted);
    return status;
}

static Status coco_of(double figures[COCO_FIGURES], const Judge *judge, const Judged *images, size_t count,
                      bool masks, Message *message)
{
    CocoRanking *ranking;
    Status status = rank(&ranking, judge, images, count, masks, message);
    if (status == STATUS_OK) status = coco_figures(figures, ranking, message);
    coco_ranking_free(ranking);
    return status;
}

/* counts[classes]: the sum over images, each counted weights[i] times (NULL: once). */
static void pool_pixels(PixelCount *counts, const Judge *judge, const Judged *images, size_t count,
                        const uint32_t *weights)
{
    memset(counts, 0, judge->task->classes * sizeof *counts);
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < judge->task->classes; c++) {
            const PixelCount *own = &images[judge->order[i]].pixels[c];
            const uint64_t weight = weights ? weights[i] : 1;
            counts[c].truth += weight * own->truth;
            counts[c].predicted += weight * own->predicted;
            counts[c].both += weight * own->both;
        }
}

static Status pixels_of(double *figures, const Judge *judge, const Judged *images, size_t count,
                        Message *message)
{
    const size_t classes = judge->task->classes;
    PixelCount *counts = calloc(classes, sizeof *counts);
    if (!counts) return status_no_memory(message, "pixels");
    pool_pixels(counts, judge, images, count, NULL);
    figures[0] = pixel_counts_mean_iou(counts, classes);
    figures[1] = pixel_counts_mean_dice(counts, classes);
    figures[2] = pixel_counts_accuracy(counts, classes);
    free(counts);
    return STATUS_OK;
}

Status judge_figures(double *figures, const Judge *judge, const Judged *images, size_t count,
                     Message *message)
{
    if (judge->task->kind == TASK_SEMANTIC) return pixels_of(figures, judge, images, count, message);
    Status status = coco_of(figures, judge, images, count, false, message);
    if (status == STATUS_OK && judge->task->kind == TASK_SEGMENT)
        status = coco_of(figures + COCO_FIGURES, judge, images, count, true, message);
    return status;
}

static Status coco_classes(double *class_figures, const Judge *judge, const Judged *images, size_t count,
                           Message *message)
{
    CocoRanking *ranking;
    Status status = rank(&ranking, judge, images, count, judge->task->kind == TASK_SEGMENT, message);
    double *scratch = status == STATUS_OK ? calloc(coco_scratch(ranking), sizeof *scratch) : NULL;
    if (status == STATUS_OK && !scratch) status = status_no_memory(message, "average precision");
    for (size_t c = 0; status == STATUS_OK && c < judge->task->classes; c++) {
        const double ap = coco_class_ap(ranking, c, 0, COCO_THRESHOLDS - 1, scratch);
        class_figures[c] = ap < 0 ? (double)NAN : ap;
    }
    free(scratch);
    coco_ranking_free(ranking);
    return status;
}

Status judge_classes(double *class_figures, const Judge *judge, const Judged *images, size_t count,
                     Message *message)
{
    if (judge->task->kind != TASK_SEMANTIC) return coco_classes(class_figures, judge, images, count, message);
    PixelCount *counts = calloc(judge->task->classes, sizeof *counts);
    if (!counts) return status_no_memory(message, "pixels");
    pool_pixels(counts, judge, images, count, NULL);
    for (size_t c = 0; c < judge->task->classes; c++) class_figures[c] = pixel_count_dice(&counts[c]);
    free(counts);
    return STATUS_OK;
}

/* --- intervals ---------------------------------------------------------------------------------------- */

/* The figures with an interval of one network, as functions of the images' weights. */
typedef struct Resampled {
    const Judged *images;
    CocoRanking *rankings[TASK_INTERVALS]; /* NULL for pixels */
} Resampled;

/* A thread's memory. */
typedef struct Room {
    uint32_t *weights; /* [count] */
    double *scratch;
    PixelCount *counts; /* [classes] */
} Room;

typedef struct Bootstrap {
    const Judge *judge;
    size_t count, figure_count, networks;
    Resampled sides[2];
    Room *rooms;    /* [workers] */
    double *values; /* [networks][figure_count][BOOTSTRAP_RESAMPLES] */
} Bootstrap;

static double *values_of(const Bootstrap *bootstrap, size_t side, size_t figure)
{
    return bootstrap->values + (side * bootstrap->figure_count + figure) * BOOTSTRAP_RESAMPLES;
}

static void resample(void *context, size_t index, size_t worker)
{
    const Bootstrap *bootstrap = context;
    const Judge *judge = bootstrap->judge;
    const Room *room = &bootstrap->rooms[worker];
    bootstrap_draw(room->weights, bootstrap->count, SEED, index);
    for (size_t side = 0; side < bootstrap->networks; side++) {
        const Resampled *one = &bootstrap->sides[side];
        if (judge->task->kind == TASK_SEMANTIC) {
            pool_pixels(room->counts, judge, one->images, bootstrap->count, room->weights);
            values_of(bootstrap, side, 0)[index] = pixel_counts_mean_iou(room->counts, judge->task->classes);
            values_of(bootstrap, side, 1)[index] = pixel_counts_mean_dice(room->counts, judge->task->classes);
            continue;
        }
        for (size_t f = 0; f < bootstrap->figure_count; f++)
            values_of(bootstrap, side, f)[index] = coco_ap(one->rankings[f], room->weights, room->scratch);
    }
}

static Status rank_sides(Bootstrap *bootstrap, Message *message)
{
    const TaskMeasure *measure = &task_measures[bootstrap->judge->task->kind];
    Status status = STATUS_OK;
    if (bootstrap->judge->task->kind == TASK_SEMANTIC) return STATUS_OK;
    for (size_t side = 0; side < bootstrap->networks; side++)
        for (size_t f = 0; status == STATUS_OK && f < bootstrap->figure_count; f++)
            status =
                rank(&bootstrap->sides[side].rankings[f], bootstrap->judge, bootstrap->sides[side].images,
                     bootstrap->count, measure->intervals[f] >= COCO_FIGURES, message);
    return status;
}

static Status make_rooms(Bootstrap *bootstrap, size_t workers, Message *message)
{
    size_t scratch = 1;
    for (size_t side = 0; side < 2; side++)
        for (size_t f = 0; f < TASK_INTERVALS; f++)
            if (bootstrap->sides[side].rankings[f])
                scratch = size_max(scratch, coco_scratch(bootstrap->sides[side].rankings[f]));
    bool fits = true;
    for (size_t w = 0; w < workers; w++) {
        Room *room = &bootstrap->rooms[w];
        room->weights = calloc(bootstrap->count + 1, sizeof *room->weights);
        room->scratch = calloc(scratch, sizeof *room->scratch);
        room->counts = calloc(bootstrap->judge->task->classes + 1, sizeof *room->counts);
        fits &= room->weights && room->scratch && room->counts;
    }
    return fits ? STATUS_OK : status_no_memory(message, "the bootstrap");
}

static void free_bootstrap(Bootstrap *bootstrap, size_t workers)
{
    for (size_t side = 0; side < 2; side++)
        for (size_t f = 0; f < TASK_INTERVALS; f++) coco_ranking_free(bootstrap->sides[side].rankings[f]);
    for (size_t w = 0; bootstrap->rooms && w < workers; w++) {
        free(bootstrap->rooms[w].weights);
        free(bootstrap->rooms[w].scratch);
        free(bootstrap->rooms[w].counts);
    }
    free(bootstrap->rooms);
    free(bootstrap->values);
}

static void take_intervals(FigureIntervals *intervals, const Bootstrap *bootstrap)
{
    for (size_t f = 0; f < bootstrap->figure_count; f++) {
        double *reference = values_of(bootstrap, 0, f), change[BOOTSTRAP_RESAMPLES];
        if (bootstrap->networks == 2) {
            double *quantized = values_of(bootstrap, 1, f);
            for (size_t r = 0; r < BOOTSTRAP_RESAMPLES; r++) change[r] = quantized[r] - reference[r];
            intervals->change[f] = bootstrap_interval(change, BOOTSTRAP_RESAMPLES);
            intervals->quantized[f] = bootstrap_interval(quantized, BOOTSTRAP_RESAMPLES);
        }
        intervals->reference[f] = bootstrap_interval(reference, BOOTSTRAP_RESAMPLES);
    }
}

Status judge_intervals(FigureIntervals *intervals, const Judge *judge, const Judged *reference,
                       const Judged *quantized, size_t count, Pool *pool, Message *message)
{
    const Interval unknown = {NAN, NAN};
    const size_t workers = pool_workers(pool), networks = quantized ? 2 : 1;
    const size_t figures = task_measures[judge->task->kind].interval_count;
    for (size_t f = 0; f < TASK_INTERVALS; f++)
        intervals->reference[f] = intervals->quantized[f] = intervals->change[f] = unknown;
    Bootstrap bootstrap = {
        .judge = judge,
        .count = count,
        .figure_count = figures,
        .networks = networks,
        .sides = {{.images = reference}, {.images = quantized}},
        .rooms = calloc(workers, sizeof *bootstrap.rooms),
        .values = calloc(networks * figures * BOOTSTRAP_RESAMPLES + 1, sizeof *bootstrap.values)};
    Status status = bootstrap.rooms && bootstrap.values ? rank_sides(&bootstrap, message)
                                                        : status_no_memory(message, "the bootstrap");
    if (status == STATUS_OK) status = make_rooms(&bootstrap, workers, message);
    if (status == STATUS_OK) {
        pool_run(pool, BOOTSTRAP_RESAMPLES, resample, &bootstrap);
        take_intervals(intervals, &bootstrap);
    }
    free_bootstrap(&bootstrap, workers);
    return status;
}
