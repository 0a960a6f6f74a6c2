/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/file_replace.h"

#include "base/file.h"
#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_AT_ONCE ((size_t)1 << 20)
#define MOST_LINKS 40
#define TEMPORARY_NAMES 100 /* tried before giving up */

static bool write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(file, data, size_min(size, WRITE_AT_ONCE));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* Flushes to the disk. Some file systems cannot and say EINVAL: no reason to lose the file. */
static bool flush(int file)
{
    int failed;
    do failed = fsync(file);
    while (failed && errno == EINTR);
    return !failed || errno == EINVAL || errno == ENOSYS;
}

/* Writes data[size] to an open file and closes it; false with errno. mode: that the file gets before, or
 * NULL. */
static bool write_and_close(int file, const mode_t *mode, const char *data, size_t size, bool flushed)
{
    const bool good =
        (!mode || fchmod(file, *mode) == 0) && write_all(file, data, size) && (!flushed || flush(file));
    const int first_error = errno;
    if (close(file) != 0 && good && errno != EINTR) return false; /* interrupted, it is closed all the same */
    errno = first_error;
    return good;
}

/* The open descriptor that a path names ("/dev/fd/3"), or -1. */
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

/* What a chain of symbolic links leads to, whether that exists or not; malloc'ed. NULL with errno. Stops at
 * the name of an open descriptor, as /dev/stdout leads to: opening its file again would write over the start
 * of what a shell appends to.
 */
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

/* Creates PATH.tmp-XXXXXX and opens it; -1 with errno. *name: its name, to be freed, NULL without memory. A
 * new file has the mode 0666 under the umask, or what the folder's default access list says; one that
 * replaces another is private until it has that one's mode. mkostemp() makes private files alone, and the
 * umask cannot be asked without changing it for all threads. */
static int create_temporary(char **name, const char *path, bool replaces)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char random[6];
    if (asprintf(name, "%s.tmp-XXXXXX", path) < 0) {
        *name = NULL;
        errno = ENOMEM;
        return -1;
    }
    char *tail = *name + strlen(*name) - sizeof random;
    for (int i = 0; i < TEMPORARY_NAMES; i++) {
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
        for (size_t j = 0; j < sizeof random; j++) tail[j] = letters[random[j] % 32];
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
        const int file = open(*name, flags, replaces ? 0600 : 0666);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

/* Makes a rename in the folder of `path` survive a power cut. */
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

/* Writes a regular file by a temporary one. mode: of the file that it replaces, or NULL. False with errno. */
static bool replace_regular(const char *path, const mode_t *mode, const char *data, size_t size)
{
    char *temporary;
    const int file = create_temporary(&temporary, path, mode != NULL);
    const bool good =
        file >= 0 && write_and_close(file, mode, data, size, true) && rename(temporary, path) == 0;
    const int first_error = errno;
    if (!good && file >= 0) unlink(temporary);
    free(temporary);
    errno = first_error;
    return good && flush_folder(path);
}

/* Writes to what `target` is, which is no symbolic link; false with errno. */
static bool write_target(const char *target, const char *data, size_t size)
{
    struct stat facts;
    const int descriptor = descriptor_named(target);
    int file;
    if (descriptor >= 0) {
        file = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    } else if (stat(target, &facts) != 0) {
        return errno == ENOENT && replace_regular(target, NULL, data, size);
    } else if (S_ISREG(facts.st_mode)) {
        const mode_t mode = facts.st_mode & 07777;
        return replace_regular(target, &mode, data, size);
    } else {
        file = open(target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    }
    return file >= 0 && write_and_close(file, NULL, data, size, false);
}

Status file_replace(const char *path, const char *data, size_t size, Message *message)
{
    char *target = follow_links(path);
    bool good = target && write_target(target, data, size);
    Status status = good ? STATUS_OK : status_fail(message, STATUS_IO, "cannot write '%s': %m", path);
    free(target);
    return status;
}
