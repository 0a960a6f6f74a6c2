#define _GNU_SOURCE
#include "quantize/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An unlinked file of `bytes`, or -1 with errno. */
static int open_temporary(const char *folder, size_t bytes)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/bitstitch-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return -1;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) return -1;
    unlink(path);
    int error = posix_fallocate(file, 0, (off_t)bytes);
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
        return status_fail(message, STATUS_MEMORY, "cannot make a temporary file of %zu MiB in '%s': %s",
                           bytes >> 20, folder, strerror(errno));
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) return status_no_memory(message, "a temporary file");
    *buffer = (StoreBuffer){data, bytes, true};
    return STATUS_OK;
}

Status store_allocate(Store *store, StoreBuffer *buffer, size_t bytes, Message *message)
{
    *buffer = (StoreBuffer){0};
    if (store->used <= store->ceiling && bytes <= store->ceiling - store->used) {
        size_t rounded = (bytes + 63) / 64 * 64;
        void *data = aligned_alloc(64, rounded);
        if (data) {
            *buffer = (StoreBuffer){data, bytes, false};
            store->used += bytes;
            return STATUS_OK;
        }
    }
    Status status = map_temporary(buffer, bytes, message);
    if (status == STATUS_OK) store->spilled += bytes;
    return status;
}

void store_release(Store *store, StoreBuffer *buffer)
{
    if (!buffer->data) return;
    if (buffer->mapped) {
        munmap(buffer->data, buffer->bytes);
    } else {
        free(buffer->data);
        store->used -= buffer->bytes;
    }
    *buffer = (StoreBuffer){0};
}
