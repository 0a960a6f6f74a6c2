/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

size_t memory_held(void)
{
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    if (!file) return 0;
    if (fscanf(file, "%*s %zu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

size_t memory_of_machine(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)4 << 30;
}
