/* SPDX-License-Identifier: MIT */
#include "dataset/image/png_reader.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* --- libpng's callbacks ------------------------------------------------------------------------------- */

static png_voidp on_malloc(png_structp png, png_alloc_size_t size)
{
    PngReader *reader = png_get_mem_ptr(png);
    void *memory = malloc(size);
    reader->out_of_memory |= !memory;
    return memory;
}

static void on_free(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

static void on_error(png_structp png, png_const_charp text)
{
    PngReader *reader = png_get_error_ptr(png);
    reader->status =
        status_fail(reader->message, STATUS_INVALID, "'%s': damaged PNG (%s)", reader->name, text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t size)
{
    PngReader *reader = png_get_io_ptr(png);
    if (size > reader->left) png_error(png, "it ends too early");
    memcpy(out, reader->next, size);
    reader->next += size;
    reader->left -= size;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static void run_body(PngReader *reader, PngBody *body, void *context)
{
    if (setjmp(png_jmpbuf(reader->png))) return;
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(reader->png, reader->info);
    body(reader, context);
}

Status png_reader_run(const unsigned char *data, size_t size, const char *name, png_uint_32 most_side,
                      PngBody *body, void *context, Message *message)
{
    PngReader reader = {.next = data, .left = size, .name = name, .message = message};
    reader.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning, &reader,
                                          on_malloc, on_free);
    reader.info = reader.png ? png_create_info_struct(reader.png) : NULL;
    if (reader.info) {
        png_set_read_fn(reader.png, &reader, on_read);
        png_set_user_limits(reader.png, most_side, most_side);
        run_body(&reader, body, context);
    }
    if (!reader.info || reader.out_of_memory) reader.status = status_no_memory(message, name);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    return reader.status;
}

void png_reader_rows(PngReader *reader, png_bytep *rows, size_t row_bytes)
{
    png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    if (png_get_rowbytes(reader->png, reader->info) != row_bytes)
        png_error(reader->png, "rows of another length");
    png_read_image(reader->png, rows);
    png_read_end(reader->png, NULL);
}
