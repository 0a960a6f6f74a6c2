/* Printable: text from files made safe to show: control characters and bytes that are not UTF-8 are written
 * as \xNN. Pure; any thread may call. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stddef.h>

/* out[capacity] gets `raw`, terminated, cut between characters where it does not fit. */
void printable_copy(char *out, size_t capacity, const char *raw);

#endif
