/* SPDX-License-Identifier: MIT */
/* Arena: memory that is freed all at once, for what lives as long as a network or a run.
 *
 * An allocation that would pass the ceiling returns NULL and allocates nothing. One thread at a time.
 *
 * Example (size_t count):
 *     Arena arena = arena_make(1 << 20);
 *     float *weights = arena_new(&arena, float, count);
 *     arena_free(&arena);
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *blocks;
    size_t used;                /* bytes handed out, headers and padding included */
    size_t ceiling;             /* bytes */
    const struct Arena *beside; /* another arena whose bytes count towards the ceiling, or NULL */
    bool full;                  /* an allocation would have passed the ceiling */
} Arena;

/* Allocates nothing yet. */
Arena arena_make(size_t ceiling);

/* Bytes that are left below the ceiling. */
size_t arena_left(const Arena *arena);

/* count * size zeroed bytes, aligned to 64; NULL on overflow, above the ceiling, and when out of memory. 0
 * bytes are a valid pointer. */
void *arena_allocate(Arena *arena, size_t count, size_t size);

#define arena_new(arena, type, count) ((type *)arena_allocate((arena), (count), sizeof(type)))

/* A terminated copy of the first `length` bytes of `text`; NULL as for arena_allocate(). */
char *arena_copy_text(Arena *arena, const char *text, size_t length);

/* "it takes more than the N MiB that are left", N the ceiling, with REMEDY_MEMORY. STATUS_MEMORY. */
Status arena_refuse(const Arena *arena, Message *message);

/* The same where the arena's ceiling was passed, else "out of memory". STATUS_MEMORY. */
Status arena_fail(const Arena *arena, Message *message);

/* Frees all of the arena's memory, and leaves it empty and usable. */
void arena_free(Arena *arena);

#endif
