/* Printable: text from files made safe to show: control characters, invisible ones that could reorder or hide
 * what stands beside them (of Unicode's categories Cc, Cf, Zl and Zp), and bytes that are not UTF-8 are
 * written as \xNN. Pure; any thread may call.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a code point is shown as it is. */
bool printable_point(uint32_t point);

/* out[capacity] gets `raw`, terminated, cut between characters where it does not fit. */
void printable_copy(char *out, size_t capacity, const char *raw);

#endif
