/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "allocation_faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_RANGES 64
#define MOST_FRAMES 32

/* --- whose calls count ------------------------------------------------------------------------------ */

static const char *const counted[] = {"libc.so",          "libcjson.so", "libcsv.so", "libjpeg.so",
                                      "libprotobuf-c.so", "libpng16.so", "libz.so"};

static struct {
    uintptr_t start, end;
} ranges[MOST_RANGES];
static size_t range_count;

static bool is_counted(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name) return true; /* the program */
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strncmp(name, counted[i], strlen(counted[i])) == 0) return true;
    return false;
}

static int add_ranges(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (!is_counted(object->dlpi_name)) return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type != PT_LOAD || range_count == MOST_RANGES) continue;
        ranges[range_count].start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        ranges[range_count].end = ranges[range_count].start + object->dlpi_phdr[i].p_memsz;
        range_count++;
    }
    return 0;
}

static bool is_from_counted(const void *caller)
{
    for (size_t i = 0; i < range_count; i++)
        if ((uintptr_t)caller >= ranges[i].start && (uintptr_t)caller < ranges[i].end) return true;
    return false;
}

/* --- which call fails ------------------------------------------------------------------------------- */

static atomic_bool armed;
static atomic_size_t calls, failures;
static size_t fails_at;
static bool fails_lastingly;
static _Thread_local bool exempt;
static void *frames[MOST_FRAMES];
static int frame_count;

void faults_arm(size_t at, bool lasting)
{
    if (range_count == 0) dl_iterate_phdr(add_ranges, NULL);
    backtrace(frames, MOST_FRAMES); /* takes memory the first time */
    frame_count = 0;
    fails_at = at;
    fails_lastingly = lasting;
    calls = failures = 0;
    armed = true;
}

size_t faults_disarm(size_t *failed)
{
    armed = false;
    *failed = failures;
    return calls;
}

static bool fails(const void *caller)
{
    if (!armed || exempt || !is_from_counted(caller)) return false;
    const size_t call = ++calls;
    if (!fails_at || (fails_lastingly ? call < fails_at : call != fails_at)) return false;
    if (failures++ == 0) frame_count = backtrace(frames, MOST_FRAMES);
    errno = ENOMEM;
    return true;
}

void faults_tell(int file)
{
    backtrace_symbols_fd(frames, frame_count, file);
}

/* --- the calls -------------------------------------------------------------------------------------- */

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

/* A sanitizer's function, if there is one. */
#define DECLARE(type, name, ...)                                                                             \
    extern type __libc_##name(__VA_ARGS__);                                                                  \
    extern type __interceptor_##name(__VA_ARGS__) __attribute__((weak));
#define REAL(name) (__interceptor_##name ? __interceptor_##name : __libc_##name)

DECLARE(void *, malloc, size_t)
DECLARE(void *, calloc, size_t, size_t)
DECLARE(void *, realloc, void *, size_t)
DECLARE(void *, memalign, size_t, size_t)

void *malloc(size_t size)
{
    return fails(CALLER) ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(CALLER) ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(CALLER) ? NULL : REAL(realloc)(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(CALLER) ? NULL : REAL(memalign)(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *got = fails(CALLER) ? NULL : REAL(memalign)(alignment, size);
    if (!got) return ENOMEM;
    *memory = got;
    return 0;
}

/* The sanitizers' copies do not pass through malloc(). */
char *strndup(const char *text, size_t most)
{
    const size_t length = strnlen(text, most);
    char *copy = fails(CALLER) ? NULL : REAL(malloc)(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = fails(CALLER) ? NULL : REAL(malloc)(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return fails(CALLER) ? EAGAIN : real(thread, attributes, run, argument);
}

/* Called by the sanitizers as a thread starts. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    int (*real)(pthread_t, pthread_attr_t *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_getattr_np");
    exempt = true;
    const int failed = real(thread, attributes);
    exempt = false;
    return failed;
}
