/* SPDX-License-Identifier: MIT */
#include "explore/chooser.h"

#include "base/sizes.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_BITS 8
#define WIDTHS (BITS_MAX + 1)

/* Layers that are chosen together: one, or those that are tied. */
typedef struct Member {
    size_t set;
    bool pinned;
} Member;

struct Chooser {
    const Network *network;
    const Plan *plan;  /* held */
    Forecast forecast; /* a copy */
    ChooseRules rules; /* without its arrays */
    Member *members;   /* [layer_count] */
    size_t set_count;
    ChoiceSet *sets;     /* [set_count] */
    Choice *choices;     /* [set_count][FRONT_MOST_CHOICES] */
    LayerWidths *widths; /* the same: of each choice; for pinned layers the plan's count */
};

ChooseRules choose_rules(void)
{
    return (ChooseRules){.weight_widths = CHOOSE_ALL_WIDTHS};
}

/* --- costs ------------------------------------------------------------------------------------------- */

static Choice layer_choice(const Plan *plan, const Network *network, const Forecast *forecast,
                           const LatencyTable *latency, size_t layer, LayerWidths widths)
{
    const Layer *of = &network->layers[layer];
    Choice choice = {.error = forecast_layer(forecast, layer, widths)};
    const size_t scales = layer_input_scales(of, widths.activation_bits, plan->options.error_compensated);
    choice.costs[COST_BYTES] = (double)layer_cost_bytes(of, widths.weight_bits, scales);
    choice.costs[COST_BITOPS] = layer_cost_bitops(of, widths.weight_bits, widths.activation_bits);
    if (latency)
        choice.costs[COST_LATENCY] = latency_of(latency, layer, widths.weight_bits, widths.activation_bits);
    return choice;
}

Choice plan_choice(const Plan *plan, const Network *network, const Forecast *forecast,
                   const LatencyTable *latency)
{
    Choice sum = {0};
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerWidths widths = {plan->layers[l].weight_bits, plan->layers[l].activation_bits};
        const Choice choice = layer_choice(plan, network, forecast, latency, l, widths);
        choice_add(&sum, &choice);
    }
    return sum;
}

/* --- sets -------------------------------------------------------------------------------------------- */

static bool is_end(const Chooser *chooser, size_t layer)
{
    const Layer *of = &chooser->network->layers[layer];
    return !chooser->rules.free_ends && (of->first || of->last);
}

static bool is_pinned(const Chooser *chooser, const ChooseRules *rules, size_t layer)
{
    const LayerPlan *as_is = &chooser->plan->layers[layer];
    return (rules->pinned && rules->pinned[layer]) || as_is->weight_bits == BITS_FLOAT ||
           as_is->grid != GRID_UNIFORM;
}

/* Ends and pinned layers are sets of their own; other layers with the same tie share one. */
static void make_sets(Chooser *chooser, const ChooseRules *rules)
{
    for (size_t l = 0; l < chooser->network->layer_count; l++) {
        Member *member = &chooser->members[l];
        member->pinned = is_pinned(chooser, rules, l);
        member->set = NO_INDEX;
        for (size_t k = 0; k < l && rules->tied && rules->tied[l]; k++)
            if (rules->tied[k] == rules->tied[l]) member->set = chooser->members[k].set;
        if (member->set == NO_INDEX) member->set = chooser->set_count++;
    }
}

/* Whether a layer may have these widths. */
static bool may_have(const Chooser *chooser, size_t layer, LayerWidths widths)
{
    const LayerPlan *as_is = &chooser->plan->layers[layer];
    const ChooseRules *rules = &chooser->rules;
    if (chooser->members[layer].pinned) return widths.weight_bits == as_is->weight_bits;
    if (widths.weight_bits < BITS_MIN) return false;
    if (is_end(chooser, layer) && widths.weight_bits != END_BITS) return false;
    if (!is_end(chooser, layer) && !(rules->weight_widths & 1u << widths.weight_bits)) return false;
    return true;
}

/* The widths of a layer in a choice of its set: inputs of the network stay float, pinned layers as they are.
 */
