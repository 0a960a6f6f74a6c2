#include "explore/cache/visited.h"

#include <stdlib.h>
#include <string.h>

void visited_free(VisitedPlans *visits)
{
    for (size_t i = 0; i < visits->count; i++) {
        visited_plan_drop(visits->visited[i]);
        ladder_free(&visits->findings[i].ladder);
    }
    free(visits->visited);
    free(visits->findings);
    *visits = (VisitedPlans){0};
}

size_t visited_find(const VisitedPlans *visits, const Plan *plan)
{
    char hash[65];
    plan_hash(hash, plan);
    for (size_t i = 0; i < visits->count; i++)
        if (strcmp(visits->findings[i].hash, hash) == 0) return i;
    return NO_INDEX;
}

static Status make_room(VisitedPlans *visits, Message *message)
{
    if (visits->count < visits->room) return STATUS_OK;
    const size_t room = 2 * visits->room + 8;
    VisitedPlan **grown = reallocarray(visits->visited, room, sizeof(VisitedPlan *));
    if (grown) visits->visited = grown;
    Findings *findings = grown ? reallocarray(visits->findings, room, sizeof *findings) : NULL;
    if (!findings) return status_no_memory(message, "the plans visited");
    visits->findings = findings;
    visits->room = room;
    return STATUS_OK;
}

/* Of one reference; NULL without memory. */
static VisitedPlan *new_visit(const Plan *plan)
{
    VisitedPlan *visit = calloc(1, sizeof *visit);
    if (!visit) return NULL;
    atomic_init(&visit->references, 1);
    visit->plan = plan_hold(plan);
    return visit;
}

Status visited_add(size_t *index, VisitedPlans *visits, const Network *network, const Plan *plan,
                   Message *message)
{
    Status status = make_room(visits, message);
    if (status != STATUS_OK) return status;
    VisitedPlan *visit = new_visit(plan);
    if (!visit) return status_no_memory(message, "a plan visited");
    *index = visits->count++;
    visit->number = visits->count;
    visit->totals = plan_totals(plan, network);
    visits->visited[*index] = visit;
    visits->findings[*index] = (Findings){0};
    plan_hash(visits->findings[*index].hash, plan);
    return STATUS_OK;
}

static void set_worth(VisitedPlan *visit, const VisitedPlan *of)
{
    visit->evaluated = of->evaluated;
    visit->accuracy = of->accuracy;
    visit->bounded = of->bounded;
    visit->measured = of->measured;
    visit->hybrid = of->hybrid;
    visit->spectral = of->spectral;
}

Status visited_restore(VisitedPlans *visits, const Network *network, const VisitedPlan *kept,
                       Message *message)
{
    if (kept->plan->layer_count != network->layer_count)
        return status_fail(message, STATUS_INVALID,
                           "a plan kept has %zu layers, network '%s' has %zu: it is of another network",
                           kept->plan->layer_count, network->path, network->layer_count);
    if (visited_find(visits, kept->plan) != NO_INDEX) return STATUS_OK;
    size_t index;
    Status status = visited_add(&index, visits, network, kept->plan, message);
    /* Not published yet: no snapshot shares it. */
    if (status == STATUS_OK) set_worth(visits->visited[index], kept);
    return status;
}

/* Puts a copy that may be changed in the visit's place: snapshots share the old one. */
static Status renew(VisitedPlan **visit, VisitedPlans *visits, size_t index, Message *message)
{
    VisitedPlan *old = visits->visited[index];
    *visit = new_visit(old->plan);
    if (!*visit) return status_no_memory(message, "a plan visited");
    (*visit)->number = old->number;
    (*visit)->totals = old->totals;
    set_worth(*visit, old);
    visits->visited[index] = *visit;
    visited_plan_drop(old);
    return STATUS_OK;
}

static double relative(double norm, const Ladder *ladder)
{
    return norm == 0 ? 0 : norm / ladder->output_norm;
}

Status visited_set_ladder(VisitedPlans *visits, size_t index, Ladder *ladder, Message *message)
{
    Findings *findings = &visits->findings[index];
    VisitedPlan *visit;
    Status status = renew(&visit, visits, index, message);
    if (status != STATUS_OK) {
        ladder_free(ladder);
        return status;
    }
    ladder_free(&findings->ladder);
    findings->ladder = *ladder;
    findings->has_ladder = true;
    *ladder = (Ladder){0};
    visit->bounded = true;
    visit->measured = relative(findings->ladder.measured, &findings->ladder);
    visit->hybrid = relative(findings->ladder.hybrid, &findings->ladder);
    visit->spectral = relative(findings->ladder.spectral, &findings->ladder);
    return STATUS_OK;
}

Status visited_set_accuracy(VisitedPlans *visits, size_t index, const Evaluation *accuracy, Message *message)
{
    VisitedPlan *visit;
    Status status = renew(&visit, visits, index, message);
    if (status != STATUS_OK) return status;
    visit->evaluated = true;
    visit->accuracy = *accuracy;
    visits->findings[index].has_accuracy = true;
    return STATUS_OK;
}
