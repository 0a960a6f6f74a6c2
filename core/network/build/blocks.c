/* SPDX-License-Identifier: MIT */
#include "network/build/blocks.h"

#include <stdlib.h>

/* The list of blocks doubles when the number of blocks reaches a power of two. */
static char *add_block(Blocks *blocks)
{
    size_t count = blocks->count / BLOCKS_ITEMS;
    if ((count & (count - 1)) == 0) {
        char **list = realloc(blocks->blocks, (count ? 2 * count : 1) * sizeof *list);
        if (!list) return NULL;
        blocks->blocks = list;
    }
    return blocks->blocks[count] = calloc(BLOCKS_ITEMS, blocks->size);
}

void *blocks_add(Blocks *blocks)
{
    if (blocks->count % BLOCKS_ITEMS == 0 && !add_block(blocks)) return NULL;
    return blocks_at(blocks, blocks->count++);
}

void blocks_free(Blocks *blocks)
{
    size_t count = (blocks->count + BLOCKS_ITEMS - 1) / BLOCKS_ITEMS;
    for (size_t i = 0; i < count; i++) free(blocks->blocks[i]);
    free(blocks->blocks);
    *blocks = (Blocks){.size = blocks->size};
}
