/* SPDX-License-Identifier: MIT */
/* Resize: images of bytes resampled as Pillow's BILINEAR does. Pure; any thread may call.
 *
 * Along each axis out[i] = sum_k w[i][k] in[k], with scale = in / full, centre = (i + 1/2) scale and
 *
 *     w[i][k] = max(0, 1 - |k + 1/2 - centre| / max(scale, 1)), divided by their sum over the k inside of the
 * image.
 *
 * Weights are rounded to 22 fractional bits. The horizontal pass comes first, and its result is rounded to
 * bytes.
 */
#ifndef DATASET_RESIZE_H
#define DATASET_RESIZE_H

#include "base/status.h"

#include <stddef.h>

/* A window of the resized image: only what it needs is computed. */
typedef struct ResizeWindow {
    size_t full_height, full_width; /* of the whole, resized */
    size_t top, left, height, width;
} ResizeWindow;

/* out[window->height][window->width][channels], in[height][width][channels]. STATUS_MEMORY. */
Status resize_window(unsigned char *out, const unsigned char *in, size_t height, size_t width,
                     size_t channels, const ResizeWindow *window, Message *message);

#endif
