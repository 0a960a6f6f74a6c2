/* SPDX-License-Identifier: MIT */
/* PNG. A fuzzer cannot guess the checksums of chunks, so they are corrected, unless the first byte, which is
 * not part of the file, says to leave them. */
#include "dataset/image/decode.h"
#include "fuzz_input.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t load(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void fix_checksums(uint8_t *file, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        const size_t length = load(file + at);
        if (length > size - at - 12) return;
        const uint32_t sum = (uint32_t)crc32(0, file + at + 4, (uInt)length + 4);
        for (size_t i = 0; i < 4; i++) file[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    uint8_t *file = (uint8_t *)fuzz_text(data + 1, size - 1);
    Image image;
    Message message = {0};
    if (data[0] != '-') fix_checksums(file, size - 1);
    fuzz_require_message(image_decode(&image, file, size - 1, SIZE_MAX, "fuzz.png", &message), &message);
    free(image.pixels);
    free(file);
    return 0;
}
