/* SPDX-License-Identifier: MIT */
/* PNG reader: libpng for one file in memory, with its errors, its memory and its chunks under control.
 * Private to core/dataset.
 *
 * libpng reports errors by longjmp() out of the body: a body owns nothing but by its context. Chunks other
 * than IHDR, PLTE, tRNS, IDAT and IEND are skipped: profiles and texts can ask for gigabytes, and change no
 * pixel. Any thread may call.
 */
#ifndef DATASET_PNG_READER_H
#define DATASET_PNG_READER_H

#include "base/status.h"

#include <png.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct PngReader {
    png_structp png;
    png_infop info;            /* read before the body */
    const unsigned char *next; /* of the file, `left` bytes */
    size_t left;
    const char *name; /* of the file, for messages */
    bool out_of_memory;
    Status status; /* the body's, too */
    Message *message;
} PngReader;

/* Reads what is wanted of a file whose header is read; sets reader->status where it fails. */
typedef void PngBody(PngReader *reader, void *context);

/* Runs the body on a file of at most `most_side` pixels a side. STATUS_INVALID for a damaged file,
 * STATUS_MEMORY, or what the body has set. */
Status png_reader_run(const unsigned char *data, size_t size, const char *name, png_uint_32 most_side,
                      PngBody *body, void *context, Message *message);

/* For bodies, after transformations are set: reads all rows [height] of `row_bytes` bytes each, and the end
 * of the file. */
void png_reader_rows(PngReader *reader, png_bytep *rows, size_t row_bytes);

#endif
