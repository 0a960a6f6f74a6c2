/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers: a number is a function of its key, so that results do not depend on the order
 * in which threads ask. Pure; any thread may call.
 *
 * The mixing function is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014), applied once per word of the key.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* 64 uniform bits for the key (seed, a, b, c). */
uint64_t random_bits(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* A number uniform in [0, 1) for the key (seed, a, b, c). */
double random_uniform(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* chosen[count] = distinct numbers of 0..limit-1 in increasing order, a function of the key (seed, a, b).
 * count <= limit. */
void random_subset(size_t *chosen, size_t count, size_t limit, uint64_t seed, uint64_t a, uint64_t b);

/* order[count] = the numbers 0..count-1 in a random order, a function of the key (seed, a, b) (Fisher and
 * Yates). */
void random_order(size_t *order, size_t count, uint64_t seed, uint64_t a, uint64_t b);

#endif
