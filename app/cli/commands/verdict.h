/* SPDX-License-Identifier: MIT */
/* Verdict: which of several methods wins a comparison, by how much, and whether the difference means
 * something. Prints to standard output. */
#ifndef APP_VERDICT_H
#define APP_VERDICT_H

#include "evaluate/accuracy.h"
#include "explore/plan.h"

/* What one method has come to. */
typedef struct Contender {
    const char *name;
    const double *errors;  /* [layer_count], reconstruction errors, NAN for float layers */
    const double *heldout; /* [layer_count], those on held-out rows; NAN where there are none */
    Evaluation evaluation; /* images 0: not evaluated */
} Contender;

/* Says which layers were solved on the same statistics for all methods, and which behind each method's own
 * codes. */
void verdict_print_statistics(const Network *network, const Plan *plan);

/* Names the winner by error on held-out rows (on calibration rows where none are held out), by the output's
 * SQNR and by top-1, each with its lead over the next. Errors of layers are compared by the sign test, top-1
 * by the paired intervals of the change against float. */
void verdict_print(const Contender *contenders, size_t count, size_t layer_count);

#endif
