/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "app/cli/choose_options.h"

#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT_BYTES 4

/* --- budgets ----------------------------------------------------------------------------------------- */

/* Scales and biases, and weights at that many bits on average. */
static double bytes_of_bits(double bits, const Network *network)
{
    double bytes = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        const double outputs = (double)(layer->groups * layer->m);
        bytes += outputs * (double)layer->n * bits / 8 + FLOAT_BYTES * outputs * (layer->has_bias ? 2 : 1);
    }
    return floor(bytes);
}

/* A number and what stands behind it, blanks skipped. */
static bool parse_number(double *value, const char **rest, const char *text)
{
    if (!number_parse(value, rest, text) || !(*value > 0) || !isfinite(*value)) return false;
    while (**rest == ' ') ++*rest;
    return true;
}

/* A unit K, M, G or T of `base`, and a B that changes nothing. */
static bool parse_unit(double *value, const char *text, double base)
{
    static const char units[] = "kmgt";
    const char *unit = *text ? strchr(units, tolower((unsigned char)*text)) : NULL;
    if (unit) {
        *value *= pow(base, (double)(unit - units + 1));
        text++;
        if (base == 1024 && *text == 'i') text++;
    }
    if (base == 1024 && tolower((unsigned char)*text) == 'b') text++;
    return !*text;
}

bool budget_parse(CostKind *kind, double *most, const char *text, const Network *network)
{
    const char *equals = strchr(text, '='), *rest;
    char name[16] = "bytes";
    if (equals) {
        if ((size_t)(equals - text) >= sizeof name) return false;
        memcpy(name, text, (size_t)(equals - text));
        name[equals - text] = 0;
    }
    if (!parse_number(most, &rest, equals ? equals + 1 : text)) return false;
    *kind = COST_BYTES;
    if (strcmp(name, "bits") == 0 || strcmp(rest, "bits") == 0 || strcmp(rest, "bit") == 0) {
        *most = bytes_of_bits(*most, network);
        return strcmp(name, "bits") != 0 || !*rest;
    }
    return cost_parse(kind, name) && parse_unit(most, rest, *kind == COST_BYTES ? 1024 : 1000);
}

Status choose_limits_parse(CostLimits *limits, const Inputs *inputs, Message *message)
{
    const OptionList *budgets = &inputs->options->budget;
    *limits = cost_limits_none();
    for (size_t i = 0; i < budgets->count; i++) {
        CostKind kind;
        double most;
        if (!budget_parse(&kind, &most, budgets->texts[i], inputs->network))
            return status_fail(message, STATUS_INVALID,
                               "--budget '%s': expected 105K, bits=3.5, bitops=2G or latency=900",
                               budgets->texts[i]);
        if (kind == COST_LATENCY && !inputs->options->latency)
            return status_fail(message, STATUS_INVALID, "--budget '%s' goes with --latency",
                               budgets->texts[i]);
        limits->most[kind] = fmin(limits->most[kind], most);
    }
    return STATUS_OK;
}

/* --- rules ------------------------------------------------------------------------------------------- */

static Status find_layer(size_t *layer, const Network *network, const char *option, const char *name,
                         Message *message)
{
    *layer = NO_INDEX;
    for (size_t l = 0; l < network->layer_count; l++)
        if (strcmp(network->layers[l].name, name) == 0) {
            *layer = l;
            return STATUS_OK;
        }
    Status status = status_fail(message, STATUS_INVALID, "%s: there is no layer '%s'", option, name);
    return status_advise(status, message, REMEDY_LAYER_NAMES);
}

/* "NAME" or "NAME=BITS"; names may have a = too. */
static Status pin(ChosenRules *rules, const Network *network, const char *text, Message *message)
{
    size_t layer;
    const char *equals = strrchr(text, '=');
    char *name = strdup(text);
    if (!name) return status_no_memory(message, "--pin");
    const bool bits = equals && equals[1] >= '0' + BITS_MIN && equals[1] <= '0' + BITS_MAX && !equals[2];
    if (bits) name[equals - text] = 0;
    Status status = find_layer(&layer, network, "--pin", name, message);
    free(name);
    if (status != STATUS_OK) return status;
    rules->pinned[layer] = true;
    if (bits) layer_plan_set_bits(&rules->plan->layers[layer], (unsigned)(equals[1] - '0'));
    return STATUS_OK;
}

