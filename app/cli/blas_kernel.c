/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/blas_kernel.h"

#include "base/blas.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CORE_VARIABLE "OPENBLAS_CORETYPE"

/* The best kernel that this processor's instructions allow, or NULL where OpenBLAS's own choice cannot be
 * bettered. */
static const char *better_kernel(void)
{
#if defined(__x86_64__)
    static const char *const poor[] = {"Prescott", "Core2", "Nehalem", "Generic", "generic", "Unknown"};
    const char *current = blas_kernel();
    for (size_t i = 0; i < sizeof poor / sizeof *poor; i++) {
        if (strcmp(current, poor[i]) != 0) continue;
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
            return "SkylakeX";
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
        return NULL;
    }
#endif
    return NULL;
}

static bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && (strstr(preload, "/valgrind/") || strstr(preload, "/vgpreload"));
}

/* Makes OpenBLAS choose its kernel again. False where this build does not export the functions. */
static bool choose_again(void)
{
    void (*quit)(void), (*init)(void);
    *(void **)&quit = dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
    *(void **)&init = dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
    if (!quit || !init) return false;
    quit();
    init();
    return true;
}

Status blas_kernel_choose(char **arguments, Message *message)
{
    const char *better = getenv(CORE_VARIABLE) || under_valgrind() ? NULL : better_kernel();
    if (better) {
        setenv(CORE_VARIABLE, better, 1);
        if (!choose_again() && arguments) execv("/proc/self/exe", arguments);
    }
    Status status = blas_start(message);
    if (status == STATUS_OK) return STATUS_OK;
    setenv(CORE_VARIABLE, "Prescott", 1);
    return choose_again() ? blas_start(message) : status;
}
