/* SPDX-License-Identifier: MIT */
/* PNG. A fuzzer cannot guess the checksums of chunks, so they are corrected, unless the first byte, which is
 * not part of the file, says to leave them. */
#include "dataset/image/decode.h"
#include "fuzz_input.h"
#include "fuzz_png_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    uint8_t *file = (uint8_t *)fuzz_text(data + 1, size - 1);
    Image image;
    Message message = {0};
    if (data[0] != '-') png_fix_checksums(file, size - 1);
    fuzz_require_message(image_decode(&image, file, size - 1, SIZE_MAX, "fuzz.png", &message), &message);
    free(image.pixels);
    free(file);
    return 0;
}
