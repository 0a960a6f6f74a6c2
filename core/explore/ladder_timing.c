/* SPDX-License-Identifier: MIT */
#include "explore/ladder_timing.h"

#include <string.h>

static const char *const names[LADDER_TIMING_COUNT] = {
    [LADDER_AFTER_ACCURACY] = "after_accuracy", [LADDER_AT_ONCE] = "at_once", [LADDER_OFF] = "off"};

const char *ladder_timing_name(LadderTiming timing)
{
    return names[timing];
}

bool ladder_timing_parse(LadderTiming *timing, const char *name)
{
    for (int i = 0; i < LADDER_TIMING_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *timing = (LadderTiming)i;
            return true;
        }
    return false;
}
