/* SPDX-License-Identifier: MIT */
#include "dataset/annotations/label_image.h"

#include "base/file.h"
#include "dataset/image/image.h"
#include "dataset/image/png_reader.h"

#include <stdint.h>
#include <stdlib.h>

typedef struct Reading {
    LabelImage *image;
    png_bytep *rows; /* [height], into image->labels */
} Reading;

static Status allocate(Reading *reading, const PngReader *reader)
{
    LabelImage *image = reading->image;
    Image limits = {.height = image->height, .width = image->width, .channels = 1, .ceiling = SIZE_MAX};
    Status status =
        image_allocate(&limits, image->height * sizeof *reading->rows, reader->name, reader->message);
    if (status != STATUS_OK) return status;
    image->labels = limits.pixels;
    reading->rows = calloc(image->height, sizeof *reading->rows);
    if (!reading->rows) return status_no_memory(reader->message, reader->name);
    for (size_t y = 0; y < image->height; y++) reading->rows[y] = image->labels + y * image->width;
    return STATUS_OK;
}

static Status check_kind(const PngReader *reader)
{
    const int type = png_get_color_type(reader->png, reader->info);
    const int depth = png_get_bit_depth(reader->png, reader->info);
    if ((type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_PALETTE) && depth <= 8) return STATUS_OK;
    return status_fail(reader->message, STATUS_UNSUPPORTED,
                       "'%s' is no label image: grey of at most 8 bits, or a palette, is needed",
                       reader->name);
}

static void read_labels(PngReader *reader, void *context)
{
    Reading *reading = context;
    reading->image->height = png_get_image_height(reader->png, reader->info);
    reading->image->width = png_get_image_width(reader->png, reader->info);
    reader->status = check_kind(reader);
    if (reader->status == STATUS_OK) reader->status = allocate(reading, reader);
    if (reader->status != STATUS_OK) return;
    png_set_packing(reader->png); /* one byte per pixel, with the stored number */
    png_reader_rows(reader, reading->rows, reading->image->width);
}

Status label_image_decode(LabelImage *image, const unsigned char *data, size_t size, const char *name,
                          Message *message)
{
    Reading reading = {.image = image};
    *image = (LabelImage){0};
    if (size < 8 || png_sig_cmp(data, 0, 8) != 0)
        return status_fail(message, STATUS_INVALID, "'%s' is no PNG file", name);
    Status status = png_reader_run(data, size, name, IMAGE_MOST_SIDE, read_labels, &reading, message);
    free(reading.rows);
    if (status == STATUS_OK) return STATUS_OK;
    free(image->labels);
    *image = (LabelImage){0};
    return status;
}

Status label_image_read(LabelImage *image, const char *path, Message *message)
{
    char *data;
    size_t size;
    *image = (LabelImage){0};
    Status status = file_read(&data, &size, path, IMAGE_MOST_BYTES, message);
    if (status == STATUS_OK)
        status = label_image_decode(image, (const unsigned char *)data, size, path, message);
    free(data);
    return status;
}

void label_image_resize(unsigned char *out, size_t height, size_t width, const LabelImage *image)
{
    for (size_t y = 0; y < height; y++) {
        const unsigned char *row = image->labels + (2 * y + 1) * image->height / (2 * height) * image->width;
        for (size_t x = 0; x < width; x++) *out++ = row[(2 * x + 1) * image->width / (2 * width)];
    }
}
