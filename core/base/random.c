/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <stdlib.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15u

uint64_t random_bits(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t z = mix(seed + GOLDEN_GAMMA);
    z = mix((z ^ a) + GOLDEN_GAMMA);
    z = mix((z ^ b) + GOLDEN_GAMMA);
    return mix((z ^ c) + GOLDEN_GAMMA);
}

double random_uniform(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return (double)(random_bits(seed, a, b, c) >> 11) * 0x1p-53;
}

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

void random_subset(size_t *chosen, size_t count, size_t limit, uint64_t seed, uint64_t a, uint64_t b)
{
    if (count > 64 || limit / 4 <= count) {
        /* Selection sampling (Knuth, TAOCP 3.4.2, algorithm S): in order, one random number per element. */
        size_t taken = 0;
        for (size_t i = 0; taken < count; i++)
            if ((double)(limit - i) * random_uniform(seed, a, b, i) < (double)(count - taken))
                chosen[taken++] = i;
        return;
    }
    /* Floyd's sampling, for few of many. */
    for (size_t i = 0; i < count; i++) {
        const size_t most = limit - count + i;
        size_t candidate = (size_t)(random_uniform(seed, a, b, i) * (double)(most + 1));
        for (size_t j = 0; j < i; j++)
            if (chosen[j] == candidate) {
                candidate = most;
                break;
            }
        chosen[i] = candidate;
    }
    qsort(chosen, count, sizeof *chosen, compare_sizes);
}

void random_order(size_t *order, size_t count, uint64_t seed, uint64_t a, uint64_t b)
{
    for (size_t i = 0; i < count; i++) {
        const size_t j = (size_t)(random_bits(seed, a, b, i) % (i + 1));
        order[i] = order[j];
        order[j] = i;
    }
}
