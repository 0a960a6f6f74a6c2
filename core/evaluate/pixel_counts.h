/* SPDX-License-Identifier: MIT */
/* Pixel counts: the measures of semantic segmentation. Pure; any thread may call.
 *
 * Per class, counts[] holds the pixels that truly are of the class, those predicted so, and those that are
 * both. Pixels whose label is no class count nowhere. Counts of images are added; over all images
 *
 *     IoU = both / (truth + predicted - both),   Dice = 2 both / (truth + predicted),
 *     pixel accuracy = sum of both / sum of truth.
 *
 * Means are over the classes that occur, in the truth or the prediction; a class that does not has NaN.
 *
 * Example (unsigned char *predicted, const float *logits, const unsigned char *labels):
 *     PixelCount counts[3] = {{0}};
 *     pixel_classes(predicted, logits, 3, 256 * 256);
 *     pixel_counts_add(counts, 3, predicted, labels, 256 * 256);
 *     double miou = pixel_counts_mean_iou(counts, 3);
 */
#ifndef EVALUATE_PIXEL_COUNTS_H
#define EVALUATE_PIXEL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define PIXEL_IGNORED 255 /* the label that no pixel is judged by, where nobody says another */

typedef struct PixelCount {
    uint64_t truth, predicted, both; /* pixels */
} PixelCount;

/* Predicts per pixel the class of the largest logit, the lowest of equals: predicted[pixels] of
 * logits[classes][pixels]. NaN is never the largest. */
void pixel_classes(unsigned char *predicted, const float *logits, size_t classes, size_t pixels);

/* Adds an image: labels[pixels] (below `classes`, or not counted), predicted[pixels]. */
void pixel_counts_add(PixelCount *counts, size_t classes, const unsigned char *predicted,
                      const unsigned char *labels, size_t pixels);

/* IoU and Dice of one class; NaN where it does not occur. */
double pixel_count_iou(const PixelCount *count);
double pixel_count_dice(const PixelCount *count);

/* counts [classes]. NaN where no class occurs. */
double pixel_counts_mean_iou(const PixelCount *counts, size_t classes);
double pixel_counts_mean_dice(const PixelCount *counts, size_t classes);
double pixel_counts_accuracy(const PixelCount *counts, size_t classes);

#endif
