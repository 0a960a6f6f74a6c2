/* SPDX-License-Identifier: MIT */
/* Visited plans: all plans that were solved, with what is known of them, so that going back to one is
 * instant. Private to core/explore.
 *
 * Example (const Network *network, const Plan *plan, Ladder *ladder, Message *message):
 *     VisitedPlans plans = {0};
 *     size_t index = visited_find(&plans, plan);
 *     if (index == NO_INDEX) visited_add(&index, &plans, network, plan, message);
 *     visited_set_ladder(&plans, index, ladder, message); // takes the ladder over
 *     visited_free(&plans);
 */
#ifndef EXPLORE_VISITED_H
#define EXPLORE_VISITED_H

#include "explore/snapshot.h"

typedef struct Findings {
    char hash[65];     /* of the plan */
    bool has_accuracy; /* measured in this session, not restored */
    bool has_ladder;
    Ladder ladder;
    ChangedImages *changes; /* held; NULL where not known */
    Ledger *ledger;         /* held: of `changes`; NULL where not known */
} Findings;

/* Zeros: empty. */
typedef struct VisitedPlans {
    size_t count, room;
    VisitedPlan *
        *visited; /* [count], held; replaced where something becomes known, since snapshots share them */
    Findings *findings; /* [count] */
} VisitedPlans;

/* Keeps the changed images of the plan; takes the reference over. */
void visited_set_changes(VisitedPlans *plans, size_t index, ChangedImages *changes);

/* Keeps the ledger of these images; takes the reference over. */
void visited_set_ledger(VisitedPlans *plans, size_t index, Ledger *ledger);

/* Frees all plans; the struct is then empty. */
void visited_free(VisitedPlans *plans);

/* The index of an equal plan, or NO_INDEX. */
size_t visited_find(const VisitedPlans *plans, const Plan *plan);
/* Adds a plan that is not there yet. STATUS_MEMORY. */
Status visited_add(size_t *index, VisitedPlans *plans, const Network *network, const Plan *plan,
                   Message *message);

/* Adds a plan of an earlier session with its measurements, numbered anew; an equal plan stays as it is.
 * STATUS_INVALID where it is of another network. */
Status visited_restore(VisitedPlans *plans, const Network *network, const VisitedPlan *kept,
                       Message *message);

/* Set what was measured of the plan. The ladder is taken over, on failure too. STATUS_MEMORY. */
Status visited_set_ladder(VisitedPlans *plans, size_t index, Ladder *ladder, Message *message);
Status visited_set_accuracy(VisitedPlans *plans, size_t index, const Evaluation *accuracy, Message *message);

#endif
