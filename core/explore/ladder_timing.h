/* SPDX-License-Identifier: MIT */
/* Ladder timing: when the explorer computes the ladder of bounds, which takes longer than the accuracy.
 *
 * Example:
 *     LadderTiming timing;
 *     if (ladder_timing_parse(&timing, "off")) printf("%s\n", ladder_timing_name(timing));
 */
#ifndef EXPLORE_LADDER_TIMING_H
#define EXPLORE_LADDER_TIMING_H

#include <stdbool.h>

typedef enum LadderTiming {
    LADDER_AFTER_ACCURACY = 0,
    LADDER_AT_ONCE, /* as soon as all layers are solved; the accuracy comes after it */
    LADDER_OFF,
    LADDER_TIMING_COUNT
} LadderTiming;

/* "after_accuracy", "at_once", "off"; and back: false, with *timing unchanged, for another name. */
const char *ladder_timing_name(LadderTiming timing);
bool ladder_timing_parse(LadderTiming *timing, const char *name);

#endif
