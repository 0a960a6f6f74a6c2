/* SPDX-License-Identifier: MIT */
#include "explore/cache/visited.h"

#include "explore/activation_memory.h"

#include <stdlib.h>
#include <string.h>

void visited_free(VisitedPlans *plans)
{
    for (size_t i = 0; i < plans->count; i++) {
        visited_plan_drop(plans->visited[i]);
        ladder_free(&plans->findings[i].ladder);
        changed_images_drop(plans->findings[i].changes);
        ledger_drop(plans->findings[i].ledger);
    }
    free(plans->visited);
    free(plans->findings);
    *plans = (VisitedPlans){0};
}

size_t visited_find(const VisitedPlans *plans, const Plan *plan)
{
    char hash[65];
    plan_hash(hash, plan);
    for (size_t i = 0; i < plans->count; i++)
        if (strcmp(plans->findings[i].hash, hash) == 0) return i;
    return NO_INDEX;
}

static Status make_room(VisitedPlans *plans, Message *message)
{
    if (plans->count < plans->room) return STATUS_OK;
    const size_t room = 2 * plans->room + 8;
    VisitedPlan **grown = reallocarray(plans->visited, room, sizeof(VisitedPlan *));
    if (grown) plans->visited = grown;
    Findings *findings = grown ? reallocarray(plans->findings, room, sizeof *findings) : NULL;
    if (!findings) return status_no_memory(message, "the visited plans");
    plans->findings = findings;
    plans->room = room;
    return STATUS_OK;
}

/* Of one reference; NULL without memory. */
static VisitedPlan *new_visited(const Plan *plan)
{
    VisitedPlan *visited = calloc(1, sizeof *visited);
    if (!visited) return NULL;
    atomic_init(&visited->references, 1);
    visited->plan = plan_hold(plan);
    return visited;
}

Status visited_add(size_t *index, VisitedPlans *plans, const Network *network, const Plan *plan,
                   Message *message)
{
    Status status = make_room(plans, message);
    if (status != STATUS_OK) return status;
    VisitedPlan *visited = new_visited(plan);
    if (!visited) return status_no_memory(message, "a visited plan");
    status = activation_peak_bytes(&visited->activation_bytes, plan, network, message);
    if (status != STATUS_OK) {
        visited_plan_drop(visited);
        return status;
    }
    *index = plans->count++;
    visited->number = plans->count;
    visited->totals = plan_totals(plan, network);
    plans->visited[*index] = visited;
    plans->findings[*index] = (Findings){0};
    plan_hash(plans->findings[*index].hash, plan);
    return STATUS_OK;
}

static void set_measurements(VisitedPlan *visited, const VisitedPlan *of)
{
    visited->evaluated = of->evaluated;
    visited->accuracy = of->accuracy;
    visited->bounded = of->bounded;
    visited->measured = of->measured;
    visited->hybrid = of->hybrid;
    visited->spectral = of->spectral;
    memcpy(visited->certified, of->certified, sizeof visited->certified);
    visited->certified_of = of->certified_of;
}

Status visited_restore(VisitedPlans *plans, const Network *network, const VisitedPlan *kept, Message *message)
{
    if (kept->plan->layer_count != network->layer_count)
        return status_fail(message, STATUS_INVALID,
                           "the plan has %zu layers, network '%s' has %zu: it is of another network",
                           kept->plan->layer_count, network->path, network->layer_count);
    if (visited_find(plans, kept->plan) != NO_INDEX) return STATUS_OK;
    size_t index;
    Status status = visited_add(&index, plans, network, kept->plan, message);
    /* Not published yet: no snapshot shares it. */
    if (status == STATUS_OK) set_measurements(plans->visited[index], kept);
    return status;
}

/* Puts a copy that may be changed in the visited's place: snapshots share the old one. */
static Status renew(VisitedPlan **visited, VisitedPlans *plans, size_t index, Message *message)
{
    VisitedPlan *old = plans->visited[index];
    *visited = new_visited(old->plan);
    if (!*visited) return status_no_memory(message, "a visited plan");
    (*visited)->number = old->number;
    (*visited)->totals = old->totals;
    (*visited)->activation_bytes = old->activation_bytes;
    set_measurements(*visited, old);
    plans->visited[index] = *visited;
    visited_plan_drop(old);
    return STATUS_OK;
}

static double relative(double norm, const Ladder *ladder)
{
    return norm == 0 ? 0 : norm / ladder->output_norm;
}

Status visited_set_ladder(VisitedPlans *plans, size_t index, Ladder *ladder, Message *message)
{
    Findings *findings = &plans->findings[index];
    VisitedPlan *visited;
    Status status = renew(&visited, plans, index, message);
    if (status != STATUS_OK) {
        ladder_free(ladder);
        return status;
    }
    ladder_free(&findings->ladder);
    findings->ladder = *ladder;
    findings->has_ladder = true;
    *ladder = (Ladder){0};
    visited->bounded = true;
    visited->measured = relative(findings->ladder.measured, &findings->ladder);
    visited->hybrid = relative(findings->ladder.hybrid, &findings->ladder);
    visited->spectral = relative(findings->ladder.spectral, &findings->ladder);
    memcpy(visited->certified, findings->ladder.certified, sizeof visited->certified);
    visited->certified_of = findings->ladder.images;
    return STATUS_OK;
}

void visited_set_changes(VisitedPlans *plans, size_t index, ChangedImages *changes)
{
    changed_images_drop(plans->findings[index].changes);
    plans->findings[index].changes = changes;
    visited_set_ledger(plans, index, NULL);
}

void visited_set_ledger(VisitedPlans *plans, size_t index, Ledger *ledger)
{
    ledger_drop(plans->findings[index].ledger);
    plans->findings[index].ledger = ledger;
}

Status visited_set_accuracy(VisitedPlans *plans, size_t index, const Evaluation *accuracy, Message *message)
{
    VisitedPlan *visited;
    Status status = renew(&visited, plans, index, message);
    if (status != STATUS_OK) return status;
    visited->evaluated = true;
    visited->accuracy = *accuracy;
    plans->findings[index].has_accuracy = true;
    return STATUS_OK;
}
