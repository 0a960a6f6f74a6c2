/* SPDX-License-Identifier: MIT */
/* Shared by the harnesses: a fuzzer's bytes as a file and as text.
 *
 * A harness is one LLVMFuzzerTestOneInput() that passes its bytes to a reader, uses everything that the
 * reader returns, and frees it. The reader may refuse an input; a harness fails only if a property breaks
 * that holds for every input. Single-threaded.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns the path of `name` in a private folder, which is removed when the process ends. */
const char *fuzz_path(const char *name);

/* Writes the bytes to a file in that folder; returns its path, valid for the next few calls. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/* Returns the bytes as text, to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Aborts, which a fuzzer counts as a finding, where `sound` is false. */
void fuzz_require(int sound, const char *property);

/* Checks that a failure filled the message with one printable line. */
void fuzz_require_message(Status status, const Message *message);

#endif
