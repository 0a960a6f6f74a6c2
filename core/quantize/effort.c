/* SPDX-License-Identifier: MIT */
#include "quantize/effort.h"

#include <assert.h>
#include <string.h>

static const EffortRow efforts[EFFORT_COUNT] = {
    [EFFORT_PAPER] = {.name = "paper",
                      .summary = "bit-split alone behind float layers, as its authors published it",
                      .method = METHOD_BITSPLIT,
                      .beam = 1,
                      .scales = 1,
                      .paper = true},
    [EFFORT_FAST] = {.name = "fast",
                     .summary = "bit-split, then coordinate descent on whole codes",
                     .method = METHOD_BITSPLIT,
                     .beam = 1,
                     .scales = 1},
    [EFFORT_DEFAULT] = {.name = "default",
                        .summary = "nearest plane with 8 to 32 partial codes, a scan of scales, pair moves",
                        .method = METHOD_KBEST,
                        .beam = 8,
                        .scales = 7,
                        .refined = 2,
                        .pairs = 2,
                        .feedback = true},
    [EFFORT_THOROUGH] = {.name = "thorough",
                         .summary = "nearest plane with 64 partial codes, ADMM, iterated local search",
                         .method = METHOD_KBEST,
                         .beam = 64,
                         .scales = 9,
                         .refined = 3,
                         .pairs = 100,
                         .kicks = 200,
                         .admm = true,
                         .feedback = true},
};

const EffortRow *effort_row(Effort effort)
{
    assert(effort < EFFORT_COUNT);
    return &efforts[effort];
}

const char *effort_name(Effort effort)
{
    return effort_row(effort)->name;
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
