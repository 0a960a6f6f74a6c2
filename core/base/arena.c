/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "base/sizes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
#define BLOCK_BYTES (64 * 1024)

struct ArenaBlock {
    ArenaBlock *next;
    size_t size, used; /* bytes, this header included */
};

Arena arena_make(size_t ceiling)
{
    return (Arena){.ceiling = ceiling};
}

static ArenaBlock *add_block(Arena *arena, size_t bytes)
{
    size_t size = size_max(bytes, BLOCK_BYTES);
    ArenaBlock *block = aligned_alloc(ALIGNMENT, size);
    if (!block) return NULL;
    *block = (ArenaBlock){.next = arena->blocks, .size = size, .used = ALIGNMENT};
    arena->blocks = block;
    return block;
}

size_t arena_left(const Arena *arena)
{
    const size_t used = arena->used + (arena->beside ? arena->beside->used : 0);
    return arena->ceiling - size_min(used, arena->ceiling);
}

void *arena_allocate(Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    bool fits = size_multiply(&bytes, count, size) && size_add(&bytes, bytes, 2 * ALIGNMENT - 1);
    if (fits) bytes = (bytes - ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* rounded up */
    if (!fits || bytes > arena_left(arena)) {
        arena->full = true;
        return NULL;
    }
    ArenaBlock *block = arena->blocks;
    if (!block || block->size - block->used < bytes) block = add_block(arena, bytes + ALIGNMENT);
    if (!block) return NULL;
    void *memory = (char *)block + block->used;
    block->used += bytes;
    arena->used += bytes;
    return memset(memory, 0, bytes);
}

char *arena_copy_text(Arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) return NULL;
    char *copy = arena_allocate(arena, length + 1, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

Status arena_refuse(const Arena *arena, Message *message)
{
    Status status = status_fail(message, STATUS_MEMORY, "it takes more than the %zu MiB that are left",
                                size_mib(arena->ceiling));
    return status_advise(status, message, REMEDY_MEMORY);
}

Status arena_fail(const Arena *arena, Message *message)
{
    return arena->full ? arena_refuse(arena, message) : status_fail(message, STATUS_MEMORY, "out of memory");
}

void arena_free(Arena *arena)
{
    while (arena->blocks) {
        ArenaBlock *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
    arena->full = false;
}
