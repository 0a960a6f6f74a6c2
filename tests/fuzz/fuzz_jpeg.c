/* SPDX-License-Identifier: MIT */
#include "dataset/image/decode.h"
#include "fuzz_input.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Image image;
    Message message = {0};
    fuzz_require_message(image_decode(&image, data, size, SIZE_MAX, "fuzz.jpeg", &message), &message);
    free(image.pixels);
    return 0;
}
