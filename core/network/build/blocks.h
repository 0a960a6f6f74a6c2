/* SPDX-License-Identifier: MIT */
/* Blocks: a growing array whose items never move. Private to core/network. */
#ifndef NETWORK_BLOCKS_H
#define NETWORK_BLOCKS_H

#include <stddef.h>

#define BLOCKS_ITEMS 256 /* items per block */

typedef struct Blocks {
    char **blocks;
    size_t size, count; /* bytes per item; number of items */
} Blocks;

/* A new item, zeroed; NULL when out of memory. */
void *blocks_add(Blocks *blocks);
void blocks_free(Blocks *blocks);

/* Item `i`; its address does not change. */
static inline void *blocks_at(const Blocks *blocks, size_t i)
{
    return blocks->blocks[i / BLOCKS_ITEMS] + i % BLOCKS_ITEMS * blocks->size;
}

#endif
