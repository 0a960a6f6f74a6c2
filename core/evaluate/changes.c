/* SPDX-License-Identifier: MIT */
#include "evaluate/changes.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- choosing images -------------------------------------------------------------------------------- */

/* Whether a is kept before b. */
static bool is_nearer(const ImageChange *a, const ImageChange *b)
{
    const double first = fabs(a->margin), second = fabs(b->margin);
    return first < second || (first == second && a->image < b->image);
}

static void insert(ImageChange *list, size_t *count, const ImageChange *change)
{
    if (*count == CHANGES_MOST && !is_nearer(change, &list[CHANGES_MOST - 1])) return;
    size_t at = *count < CHANGES_MOST ? (*count)++ : CHANGES_MOST - 1;
    for (; at > 0 && is_nearer(change, &list[at - 1]); at--) list[at] = list[at - 1];
    list[at] = *change;
}

static void consider(ImageChanges *changes, const ImageChange *change)
{
    if (change->float_class == change->quantized_class)
        insert(changes->held, &changes->held_count, change);
    else
        insert(changes->changed, &changes->changed_count, change);
}

void changes_merge(ImageChanges *changes, const ImageChanges *other)
{
    changes->changed_total += other->changed_total;
    for (size_t i = 0; i < other->changed_count; i++) consider(changes, &other->changed[i]);
    for (size_t i = 0; i < other->held_count; i++) consider(changes, &other->held[i]);
}

/* --- one image -------------------------------------------------------------------------------------- */

/* The class of the largest score but `without`'s; the lowest of equals. */
static size_t largest_but(const float *scores, size_t classes, size_t without)
{
    size_t top = without == 0 ? 1 : 0;
    for (size_t i = top + 1; i < classes; i++)
        if (i != without && scores[i] > scores[top]) top = i;
    return top;
}

static bool all_finite(const float *scores, size_t classes)
{
    for (size_t i = 0; i < classes; i++)
        if (!isfinite(scores[i])) return false;
    return true;
}

static bool has_class(const ImageChange *change, size_t class)
{
    for (size_t k = 0; k < change->class_count; k++)
        if (change->classes[k] == class) return true;
    return false;
}

static void add_class(ImageChange *change, size_t class)
{
    if (!has_class(change, class)) change->classes[change->class_count++] = class;
}

/* Both predictions, the label, and the classes with the largest scores in either network. */
static void choose_classes(ImageChange *change, const float *reference, const float *quantized,
                           size_t classes)
{
    add_class(change, change->float_class);
    add_class(change, change->quantized_class);
    if (change->label < classes) add_class(change, change->label);
    while (change->class_count < size_min(CHANGES_CLASSES, classes)) {
        size_t best = NO_INDEX;
        for (size_t i = 0; i < classes; i++) {
            if (has_class(change, i)) continue;
            if (best == NO_INDEX ||
                fmaxf(reference[i], quantized[i]) > fmaxf(reference[best], quantized[best]))
                best = i;
        }
        add_class(change, best);
    }
}

/* share[k] = exp(scores[classes[k]] - max) / sum_i exp(scores[i] - max) */
static void softmax_of(float *share, const ImageChange *change, const float *scores, size_t classes,
                       size_t top)
{
    double sum = 0;
    for (size_t i = 0; i < classes; i++) sum += exp((double)scores[i] - scores[top]);
    for (size_t k = 0; k < change->class_count; k++)
        share[k] = (float)(exp((double)scores[change->classes[k]] - scores[top]) / sum);
}

void changes_add(ImageChanges *changes, size_t image, size_t label, const float *reference,
                 const float *quantized, size_t classes)
{
    if (classes < 2 || !all_finite(reference, classes) || !all_finite(quantized, classes)) return;
    ImageChange change = {.image = image,
                          .label = label,
                          .float_class = largest_but(reference, classes, NO_INDEX),
                          .quantized_class = largest_but(quantized, classes, NO_INDEX)};
    const size_t own = change.float_class;
    change.rival = largest_but(quantized, classes, own);
    change.margin = (double)quantized[own] - quantized[change.rival];
    change.float_margin = (double)reference[own] - reference[largest_but(reference, classes, own)];
    choose_classes(&change, reference, quantized, classes);
    softmax_of(change.float_share, &change, reference, classes, own);
    softmax_of(change.quantized_share, &change, quantized, classes, change.quantized_class);
    changes->changed_total += change.float_class != change.quantized_class;
    consider(changes, &change);
}

