/* SPDX-License-Identifier: MIT */
/* Store: large buffers under a memory ceiling; those above it are mapped from unlinked temporary files.
 * Private to core/quantize. One thread at a time, except store_put_away(). */
#ifndef QUANTIZE_STORE_H
#define QUANTIZE_STORE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct StoreBuffer {
    char *data; /* NULL: none */
    size_t bytes;
    bool mapped; /* from a file */
} StoreBuffer;

#define STORE_SPARES 4

typedef struct Store {
    size_t ceiling, used; /* bytes in memory, spares included */
    size_t spilled;       /* bytes that went to files, over the store's life */
    StoreBuffer
        spares[STORE_SPARES]; /* released buffers kept for reuse: fresh memory costs a page fault per page */
} Store;

/* Allocates memory where the ceiling allows it, else maps a file in TMPDIR (or /var/tmp) with its blocks
 * reserved. The content is undefined. STATUS_MEMORY where neither has room; the buffer is then empty. */
Status store_allocate(Store *store, StoreBuffer *buffer, size_t bytes, Message *message);
/* Frees a buffer, or keeps it for reuse; the buffer is empty afterwards. */
void store_release(Store *store, StoreBuffer *buffer);

/* Lets bytes first..first+count-1 of a mapped buffer leave memory until they are used again; nothing for
 * others. */
void store_put_away(const StoreBuffer *buffer, size_t first, size_t count);
/* Frees the buffers that store_release() kept. */
void store_trim(Store *store);

#endif
