/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "quantize/calibrate/store.h"

#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Opens an unlinked file of `bytes` reserved bytes; -1, with errno set, on failure. */
static int open_temporary(const char *folder, size_t bytes)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/bitstitch-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return -1;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) return -1;
    unlink(path);
    int error;
    do error = posix_fallocate(file, 0, (off_t)bytes);
    while (error == EINTR);
    if (error == 0) return file;
    close(file);
    errno = error;
    return -1;
}

static Status map_temporary(StoreBuffer *buffer, size_t bytes, Message *message)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/var/tmp";
    int file = open_temporary(folder, bytes);
    if (file < 0)
        return status_fail(
            message, STATUS_MEMORY,
            "cannot make a temporary file of %zu MiB in '%s': %s: name a folder with room by TMPDIR",
            size_mib(bytes), folder, strerror(errno));
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) return status_no_memory(message, "a temporary file");
    *buffer = (StoreBuffer){data, bytes, true};
    return STATUS_OK;
}

static bool take_spare(Store *store, StoreBuffer *buffer, size_t bytes)
{
    for (size_t i = 0; i < STORE_SPARES; i++) {
        if (!store->spares[i].data || store->spares[i].bytes != bytes) continue;
        *buffer = store->spares[i];
        store->spares[i] = (StoreBuffer){0};
        return true;
    }
    return false;
}

static bool take_memory(Store *store, StoreBuffer *buffer, size_t bytes)
{
    if (store->used > store->ceiling || bytes > store->ceiling - store->used) return false;
    void *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!data) return false;
    *buffer = (StoreBuffer){data, bytes, false};
    store->used += bytes;
    return true;
}

Status store_allocate(Store *store, StoreBuffer *buffer, size_t bytes, Message *message)
{
    *buffer = (StoreBuffer){0};
    if (take_spare(store, buffer, bytes) || take_memory(store, buffer, bytes)) return STATUS_OK;
    store_trim(store);
    if (take_memory(store, buffer, bytes)) return STATUS_OK;
    Status status = map_temporary(buffer, bytes, message);
    if (status == STATUS_OK) store->spilled += bytes;
    return status;
}

static void free_memory(Store *store, StoreBuffer *buffer)
{
    free(buffer->data);
    store->used -= buffer->bytes;
}

void store_release(Store *store, StoreBuffer *buffer)
{
    if (!buffer->data) return;
    if (buffer->mapped) {
        munmap(buffer->data, buffer->bytes);
    } else {
        StoreBuffer *oldest = &store->spares[STORE_SPARES - 1];
        if (oldest->data) free_memory(store, oldest);
        memmove(store->spares + 1, store->spares, (STORE_SPARES - 1) * sizeof *buffer);
        store->spares[0] = *buffer;
    }
    *buffer = (StoreBuffer){0};
}

/* Pages shared with the neighbours at the ends are put away too: they come back when they are used. */
void store_put_away(const StoreBuffer *buffer, size_t first, size_t count)
{
    if (!buffer->mapped) return;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE),
                    start = (uintptr_t)(buffer->data + first) / page * page;
    madvise((void *)start, (uintptr_t)(buffer->data + first + count) - start, MADV_DONTNEED);
}

void store_trim(Store *store)
{
    for (size_t i = 0; i < STORE_SPARES; i++)
        if (store->spares[i].data) free_memory(store, &store->spares[i]);
    memset(store->spares, 0, sizeof store->spares);
}
