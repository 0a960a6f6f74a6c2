/* Grid: the levels that weight codes stand for. At b bits, the sign included, codes are the integers
 * -(2^(b-1)-1) .. 2^(b-1)-1, and a level is a code times the channel's scale. A code's magnitude has b-1
 * binary digits. This header is the one place in core/quantize that knows it. */
#ifndef QUANTIZE_GRID_H
#define QUANTIZE_GRID_H

#include <math.h>

/* The largest code. */
static inline int grid_limit(unsigned bits)
{
    return (1 << (bits - 1)) - 1;
}

/* Binary digits of a code's magnitude. */
static inline unsigned grid_digits(unsigned bits)
{
    return bits - 1;
}

/* The code nearest to x = weight / scale: clip(round half to even(x)). limit: grid_limit(). */
static inline double grid_nearest(double x, double limit)
{
    return fmin(fmax(rint(x), -limit), limit);
}

#endif
