/* SPDX-License-Identifier: MIT */
#include "report/report_json.h"

#include "fuzz_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_plan(report_json_read_plan, fuzz_file("run.json", data, size));
    return 0;
}
