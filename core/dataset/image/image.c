/* SPDX-License-Identifier: MIT */
#include "dataset/image/image.h"

#include "base/sizes.h"

#include <stdlib.h>

Status image_allocate(Image *image, size_t beside, const char *name, Message *message)
{
    if (image->height == 0 || image->width == 0)
        return status_fail(message, STATUS_INVALID, "'%s': no pixels", name);
    if (image->height > IMAGE_MOST_SIDE || image->width > IMAGE_MOST_SIDE ||
        image->height > IMAGE_MOST_PIXELS / image->width)
        return status_fail(message, STATUS_INVALID,
                           "'%s': %zu x %zu pixels: at most %d a side and %zu in all are read", name,
                           image->height, image->width, IMAGE_MOST_SIDE, IMAGE_MOST_PIXELS);
    const size_t pixels = image->height * image->width * image->channels;
    image->bytes = pixels + beside;
    if (image->bytes > image->ceiling) {
        Status status = status_fail(
            message, STATUS_MEMORY,
            "'%s': %zu x %zu pixels take %zu MiB to decode, above the %zu MiB that are left on each thread",
            name, image->height, image->width, size_mib(image->bytes), size_mib(image->ceiling));
        return status_advise(status, message, REMEDY_MEMORY | REMEDY_THREADS);
    }
    image->pixels = malloc(pixels);
    return image->pixels ? STATUS_OK : status_no_memory(message, name);
}
