/* SPDX-License-Identifier: MIT */
/* CIFAR binary has no header: the length tells the format. The first byte chooses the format; the rest is
 * spread over up to three records. */
#include "fuzz_arrays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    const size_t record = data[0] & 1 ? 3074 : 3073, records = 1 + data[0] / 2 % 3;
    uint8_t *file = calloc(records, record);
    fuzz_require(file != NULL, "memory for the records");
    for (size_t i = 0; i < records * record; i++)
        file[i] = data[1 + (i % record + i / record * 7) % (size - 1)];
    try_array(file, records * record);
    free(file);
    return 0;
}
