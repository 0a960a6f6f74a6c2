/* SPDX-License-Identifier: MIT */
#include "choose/front.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 64     /* states before that may dominate one, with several costs */
#define BISECTIONS 60 /* per multiplier */
#define CYCLES 12     /* through the multipliers of several budgets */
#define ROUNDING 1e-9 /* of sums, relative */

/* A partial pick: a choice per set, of the first sets. */
typedef struct State {
    Choice sum;
    uint32_t parent; /* among the states of the set before */
    uint8_t pick;
} State;

typedef struct Step {
    uint32_t parent;
    uint8_t pick;
} Step;

typedef struct Search {
    const ChoiceSet *sets;
    size_t set_count;
    size_t *order;            /* [set_count], in which sets are taken: those that decide most come first */
    size_t most_states;       /* kept per set */
    CostKind axis;            /* that states are sorted by */
    bool counts[COST_COUNT];  /* costs that matter */
    const CostLimits *limits; /* NULL: the whole front */
    double multipliers[COST_COUNT];
    double *least;          /* [set_count + 1][COST_COUNT], of the sets from here on */
    double *relaxed;        /* [set_count + 1], least error + u . cost of the sets from here on */
    double best;            /* error of the best pick known, INFINITY where none is */
    State *states, *merged; /* [state_count], and room to merge */
    size_t state_count, room;
    Step **steps;  /* [set_count], how each state of that set came about */
    bool complete; /* no state was dropped that might have mattered */
} Search;

void choice_add(Choice *sum, const Choice *choice)
{
    sum->error += choice->error;
    for (int k = 0; k < COST_COUNT; k++) sum->costs[k] += choice->costs[k];
}

Choice front_sum(const ChoiceSet *sets, size_t set_count, const uint8_t *picks)
{
    Choice sum = {0};
    for (size_t s = 0; s < set_count; s++) choice_add(&sum, &sets[s].choices[picks[s]]);
    return sum;
}

CostLimits cost_limits_none(void)
{
    CostLimits limits;
    for (int k = 0; k < COST_COUNT; k++) limits.most[k] = INFINITY;
    return limits;
}

static bool within(const Choice *sum, const CostLimits *limits)
{
    for (int k = 0; k < COST_COUNT; k++)
        if (sum->costs[k] > limits->most[k]) return false;
    return true;
}

/* --- states ------------------------------------------------------------------------------------------ */

static bool comes_first(const Search *search, const State *a, const State *b)
{
    const double cost_a = a->sum.costs[search->axis], cost_b = b->sum.costs[search->axis];
    return cost_a < cost_b || (cost_a == cost_b && a->sum.error <= b->sum.error);
}

/* Whether a state of the first `done` sets may still lead to a better pick than the best known. */
static bool may_lead(const Search *search, const Choice *sum, size_t done)
{
    if (!search->limits) return true;
    double bound = sum->error + search->relaxed[done];
    for (int k = 0; k < COST_COUNT; k++) {
        const double most = search->limits->most[k];
        if (isinf(most)) continue;
        if (sum->costs[k] + search->least[done * COST_COUNT + (size_t)k] > most * (1 + ROUNDING))
            return false;
        bound += search->multipliers[k] * (sum->costs[k] - most);
    }
    return bound <= search->best + ROUNDING * fabs(search->best);
}

/* Appends the run of all states with one choice of the set more; sorted, as the states are. */
static size_t extend(State *run, const Search *search, size_t set, size_t pick)
{
    size_t count = 0;
    for (size_t i = 0; i < search->state_count; i++) {
        State *state = &run[count];
        *state = (State){search->states[i].sum, (uint32_t)i, (uint8_t)pick};
        choice_add(&state->sum, &search->sets[search->order[set]].choices[pick]);
        count += may_lead(search, &state->sum, set + 1);
    }
    return count;
}

static void merge(State *out, const Search *search, const State *a, size_t a_count, const State *b,
                  size_t b_count)
{
    while (a_count && b_count) {
        const bool first = comes_first(search, a, b);
        *out++ = first ? *a++ : *b++;
        first ? a_count-- : b_count--;
    }
    memcpy(out, a, a_count * sizeof *a);
    memcpy(out + a_count, b, b_count * sizeof *b);
}

