/* SPDX-License-Identifier: MIT */
/* Effort: how hard a method searches, from the paper's pipeline to the letter to as far as patience goes. */
#ifndef QUANTIZE_EFFORT_H
#define QUANTIZE_EFFORT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum Effort {
    EFFORT_FAST = 0, /* coordinate descent on digits and codes */
    EFFORT_PAPER,    /* bit-split as the authors run it */
    EFFORT_DEFAULT,  /* the lowest held-out error for about twice the time of `fast` */
    EFFORT_THOROUGH, /* wide beams, pairs until none helps, iterated local search */
    EFFORT_COUNT
} Effort;

typedef struct EffortRow {
    const char *name, *summary;
    size_t beam;    /* K: partial codes that nearest plane keeps */
    size_t scales;  /* of the scan for each channel */
    size_t refined; /* scales about the best of those, decoded with the whole beam */
    size_t pairs;   /* most rounds of pair moves after coordinate descent */
    size_t kicks;   /* of iterated local search, per channel */
    bool admm;      /* nearest plane's codes are improved by ADMM */
    bool feedback;  /* bit-split's digits are decoded by nearest plane as well */
} EffortRow;

/* The row of the table for an effort. */
const EffortRow *effort_row(Effort effort);

/* False where no effort has that name. */
bool effort_parse(Effort *effort, const char *name);

#endif
