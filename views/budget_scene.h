/* SPDX-License-Identifier: MIT */
/* Budget scene: what the budget page shows beside the snapshot: the front, the budget under the cursor, and
 * the plan that is chosen within it. Owned by app/explorer/budget_page.h; views only read it. */
#ifndef VIEWS_BUDGET_SCENE_H
#define VIEWS_BUDGET_SCENE_H

#include "explore/chooser.h"

typedef struct BudgetScene {
    const Front *front;       /* over bytes; NULL: not known yet */
    const Forecast *forecast; /* that it was made from; NULL with it */
    double most;              /* bytes of the budget under the cursor */
    const Plan *plan;         /* chosen within it, NULL: there is none */
    Choice sum;               /* of that plan */
    bool proven;              /* no plan within the budget is better, by prediction */
    Choice present;           /* of the edited plan */
    size_t pinned;            /* marked layers, which keep their bits */
    bool waiting;             /* a budget was accepted before the front was known */
} BudgetScene;

#endif