/* Merges neighbouring runs until one is left: runs [run_count + 1] are where each starts, and the end. */
static void merge_runs(Search *search, size_t *runs, size_t run_count)
{
    while (run_count > 1) {
        size_t merged = 0;
        for (size_t r = 0; r < run_count; r += 2) {
            const size_t start = runs[r], middle = runs[r + 1],
                         end = r + 1 < run_count ? runs[r + 2] : middle;
            merge(search->merged + start, search, search->states + start, middle - start,
                  search->states + middle, end - middle);
            runs[merged++] = start;
        }
        runs[merged] = runs[run_count];
        run_count = merged;
        State *const swap = search->states;
        search->states = search->merged;
        search->merged = swap;
    }
}

static bool beats(const Search *search, const State *a, const State *b)
{
    if (a->sum.error > b->sum.error) return false;
    for (int k = 0; k < COST_COUNT; k++)
        if (search->counts[k] && a->sum.costs[k] > b->sum.costs[k]) return false;
    return true;
}

/* Drops states that one before them beats. With one cost, the last one kept beats all that any beats. */
static void drop_beaten(Search *search)
{
    size_t several = 0, kept = 0;
    for (int k = 0; k < COST_COUNT; k++) several += search->counts[k];
    const size_t window = several > 1 ? WINDOW : 1;
    for (size_t i = 0; i < search->state_count; i++) {
        bool beaten = false;
        for (size_t j = 1; j <= window && j <= kept && !beaten; j++)
            beaten = beats(search, &search->states[kept - j], &search->states[i]);
        if (!beaten) search->states[kept++] = search->states[i];
    }
    search->state_count = kept;
}

/* Keeps the state of least error in each of most_states / 2 steps of cost, the first state always. */
static void thin(Search *search)
{
    if (search->state_count <= search->most_states) return;
    const double low = search->states[0].sum.costs[search->axis];
    const double high = search->states[search->state_count - 1].sum.costs[search->axis];
    size_t kept = 1, newest = SIZE_MAX;
    for (size_t i = 1; i < search->state_count; i++) {
        const double place = (search->states[i].sum.costs[search->axis] - low) / (high - low);
        const size_t bin = (size_t)(place * (double)(search->most_states / 2 - 1));
        if (bin != newest)
            search->states[kept++] = search->states[i];
        else if (search->states[i].sum.error < search->states[kept - 1].sum.error)
            search->states[kept - 1] = search->states[i];
        newest = bin;
    }
    search->state_count = kept;
    search->complete = false;
}

static Status make_room(Search *search, size_t room, Message *message)
{
    if (room <= search->room) return STATUS_OK;
    State *states = reallocarray(search->states, room, sizeof *states);
    if (states) search->states = states;
    State *merged = states ? reallocarray(search->merged, room, sizeof *merged) : NULL;
    if (merged) search->merged = merged;
    if (!merged) return status_no_memory(message, "the front");
    search->room = room;
    return STATUS_OK;
}

static Status keep_steps(Search *search, size_t set, Message *message)
{
    free(search->steps[set]);
    search->steps[set] = NULL;
    Step *steps = malloc((search->state_count + 1) * sizeof *steps);
    if (!steps) return status_no_memory(message, "the front");
    for (size_t i = 0; i < search->state_count; i++)
        steps[i] = (Step){search->states[i].parent, search->states[i].pick};
    search->steps[set] = steps;
    return STATUS_OK;
}

static Status add_set(Search *search, size_t set, Message *message)
{
    const size_t count = search->sets[search->order[set]].count, before = search->state_count;
    size_t runs[FRONT_MOST_CHOICES + 1] = {0};
    Status status = make_room(search, (before + 1) * count, message);
    if (status != STATUS_OK) return status;
    for (size_t c = 0; c < count; c++)
        runs[c + 1] = runs[c] + extend(search->merged + runs[c], search, set, c);
    State *const swap = search->states;
    search->states = search->merged;
    search->merged = swap;
    search->state_count = runs[count];
    merge_runs(search, runs, count);
    drop_beaten(search);
    thin(search);
    return keep_steps(search, set, message);
}

