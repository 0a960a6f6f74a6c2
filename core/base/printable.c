#include "base/printable.h"

#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

bool printable_point(uint32_t point)
{
    if (point < 0x80) return point >= 0x20 && point != 0x7f;
    return !uc_is_general_category_withtable(point, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
                                                        UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
}

/* The bytes of the printable character that `s` starts with, or 0. */
static size_t printable_length(const unsigned char *s)
{
    ucs4_t point;
    const int length = u8_strmbtouc(&point, s);
    return length > 0 && printable_point(point) ? (size_t)length : 0;
}

void printable_copy(char *out, size_t capacity, const char *raw)
{
    const unsigned char *s = (const unsigned char *)raw;
    size_t used = 0;
    while (*s) {
        size_t length = printable_length(s);
        size_t needed = length ? length : 4;
        if (used + needed + 1 > capacity) break;
        if (length) {
            memcpy(out + used, s, length);
            s += length;
        } else {
            snprintf(out + used, 5, "\\x%02x", *s++);
        }
        used += needed;
    }
    out[used] = 0;
}
