#define _GNU_SOURCE
#include "base/blas.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CORE_VARIABLE "OPENBLAS_CORETYPE"
#define LARGEST 67 /* beyond two blocks of the widest kernel, and odd */

const char *blas_kernel(void)
{
    return openblas_get_corename();
}

/* The best kernel that this processor's instructions allow, or NULL where OpenBLAS's own choice cannot be
 * bettered. */
static const char *better_kernel(void)
{
#if defined(__x86_64__)
    static const char *const poor[] = {"Prescott", "Core2", "Nehalem", "Generic", "generic", "Unknown"};
    const char *current = openblas_get_corename();
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

/* Repeatable values in [-1, 1]. */
static double probe(size_t i)
{
    return (double)(i * 2654435761u % 2001) / 1000 - 1;
}

static bool product_agrees(int m, int n, int k)
{
    float a[LARGEST * LARGEST], b[LARGEST * LARGEST], c[LARGEST * LARGEST];
    for (int i = 0; i < m * k; i++) a[i] = (float)probe((size_t)i);
    for (int i = 0; i < k * n; i++) b[i] = (float)probe((size_t)i + 7777);
    for (int i = 0; i < m * n; i++) c[i] = 1;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 1, c, n);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 1;
            for (int l = 0; l < k; l++) sum += (double)a[i * k + l] * b[l * n + j];
            /* k + 1 roundings of terms of at most 1 */
            if (!(fabs(sum - c[i * n + j]) <= 1.2e-7 * (k + 1) * (k + 1))) return false;
        }
    return true;
}

static bool products_agree(void)
{
    static const int edges[] = {1, 2, 3, 7, 8, 15, 17, 32, 33, LARGEST};
    const size_t count = sizeof edges / sizeof *edges;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (!product_agrees(edges[i], edges[j], edges[(i + j) % count])) return false;
    return true;
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

Status blas_start(char **arguments, Message *message)
{
    openblas_set_num_threads(1);
    const char *better = getenv(CORE_VARIABLE) || under_valgrind() ? NULL : better_kernel();
    if (better) {
        setenv(CORE_VARIABLE, better, 1);
        if (!choose_again() && arguments) execv("/proc/self/exe", arguments);
    }
    if (products_agree()) return STATUS_OK;
    setenv(CORE_VARIABLE, "Prescott", 1);
    if (choose_again() && products_agree()) return STATUS_OK;
    return status_fail(message, STATUS_UNSUPPORTED,
                       "OpenBLAS's kernel '%s' computes wrong products on this processor: set " CORE_VARIABLE
                       " to another, or install another OpenBLAS",
                       blas_kernel());
}
