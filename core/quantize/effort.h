/* SPDX-License-Identifier: MIT */
/* Effort: how hard plans search for codes: which method where none is named, and how deep every method goes.
 * One table in effort.c says all that differs between the efforts. */
#ifndef QUANTIZE_EFFORT_H
#define QUANTIZE_EFFORT_H

#include "quantize/method.h"

#include <stdbool.h>
#include <stddef.h>

/* From the least to the most. */
typedef enum Effort {
    EFFORT_PAPER = 0, /* the pipeline of the bit-split paper, to the letter */
    EFFORT_FAST,      /* bit-split, then coordinate descent on whole codes */
    EFFORT_DEFAULT,   /* the lowest held-out error for about twice the time of `fast` */
    EFFORT_THOROUGH,  /* wide beams, pairs until none helps, iterated local search */
    EFFORT_COUNT
} Effort;

typedef struct EffortRow {
    const char *name, *summary;
    Method method;  /* of layers for which none is named */
    size_t beam;    /* K: partial codes that nearest plane keeps; more where inputs are few (plane_beam()) */
    size_t scales;  /* of the scan for each channel */
    size_t refined; /* scales about the best of those, decoded with the whole beam */
    size_t pairs;   /* most rounds of pair moves after coordinate descent */
    size_t kicks;   /* of iterated local search, per channel */
    bool admm;      /* nearest plane's codes are improved by ADMM */
    bool feedback;  /* bit-split's digits are decoded by nearest plane as well */
    bool paper;     /* plans calibrate behind float layers, without ridge, polish and bias correction */
} EffortRow;

/* The row of the table for an effort. */
const EffortRow *effort_row(Effort effort);

/* "default", say. */
const char *effort_name(Effort effort);

/* False, and *effort untouched, where no effort has that name. */
bool effort_parse(Effort *effort, const char *name);

#endif
