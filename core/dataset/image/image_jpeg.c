/* SPDX-License-Identifier: MIT */
/* The JPEG decoder, by libjpeg-turbo with its defaults (exact DCT, smooth chroma). It reports errors by
 * longjmp() into decode(): all that must survive the jump is in the caller's Reading. */
#include "dataset/image/decoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A small file with many scans could take hours to decode. */
#define MOST_SCANS 256
#define MOST_SCANNED (32 * IMAGE_MOST_PIXELS) /* pixels of all scans together */

typedef struct Reading {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    Image *image;
    unsigned char *cmyk; /* [width][4], one row; NULL for other images */
    const char *name;
    Status status;
    Message *message;
} Reading;

static void give_up(Reading *reading, const char *reason)
{
    reading->status =
        status_fail(reading->message, STATUS_INVALID, "'%s': damaged JPEG (%s)", reading->name, reason);
    longjmp(reading->back, 1);
}

static void on_error(j_common_ptr jpeg)
{
    char text[JMSG_LENGTH_MAX];
    Reading *reading = jpeg->client_data;
    jpeg->err->format_message(jpeg, text);
    if (jpeg->err->msg_code != JERR_OUT_OF_MEMORY) give_up(reading, text);
    reading->status = status_no_memory(reading->message, reading->name);
    longjmp(reading->back, 1);
}

/* Refuses files with warnings that stand for pixels made up where data is missing or damaged. */
static void on_message(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;
    const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
                          code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC || code == JWRN_TOO_MUCH_DATA;
    if (level < 0 && !harmless) on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    Reading *reading = jpeg->client_data;
    const size_t pixels = (size_t)reading->jpeg.image_width * reading->jpeg.image_height;
    const size_t scans = (size_t)reading->jpeg.input_scan_number;
    if (scans > MOST_SCANS || scans * pixels > MOST_SCANNED) give_up(reading, "too many scans");
}

/* Sets the image's size and what libjpeg decodes to, and allocates. An image in several scans is kept as
 * coefficients until the last. */
static Status choose_output(Reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    Image *image = reading->image;
    const bool grey = jpeg->jpeg_color_space == JCS_GRAYSCALE;
    const bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    image->height = jpeg->image_height;
    image->width = jpeg->image_width;
    image->channels = grey ? 1 : 3;
    const size_t coefficients =
        jpeg_has_multiple_scans(jpeg) ? image->width * image->height * (size_t)jpeg->num_components : 0;
    Status status = image_allocate(image, coefficients * sizeof(JCOEF) + image->width * 4, reading->name,
                                   reading->message);
    if (status != STATUS_OK || !cmyk) return status;
    reading->cmyk = malloc(image->width * 4);
    return reading->cmyk ? STATUS_OK : status_no_memory(reading->message, reading->name);
}

/* a * b / 255, rounded */
static unsigned multiply(unsigned a, unsigned b)
{
    const unsigned product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

/* rgb[width][3] from cmyk[width][4] as Adobe stores it, 255 minus the ink: red = black - cyan * black, with
 * cyan = 255 - stored. */
static void cmyk_to_rgb(unsigned char *rgb, const unsigned char *cmyk, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        const unsigned black = cmyk[4 * x + 3];
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = (unsigned char)(black - multiply(255 - (unsigned)cmyk[4 * x + c], black));
    }
}

static void read_rows(Reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    Image *image = reading->image;
    while (jpeg->output_scanline < jpeg->output_height) {
        unsigned char *out = image->pixels + jpeg->output_scanline * image->width * image->channels;
        JSAMPROW row = reading->cmyk ? reading->cmyk : out;
        if (jpeg_read_scanlines(jpeg, &row, 1) == 1 && reading->cmyk)
            cmyk_to_rgb(out, reading->cmyk, image->width);
    }
}

static void decode(Reading *reading, const unsigned char *data, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    if (setjmp(reading->back)) return;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &reading->progress;
    jpeg_mem_src(jpeg, data, size);
    jpeg_read_header(jpeg, TRUE);
    reading->status = choose_output(reading);
    if (reading->status != STATUS_OK) return;
    jpeg_start_decompress(jpeg);
    read_rows(reading);
    jpeg_finish_decompress(jpeg);
}

static Status decode_jpeg(Image *image, const unsigned char *data, size_t size, const char *name,
                          Message *message)
{
    Reading reading = {.image = image, .name = name, .message = message};
    reading.jpeg.err = jpeg_std_error(&reading.errors);
    reading.jpeg.client_data = &reading;
    reading.errors.error_exit = on_error;
    reading.errors.emit_message = on_message;
    reading.progress.progress_monitor = on_progress;
    decode(&reading, data, size);
    jpeg_destroy_decompress(&reading.jpeg);
    free(reading.cmyk);
    return reading.status;
}

static bool matches(const unsigned char *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

const ImageDecoder jpeg_decoder = {"JPEG", {".jpg", ".jpeg"}, matches, decode_jpeg};
