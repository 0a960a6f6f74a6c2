/* Allocation faults: in a program that is linked with this, a chosen call for memory fails, or a chosen one
 * and all after it, as they would where memory runs out.
 *
 * Counted are the calls that come from the program itself, from the C library, and from the libraries that
 * read and write files for it (cJSON, libcsv, protobuf-c, zlib, libpng, libjpeg); not those of the numerical
 * ones and of C++, which end the process where they get none. pthread_create() counts as well. Works beside
 * the sanitizers, which see every call.
 *
 *     faults_arm(17, false);
 *     status = network_open(...);
 *     calls = faults_disarm(&failed);        // failed: the 17th was reached
 */
#ifndef TESTS_ALLOCATION_FAULTS_H
#define TESTS_ALLOCATION_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Counts from here on; the call `at` (from 1; 0: none) fails, and where `lasting` all after it. */
void faults_arm(size_t at, bool lasting);

/* Stops counting. Returns the number of calls, and in *failed the number that failed. */
size_t faults_disarm(size_t *failed);

/* Writes the stack of the first call that failed, for addr2line; async-signal-safe. */
void faults_tell(int file);

#endif
