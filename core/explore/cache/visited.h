/* VisitedPlans: the plans looked at and all that is known of them, so that going back to one is instant.
 * Private to core/explore.
 *
 *     size_t index = visited_find(&visits, &plan);
 *     if (index == NO_INDEX) visited_add(&index, &visits, network, &plan, message);
 *     visited_set_ladder(&visits, index, &ladder, message);          // takes it over
 *     visited_free(&visits);
 */
#ifndef EXPLORE_VISITS_H
#define EXPLORE_VISITS_H

#include "explore/snapshot.h"

typedef struct Findings {
    char hash[65];     /* of the plan */
    bool has_accuracy; /* the visit's accuracy was measured here, not restored */
    bool has_ladder;
    Ladder ladder;
} Findings;

/* Zeros: none. */
typedef struct VisitedPlans {
    size_t count, room;
    VisitedPlan **visited; /* [count], replaced where they change: snapshots share them */
    Findings *findings;    /* [count] */
} VisitedPlans;

void visited_free(VisitedPlans *visits);

/* NO_INDEX where the plan was not visited. */
size_t visited_find(const VisitedPlans *visits, const Plan *plan);
Status visited_add(size_t *index, VisitedPlans *visits, const Network *network, const Plan *plan,
                   Message *message);

/* A copy of a visit of an earlier run, numbered anew; a plan that is there already is left as it is. */
Status visited_restore(VisitedPlans *visits, const Network *network, const VisitedPlan *kept,
                       Message *message);

/* Takes the ladder over, on failure too. */
Status visited_set_ladder(VisitedPlans *visits, size_t index, Ladder *ladder, Message *message);
Status visited_set_accuracy(VisitedPlans *visits, size_t index, const Evaluation *accuracy, Message *message);

#endif
