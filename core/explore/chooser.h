/* SPDX-License-Identifier: MIT */
/* Chooser: chooses the plan of least predicted output error within budgets, from a forecast
 * (choose/forecast.h).
 *
 * What may be chosen follows from rules. The plan that the chooser is made with supplies everything else:
 * methods, options, activation bits unless they are chosen too, layers that stay float, and the widths of
 * pinned layers. The explorer's budget page and the command `choose` make their plans here, so that both make
 * the same.
 *
 * Chosen plans do not depend on threads or on earlier choices. The network must outlive the chooser; plan,
 * forecast and rules need not. Immutable: any thread may choose.
 *
 * Example (const Network *network, const Plan *plan, const Forecast *forecast, Message *message):
 *     ChooseRules rules = choose_rules();
 *     Chooser *chooser;
 *     CostLimits limits = cost_limits_none();
 *     Chosen chosen;
 *     limits.most[COST_BYTES] = 105 * 1024;
 *     chooser_create(&chooser, network, plan, forecast, &rules, message);
 *     if (chooser_choose(&chosen, chooser, &limits, message) == STATUS_OK) plan_drop(chosen.plan);
 *     chooser_free(chooser);
 */
#ifndef EXPLORE_CHOOSER_H
#define EXPLORE_CHOOSER_H

#include "choose/forecast.h"
#include "choose/front.h"
#include "choose/latency.h"
#include "explore/plan.h"

#define CHOOSE_ALL_WIDTHS 0x1fcu /* 2 to 8 bits, as a set of 1 << bits */

typedef struct ChooseRules {
    unsigned weight_widths;     /* that may be chosen, a set of 1 << bits */
    unsigned activation_widths; /* a set; 0: activation bits stay as the plan has them */
    bool same_widths;           /* a layer's activation bits are its weight bits */
    bool free_ends;             /* first and last layers are chosen too; else they have 8 weight bits */
    const bool *pinned;         /* [layer_count]: layers that stay as the plan has them; NULL: none */
    const size_t *tied; /* [layer_count]: layers with the same number, not 0, have one width; NULL: none */
    const LatencyTable *latency; /* for COST_LATENCY; NULL: none */
} ChooseRules;

/* All widths, ends at 8 bits, activation bits as the plan has them. */
ChooseRules choose_rules(void);

typedef struct Chooser Chooser;

/* STATUS_INVALID where the forecast is not ready, no width may be chosen for a layer, pinned layers that are
 * tied differ, or the latency table has no row for a layer. *chooser is NULL on failure. */
Status chooser_create(Chooser **chooser, const Network *network, const Plan *plan, const Forecast *forecast,
                      const ChooseRules *rules, Message *message);
void chooser_free(Chooser *chooser); /* NULL is allowed */

typedef struct Chosen {
    Plan *plan;  /* one reference is the caller's */
    Choice sum;  /* predicted with kappa 1, and the costs */
    bool proven; /* no plan within the budgets is better; else none was found */
} Chosen;

/* STATUS_INVALID where no plan is within the budgets: the message says what the smallest is, and which layers
 * are pinned where they are the reason. */
Status chooser_choose(Chosen *chosen, const Chooser *chooser, const CostLimits *limits, Message *message);

/* The front over one cost (choose/front.h), and the plan of one of its points, with one reference for the
 * caller. */
Status chooser_front(Front **front, const Chooser *chooser, CostKind cost, Message *message);
Status chooser_plan(Plan **plan, const Chooser *chooser, const uint8_t *picks, Message *message);

/* The costs and the predicted error of any plan of the network, by the same forecast. latency: NULL allowed.
 */
Choice plan_choice(const Plan *plan, const Network *network, const Forecast *forecast,
                   const LatencyTable *latency);

#endif
