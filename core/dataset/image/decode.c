/* SPDX-License-Identifier: MIT */
#include "dataset/image/decode.h"

#include "dataset/image/decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const ImageDecoder *const decoders[] = {&png_decoder, &jpeg_decoder};

#define DECODERS (sizeof decoders / sizeof *decoders)

Status image_decode(Image *image, const unsigned char *data, size_t size, size_t ceiling, const char *name,
                    Message *message)
{
    char names[128] = "";
    *image = (Image){.ceiling = ceiling};
    for (size_t i = 0; i < DECODERS; i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? " nor " : "", decoders[i]->name);
        if (!decoders[i]->matches(data, size)) continue;
        Status status = decoders[i]->decode(image, data, size, name, message);
        if (status == STATUS_OK) return STATUS_OK;
        free(image->pixels);
        image->pixels = NULL;
        return status;
    }
    return status_fail(message, STATUS_UNSUPPORTED, "'%s': neither %s", name, names);
}

bool image_has_ending(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < DECODERS; i++)
        for (const char *const *ending = decoders[i]->endings; *ending; ending++)
            if (strcasecmp(dot, *ending) == 0) return true;
    return false;
}

void image_list_endings(char *text, size_t capacity)
{
    const char *last = NULL;
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < DECODERS; i++)
        for (const char *const *ending = decoders[i]->endings; *ending; ending++) {
            if (last) used += (size_t)snprintf(text + used, capacity - used, "%s%s", used ? ", " : "", last);
            last = *ending;
        }
    snprintf(text + used, capacity - used, "%s%s", used ? " or " : "", last);
}
