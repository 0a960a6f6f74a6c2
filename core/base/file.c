#define _GNU_SOURCE
#include "base/file.h"

#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_AT_ONCE ((size_t)1 << 20)
#define TEXT_CEILING ((size_t)1 << 30)
#define MOST_LINKS 40
#define TEMPORARY_TAIL ".tmp-XXXXXX"
#define TEMPORARY_LETTERS 6
#define TEMPORARY_NAMES 100 /* tried before giving up */

/* --- reading ---------------------------------------------------------------------------------------- */

/* Opens without waiting for a pipe's other end, which a file that is no regular one could ask for. */
static Status open_regular(int *file, size_t *size, const char *path, Message *message)
{
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*file < 0) return status_fail(message, STATUS_IO, "%m");
    struct stat facts;
    Status status = STATUS_OK;
    if (fstat(*file, &facts) != 0)
        status = status_fail(message, STATUS_IO, "%m");
    else if (S_ISDIR(facts.st_mode))
        status = status_fail(message, STATUS_INVALID, "it is a folder, not a file");
    else if (!S_ISREG(facts.st_mode))
        status = status_fail(message, STATUS_INVALID, "it is not a regular file");
    if (status != STATUS_OK)
        close(*file);
    else
        *size = (size_t)facts.st_size;
    return status;
}

/* At most `size` bytes; fewer at the end of the file. -1 with errno on failure. */
static ssize_t read_up_to(int file, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, (char *)data + done, size_min(size - done, READ_AT_ONCE));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* Asks for one byte beyond `size`, which must not be there. */
static Status read_exactly(int file, char *data, size_t size, Message *message)
{
    ssize_t got = read_up_to(file, data, size + 1);
    if (got < 0) return status_fail(message, STATUS_IO, "%m");
    if ((size_t)got != size) return status_fail(message, STATUS_IO, "its size changed while it was read");
    data[size] = 0;
    return STATUS_OK;
}

size_t file_bytes(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && facts.st_size > 0 ? (size_t)facts.st_size : 0;
}

size_t file_gzip_bytes(const char *path)
{
    unsigned char head[2], tail[4];
    size_t bytes = file_bytes(path);
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return bytes;
    if (bytes > sizeof tail && pread(file, head, sizeof head, 0) == sizeof head && head[0] == 0x1f &&
        head[1] == 0x8b && pread(file, tail, sizeof tail, (off_t)(bytes - sizeof tail)) == sizeof tail)
        bytes += tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    close(file);
    return bytes;
}

Status file_load(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    int file;
    size_t bytes;
    *data = NULL;
    *size = 0;
    Status status = open_regular(&file, &bytes, path, message);
    if (status != STATUS_OK) return status;
    char *buffer = NULL;
    if (bytes > cap || bytes >= SSIZE_MAX)
        status = status_fail(message, STATUS_INVALID, "%zu bytes, more than the limit of %zu", bytes, cap);
    else if (!(buffer = malloc(bytes + 1)))
        status = status_fail(message, STATUS_MEMORY, "out of memory for %zu bytes", bytes);
    else
        status = read_exactly(file, buffer, bytes, message);
    close(file);
    if (status != STATUS_OK) {
        free(buffer);
        return status;
    }
    *data = buffer;
    *size = bytes;
    return STATUS_OK;
}

Status file_read(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    Status status = file_load(data, size, path, cap, message);
    return status == STATUS_OK ? status : status_context(message, status, "cannot read '%s'", path);
}

/* --- gzip ------------------------------------------------------------------------------------------- */

typedef struct Inflation {
    const char *path;
    const unsigned char *packed;
    size_t packed_size, consumed;
    unsigned char *data;        /* capacity + 1 bytes */
    size_t size, capacity, cap; /* cap: what the packed bytes leave */
} Inflation;

static Status grow(Inflation *inflation, Message *message)
{
    size_t capacity = inflation->capacity;
    if (capacity == inflation->cap)
        return status_fail(
            message, STATUS_INVALID,
            "cannot read '%s': with what it unpacks to it takes more than the limit of %zu bytes",
            inflation->path, inflation->packed_size + inflation->cap);
    capacity = capacity > inflation->cap / 2 ? inflation->cap : capacity * 2;
    unsigned char *data = realloc(inflation->data, capacity + 1);
    if (!data) return status_fail(message, STATUS_MEMORY, "out of memory to unpack '%s'", inflation->path);
    inflation->data = data;
    inflation->capacity = capacity;
    return STATUS_OK;
}

