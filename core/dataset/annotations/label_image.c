/* SPDX-License-Identifier: MIT */
/* libpng reports errors by longjmp() into decode(): all that must survive the jump is in the caller's
 * Reading. */
#include "dataset/annotations/label_image.h"

#include "base/file.h"
#include "dataset/image/image.h"

#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reading {
    png_structp png;
    png_infop info;
    const unsigned char *next; /* of the file, `left` bytes */
    size_t left;
    LabelImage *image;
    png_bytep *rows; /* [height], into image->labels */
    const char *name;
    Status status;
    Message *message;
} Reading;

static void on_error(png_structp png, png_const_charp text)
{
    Reading *reading = png_get_error_ptr(png);
    if (reading->status == STATUS_OK)
        reading->status =
            status_fail(reading->message, STATUS_INVALID, "'%s': damaged PNG (%s)", reading->name, text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t size)
{
    Reading *reading = png_get_io_ptr(png);
    if (size > reading->left) png_error(png, "it ends too early");
    memcpy(out, reading->next, size);
    reading->next += size;
    reading->left -= size;
}

static Status allocate(Reading *reading)
{
    LabelImage *image = reading->image;
    Image limits = {.height = image->height, .width = image->width, .channels = 1, .ceiling = SIZE_MAX};
    Status status =
        image_allocate(&limits, image->height * sizeof *reading->rows, reading->name, reading->message);
    if (status != STATUS_OK) return status;
    image->labels = limits.pixels;
    reading->rows = calloc(image->height, sizeof *reading->rows);
    if (!reading->rows) return status_no_memory(reading->message, reading->name);
    for (size_t y = 0; y < image->height; y++) reading->rows[y] = image->labels + y * image->width;
    return STATUS_OK;
}

static Status check_kind(const Reading *reading)
{
    const int type = png_get_color_type(reading->png, reading->info);
    const int depth = png_get_bit_depth(reading->png, reading->info);
    if ((type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_PALETTE) && depth <= 8) return STATUS_OK;
    return status_fail(reading->message, STATUS_UNSUPPORTED,
                       "'%s' is no label image: grey of at most 8 bits, or a palette, is needed",
                       reading->name);
}

static void decode(Reading *reading)
{
    png_structp png = reading->png;
    if (setjmp(png_jmpbuf(png))) return;
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, reading->info);
    reading->image->height = png_get_image_height(png, reading->info);
    reading->image->width = png_get_image_width(png, reading->info);
    reading->status = check_kind(reading);
    if (reading->status == STATUS_OK) reading->status = allocate(reading);
    if (reading->status != STATUS_OK) return;
    png_set_packing(png); /* one byte per pixel, with the stored number */
    png_set_interlace_handling(png);
    png_read_update_info(png, reading->info);
    if (png_get_rowbytes(png, reading->info) != reading->image->width)
        png_error(png, "rows of another length");
    png_read_image(png, reading->rows);
    png_read_end(png, NULL);
}

Status label_image_decode(LabelImage *image, const unsigned char *data, size_t size, const char *name,
                          Message *message)
{
    Reading reading = {.next = data, .left = size, .image = image, .name = name, .message = message};
    *image = (LabelImage){0};
    if (size < 8 || png_sig_cmp(data, 0, 8) != 0)
        return status_fail(message, STATUS_INVALID, "'%s' is no PNG file", name);
    reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, on_error, on_warning);
    reading.info = reading.png ? png_create_info_struct(reading.png) : NULL;
    if (reading.info) {
        png_set_read_fn(reading.png, &reading, on_read);
        png_set_user_limits(reading.png, IMAGE_MOST_SIDE, IMAGE_MOST_SIDE);
        decode(&reading);
    } else {
        reading.status = status_no_memory(message, name);
    }
    free(reading.rows);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    if (reading.status == STATUS_OK) return STATUS_OK;
    free(image->labels);
    *image = (LabelImage){0};
    return reading.status;
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
