/* SPDX-License-Identifier: MIT */
/* The PNG decoder, by libpng. libpng reports errors by longjmp() into decode(): all that must survive the
 * jump is in the caller's Reading. */
#include "dataset/image/decoder.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reading {
    png_structp png;
    png_infop info;
    const unsigned char *next; /* of the file, `left` bytes */
    size_t left;
    Image *image;
    png_bytep *rows; /* [height], into image->pixels */
    const char *name;
    bool out_of_memory;
    Status status;
    Message *message;
} Reading;

/* --- libpng's callbacks ------------------------------------------------------------------------------- */

static png_voidp on_malloc(png_structp png, png_alloc_size_t size)
{
    Reading *reading = png_get_mem_ptr(png);
    void *memory = malloc(size);
    reading->out_of_memory |= !memory;
    return memory;
}

static void on_free(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

static void on_error(png_structp png, png_const_charp text)
{
    Reading *reading = png_get_error_ptr(png);
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

/* --- decoding ----------------------------------------------------------------------------------------- */

static Status allocate(Reading *reading)
{
    Image *image = reading->image;
    Status status =
        image_allocate(image, image->height * sizeof *reading->rows, reading->name, reading->message);
    if (status != STATUS_OK) return status;
    reading->rows = calloc(image->height, sizeof *reading->rows);
    if (!reading->rows) return status_no_memory(reading->message, reading->name);
    for (size_t y = 0; y < image->height; y++)
        reading->rows[y] = image->pixels + y * image->width * image->channels;
    return STATUS_OK;
}

/* Asks libpng for grey or RGB of 8 bits. Chunks other than IHDR, PLTE, tRNS, IDAT and IEND are skipped:
 * profiles and texts can ask for gigabytes, and change no pixel. */
static void read_pixels(Reading *reading)
{
    png_structp png = reading->png;
    Image *image = reading->image;
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, reading->info);
    const int type = png_get_color_type(png, reading->info);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (!(type & PNG_COLOR_MASK_COLOR)) png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    image->height = png_get_image_height(png, reading->info);
    image->width = png_get_image_width(png, reading->info);
    image->channels = type & PNG_COLOR_MASK_COLOR ? 3 : 1;
    reading->status = allocate(reading);
    if (reading->status != STATUS_OK) return;
    png_set_interlace_handling(png);
    png_read_update_info(png, reading->info);
    if (png_get_rowbytes(png, reading->info) != image->width * image->channels)
        png_error(png, "rows of another length");
    png_read_image(png, reading->rows);
    png_read_end(png, NULL);
}

static void decode(Reading *reading)
{
    if (setjmp(png_jmpbuf(reading->png))) return;
    read_pixels(reading);
}

static Status decode_png(Image *image, const unsigned char *data, size_t size, const char *name,
                         Message *message)
{
    Reading reading = {.next = data, .left = size, .image = image, .name = name, .message = message};
    reading.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reading, on_error, on_warning, &reading,
                                           on_malloc, on_free);
    reading.info = reading.png ? png_create_info_struct(reading.png) : NULL;
    if (reading.info) {
        png_set_read_fn(reading.png, &reading, on_read);
        png_set_user_limits(reading.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* image_allocate() has its own */
        decode(&reading);
    }
    if (!reading.info || reading.out_of_memory) reading.status = status_no_memory(message, name);
    free(reading.rows);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    return reading.status;
}

static bool matches(const unsigned char *data, size_t size)
{
    return size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

const ImageDecoder png_decoder = {"PNG", {".png"}, matches, decode_png};
