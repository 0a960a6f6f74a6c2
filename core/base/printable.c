/* SPDX-License-Identifier: MIT */
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

void printable_copy(char *out, size_t capacity, const char *raw)
{
    const unsigned char *s = (const unsigned char *)raw;
    size_t used = 0;
    while (*s) {
        ucs4_t point;
        const int length = u8_strmbtouc(&point, s); /* -1 where it is not UTF-8 */
        const bool shown = length > 0 && printable_point(point);
        const size_t needed = shown ? (size_t)length : 4;
        if (used + needed + 1 > capacity) break;
        if (shown)
            memcpy(out + used, s, needed);
        else
            snprintf(out + used, 5, "\\x%02x", *s);
        s += shown ? needed : 1;
        used += needed;
    }
    out[used] = 0;
}
