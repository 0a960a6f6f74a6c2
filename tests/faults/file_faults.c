/* SPDX-License-Identifier: MIT */
/* File faults: preloaded into a program (LD_PRELOAD), makes one of its file calls fail, write half, or kill
 * the process.
 *
 *     FAULTS_FOLDER=/tmp/x FAULTS_AT=3 FAULTS_KIND=28 FAULTS_LOG=/tmp/log LD_PRELOAD=file_faults.so bitstitch
 * ...
 *
 * Calls that change something below the folder are counted from 1, and the log gets one line with the name of
 * each. FAULTS_KIND is an errno; "short": a write takes a single byte; or "kill": SIGKILL instead of the
 * call, or in the middle of a write.
 */
#undef _FILE_OFFSET_BITS /* open() and open64() are two functions here */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 1024

static atomic_bool followed[MOST_FILES]; /* descriptors of files below the folder */
static atomic_ulong count;

static bool is_below(const char *path)
{
    const char *folder = getenv("FAULTS_FOLDER");
    char whole[8192], here[4096];
    if (!folder) return false;
    if (path[0] != '/' && getcwd(here, sizeof here)) {
        snprintf(whole, sizeof whole, "%s/%s", here, path);
        path = whole;
    }
    return strncmp(path, folder, strlen(folder)) == 0;
}

static bool is_followed(int file)
{
    return file >= 0 && file < MOST_FILES && followed[file];
}

static void log_call(const char *call)
{
    char line[64];
    const int length = snprintf(line, sizeof line, "%s\n", call);
    const int file =
        (int)syscall(SYS_openat, AT_FDCWD, getenv("FAULTS_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    syscall(SYS_write, file, line, length);
    syscall(SYS_close, file);
}

/* Counts a call; returns the kind of its fault, or NULL. */
static const char *fault(const char *call)
{
    const char *at = getenv("FAULTS_AT"), *kind = getenv("FAULTS_KIND");
    log_call(call);
    return at && ++count == strtoul(at, NULL, 10) ? kind : NULL;
}

/* Returns the error that a fault stands for and sets errno; 0: make the call. */
static int fail(const char *kind)
{
    if (!kind || strcmp(kind, "short") == 0) return 0;
    if (strcmp(kind, "kill") == 0) kill(getpid(), SIGKILL);
    return errno = (int)strtol(kind, NULL, 10);
}

static long follow(long file)
{
    if (file >= 0 && file < MOST_FILES) followed[file] = true;
    return file;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    const bool counts = is_below(path) && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_DIRECTORY));
    if (counts && fail(fault("open"))) return -1;
    const long file = syscall(SYS_openat, folder, path, flags, mode);
    return (int)(counts ? follow(file) : file);
}

#define MODE(flags)                                                                                          \
    mode_t mode = 0;                                                                                         \
    if ((flags)&O_CREAT) {                                                                                   \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        mode = va_arg(arguments, mode_t);                                                                    \
        va_end(arguments);                                                                                   \
    }

int open(const char *path, int flags, ...)
{
    MODE(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

ssize_t write(int file, const void *data, size_t size)
{
    if (is_followed(file)) {
        const char *kind = fault("write");
        if (kind && strcmp(kind, "kill") == 0) syscall(SYS_write, file, data, size / 2);
        if (fail(kind)) return -1;
        if (kind && size > 1) size = 1;
    }
    return syscall(SYS_write, file, data, size);
}

int fsync(int file)
{
    return is_followed(file) && fail(fault("fsync")) ? -1 : (int)syscall(SYS_fsync, file);
}

int fchmod(int file, mode_t mode)
{
    return is_followed(file) && fail(fault("fchmod")) ? -1 : (int)syscall(SYS_fchmod, file, mode);
}

/* A descriptor is gone whatever close() returns. */
int close(int file)
{
    const int error = is_followed(file) ? fail(fault("close")) : 0;
    if (file >= 0 && file < MOST_FILES) followed[file] = false;
    const long result = syscall(SYS_close, file);
    if (!error) return (int)result;
    errno = error;
    return -1;
}

int rename(const char *from, const char *to)
{
    if (is_below(to) && fail(fault("rename"))) return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    return is_below(path) && fail(fault("unlink")) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return is_below(path) && fail(fault("mkdir")) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static int make_temporary(char *name, int flags)
{
    const size_t length = strlen(name);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name + length - 6, 7, "%06u", i + (unsigned)getpid() % 1000 * 1000);
        const int file = open_at(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

int mkstemp64(char *name)
{
    return make_temporary(name, 0);
}

int mkostemp64(char *name, int flags)
{
    return make_temporary(name, flags);
}

int posix_fallocate64(int file, off64_t offset, off64_t size)
{
    if (is_followed(file) && fail(fault("fallocate"))) return errno;
    return syscall(SYS_fallocate, file, 0, offset, size) == 0 ? 0 : errno;
}
