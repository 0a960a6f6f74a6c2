/* SPDX-License-Identifier: MIT */
/* Layer sample: a random layer, rows of its inputs and outputs, and their Problems: what tests of the
 * optimizer work on. Everything is a function of the seed.
 *
 *     LayerSample sample = layer_sample_random(seed, pool);
 *     solve(&solution, sample.problems, sample.groups, &options, pool, NULL);
 *     layer_sample_free(&sample);
 */
#ifndef UNIT_LAYER_SAMPLE_H
#define UNIT_LAYER_SAMPLE_H

#include "quantize/problem.h"

#include <stdint.h>

/* Correlated inputs, some dead, some constant; about one channel in twenty has only zero weights. */
typedef struct LayerSample {
    size_t groups, m, n, rows, heldout;
    float *w, *x, *y; /* [groups*m][n], [rows+heldout][groups*n], [rows+heldout][groups*m] */
    Problem *problems;
} LayerSample;

/* noisy: the outputs are W x plus noise, as those of a float chain; else exactly W x. */
LayerSample layer_sample_make(uint64_t seed, size_t groups, size_t m, size_t n, size_t rows, bool noisy,
                              Pool *pool);

/* Sizes at random, of one group or of several, with as few as two rows. */
LayerSample layer_sample_random(uint64_t seed, Pool *pool);
void layer_sample_free(LayerSample *sample);

/* A number of about a normal distribution, mean 0 and deviation 1, for the key (seed, a, b). */
double random_normal(uint64_t seed, uint64_t a, uint64_t b);

/* A whole number of low..high for the key (seed, what). */
size_t random_pick(uint64_t seed, uint64_t what, size_t low, size_t high);

#endif
