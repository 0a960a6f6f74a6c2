#include "dataset/picture.h"
#include "fuzz_input.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Picture picture;
    Message message = {0};
    fuzz_require_message(picture_decode(&picture, data, size, SIZE_MAX, "fuzz.jpeg", &message), &message);
    free(picture.pixels);
    return 0;
}
