#include "dataset/picture.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

Status picture_allocate(Picture *picture, size_t beside, const char *name, Message *message)
{
    if (picture->height == 0 || picture->width == 0)
        return status_fail(message, STATUS_INVALID, "'%s': no pixels", name);
    if (picture->height > PICTURE_MOST_SIDE || picture->width > PICTURE_MOST_SIDE ||
        picture->height > PICTURE_MOST_PIXELS / picture->width)
        return status_fail(message, STATUS_INVALID,
                           "'%s': %zu x %zu pixels: at most %d a side and %zu in all are read", name,
                           picture->height, picture->width, PICTURE_MOST_SIDE, PICTURE_MOST_PIXELS);
    const size_t pixels = picture->height * picture->width * picture->channels;
    picture->bytes = pixels + beside;
    if (picture->bytes > picture->ceiling)
        return status_fail(message, STATUS_MEMORY,
                           "'%s': %zu x %zu pixels take %zu MiB to decode, and --memory leaves %zu MiB for "
                           "an image on each thread: use a larger --memory, or --threads with fewer",
                           name, picture->height, picture->width, size_mib(picture->bytes),
                           size_mib(picture->ceiling));
    picture->pixels = malloc(pixels);
    return picture->pixels ? STATUS_OK : status_no_memory(message, name);
}

Status picture_decode(Picture *picture, const unsigned char *data, size_t size, size_t ceiling,
                      const char *name, Message *message)
{
    *picture = (Picture){.ceiling = ceiling};
    Status status;
    if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
        status = picture_decode_png(picture, data, size, name, message);
    else if (size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
        status = picture_decode_jpeg(picture, data, size, name, message);
    else
        status = status_fail(message, STATUS_UNSUPPORTED, "'%s': neither PNG nor JPEG", name);
    if (status == STATUS_OK) return STATUS_OK;
    free(picture->pixels);
    picture->pixels = NULL;
    return status;
}