static Status search_all(Search *search, Message *message)
{
    Status status = make_room(search, 1, message);
    if (status != STATUS_OK) return status;
    search->states[0] = (State){0};
    search->state_count = 1;
    search->complete = true;
    for (size_t s = 0; status == STATUS_OK && s < search->set_count; s++)
        status = add_set(search, s, message);
    return status;
}

static void trace_back(uint8_t *picks, const Search *search, size_t state)
{
    for (size_t s = search->set_count; s-- > 0;) {
        picks[search->order[s]] = search->steps[s][state].pick;
        state = search->steps[s][state].parent;
    }
}

static Status search_create(Search *search, const ChoiceSet *sets, size_t set_count, Message *message)
{
    *search = (Search){.sets = sets, .set_count = set_count, .most_states = FRONT_STATES, .best = INFINITY};
    search->order = calloc(set_count + 1, sizeof *search->order);
    search->steps = calloc(set_count + 1, sizeof *search->steps);
    search->least = calloc((set_count + 1) * COST_COUNT, sizeof *search->least);
    search->relaxed = calloc(set_count + 1, sizeof *search->relaxed);
    for (size_t s = 0; search->order && s < set_count; s++) search->order[s] = s;
    return search->order && search->steps && search->least && search->relaxed
               ? STATUS_OK
               : status_no_memory(message, "the front");
}

static void search_free(Search *search)
{
    for (size_t s = 0; search->steps && s < search->set_count; s++) free(search->steps[s]);
    free(search->order);
    free(search->steps);
    free(search->least);
    free(search->relaxed);
    free(search->states);
    free(search->merged);
}

/* --- the whole front --------------------------------------------------------------------------------- */

void front_free(Front *front)
{
    if (!front) return;
    free(front->points);
    free(front->picks);
    free(front);
}

static Status take_front(Front **result, const Search *search, Message *message)
{
    Front *front = calloc(1, sizeof *front);
    *result = front;
    if (!front) return status_no_memory(message, "the front");
    front->cost = search->axis;
    front->exact = search->complete;
    front->count = search->state_count;
    front->set_count = search->set_count;
    front->points = calloc(front->count + 1, sizeof *front->points);
    front->picks = calloc(front->count + 1, search->set_count + 1);
    if (!front->points || !front->picks) return status_no_memory(message, "the front");
    for (size_t i = 0; i < front->count; i++) {
        front->points[i] = search->states[i].sum;
        trace_back(front->picks + i * front->set_count, search, i);
    }
    return STATUS_OK;
}

Status front_create(Front **front, const ChoiceSet *sets, size_t set_count, CostKind cost, Message *message)
{
    *front = NULL;
    Search search;
    Status status = search_create(&search, sets, set_count, message);
    search.axis = cost;
    search.counts[cost] = true;
    if (status == STATUS_OK) status = search_all(&search, message);
    if (status == STATUS_OK) status = take_front(front, &search, message);
    search_free(&search);
    if (status == STATUS_OK) return status;
    front_free(*front);
    *front = NULL;
    return status;
}

size_t front_find(const Front *front, double most)
{
    size_t low = 0, high = front->count; /* points before `low` cost at most that, from `high` on more */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (front->points[middle].costs[front->cost] <= most)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : front->count;
}

/* --- the Lagrangian bound ---------------------------------------------------------------------------- */

static double relaxed_value(const Choice *choice, const double multipliers[COST_COUNT])
{
    double value = choice->error;
    for (int k = 0; k < COST_COUNT; k++) value += multipliers[k] * choice->costs[k];
    return value;
}

/* Sets picks[set_count] to each set's least error + u . cost. */
static void pick_relaxed(uint8_t *picks, const Search *search, const double multipliers[COST_COUNT])
{
    for (size_t s = 0; s < search->set_count; s++) {
        const ChoiceSet *set = &search->sets[s];
        double least = INFINITY;
        for (size_t c = 0; c < set->count; c++) {
            const double value = relaxed_value(&set->choices[c], multipliers);
            if (value < least) picks[s] = (uint8_t)c;
            least = fmin(least, value);
        }
    }
}

