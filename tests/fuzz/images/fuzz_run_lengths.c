/* SPDX-License-Identifier: MIT */
/* Run lengths and polygons. The first two bytes are height and width less 1; the third says what the rest is:
 * compressed text, runs of 32 bits, or corners of 16 bits in fifths of a pixel. */
#include "dataset/annotations/polygon.h"
#include "fuzz_input.h"

#include <stdlib.h>
#include <string.h>

static Status read_runs(Mask *mask, size_t height, size_t width, const uint8_t *data, size_t size,
                        Message *message)
{
    uint32_t *runs = malloc(size + sizeof *runs);
    fuzz_require(runs != NULL, "memory");
    memcpy(runs, data, size);
    Status status = mask_from_runs(mask, height, width, runs, size / sizeof *runs, message);
    free(runs);
    return status;
}

static Status read_corners(Mask *mask, size_t height, size_t width, const uint8_t *data, size_t size,
                           Message *message)
{
    const size_t count = size / 4;
    double *corners = calloc(2 * count + 1, sizeof *corners);
    fuzz_require(corners != NULL, "memory");
    for (size_t i = 0; i < 2 * count; i++) corners[i] = (int16_t)(data[2 * i] | data[2 * i + 1] << 8) / 5.0;
    Status status = mask_from_polygon(mask, height, width, corners, count, message);
    free(corners);
    return status;
}

/* A mask is the same after it went through pixels. */
static void check_mask(const Mask *mask)
{
    Mask again, both;
    unsigned char *pixels = malloc(mask->height * mask->width);
    fuzz_require(pixels != NULL, "memory");
    mask_to_pixels(pixels, mask);
    fuzz_require(mask_from_pixels(&again, pixels, mask->height, mask->width, NULL) == STATUS_OK,
                 "pixels are a mask");
    fuzz_require(mask_intersection(mask, &again) == mask_area(mask), "a mask is its pixels");
    fuzz_require(mask_union(&both, mask, &again, NULL) == STATUS_OK, "masks have a union");
    fuzz_require(mask_area(&both) == mask_area(mask), "the union with itself is the mask");
    const Box box = mask_box(mask);
    fuzz_require(box.width * box.height >= (double)mask_area(mask), "the box is around the mask");
    mask_free(&again);
    mask_free(&both);
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) return 0;
    const size_t height = data[0] + 1u, width = data[1] + 1u;
    Mask mask;
    Message message = {0};
    char *text = fuzz_text(data + 3, size - 3);
    Status status = data[2] % 3 == 0   ? mask_from_text(&mask, height, width, text, &message)
                    : data[2] % 3 == 1 ? read_runs(&mask, height, width, data + 3, size - 3, &message)
                                       : read_corners(&mask, height, width, data + 3, size - 3, &message);
    fuzz_require_message(status, &message);
    if (status == STATUS_OK) check_mask(&mask);
    mask_free(&mask);
    free(text);
    return 0;
}