static LayerWidths widths_in(const Chooser *chooser, size_t layer, LayerWidths chosen)
{
    const LayerPlan *as_is = &chooser->plan->layers[layer];
    if (chooser->members[layer].pinned) return (LayerWidths){as_is->weight_bits, as_is->activation_bits};
    if (chooser->network->layers[layer].first)
        chosen.activation_bits = BITS_FLOAT;
    else if (!chooser->rules.activation_widths && !chooser->rules.same_widths)
        chosen.activation_bits = as_is->activation_bits;
    return chosen;
}

/* Adds a choice to a set where all its layers may have it and its latency is known. */
static void try_choice(Chooser *chooser, size_t set, LayerWidths widths, const LatencyTable *latency)
{
    Choice sum = {0};
    ChoiceSet *of = &chooser->sets[set];
    for (size_t l = 0; l < chooser->network->layer_count; l++) {
        if (chooser->members[l].set != set) continue;
        if (!may_have(chooser, l, widths)) return;
        const Choice choice = layer_choice(chooser->plan, chooser->network, &chooser->forecast, latency, l,
                                           widths_in(chooser, l, widths));
        if (isnan(choice.error) || isnan(choice.costs[COST_LATENCY])) return;
        choice_add(&sum, &choice);
    }
    if (of->count == FRONT_MOST_CHOICES) return;
    chooser->choices[set * FRONT_MOST_CHOICES + of->count] = sum;
    chooser->widths[set * FRONT_MOST_CHOICES + of->count++] = widths;
}

static void fill_set(Chooser *chooser, size_t set, const LatencyTable *latency)
{
    const ChooseRules *rules = &chooser->rules;
    chooser->sets[set] = (ChoiceSet){0, chooser->choices + set * FRONT_MOST_CHOICES};
    for (unsigned w = 0; w < WIDTHS; w++) {
        if (rules->same_widths)
            try_choice(chooser, set, (LayerWidths){(uint8_t)w, (uint8_t)w}, latency);
        else if (!rules->activation_widths)
            try_choice(chooser, set, (LayerWidths){(uint8_t)w, BITS_FLOAT}, latency);
        for (unsigned a = BITS_MIN; a < WIDTHS && !rules->same_widths; a++)
            if (rules->activation_widths & 1u << a)
                try_choice(chooser, set, (LayerWidths){(uint8_t)w, (uint8_t)a}, latency);
    }
}

/* Why a set has no choice. */
static Status explain_empty(const Chooser *chooser, size_t set, const LatencyTable *latency, Message *message)
{
    size_t first = NO_INDEX, pinned = NO_INDEX;
    for (size_t l = 0; l < chooser->network->layer_count; l++) {
        if (chooser->members[l].set != set) continue;
        if (first == NO_INDEX) first = l;
        if (!chooser->members[l].pinned) continue;
        if (pinned != NO_INDEX &&
            chooser->plan->layers[l].weight_bits != chooser->plan->layers[pinned].weight_bits)
            return status_fail(message, STATUS_INVALID,
                               "layers '%s' and '%s' are tied, and pinned to different bit widths",
                               chooser->network->layers[pinned].name, chooser->network->layers[l].name);
        pinned = l;
    }
    const char *name = chooser->network->layers[first].name;
    if (latency)
        return status_fail(message, STATUS_INVALID,
                           "'%s' has no row for layer '%s' at any bit width that may be chosen",
                           latency_path(latency), name);
    if (pinned != NO_INDEX)
        return status_fail(message, STATUS_INVALID,
                           "layer '%s' is pinned to a width that the layers tied to it may not have",
                           chooser->network->layers[pinned].name);
    return status_fail(message, STATUS_INVALID, "layer '%s' has no bit width left to choose", name);
}

static Status fill_sets(Chooser *chooser, const LatencyTable *latency, Message *message)
{
    for (size_t s = 0; s < chooser->set_count; s++) {
        fill_set(chooser, s, latency);
        if (chooser->sets[s].count == 0) return explain_empty(chooser, s, latency, message);
    }
    return STATUS_OK;
}

