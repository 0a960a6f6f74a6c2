/* SPDX-License-Identifier: MIT */
/* The plain twin of the blocked sweep: bit-split of one channel in double, one weight after the other, as
 * quantize/solve.h describes it, without ridge or centring. Writes codes [n]; reads h [n][n], g [n] and
 * weights w [n]. */
#ifndef UNIT_PLAIN_BITSPLIT_H
#define UNIT_PLAIN_BITSPLIT_H

#include <stddef.h>
#include <stdint.h>

void plain_bitsplit(int8_t *codes, const double *h, const double *g, const float *w, size_t n, unsigned bits);

#endif
