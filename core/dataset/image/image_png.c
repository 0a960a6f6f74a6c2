/* SPDX-License-Identifier: MIT */
/* The PNG decoder. */
#include "dataset/image/decoder.h"
#include "dataset/image/png_reader.h"

#include <stdlib.h>
#include <string.h>

typedef struct Reading {
    Image *image;
    png_bytep *rows; /* [height], into image->pixels */
} Reading;

static Status allocate(Reading *reading, const PngReader *reader)
{
    Image *image = reading->image;
    Status status =
        image_allocate(image, image->height * sizeof *reading->rows, reader->name, reader->message);
    if (status != STATUS_OK) return status;
    reading->rows = calloc(image->height, sizeof *reading->rows);
    if (!reading->rows) return status_no_memory(reader->message, reader->name);
    for (size_t y = 0; y < image->height; y++)
        reading->rows[y] = image->pixels + y * image->width * image->channels;
    return STATUS_OK;
}

/* Asks libpng for grey or RGB of 8 bits. */
static void read_pixels(PngReader *reader, void *context)
{
    Reading *reading = context;
    png_structp png = reader->png;
    Image *image = reading->image;
    const int type = png_get_color_type(png, reader->info);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (!(type & PNG_COLOR_MASK_COLOR)) png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    image->height = png_get_image_height(png, reader->info);
    image->width = png_get_image_width(png, reader->info);
    image->channels = type & PNG_COLOR_MASK_COLOR ? 3 : 1;
    reader->status = allocate(reading, reader);
    if (reader->status == STATUS_OK) png_reader_rows(reader, reading->rows, image->width * image->channels);
}

static Status decode_png(Image *image, const unsigned char *data, size_t size, const char *name,
                         Message *message)
{
    Reading reading = {.image = image};
    /* image_allocate() has limits of its own */
    Status status = png_reader_run(data, size, name, PNG_UINT_31_MAX, read_pixels, &reading, message);
    free(reading.rows);
    return status;
}

static bool matches(const unsigned char *data, size_t size)
{
    return size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

const ImageDecoder png_decoder = {"PNG", {".png"}, matches, decode_png};
