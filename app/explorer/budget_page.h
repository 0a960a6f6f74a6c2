/* SPDX-License-Identifier: MIT */
/* Budget page: the slider of plans by size: the front of the open network, a cursor on it, and the plan
 * within the budget under the cursor, which Enter adopts.
 *
 * Used by the interface thread alone. The worker computes the sensitivities (worker_foresee()); the front is
 * made here once they are complete, and again where marks, methods or activation bits have changed since.
 * Plans are chosen as the command `choose` does. */
#ifndef APP_BUDGET_PAGE_H
#define APP_BUDGET_PAGE_H

#include "views/budget_scene.h"

struct Session;

typedef struct BudgetPage {
    BudgetScene scene;
    Forecast forecast; /* a copy of the snapshot's, once complete */
    Chooser *chooser;
    Front *front;
    Plan *plan;       /* chosen */
    char key[65];     /* of the plan that the front was made for, without the bits that are chosen */
    char waiting[64]; /* a budget to be adopted once the front is known; "" */
} BudgetPage;

/* Forgets the front, and frees it: for another network. */
void budget_forget(struct Session *session);

/* Takes what a new snapshot, another plan or other marks mean for the page. */
void budget_follow(struct Session *session);

/* Moves the cursor to the next plan that is about a hundredth of the front larger or smaller. */
void budget_step(struct Session *session, int direction);

/* Makes the plan under the cursor the edited one. */
void budget_adopt(struct Session *session);

#endif
