/* SPDX-License-Identifier: MIT */
#include "evaluate/pixel_counts.h"

#include <math.h>
#include <string.h>

#define BLOCK 256 /* pixels at a time: their largest logits stay in the cache */

static void classes_of_block(unsigned char *predicted, const float *logits, size_t classes, size_t pixels,
                             size_t count)
{
    float largest[BLOCK];
    for (size_t p = 0; p < count; p++) largest[p] = isnan(logits[p]) ? -INFINITY : logits[p];
    memset(predicted, 0, count);
    for (size_t c = 1; c < classes; c++)
        for (size_t p = 0; p < count; p++)
            if (logits[c * pixels + p] > largest[p]) {
                largest[p] = logits[c * pixels + p];
                predicted[p] = (unsigned char)c;
            }
}

void pixel_classes(unsigned char *predicted, const float *logits, size_t classes, size_t pixels)
{
    for (size_t first = 0; first < pixels; first += BLOCK) {
        const size_t count = pixels - first < BLOCK ? pixels - first : BLOCK;
        classes_of_block(predicted + first, logits + first, classes, pixels, count);
    }
}

void pixel_counts_add(PixelCount *counts, size_t classes, const unsigned char *predicted,
                      const unsigned char *labels, size_t pixels)
{
    for (size_t p = 0; p < pixels; p++) {
        if (labels[p] >= classes) continue;
        counts[labels[p]].truth++;
        counts[predicted[p]].predicted++;
        counts[labels[p]].both += labels[p] == predicted[p];
    }
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : (double)NAN;
}

double pixel_count_iou(const PixelCount *count)
{
    return share(count->both, count->truth + count->predicted - count->both);
}

double pixel_count_dice(const PixelCount *count)
{
    return share(2 * count->both, count->truth + count->predicted);
}

static double mean(const PixelCount *counts, size_t classes, double figure(const PixelCount *count))
{
    double sum = 0;
    size_t known = 0;
    for (size_t c = 0; c < classes; c++) {
        const double value = figure(&counts[c]);
        if (isnan(value)) continue;
        sum += value;
        known++;
    }
    return known ? sum / (double)known : (double)NAN;
}

double pixel_counts_mean_iou(const PixelCount *counts, size_t classes)
{
    return mean(counts, classes, pixel_count_iou);
}

double pixel_counts_mean_dice(const PixelCount *counts, size_t classes)
{
    return mean(counts, classes, pixel_count_dice);
}

double pixel_counts_accuracy(const PixelCount *counts, size_t classes)
{
    uint64_t both = 0, truth = 0;
    for (size_t c = 0; c < classes; c++) {
        both += counts[c].both;
        truth += counts[c].truth;
    }
    return share(both, truth);
}
