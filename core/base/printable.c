#include "base/printable.h"

#include <stdio.h>
#include <string.h>

/* The length of the printable UTF-8 sequence that `s` starts with, or 0: for control characters (C0, DEL, C1)
 * and malformed bytes. */
static size_t printable_length(const unsigned char *s)
{
    if (s[0] < 0x80) return s[0] >= 0x20 && s[0] != 0x7f;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (s[0] == 0xc2 && s[1] < 0xa0) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)) return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) return 0;
    return length;
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
