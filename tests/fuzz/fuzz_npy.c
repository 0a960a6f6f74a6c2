/* SPDX-License-Identifier: MIT */
#include "fuzz_arrays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_array(data, size);
    return 0;
}
