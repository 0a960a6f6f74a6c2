/* SPDX-License-Identifier: MIT */
/* Budget: --memory divided, in this one place.
 *
 * --memory is the most that the process may hold at any time, beside BUDGET_PROGRAM for the program, its
 * libraries and their small change; without it, half of the machine's memory. Parts that run one after
 * another (opening the network, reading images, calibrating, solving, the bound, evaluating) each may take
 * all that is left when they start, by what the process holds then: what stays of earlier parts (the network,
 * images, results) is counted as it is. Every part knows beforehand what it will take, runs on fewer threads
 * or goes to a temporary file where that helps, and refuses before it allocates where nothing does. No result
 * depends on it.
 *
 * Three things stay and could be of any size; each has a share of what is left when it is made: the decoded
 * images of a folder (an eighth a set, at most 256 MiB: the others are decoded again when they are read), the
 * float network's outputs (an eighth, at most 256 MiB: the others are computed again), and in the explorer
 * what is remembered (explore/explorer.h).
 *
 * The explorer can hold more for a moment: while it opens another network, the one before is still there.
 *
 * Example (const Options *options, LadderOptions *ladder):
 *     Budget budget = budget_now(options);
 *     ladder->memory = budget.left;
 */
#ifndef APP_BUDGET_H
#define APP_BUDGET_H

#include "app/cli/options.h"

#define BUDGET_PROGRAM ((size_t)48 << 20)

typedef struct Budget {
    size_t limit; /* --memory, or its default */
    size_t held;  /* by the process, beside BUDGET_PROGRAM */
    size_t left;  /* the rest: at least 1, as 0 stands for no ceiling */
} Budget;

/* What a part that starts now may take. */
Budget budget_now(const Options *options);

/* Of the decoded images of a folder. */
size_t budget_kept(const Budget *budget);

#endif
