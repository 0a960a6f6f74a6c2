/* SPDX-License-Identifier: MIT */
/* Front: the least predicted error within a budget, a choice per layer: the multiple-choice knapsack.
 *
 * A set holds the choices of one layer, or of layers that are tied to one width; exactly one choice of each
 * set is picked. Errors and costs of a pick are the sums over the sets:
 *
 *     minimize sum over s of error[s][pick s]   subject to   sum over s of cost_k[s][pick s] <= most_k
 *
 * front_create() solves the problem for every budget of one cost at once, by dynamic programming: partial
 * picks are kept as a list by rising cost and falling error, set after set, and a partial pick that another
 * one beats in both is dropped. The front is exact unless a list grows beyond FRONT_STATES: it is then
 * thinned, evenly over its costs, and `exact` is false. Its points are plans that exist either way.
 *
 * front_within() solves one problem of up to COST_COUNT budgets: partial picks are dropped where a Lagrangian
 * lower bound on what they lead to is above the best pick known,
 *
 *     error + sum over k of u_k (cost_k - most_k) + sum over the other sets of min (error + u . cost),   u >=
 * 0.
 *
 * With one budget the answer is exact for all networks that were tried. With several, many partial picks can
 * be left; a list that grows too long is thinned, and the answer is then the best found, not proven to be the
 * best. A solver of integer programs such as GLPK would do the same; it is under the GPL, and this program is
 * under the MIT licence.
 *
 * Picks do not depend on threads; of equal ones the first found stays. Any thread may call.
 *
 * Example (const ChoiceSet *sets, size_t set_count, Message *message):
 *     Front *front;
 *     front_create(&front, sets, set_count, COST_BYTES, message);
 *     size_t point = front_find(front, 105 * 1024);
 *     if (point < front->count) printf("%g\n", front->points[point].error);
 *     front_free(front);
 */
#ifndef CHOOSE_FRONT_H
#define CHOOSE_FRONT_H

#include "base/status.h"
#include "choose/cost.h"

#define FRONT_STATES ((size_t)1 << 16)
#define FRONT_MOST_CHOICES 64 /* in a set */

typedef struct Choice {
    double error;             /* predicted, not negative */
    double costs[COST_COUNT]; /* not negative; 0 where the cost is not asked for */
} Choice;

typedef struct ChoiceSet {
    size_t count; /* 1..FRONT_MOST_CHOICES */
    const Choice *choices;
} ChoiceSet;

typedef struct Front {
    CostKind cost;
    bool exact;
    size_t count, set_count;
    Choice *points; /* [count], by rising cost and falling error */
    uint8_t *picks; /* [count][set_count], indices into the sets' choices */
} Front;

/* The front over one cost. *front is NULL on failure (STATUS_MEMORY). */
Status front_create(Front **front, const ChoiceSet *sets, size_t set_count, CostKind cost, Message *message);
void front_free(Front *front); /* NULL is allowed */

/* The last point that costs at most `most`: the least error. front->count where there is none. */
size_t front_find(const Front *front, double most);

typedef struct CostLimits {
    double most[COST_COUNT]; /* INFINITY: no ceiling */
} CostLimits;

/* No ceilings. */
CostLimits cost_limits_none(void);

/* Sets picks[set_count] and the sums *point of the pick of least error within all budgets. *proven: false
 * where partial picks had to be dropped that might have led to a lower error. STATUS_INVALID where no pick is
 * within the budgets: the message names a budget and the least that can be reached of it alone, or that the
 * budgets exclude each other. STATUS_MEMORY. */
Status front_within(uint8_t *picks, Choice *point, bool *proven, const ChoiceSet *sets, size_t set_count,
                    const CostLimits *limits, Message *message);

/* Adds the error and the costs of a choice. */
void choice_add(Choice *sum, const Choice *choice);

/* The sums of a pick. */
Choice front_sum(const ChoiceSet *sets, size_t set_count, const uint8_t *picks);

#endif
