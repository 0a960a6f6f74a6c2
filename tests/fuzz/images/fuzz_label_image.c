/* SPDX-License-Identifier: MIT */
/* Label images. Checksums of chunks are corrected, unless the first byte, which is not part of the file, says
 * to leave them. */
#include "dataset/annotations/label_image.h"
#include "fuzz_input.h"
#include "fuzz_png_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    uint8_t *file = (uint8_t *)fuzz_text(data + 1, size - 1);
    unsigned char resized[16];
    LabelImage image;
    Message message = {0};
    if (data[0] != '-') png_fix_checksums(file, size - 1);
    Status status = label_image_decode(&image, file, size - 1, "fuzz.png", &message);
    fuzz_require_message(status, &message);
    if (status == STATUS_OK) label_image_resize(resized, 4, 4, &image);
    free(image.labels);
    free(file);
    return 0;
}
