/* SPDX-License-Identifier: MIT */
/* Text from files, made safe to show: control characters, invisible characters that could reorder or hide
 * their neighbours (Unicode's categories Cc, Cf, Zl and Zp), and bytes that are not UTF-8 are written as
 * \xNN. Pure; any thread may call.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a code point is shown as it is. */
bool printable_point(uint32_t point);

/* out[capacity] = `raw` made safe, terminated, and cut between characters where it does not fit. */
void printable_copy(char *out, size_t capacity, const char *raw);

#endif
