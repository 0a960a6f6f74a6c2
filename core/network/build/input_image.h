/* SPDX-License-Identifier: MIT */
/* Input image: size and layout of the images that a graph takes. Private to core/network. */
#ifndef NETWORK_INPUT_IMAGE_H
#define NETWORK_INPUT_IMAGE_H

#include "network/build/builder.h"

/* The input's four dimensions, in the file's order; the batch (0) is 0 if neither the file nor the option
 * gives it. */
typedef struct InputImage {
    size_t sizes[4];
    bool channels_last; /* the file's order is N, H, W, C */
} InputImage;

/* Reads the shape of the graph's input; `option` (NetworkOptions.input_shape) gives the sizes that the file
 * leaves open. */
Status input_image_read(InputImage *image, const Graph *graph, const char *option, Message *message);

/* The tile of `batch` images as a value: N,C,H,W stored channels last, or N,H,W,C in ONNX's order. Fails with
 * STATUS_MEMORY if it takes more than `ceiling` bytes. */
Status input_image_value(BuildValue *value, const InputImage *image, size_t batch, size_t ceiling,
                         Message *message);

#endif