/* One call of inflate() on as much as zlib's counters hold. */
static int inflate_once(z_stream *stream, Inflation *inflation)
{
    size_t left = size_min(inflation->packed_size - inflation->consumed, UINT_MAX);
    size_t room = size_min(inflation->capacity - inflation->size, UINT_MAX);
    stream->next_in = (Bytef *)(uintptr_t)(inflation->packed + inflation->consumed);
    stream->avail_in = (uInt)left;
    stream->next_out = inflation->data + inflation->size;
    stream->avail_out = (uInt)room;
    int code = inflate(stream, Z_NO_FLUSH);
    inflation->consumed += left - stream->avail_in;
    inflation->size += room - stream->avail_out;
    return code;
}

/* One member: a gzip file may hold several, one after another. */
static Status inflate_member(z_stream *stream, Inflation *inflation, Message *message)
{
    for (;;) {
        int code = inflate_once(stream, inflation);
        if (code == Z_STREAM_END) return STATUS_OK;
        if (code == Z_MEM_ERROR) return status_no_memory(message, "unpacking");
        if (code != Z_OK && code != Z_BUF_ERROR)
            return status_fail(message, STATUS_INVALID, "cannot read '%s': damaged gzip stream (%s)",
                               inflation->path, stream->msg ? stream->msg : "no dictionary");
        if (inflation->size == inflation->capacity) {
            Status status = grow(inflation, message);
            if (status != STATUS_OK) return status;
        } else if (inflation->consumed == inflation->packed_size) {
            return status_fail(message, STATUS_INVALID, "cannot read '%s': the gzip stream ends too early",
                               inflation->path);
        }
    }
}

static Status inflate_all(Inflation *inflation, Message *message)
{
    z_stream stream = {0};
    const int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream, gzip_only) != Z_OK) return status_no_memory(message, "unpacking");
    Status status = STATUS_OK;
    while (status == STATUS_OK && inflation->consumed < inflation->packed_size) {
        status = inflate_member(&stream, inflation, message);
        inflateReset(&stream);
    }
    inflateEnd(&stream);
    return status;
}

Status file_read_gzip(char **data, size_t *size, const char *path, size_t cap, Message *message)
{
    char *packed;
    size_t packed_size;
    Status status = file_read(&packed, &packed_size, path, cap, message);
    if (status != STATUS_OK || packed_size < 2 || memcmp(packed, "\x1f\x8b", 2) != 0) {
        *data = packed;
        *size = packed_size;
        return status;
    }
    *data = NULL;
    *size = 0;
    Inflation inflation = {.path = path,
                           .packed = (unsigned char *)packed,
                           .packed_size = packed_size,
                           .cap = cap - packed_size};
    inflation.capacity = size_min(packed_size, inflation.cap);
    inflation.data = malloc(inflation.capacity + 1);
    status = inflation.data ? inflate_all(&inflation, message) : status_no_memory(message, path);
    free(packed);
    if (status != STATUS_OK) {
        free(inflation.data);
        return status;
    }
    inflation.data[inflation.size] = 0;
    *data = (char *)inflation.data;
    *size = inflation.size;
    return STATUS_OK;
}

/* --- writing ---------------------------------------------------------------------------------------- */

static bool write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(file, data, size_min(size, READ_AT_ONCE));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* Some file systems cannot flush and say so by EINVAL: no reason to lose the file. */
static bool flush(int file)
{
    int failed;
    do failed = fsync(file);
    while (failed && errno == EINTR);
    return !failed || errno == EINVAL || errno == ENOSYS;
}

/* Writes `data` to an open file and closes it; false with errno. */
static bool write_and_close(int file, const char *data, size_t size, bool flushed)
{
    bool good = write_all(file, data, size) && (!flushed || flush(file));
    int first_error = errno;
    if (close(file) != 0 && good && errno != EINTR) return false; /* interrupted, it is closed all the same */
    errno = first_error;
    return good;
}

/* The number of the open descriptor that a path stands for, or -1. */
static int descriptor_named(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(path, folders[i], length) != 0) continue;
        const char *digits = path + length;
        size_t count = strspn(digits, "0123456789");
        if (count > 0 && count < 9 && digits[count] == 0) return (int)strtol(digits, NULL, 10);
    }
    return -1;
}

/* What a symbolic link, or a chain of them, leads to, whether it is there or not; malloc'ed. NULL with errno.
 * Stops at the name of an open descriptor, as /dev/stdout leads to: opening its file anew would begin at the
 * start of what a shell appends to. */
static char *follow_links(const char *path)
{
    char *current = strdup(path);
    for (int links = 0; current && links < MOST_LINKS; links++) {
        char target[PATH_MAX];
        if (descriptor_named(current) >= 0) return current;
        ssize_t length = readlink(current, target, sizeof target);
        if (length < 0) return current;
        if ((size_t)length == sizeof target) break;
        target[length] = 0;
        char *next = file_beside(current, target);
        free(current);
        current = next;
    }
    if (current) errno = ELOOP;
    free(current);
    return NULL;
}

/* Creates PATH.tmp-XXXXXX; -1 with errno. The mode is 0666 under the umask, as for any new file; nobody else
 * may look into one that gets the mode of a file that it is to replace. */