void chooser_free(Chooser *chooser)
{
    if (!chooser) return;
    plan_drop(chooser->plan);
    forecast_free(&chooser->forecast);
    free(chooser->members);
    free(chooser->sets);
    free(chooser->choices);
    free(chooser->widths);
    free(chooser);
}

static Status allocate(Chooser *chooser, Message *message)
{
    const size_t layers = chooser->network->layer_count;
    chooser->members = calloc(layers + 1, sizeof *chooser->members);
    chooser->sets = calloc(layers + 1, sizeof *chooser->sets);
    chooser->choices = calloc(layers + 1, FRONT_MOST_CHOICES * sizeof *chooser->choices);
    chooser->widths = calloc(layers + 1, FRONT_MOST_CHOICES * sizeof *chooser->widths);
    return chooser->members && chooser->sets && chooser->choices && chooser->widths
               ? STATUS_OK
               : status_no_memory(message, "the choice of a plan");
}

Status chooser_create(Chooser **result, const Network *network, const Plan *plan, const Forecast *forecast,
                      const ChooseRules *rules, Message *message)
{
    *result = NULL;
    if (!forecast_ready(forecast))
        return status_fail(message, STATUS_INVALID, "the layers' sensitivities are not known yet");
    Chooser *chooser = calloc(1, sizeof *chooser);
    if (!chooser) return status_no_memory(message, "the choice of a plan");
    chooser->network = network;
    chooser->plan = plan_hold(plan);
    chooser->rules = *rules;
    chooser->rules.pinned = NULL;
    chooser->rules.tied = NULL;
    chooser->rules.latency = NULL;
    Status status = allocate(chooser, message);
    if (status == STATUS_OK) status = forecast_copy(&chooser->forecast, forecast, message);
    if (status == STATUS_OK) {
        make_sets(chooser, rules);
        status = fill_sets(chooser, rules->latency, message);
    }
    if (status == STATUS_OK)
        *result = chooser;
    else
        chooser_free(chooser);
    return status;
}

/* --- choosing ---------------------------------------------------------------------------------------- */

Status chooser_plan(Plan **plan, const Chooser *chooser, const uint8_t *picks, Message *message)
{
    Status status = plan_copy(plan, chooser->plan, message);
    for (size_t l = 0; status == STATUS_OK && l < chooser->network->layer_count; l++) {
        const size_t set = chooser->members[l].set;
        const LayerWidths widths =
            widths_in(chooser, l, chooser->widths[set * FRONT_MOST_CHOICES + picks[set]]);
        layer_plan_set_bits(&(*plan)->layers[l], widths.weight_bits);
        (*plan)->layers[l].activation_bits = widths.activation_bits;
    }
    return status;
}

/* Names pinned layers where a budget cannot be met: without them it might be. */
static Status blame_pins(Status status, const Chooser *chooser, Message *message)
{
    Text names = {0};
    for (size_t l = 0; l < chooser->network->layer_count; l++)
        if (chooser->members[l].pinned && chooser->plan->layers[l].weight_bits != BITS_MIN)
            text_append(&names, "%s'%s'", names.length ? ", " : "", chooser->network->layers[l].name);
    if (names.length && !names.failed && message) {
        Message reason = *message;
        status_fail(message, status, "%s with these layers pinned: %s", reason.text, names.data);
    }
    text_free(&names);
    return status;
}

Status chooser_choose(Chosen *chosen, const Chooser *chooser, const CostLimits *limits, Message *message)
{
    *chosen = (Chosen){0};
    uint8_t *picks = calloc(1, chooser->set_count + 1);
    Status status = picks ? STATUS_OK : status_no_memory(message, "the choice of a plan");
    if (status == STATUS_OK)
        status = front_within(picks, &chosen->sum, &chosen->proven, chooser->sets, chooser->set_count, limits,
                              message);
    if (status == STATUS_INVALID) status = blame_pins(status, chooser, message);
    if (status == STATUS_OK) status = chooser_plan(&chosen->plan, chooser, picks, message);
    free(picks);
    return status;
}

Status chooser_front(Front **front, const Chooser *chooser, CostKind cost, Message *message)
{
    return front_create(front, chooser->sets, chooser->set_count, cost, message);
}
