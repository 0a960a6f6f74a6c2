/* SPDX-License-Identifier: MIT */
/* Numbers as text for files, in the C locale whatever the program's locale is. Any thread may call. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_TEXT 32

/* Reads the decimal number that `text` starts with; *end: what follows it. False, and both unchanged, where
 * there is none: leading blanks, hexadecimal, infinity, NaN and overflow are refused. */
bool number_parse(double *value, const char **end, const char *text);

/* Writes `digits` significant digits; 0: the fewest, of 15 to 17, that read back as the same double. "nan",
 * "inf" or "-inf" where the value is not finite. */
void number_format(char text[NUMBER_TEXT], double value, int digits);

#endif
