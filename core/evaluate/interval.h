/* Intervals: how far a fraction seen on some images may be from the truth. Both at 95 %. Pure functions. */
#ifndef EVALUATE_INTERVAL_H
#define EVALUATE_INTERVAL_H

#include <stddef.h>

typedef struct Interval {
    double low, high;
} Interval;

/* Wilson's score interval (Wilson, JASA 1927) of correct/images, as fractions. 0 images: {0, 1}. */
Interval interval_wilson(size_t correct, size_t images);

/* Interval of the change of a fraction on the same images, (gained - lost)/images: Agresti and Min, "Simple
 * improved confidence intervals for comparing matched proportions", Statistics in Medicine 24 (2005): Wald's,
 * with 1/2 added to each cell of the 2x2 table. 0 images: {-1, 1}. */
Interval interval_paired(size_t lost, size_t gained, size_t images);

#endif
