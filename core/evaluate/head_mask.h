/* SPDX-License-Identifier: MIT */
/* The mask of one detection, from its coefficients and the image's prototypes. Private to core/evaluate. */
#ifndef EVALUATE_HEAD_MASK_H
#define EVALUATE_HEAD_MASK_H

#include "evaluate/head.h"

/* *mask of the image's size: pixels whose centre is in the box, where the share
 *
 *     p = sigmoid(sum_k room[k] * prototypes[k][y][x])
 *
 * resized bilinearly with half-pixel centres, is above `least`. room: [coefficient_count] coefficients,
 * followed by [prototype_height][prototype_width] of scratch memory. output: the image's output vector.
 * STATUS_MEMORY. */
Status head_mask(Mask *mask, const Head *head, float *room, const float *output, const Box *box,
                 const ImageFit *fit, double least, Message *message);

#endif
