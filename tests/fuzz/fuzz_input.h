/* Input: what the harnesses share: bytes that a fuzzer made up, as a file and as text.
 *
 * A harness is one LLVMFuzzerTestOneInput() that hands its bytes to a reader, goes through all that the
 * reader gives, and frees it. What is wrong with an input is the reader's to say: a harness fails only where
 * a property breaks that holds for every input. Single-threaded.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of `name` in a folder of the process's own, which goes when the process ends. */
const char *fuzz_path(const char *name);

/* The bytes as a file of that folder; its path, until the next few calls. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/* The bytes as a text, to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Aborts, which a fuzzer counts as a finding, where `sound` is false. */
void fuzz_require(int sound, const char *property);

/* A failure must have said why, in one printable line. */
void fuzz_require_message(Status status, const Message *message);

#endif
