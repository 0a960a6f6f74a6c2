/* SPDX-License-Identifier: MIT */
/* Allocation faults: in a program linked with this, one chosen allocation fails, or it and all later ones, as
 * if memory ran out.
 *
 * Counts calls from the program, the C library, and the libraries that read and write files (cJSON, libcsv,
 * protobuf-c, zlib, libpng, libjpeg), and pthread_create(). Does not count calls from the numerical libraries
 * and from C++, which end the process if memory runs out. Works with the sanitizers, which see every call.
 *
 *     faults_arm(17, false);
 *     status = network_open(...);
 *     calls = faults_disarm(&failed);        // failed: the 17th was reached
 */
#ifndef TESTS_ALLOCATION_FAULTS_H
#define TESTS_ALLOCATION_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Starts counting. Call number `at` (from 1; 0: none) fails; if `lasting`, all later calls fail too. */
void faults_arm(size_t at, bool lasting);

/* Stops counting. Returns the number of calls, and in *failed the number that failed. */
size_t faults_disarm(size_t *failed);

/* Writes the stack of the first call that failed, for addr2line; async-signal-safe. */
void faults_tell(int file);

#endif
