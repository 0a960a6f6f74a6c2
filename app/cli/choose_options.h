/* SPDX-License-Identifier: MIT */
/* Choose options: budgets, pins, ties and widths as a person writes them, for the command `choose` and the
 * explorer's budget page.
 *
 * Example (const Inputs *inputs, Message *message):
 *     ChosenRules rules;
 *     CostLimits limits;
 *     Status status = choose_rules_parse(&rules, inputs, message);
 *     if (status == STATUS_OK) status = choose_limits_parse(&limits, inputs, message);
 *     choose_rules_free(&rules);
 *     return status;
 */
#ifndef APP_CHOOSE_OPTIONS_H
#define APP_CHOOSE_OPTIONS_H

#include "app/cli/inputs.h"
#include "explore/chooser.h"

/* Rules with the arrays that they point to. */
typedef struct ChosenRules {
    ChooseRules rules;
    Plan *plan; /* the inputs' plan with the bits of pinned layers */
    bool *pinned;
    size_t *tied;
    LatencyTable *latency;
} ChosenRules;

/* Reads --pin, --tie, --widths, --activation-widths, --free-ends and --latency. STATUS_INVALID: the message
 * names the option. Free the rules in any case. */
Status choose_rules_parse(ChosenRules *rules, const Inputs *inputs, Message *message);
void choose_rules_free(ChosenRules *rules);

/* Reads --budget. */
Status choose_limits_parse(CostLimits *limits, const Inputs *inputs, Message *message);

/* Reads one budget: "105K", "bytes=105K" (K is 1024), "3.5 bits" or "bits=3.5" (bytes of that many weight
 * bits on average), "bitops=2G" (G is 10^9), "latency=900". False where it is none. */
bool budget_parse(CostKind *kind, double *most, const char *text, const Network *network);

#endif