/* Changes one choice at a time, the largest fall of the error first, while the limits allow one. */
static void improve(uint8_t *picks, const Search *search)
{
    for (;;) {
        const Choice sum = front_sum(search->sets, search->set_count, picks);
        size_t best_set = 0, best_pick = 0;
        double best_fall = 0;
        for (size_t s = 0; s < search->set_count; s++) {
            const Choice *old = &search->sets[s].choices[picks[s]];
            for (size_t c = 0; c < search->sets[s].count; c++) {
                const Choice *choice = &search->sets[s].choices[c];
                Choice changed = {0};
                for (int k = 0; k < COST_COUNT; k++)
                    changed.costs[k] = sum.costs[k] - old->costs[k] + choice->costs[k];
                if (old->error - choice->error <= best_fall || !within(&changed, search->limits)) continue;
                best_set = s, best_pick = c, best_fall = old->error - choice->error;
            }
        }
        if (best_fall <= 0) return;
        picks[best_set] = (uint8_t)best_pick;
    }
}

/* Takes a pick that the limits allow as the best known, where it is better. */
static void offer(Search *search, uint8_t *best, const uint8_t *picks)
{
    const Choice sum = front_sum(search->sets, search->set_count, picks);
    if (!within(&sum, search->limits) || sum.error >= search->best) return;
    search->best = sum.error;
    memcpy(best, picks, search->set_count);
}

/* Sets u_k, the others fixed, to where the relaxed picks' cost k crosses its limit: the largest bound. */
static void fit_multiplier(Search *search, int k, uint8_t *best, uint8_t *picks)
{
    double *multiplier = &search->multipliers[k], low = 0;
    *multiplier = 0;
    pick_relaxed(picks, search, search->multipliers);
    offer(search, best, picks);
    const Choice free_sum = front_sum(search->sets, search->set_count, picks);
    if (free_sum.costs[k] <= search->limits->most[k]) return;
    double high = fmax(free_sum.error, 1e-300) / fmax(search->limits->most[k], 1e-300);
    for (int i = 0; i < BISECTIONS; i++) {
        *multiplier = high;
        pick_relaxed(picks, search, search->multipliers);
        if (front_sum(search->sets, search->set_count, picks).costs[k] <= search->limits->most[k]) break;
        low = high;
        high *= 8;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        *multiplier = low + (high - low) / 2;
        pick_relaxed(picks, search, search->multipliers);
        const bool fits =
            front_sum(search->sets, search->set_count, picks).costs[k] <= search->limits->most[k];
        if (fits) offer(search, best, picks);
        *(fits ? &high : &low) = *multiplier;
    }
    *multiplier = high;
}

static void fit_multipliers(Search *search, uint8_t *best, uint8_t *picks)
{
    int limited = 0;
    for (int k = 0; k < COST_COUNT; k++) limited += search->counts[k];
    for (int cycle = 0; cycle < (limited > 1 ? CYCLES : 1); cycle++)
        for (int k = 0; k < COST_COUNT; k++)
            if (search->counts[k]) fit_multiplier(search, k, best, picks);
    if (isinf(search->best)) return;
    memcpy(picks, best, search->set_count);
    improve(picks, search);
    offer(search, best, picks);
}

typedef struct Weighed {
    size_t set;
    double spread; /* of error + u . cost over the set's choices */
} Weighed;

static int by_spread(const void *a, const void *b)
{
    const Weighed *one = a, *other = b;
    if (one->spread != other->spread) return one->spread < other->spread ? 1 : -1;
    return one->set < other->set ? -1 : one->set > other->set;
}

/* Sets whose choices differ most in error + u . cost come first: most partial picks are dropped early. */
static Status order_sets(Search *search, Message *message)
{
    Weighed *weighed = calloc(search->set_count + 1, sizeof *weighed);
    if (!weighed) return status_no_memory(message, "the front");
    for (size_t s = 0; s < search->set_count; s++) {
        const ChoiceSet *set = &search->sets[s];
        double least = INFINITY, most = -INFINITY;
        for (size_t c = 0; c < set->count; c++) {
            const double value = relaxed_value(&set->choices[c], search->multipliers);
            least = fmin(least, value);
            most = fmax(most, value);
        }
        weighed[s] = (Weighed){s, most - least};
    }
    qsort(weighed, search->set_count, sizeof *weighed, by_spread);
    for (size_t s = 0; s < search->set_count; s++) search->order[s] = weighed[s].set;
    free(weighed);
    return STATUS_OK;
}

