/* SPDX-License-Identifier: MIT */
#include "explore/snapshot.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

VisitedPlan *visited_plan_hold(VisitedPlan *visit)
{
    atomic_fetch_add_explicit(&visit->references, 1, memory_order_relaxed);
    return visit;
}

void visited_plan_drop(VisitedPlan *visit)
{
    if (!visit || atomic_fetch_sub_explicit(&visit->references, 1, memory_order_acq_rel) != 1) return;
    plan_drop(visit->plan);
    free(visit);
}

Snapshot *snapshot_hold(Snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

static void release(Snapshot *snapshot)
{
    for (size_t l = 0; snapshot->layers && l < snapshot->layer_count; l++)
        solved_drop(snapshot->layers[l].solved);
    for (size_t i = 0; snapshot->visited && i < snapshot->visited_count; i++)
        visited_plan_drop(snapshot->visited[i]);
    plan_drop(snapshot->plan);
    changed_images_drop(snapshot->changes);
    ledger_drop(snapshot->ledger);
    free(snapshot->layers);
    free(snapshot->trace);
    free(snapshot->norms);
    ladder_free(&snapshot->ladder);
    free(snapshot->visited);
    forecast_free(&snapshot->forecast);
    free(snapshot);
}

void snapshot_drop(Snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1) return;
    release(snapshot);
}

/* NULL of nothing; *enough turns false where there is no memory. */
static void *copy_array(const void *array, size_t count, size_t size, bool *enough)
{
    if (!array) return NULL;
    void *copy = calloc(size_max(count, 1), size);
    if (copy)
        memcpy(copy, array, count * size);
    else
        *enough = false;
    return copy;
}

/* In the place of the draft's arrays copies of them, or NULL. */
static bool copy_arrays(Snapshot *copy, const Snapshot *draft)
{
    bool enough = true;
    copy->layers = copy_array(draft->layers, draft->layer_count, sizeof *draft->layers, &enough);
    copy->trace = copy_array(draft->trace, draft->trace_count, sizeof *draft->trace, &enough);
    copy->norms = copy_array(draft->norms, draft->node_count, sizeof *draft->norms, &enough);
    copy->forecast.layers = copy_array(draft->forecast.layers, draft->forecast.layer_count,
                                       sizeof *draft->forecast.layers, &enough);
    copy->visited = copy_array(draft->visited, draft->visited_count, sizeof *draft->visited, &enough);
    copy->ladder.steps =
        copy_array(draft->ladder.steps, draft->ladder.layer_count, sizeof *draft->ladder.steps, &enough);
    return enough;
}

static void hold_parts(Snapshot *copy)
{
    for (size_t l = 0; copy->layers && l < copy->layer_count; l++)
        if (copy->layers[l].solved) solved_hold(copy->layers[l].solved);
    for (size_t i = 0; copy->visited && i < copy->visited_count; i++) visited_plan_hold(copy->visited[i]);
}

Status snapshot_create(Snapshot **result, const Snapshot *draft, Message *message)
{
    *result = NULL;
    Snapshot *copy = malloc(sizeof *copy);
    if (!copy) return status_no_memory(message, "a snapshot");
    memcpy(copy, draft, sizeof *copy);
    atomic_init(&copy->references, 1);
    plan_hold(copy->plan);
    changed_images_hold(copy->changes);
    ledger_hold(copy->ledger);
    bool enough = copy_arrays(copy, draft);
    hold_parts(copy);
    if (!enough) {
        release(copy);
        return status_no_memory(message, "a snapshot");
    }
    *result = copy;
    return STATUS_OK;
}
