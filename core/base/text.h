/* SPDX-License-Identifier: MIT */
/* Text that grows as it is appended to.
 *
 * A failed allocation, or a text above 1 GiB, sets `failed`, and later calls do nothing: check once, at the
 * end.
 *
 * Example (size_t count):
 *     Text text = {0};
 *     text_append(&text, "%zu images", count);
 *     if (!text.failed) puts(text.data);
 *     text_free(&text);
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Text {
    char *data; /* terminated; NULL before the first text_append() */
    size_t length, capacity;
    bool failed;
} Text;

/* Appends as printf() writes. */
void text_append(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees the text, and leaves it empty and usable. */
void text_free(Text *text);

#endif