/* Layers separated by commas. A layer that was tied before brings its ties along. */
static Status tie(ChosenRules *rules, const Network *network, const char *text, size_t number,
                  Message *message)
{
    char *names = strdup(text), *rest = NULL;
    if (!names) return status_no_memory(message, "--tie");
    Status status = STATUS_OK;
    for (char *name = strtok_r(names, ",", &rest); name && status == STATUS_OK;
         name = strtok_r(NULL, ",", &rest)) {
        size_t layer = 0;
        status = find_layer(&layer, network, "--tie", name, message);
        const size_t before = status == STATUS_OK ? rules->tied[layer] : 0;
        for (size_t l = 0; before && l < network->layer_count; l++)
            if (rules->tied[l] == before) rules->tied[l] = number;
        if (status == STATUS_OK) rules->tied[layer] = number;
    }
    free(names);
    return status;
}

/* "2,4,8" as a set of bits. */
static Status parse_widths(unsigned *set, const char *option, const char *text, Message *message)
{
    *set = 0;
    for (const char *at = text;; at++) {
        if (*at < '0' + BITS_MIN || *at > '0' + BITS_MAX || (at[1] && at[1] != ','))
            return status_fail(message, STATUS_INVALID,
                               "%s '%s': expected bit widths from %d to %d, such as 4,8", option, text,
                               BITS_MIN, BITS_MAX);
        *set |= 1u << (unsigned)(*at++ - '0');
        if (!*at) return STATUS_OK;
    }
}

static Status parse_all(ChosenRules *rules, const Inputs *inputs, Message *message)
{
    const Options *options = inputs->options;
    ChooseRules *parsed = &rules->rules;
    Status status = STATUS_OK;
    for (size_t i = 0; i < options->pin.count && status == STATUS_OK; i++)
        status = pin(rules, inputs->network, options->pin.texts[i], message);
    for (size_t i = 0; i < options->tie.count && status == STATUS_OK; i++)
        status = tie(rules, inputs->network, options->tie.texts[i], i + 1, message);
    if (status == STATUS_OK && options->widths)
        status = parse_widths(&parsed->weight_widths, "--widths", options->widths, message);
    parsed->same_widths = options->activation_widths && strcmp(options->activation_widths, "same") == 0;
    if (status == STATUS_OK && options->activation_widths && !parsed->same_widths)
        status = parse_widths(&parsed->activation_widths, "--activation-widths", options->activation_widths,
                              message);
    if (status == STATUS_OK && options->latency)
        status = latency_read(&rules->latency, inputs->network, options->latency, message);
    parsed->free_ends = options->free_ends;
    parsed->pinned = rules->pinned;
    parsed->tied = rules->tied;
    parsed->latency = rules->latency;
    return status;
}

Status choose_rules_parse(ChosenRules *rules, const Inputs *inputs, Message *message)
{
    const size_t layers = inputs->network->layer_count;
    *rules = (ChosenRules){.rules = choose_rules(),
                           .pinned = calloc(layers + 1, sizeof(bool)),
                           .tied = calloc(layers + 1, sizeof(size_t))};
    if (!rules->pinned || !rules->tied) return status_no_memory(message, "the choice of a plan");
    Status status = plan_copy(&rules->plan, inputs->plan, message);
    return status == STATUS_OK ? parse_all(rules, inputs, message) : status;
}

void choose_rules_free(ChosenRules *rules)
{
    plan_drop(rules->plan);
    free(rules->pinned);
    free(rules->tied);
    latency_free(rules->latency);
    *rules = (ChosenRules){0};
}
