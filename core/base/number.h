/* Numbers as text, in the C locale whatever the program's locale. Any thread may call. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_TEXT 32

/* The decimal number that `text` starts with, and what follows it in *end. False, and both untouched, where
 * there is none: blanks in front, hexadecimal, infinity, NaN, overflow. */
bool number_parse(double *value, const char **end, const char *text);

/* `digits` significant digits, or where `digits` is 0 the fewest from 15 on that give the same double again;
 * "nan", "inf" and "-inf" for what is not finite. */
void number_format(char text[NUMBER_TEXT], double value, int digits);

#endif
