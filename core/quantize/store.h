/* Store: large buffers under a memory ceiling; what is above it goes to unlinked temporary files. Private to
 * core/quantize. One thread at a time. */
#ifndef QUANTIZE_STORE_H
#define QUANTIZE_STORE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct StoreBuffer {
    char *data; /* NULL: none */
    size_t bytes;
    bool mapped;
} StoreBuffer;

#define STORE_SPARES 4

typedef struct Store {
    size_t ceiling, used;             /* bytes in memory, spares included */
    size_t spilled;                   /* bytes that went to files, over the store's life */
    StoreBuffer spares[STORE_SPARES]; /* released and kept: fresh memory costs a page fault a page */
} Store;

/* Memory where the ceiling allows, else a file in TMPDIR (or /var/tmp) mapped into memory, its blocks
 * reserved. STATUS_MEMORY where neither has room. The content is undefined. */
Status store_allocate(Store *store, StoreBuffer *buffer, size_t bytes, Message *message);
void store_release(Store *store, StoreBuffer *buffer);

/* Of a buffer in a file, bytes first..first+count-1 stay there alone until they are needed again. */
void store_put_away(const StoreBuffer *buffer, size_t first, size_t count);
/* Frees what store_release() has kept. */
void store_trim(Store *store);

#endif
