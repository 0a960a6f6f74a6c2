/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "views/visited_order.h"

#include "base/sizes.h"
#include "views/visited_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t plans_differ(const Plan *a, const Plan *b)
{
    size_t count = 0;
    for (size_t l = 0; l < a->layer_count; l++)
        count += memcmp(&a->layers[l], &b->layers[l], sizeof a->layers[l]) != 0;
    return count;
}

static double bound_of(const VisitedPlan *visited, double bound)
{
    return visited->bounded ? bound : NAN;
}

/* What a numeric column is sorted by; NAN where it is not known. */
static double numeric_key(const Scene *scene, size_t index)
{
    const VisitedPlan *visited = scene->snapshot->visited[index];
    switch (scene->visited_sort) {
    case VISITED_WEIGHT_BITS:
        return visited->totals.average_weight_bits;
    case VISITED_ACTIVATION_BITS:
        return average_activation_bits(visited->plan, scene->network);
    case VISITED_SIZE:
        return (double)visited->totals.bytes;
    case VISITED_BITOPS:
        return visited->totals.bitops;
    case VISITED_ACTIVATION_BYTES:
        return (double)visited->activation_bytes;
    case VISITED_SCORE:
        return visited_score(visited);
    case VISITED_CHANGE:
        return visited_change(visited);
    case VISITED_CERTIFIED:
        return visited_certified(visited);
    case VISITED_MEASURED:
        return bound_of(visited, visited->measured);
    case VISITED_HYBRID:
        return bound_of(visited, visited->hybrid);
    case VISITED_SPECTRAL:
        return bound_of(visited, visited->spectral);
    case VISITED_DIFFERS:
        return (double)plans_differ(visited->plan, scene->plan);
    default:
        return (double)visited->number;
    }
}

static int compare_numbers(double a, double b, bool descending)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    const int sign = (a > b) - (a < b);
    return descending ? -sign : sign;
}

/* Empty texts come last. */
static int compare_texts(const char *a, const char *b, bool descending)
{
    if (!a[0] || !b[0]) return !a[0] - !b[0];
    return descending ? strverscmp(b, a) : strverscmp(a, b);
}

static int compare_plans(const void *left, const void *right, void *context)
{
    const Scene *scene = context;
    const size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const bool descending = scene->visited_descending;
    int sign;
    switch (scene->visited_sort) {
    case VISITED_NAME:
        sign = compare_texts(visited_note(scene, a)->name, visited_note(scene, b)->name, descending);
        break;
    case VISITED_NOTE:
        sign = compare_texts(visited_note(scene, a)->note, visited_note(scene, b)->note, descending);
        break;
    case VISITED_METHOD:
        sign = compare_texts(visited_method(scene->snapshot->visited[a]),
                             visited_method(scene->snapshot->visited[b]), descending);
        break;
    default:
        sign = compare_numbers(numeric_key(scene, a), numeric_key(scene, b), descending);
    }
    return sign ? sign : (a > b) - (a < b);
}

static bool is_shown(const Scene *scene, size_t index)
{
    if (visited_note(scene, index)->deleted) return false;
    return !scene->visited_evaluated_only || scene->snapshot->visited[index]->evaluated;
}

size_t *visited_order(size_t *count, const Scene *scene)
{
    *count = 0;
    if (!scene->snapshot) return NULL;
    const size_t all = scene->snapshot->visited_count;
    size_t *order = calloc(size_max(all, 1), sizeof *order);
    for (size_t i = 0; order && i < all; i++)
        if (is_shown(scene, i)) order[(*count)++] = i;
    if (order) qsort_r(order, *count, sizeof *order, compare_plans, (void *)scene);
    return order;
}
