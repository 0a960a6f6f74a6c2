/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 127 /* characters of a number */

/* The C locale is built into libc: this cannot fail, and allocates nothing. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool number_parse(double *value, const char **end, const char *text)
{
    char digits[LONGEST + 1];
    size_t length = strspn(text, "+-.0123456789eE");
    if (length == 0 || length > LONGEST) return false;
    memcpy(digits, text, length);
    digits[length] = 0;
    char *rest;
    double parsed = strtod_l(digits, &rest, c_locale());
    if (*rest || !isfinite(parsed)) return false;
    *value = parsed;
    *end = text + length;
    return true;
}

void number_format(char text[NUMBER_TEXT], double value, int digits)
{
    locale_t before = uselocale(c_locale());
    if (digits > 0)
        snprintf(text, NUMBER_TEXT, "%.*g", digits, value);
    else
        for (int more = 15; more <= 17; more++) {
            snprintf(text, NUMBER_TEXT, "%.*g", more, value);
            if (strtod_l(text, NULL, c_locale()) == value) break;
        }
    uselocale(before);
}
