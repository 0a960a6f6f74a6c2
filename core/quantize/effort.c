/* SPDX-License-Identifier: MIT */
#include "quantize/effort.h"

#include <assert.h>
#include <string.h>

static const EffortRow efforts[EFFORT_COUNT] = {
    [EFFORT_DEFAULT] = {"default", "nearest plane with 8 partial codes, a scan of scales, pair moves", 8, 7,
                        3, 4, 0, false, true},
    [EFFORT_PAPER] = {"paper", "bit-split alone behind float layers, without bias correction and ridge", 1, 1,
                      0, 0, 0, false, false},
    [EFFORT_FAST] = {"fast", "coordinate descent on digits and codes", 1, 1, 0, 0, 0, false, false},
    [EFFORT_THOROUGH] = {"thorough",
                         "64 partial codes, ADMM, pair moves until none helps, iterated local search", 64, 9,
                         3, 100, 200, true, true},
};

const EffortRow *effort_row(Effort effort)
{
    assert(effort < EFFORT_COUNT);
    return &efforts[effort];
}

bool effort_parse(Effort *effort, const char *name)
{
    for (size_t i = 0; i < EFFORT_COUNT; i++)
        if (strcmp(name, efforts[i].name) == 0) {
            *effort = (Effort)i;
            return true;
        }
    return false;
}
