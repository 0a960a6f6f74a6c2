/* SPDX-License-Identifier: MIT */
/* PNG files for fuzzers, which cannot guess the checksums of chunks. */
#ifndef TESTS_FUZZ_PNG_FILE_H
#define TESTS_FUZZ_PNG_FILE_H

#include <stdint.h>
#include <zlib.h>

static inline uint32_t png_load(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Corrects the checksums of the chunks of file[size]. */
static inline void png_fix_checksums(uint8_t *file, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        const size_t length = png_load(file + at);
        if (length > size - at - 12) return;
        const uint32_t sum = (uint32_t)crc32(0, file + at + 4, (uInt)length + 4);
        for (size_t i = 0; i < 4; i++) file[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

#endif
