/* SPDX-License-Identifier: MIT */
#include "report/plan_csv.h"

#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_plan(plan_csv_read, fuzz_file("plan.csv", data, size));
    return 0;
}