/* --- pictures --------------------------------------------------------------------------------------- */

/* Where a .npy holds other values than pixels of 0..1, they are scaled to them. */
static void find_range(double *low, double *span, const float *pixels, size_t count)
{
    double least = 0, most = 1;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(pixels[i])) continue;
        least = fmin(least, pixels[i]);
        most = fmax(most, pixels[i]);
    }
    *low = least;
    *span = most - least;
}

/* The mean of image[rows][columns] of a channel over the pixels that small pixel (y, x) covers. */
static double mean_of(const float *image, const Dataset *dataset, const ChangedImages *images, size_t y,
                      size_t x, size_t channel)
{
    const size_t top = y * dataset->height / images->height, left = x * dataset->width / images->width;
    const size_t bottom = size_max((y + 1) * dataset->height / images->height, top + 1),
                 right = size_max((x + 1) * dataset->width / images->width, left + 1);
    double sum = 0;
    for (size_t r = top; r < bottom; r++)
        for (size_t c = left; c < right; c++)
            sum += image[(r * dataset->width + c) * dataset->channels + channel];
    return sum / (double)((bottom - top) * (right - left));
}

static void shrink(unsigned char *out, const float *image, const Dataset *dataset,
                   const ChangedImages *images)
{
    double low, span;
    find_range(&low, &span, image, dataset->height * dataset->width * dataset->channels);
    for (size_t y = 0; y < images->height; y++)
        for (size_t x = 0; x < images->width; x++)
            for (size_t c = 0; c < images->channels; c++) {
                const double value = (mean_of(image, dataset, images, y, x, c) - low) / span;
                *out++ = (unsigned char)lround(255 * fmin(fmax(value, 0), 1));
            }
}

static Status read_pictures(ChangedImages *images, const Dataset *dataset, Message *message)
{
    Normalization plain = {0};
    for (size_t c = 0; c < DATASET_MAX_CHANNELS; c++) plain.std[c] = 1;
    const size_t picture = images->height * images->width * images->channels;
    float *image = calloc(dataset->height * dataset->width * dataset->channels, sizeof *image);
    Status status = image ? STATUS_OK : status_no_memory(message, "pictures of changed images");
    for (size_t i = 0; status == STATUS_OK && i < images->count; i++) {
        status = dataset_read(dataset, image, images->images[i].image, 1, &plain, message);
        if (status == STATUS_OK) shrink(images->pixels + i * picture, image, dataset, images);
    }
    free(image);
    return status;
}

/* By margin: changed images from the farthest on, then those that held. */
static void order_images(ChangedImages *images, const ImageChanges *changes)
{
    for (size_t i = changes->changed_count; i-- > 0;) images->images[images->count++] = changes->changed[i];
    for (size_t i = 0; i < changes->held_count; i++) images->images[images->count++] = changes->held[i];
    images->changed_count = changes->changed_count;
    images->changed_total = changes->changed_total;
}

Status changed_images_create(ChangedImages **result, const ImageChanges *changes, const Dataset *dataset,
                             Message *message)
{
    *result = NULL;
    ChangedImages *images = calloc(1, sizeof *images);
    if (!images) return status_no_memory(message, "the changed images");
    atomic_init(&images->references, 1);
    order_images(images, changes);
    images->height = size_min(dataset->height, CHANGES_PIXELS);
    images->width = size_min(dataset->width, CHANGES_PIXELS);
    images->channels = dataset->channels < 3 ? 1 : 3;
    images->pixels = calloc(images->count + 1, images->height * images->width * images->channels);
    Status status = images->pixels ? read_pictures(images, dataset, message)
                                   : status_no_memory(message, "pictures of changed images");
    if (status == STATUS_OK)
        *result = images;
    else
        changed_images_drop(images);
    return status;
}

ChangedImages *changed_images_hold(ChangedImages *images)
{
    if (images) atomic_fetch_add_explicit(&images->references, 1, memory_order_relaxed);
    return images;
}

void changed_images_drop(ChangedImages *images)
{
    if (!images || atomic_fetch_sub_explicit(&images->references, 1, memory_order_acq_rel) != 1) return;
    free(images->pixels);
    free(images);
}
