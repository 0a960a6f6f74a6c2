/* SPDX-License-Identifier: MIT */
/* Polygon: the mask of a polygon, as COCO's mask API rasterizes it.
 *
 * The corners are rounded to a grid five times finer than the pixels, and the outline is drawn on it. Where
 * it passes the middle of a column of pixels, the column changes between inside and outside: so the even-odd
 * rule holds, and a pixel is inside where its centre is, but for rounding. Pure; any thread may call.
 *
 * Example (Message *message):
 *     static const double corners[] = {1, 1, 3, 1, 3, 3, 1, 3};   // x, y, x, y, ...
 *     Mask mask;
 *     Status status = mask_from_polygon(&mask, 5, 5, corners, 4, message);
 */
#ifndef DATASET_POLYGON_H
#define DATASET_POLYGON_H

#include "dataset/annotations/mask.h"

/* *mask of height x width, of the polygon with corners[count][2] (x, y) in pixels. STATUS_INVALID for fewer
 * than three corners, coordinates that are not finite or farther than MASK_MOST_SIDE from the image, and
 * outlines longer than 2^24 steps of the grid. *mask is empty on failure. */
Status mask_from_polygon(Mask *mask, size_t height, size_t width, const double *corners, size_t count,
                         Message *message);

/* Steps of the fine grid along the outline of corners[count][2]: what mask_from_polygon() takes time for. */
double polygon_steps(const double *corners, size_t count);

#endif
