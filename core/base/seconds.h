/* SPDX-License-Identifier: MIT */
/* Elapsed time, for figures about a run. Results never depend on it. */
#ifndef BASE_SECONDS_H
#define BASE_SECONDS_H

#include <time.h>

/* Seconds of a monotonic clock. */
static inline double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
