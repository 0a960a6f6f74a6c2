/* Resize: bytes resampled as Pillow's BILINEAR does.
 *
 * Of out = in * W along an axis, the weights of output i are a triangle around (i + 1/2) * scale, scale =
 * in / full, as wide as the reduction: w(x) = max(0, 1 - |x + 1/2 - centre| / max(scale, 1)), cut off at the
 * image's edge and divided by their sum. They are rounded to 22 fractional bits. The horizontal pass comes
 * first, and its result is rounded to bytes before the vertical one. Pure; any thread may call.
 */
#ifndef DATASET_RESIZE_H
#define DATASET_RESIZE_H

#include "base/status.h"

#include <stddef.h>

/* A window of the image that resizing the whole would give: only what it needs is computed. */
typedef struct ResizeWindow {
    size_t full_height, full_width; /* of the whole, resized */
    size_t top, left, height, width;
} ResizeWindow;

/* out[window->height][window->width][channels], in[height][width][channels]. STATUS_MEMORY. */
Status resize_window(unsigned char *out, const unsigned char *in, size_t height, size_t width,
                     size_t channels, const ResizeWindow *window, Message *message);

#endif
