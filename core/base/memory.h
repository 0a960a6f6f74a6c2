/* SPDX-License-Identifier: MIT */
/* Memory: what the process holds, for whoever divides it among its parts.
 *
 * A part that takes much (a calibration, the bound, ...) has a ceiling in its options, `memory`, in bytes.
 * One that needs more refuses before it allocates, and its message says by how much the ceiling is too low.
 *
 * Any thread may call.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* Bytes of this process in physical memory now, as the system counts them, after what malloc() keeps spare
 * was given back; 0 where the system does not say. */
size_t memory_held(void);

/* The machine's, in bytes; 4 GiB where the system does not say. */
size_t memory_of_machine(void);

#endif
