/* Arena: memory for what lives as long as a network or a run, freed at once.
 *
 * The caller sets the ceiling; an allocation that would pass it returns NULL, before anything is allocated.
 * One thread at a time.
 *
 *     Arena arena = arena_make(1 << 20);
 *     float *weights = arena_new(&arena, float, count);
 *     ...
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
    const struct Arena *beside; /* whose bytes count towards the ceiling as well; NULL: none */
    bool full;                  /* the ceiling refused something */
} Arena;

/* Allocates nothing yet. */
Arena arena_make(size_t ceiling);

/* Bytes below the ceiling. */
size_t arena_left(const Arena *arena);

/* count * size zeroed bytes at a multiple of 64, or NULL (overflow, ceiling, out of memory).
 * A request of 0 bytes returns a valid pointer. */
void *arena_allocate(Arena *arena, size_t count, size_t size);

#define arena_new(arena, type, count) ((type *)arena_allocate((arena), (count), sizeof(type)))

/* A copy of the first `length` bytes of `text`, terminated; NULL as arena_allocate(). */
char *arena_copy_text(Arena *arena, const char *text, size_t length);

/* "it takes more than the N MiB that are left", N the ceiling, with REMEDY_MEMORY. STATUS_MEMORY. */
Status arena_refuse(const Arena *arena, Message *message);
/* Why there was no memory, from the arena or beside it: the same, or "out of memory". */
Status arena_fail(const Arena *arena, Message *message);

/* Frees all that came from the arena, and leaves it empty and usable. */
void arena_free(Arena *arena);

#endif