/* The least cost, and the least error + u . cost, of the sets from each one on. */
static void sum_rests(Search *search)
{
    for (size_t s = search->set_count; s-- > 0;) {
        const ChoiceSet *set = &search->sets[search->order[s]];
        double relaxed = INFINITY;
        for (size_t c = 0; c < set->count; c++)
            relaxed = fmin(relaxed, relaxed_value(&set->choices[c], search->multipliers));
        search->relaxed[s] = search->relaxed[s + 1] + relaxed;
        for (size_t k = 0; k < COST_COUNT; k++) {
            double least = INFINITY;
            for (size_t c = 0; c < set->count; c++) least = fmin(least, set->choices[c].costs[k]);
            search->least[s * COST_COUNT + k] = search->least[(s + 1) * COST_COUNT + k] + least;
        }
    }
}

/* --- within budgets ---------------------------------------------------------------------------------- */

static Status check_reachable(const Search *search, Message *message)
{
    for (int k = 0; k < COST_COUNT; k++) {
        const double least = search->least[k], most = search->limits->most[k];
        if (least > most && k == COST_BYTES)
            return status_fail(
                message, STATUS_INVALID,
                "a budget of %.0f bytes is below the smallest plan, which takes %.0f bytes (%.1f KiB)", most,
                least, least / 1024);
        if (least > most)
            return status_fail(message, STATUS_INVALID,
                               "a budget of %s=%.6g is below the smallest plan, which takes %.6g",
                               cost_name((CostKind)k), most, least);
    }
    return STATUS_OK;
}

/* Takes the state of least error, where it is no worse than the best pick known. */
static void take_best(uint8_t *best, Search *search)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < search->state_count; i++) {
        const Choice *sum = &search->states[i].sum;
        if (!within(sum, search->limits) || sum->error > search->best) continue;
        if (found == SIZE_MAX || sum->error < search->best) found = i;
        search->best = sum->error;
    }
    if (found != SIZE_MAX) trace_back(best, search, found);
}

/* With several budgets a narrow search first finds a good pick, which lets the wide one drop more. */
static Status search_best(uint8_t *best, Search *search, Message *message)
{
    static const size_t one[] = {FRONT_STATES, 0}, several[] = {FRONT_STATES / 32, FRONT_STATES / 4, 0};
    int limited = 0;
    for (int k = 0; k < COST_COUNT; k++) limited += search->counts[k];
    for (const size_t *states = limited > 1 ? several : one; *states; states++) {
        search->most_states = *states;
        Status status = search_all(search, message);
        if (status != STATUS_OK) return status;
        take_best(best, search);
        if (search->complete) return STATUS_OK;
    }
    return STATUS_OK;
}

static Status search_within(uint8_t *best, uint8_t *picks, Search *search, Message *message)
{
    sum_rests(search);
    Status status = check_reachable(search, message);
    if (status != STATUS_OK) return status;
    fit_multipliers(search, best, picks);
    status = order_sets(search, message);
    sum_rests(search);
    if (status == STATUS_OK) status = search_best(best, search, message);
    if (status != STATUS_OK || !isinf(search->best)) return status;
    return status_fail(message, STATUS_INVALID,
                       "no plan is within all budgets at once: each alone can be reached");
}

Status front_within(uint8_t *picks, Choice *point, bool *proven, const ChoiceSet *sets, size_t set_count,
                    const CostLimits *limits, Message *message)
{
    Search search;
    Status status = search_create(&search, sets, set_count, message);
    uint8_t *trial = calloc(1, set_count + 1);
    if (!trial && status == STATUS_OK) status = status_no_memory(message, "the front");
    search.limits = limits;
    for (int k = COST_COUNT - 1; k >= 0; k--) {
        search.counts[k] = !isinf(limits->most[k]);
        if (search.counts[k]) search.axis = (CostKind)k;
    }
    search.counts[search.axis] = true;
    if (status == STATUS_OK) status = search_within(picks, trial, &search, message);
    if (status == STATUS_OK) {
        *point = front_sum(sets, set_count, picks);
        *proven = search.complete;
    }
    free(trial);
    search_free(&search);
    return status;
}
