/* Bit-split of one channel in double, one weight after the other, as quantize/solve.h describes it: the plain
 * twin of the blocked sweep. codes [n] come out; h [n][n], g [n] and weights w [n] go in; neither ridge nor
 * centring. */
#ifndef UNIT_PLAIN_BITSPLIT_H
#define UNIT_PLAIN_BITSPLIT_H

#include <stddef.h>
#include <stdint.h>

void plain_bitsplit(int8_t *codes, const double *h, const double *g, const float *w, size_t n, unsigned bits);

#endif