static int create_temporary(char **name, const char *path, bool replaces)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    Text text = {0};
    text_append(&text, "%s" TEMPORARY_TAIL, path);
    *name = text.data;
    if (text.failed) errno = ENOMEM;
    for (int i = 0; !text.failed && i < TEMPORARY_NAMES; i++) {
        unsigned char random[TEMPORARY_LETTERS];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
        for (size_t j = 0; j < sizeof random; j++)
            text.data[text.length - TEMPORARY_LETTERS + j] = letters[random[j] % 32];
        int file =
            open(text.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, replaces ? 0600 : 0666);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

/* Makes a rename in the folder of `path` last through a power cut. */
static bool flush_folder(const char *path)
{
    char *folder = file_beside(path, ".");
    if (!folder) return false;
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (file < 0) return errno == EACCES; /* a folder may be writable and unreadable */
    bool good = flush(file);
    close(file);
    return good;
}

/* Fills a new file and closes it; false with errno. old: the facts of the file that it is to replace, or
 * NULL. */
static bool fill(int file, const struct stat *old, const char *data, size_t size)
{
    if (!old || fchmod(file, old->st_mode & 07777) == 0) return write_and_close(file, data, size, true);
    int first_error = errno;
    close(file);
    errno = first_error;
    return false;
}

static bool replace_regular(const char *path, const struct stat *old, const char *data, size_t size)
{
    char *temporary = NULL;
    int file = create_temporary(&temporary, path, old != NULL);
    bool good = file >= 0 && fill(file, old, data, size) && rename(temporary, path) == 0;
    int first_error = errno;
    if (!good && file >= 0) unlink(temporary);
    free(temporary);
    errno = first_error;
    return good && flush_folder(path);
}

/* Writes to a device or a pipe; `file` may be -1, with errno. */
static bool write_directly(int file, const char *data, size_t size)
{
    return file >= 0 && write_and_close(file, data, size, false);
}

/* Writes to what `target` is, which is no symbolic link; false with errno. */
static bool write_target(const char *target, const char *data, size_t size)
{
    int descriptor = descriptor_named(target);
    if (descriptor >= 0) return write_directly(fcntl(descriptor, F_DUPFD_CLOEXEC, 3), data, size);
    struct stat facts;
    if (stat(target, &facts) != 0) return errno == ENOENT && replace_regular(target, NULL, data, size);
    if (S_ISREG(facts.st_mode)) return replace_regular(target, &facts, data, size);
    return write_directly(open(target, O_WRONLY | O_CLOEXEC | O_NOCTTY), data, size);
}

Status file_replace(const char *path, const char *data, size_t size, Message *message)
{
    char *target = follow_links(path);
    bool good = target && write_target(target, data, size);
    Status status = good ? STATUS_OK : status_fail(message, STATUS_IO, "cannot write '%s': %m", path);
    free(target);
    return status;
}

/* --- hash ------------------------------------------------------------------------------------------- */

static Status hash_file(char hex[65], const char *path, Message *message)
{
    int file;
    size_t size;
    hex[0] = 0;
    Status status = open_regular(&file, &size, path, message);
    if (status != STATUS_OK) return status;
    SHA2_CTX context;
    SHA256Init(&context);
    unsigned char block[65536];
    ssize_t got;
    while ((got = read_up_to(file, block, sizeof block)) > 0) SHA256Update(&context, block, (size_t)got);
    if (got < 0) status = status_fail(message, STATUS_IO, "%m");
    close(file);
    if (status == STATUS_OK) SHA256End(&context, hex);
    return status;
}

Status file_sha256(char hex[65], const char *path, Message *message)
{
    Status status = hash_file(hex, path, message);
    return status == STATUS_OK ? status : status_context(message, status, "cannot read '%s'", path);
}

/* --- text ------------------------------------------------------------------------------------------- */

/* Room for `more` characters and the terminating zero. */
static bool text_reserve(Text *text, size_t more)
{
    size_t needed;
    if (!size_add(&needed, text->length, more) || needed >= TEXT_CEILING) return false;
    if (needed < text->capacity) return true;
    size_t capacity = size_max(needed + 1, size_max(2 * text->capacity, 64));
    char *data = realloc(text->data, capacity);
    if (!data) return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_append(Text *text, const char *format, ...)
{
    if (text->failed) return;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0 || !text_reserve(text, (size_t)length)) {
        text->failed = true;
    } else {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void text_free(Text *text)
{
    free(text->data);
    *text = (Text){0};
}

char *file_beside(const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    if (name[0] == '/' || !slash) return strdup(name);
    size_t folder = (size_t)(slash - base) + 1, length = strlen(name);
    char *path = malloc(folder + length + 1);
    if (!path) return NULL;
    memcpy(path, base, folder);
    memcpy(path + folder, name, length + 1);
    return path;
}
