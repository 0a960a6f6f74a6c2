/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/sizes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_CEILING ((size_t)1 << 30)

/* Makes room for `more` characters and the terminating zero; false on failure. */
static bool text_reserve(Text *text, size_t more)
{
    size_t needed;
    if (!size_add(&needed, text->length, more) || needed >= TEXT_CEILING) return false;
    if (needed < text->capacity) return true;
    size_t capacity = size_max(needed + 1, size_max(2 * text->capacity, 64));
    char *data = realloc(text->data, capacity);
    if (!data) return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_append(Text *text, const char *format, ...)
{
    if (text->failed) return;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0 || !text_reserve(text, (size_t)length)) {
        text->failed = true;
    } else {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void text_free(Text *text)
{
    free(text->data);
    *text = (Text){0};
}
