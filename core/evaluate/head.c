/* SPDX-License-Identifier: MIT */
#include "evaluate/head.h"

#include "base/sizes.h"
#include "evaluate/head_mask.h"

#include <math.h>
#include <stdlib.h>

const HeadOptions head_field_defaults = {
    .score = 0.001, .iou = 0.7, .mask = 0.5, .candidates = 30000, .detections = 300};

ImageFit image_fit_same(size_t height, size_t width)
{
    return (ImageFit){height, width, 1, 1, 0, 0};
}

void head_yolov8(Head *head, size_t classes, size_t anchors, size_t height, size_t width)
{
    *head = (Head){.anchors = anchors,
                   .classes = classes,
                   .boxes = {0, 1, anchors},
                   .scores = {4 * anchors, 1, anchors},
                   .height = height,
                   .width = width};
}

void head_yolov5(Head *head, size_t classes, size_t anchors, size_t height, size_t width)
{
    const size_t step = 5 + classes;
    *head = (Head){.anchors = anchors,
                   .classes = classes,
                   .boxes = {0, step, 1},
                   .objectness = {4, step, 1},
                   .has_objectness = true,
                   .scores = {5, step, 1},
                   .height = height,
                   .width = width};
}

/* --- candidates --------------------------------------------------------------------------------------- */

typedef struct Corners {
    float left, top, right, bottom; /* pixels of the network's input */
} Corners;

typedef struct Candidate {
    float score;
    uint32_t anchor, class;
    Corners box;
} Candidate;

typedef struct Candidates {
    size_t count;
    Candidate *items;
} Candidates;

static float read_field(const float *output, const HeadField *field, size_t anchor, size_t number)
{
    return output[field->offset + anchor * field->anchor_step + number * field->field_step];
}

static float score_of(const Head *head, const float *output, size_t anchor, size_t class)
{
    const float score = read_field(output, &head->scores, anchor, class);
    return head->has_objectness ? score * read_field(output, &head->objectness, anchor, 0) : score;
}

static Corners corners_of(const Head *head, const float *output, size_t anchor)
{
    const float across = head->fractions ? (float)head->width : 1;
    const float down = head->fractions ? (float)head->height : 1;
    const size_t x = head->y_first ? 1 : 0, y = 1 - x;
    const float a = across * read_field(output, &head->boxes, anchor, x);
    const float b = down * read_field(output, &head->boxes, anchor, y);
    const float c = across * read_field(output, &head->boxes, anchor, 2 + x);
    const float d = down * read_field(output, &head->boxes, anchor, 2 + y);
    return head->corners ? (Corners){a, b, c, d} : (Corners){a - c / 2, b - d / 2, a + c / 2, b + d / 2};
}

static int by_score(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    if (left->anchor != right->anchor) return left->anchor < right->anchor ? -1 : 1;
    return (left->class > right->class) - (left->class < right->class);
}

static bool is_finite_box(const Corners *box)
{
    return isfinite(box->left) && isfinite(box->top) && isfinite(box->right) && isfinite(box->bottom);
}

/* All scores above the threshold, sorted. A box with a number that is not finite is no detection. */
static bool find_candidates(Candidates *candidates, const Head *head, const float *output,
                            const HeadOptions *options)
{
    const float least = (float)options->score; /* 0.001f is not above 0.001 */
    size_t count = 0;
    for (size_t a = 0; a < head->anchors; a++)
        for (size_t c = 0; c < head->classes; c++) count += score_of(head, output, a, c) > least;
    candidates->items = calloc(count + 1, sizeof *candidates->items);
    if (!candidates->items) return false;
    for (size_t a = 0; a < head->anchors; a++)
        for (size_t c = 0; c < head->classes; c++) {
            const float score = score_of(head, output, a, c);
            if (!(score > least)) continue;
            const Corners box = corners_of(head, output, a);
            if (is_finite_box(&box))
                candidates->items[candidates->count++] = (Candidate){score, (uint32_t)a, (uint32_t)c, box};
        }
    qsort(candidates->items, candidates->count, sizeof *candidates->items, by_score);
    candidates->count = size_min(candidates->count, options->candidates);
    return true;
}

/* --- suppression -------------------------------------------------------------------------------------- */

static float area_of(const Corners *box)
{
    return (box->right - box->left) * (box->bottom - box->top);
}

/* |a and b| > iou * |a or b| */
static bool overlap(const Corners *a, const Corners *b, double iou)
{
    const float width = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    const float height = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    if (!(width > 0 && height > 0)) return false;
    const float common = width * height;
    return common / (area_of(a) + area_of(b) - common) > iou;
}

/* Keeps the candidates, in their order, that no better one of their class suppresses. */
static void suppress(Candidates *candidates, const HeadOptions *options)
{
    Candidate *items = candidates->items;
    size_t kept = 0;
    for (size_t i = 0; i < candidates->count && kept < options->detections; i++) {
        bool keep = true;
        for (size_t k = 0; keep && k < kept; k++)
            keep = items[k].class != items[i].class || !overlap(&items[k].box, &items[i].box, options->iou);
        if (keep) items[kept++] = items[i];
    }
    candidates->count = kept;
}

/* --- detections --------------------------------------------------------------------------------------- */

static double clip(double value, double most)
{
    return fmin(fmax(value, 0), most);
}

/* The box in pixels of the image, clipped to it. */
static Box box_in_image(const Corners *box, const ImageFit *fit)
{
    const double left = clip((box->left - fit->left) / fit->scale_x, (double)fit->width);
    const double top = clip((box->top - fit->top) / fit->scale_y, (double)fit->height);
    const double right = clip((box->right - fit->left) / fit->scale_x, (double)fit->width);
    const double bottom = clip((box->bottom - fit->top) / fit->scale_y, (double)fit->height);
    return (Box){left, top, fmax(right - left, 0), fmax(bottom - top, 0)};
}

static Status add_detection(Detections *found, const Candidate *candidate, const Head *head,
                            const float *output, const ImageFit *fit, const HeadOptions *options, float *room,
                            Message *message)
{
    Detection detection = {
        .box = box_in_image(&candidate->box, fit), .score = candidate->score, .class = candidate->class};
    for (size_t k = 0; k < head->coefficient_count; k++)
        room[k] = read_field(output, &head->coefficients, candidate->anchor, k);
    if (head->coefficient_count) {
        Status status =
            head_mask(&detection.mask, head, room, output, &detection.box, fit, options->mask, message);
        if (status != STATUS_OK) return status;
    }
    if (detections_add(found, &detection)) return STATUS_OK;
    mask_free(&detection.mask);
    return status_no_memory(message, "detections");
}

Status head_decode(Detections *found, const Head *head, const float *output, const ImageFit *fit,
                   const HeadOptions *options, Message *message)
{
    Candidates candidates = {0};
    const size_t room_count =
        head->coefficient_count + head->prototype_height * head->prototype_width; /* head_mask()'s part */
    float *room = calloc(room_count + 1, sizeof *room);
    Status status = room && find_candidates(&candidates, head, output, options)
                        ? STATUS_OK
                        : status_no_memory(message, "detections");
    suppress(&candidates, options);
    for (size_t i = 0; status == STATUS_OK && i < candidates.count; i++)
        status = add_detection(found, &candidates.items[i], head, output, fit, options, room, message);
    free(candidates.items);
    free(room);
    return status;
}
