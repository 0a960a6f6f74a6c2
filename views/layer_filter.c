/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "views/layer_filter.h"

#include "quantize/method.h"
#include "views/panels/words.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool starts_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* "3x3" in "64x32x3x3": sizes are compared whole, so that 3x3 is not found in "13x32". */
static bool has_sizes(const char *shape, const char *sizes)
{
    const size_t length = strlen(sizes);
    if (length == 0) return true;
    for (const char *at = shape; (at = strcasestr(at, sizes)) != NULL; at++) {
        const bool starts = at == shape || at[-1] == 'x';
        const bool ends = at[length] == 0 || at[length] == 'x';
        if (starts && ends) return true;
    }
    return false;
}

/* "4", "2-4", "float". */
static bool has_bits(unsigned bits, const char *wanted)
{
    unsigned low, high;
    char rest;
    if (!*wanted) return true;
    if (*wanted == 'f' || *wanted == 'F') return bits == BITS_FLOAT;
    const int numbers = sscanf(wanted, "%1u-%1u%c", &low, &high, &rest);
    if (numbers == 2) return bits >= low && bits <= high;
    return sscanf(wanted, "%1u%c", &low, &rest) == 1 && bits == low && bits != BITS_FLOAT;
}

static bool has_name(const char *name, const char *wanted)
{
    return strpbrk(wanted, "*?") ? fnmatch(wanted, name, FNM_CASEFOLD) == 0
                                 : strcasestr(name, wanted) != NULL;
}

static bool term_keeps(const Scene *scene, size_t l, const char *term)
{
    const Layer *layer = &scene->network->layers[l];
    const LayerPlan *plan = &scene->plan->layers[l];
    if (starts_with(term, "op:")) return starts_with(layer->operator_name, term + 3);
    if (starts_with(term, "shape:")) return has_sizes(shape_figure(layer).text, term + 6);
    if (starts_with(term, "bits:")) return has_bits(plan->weight_bits, term + 5);
    if (starts_with(term, "act:")) return has_bits(plan->activation_bits, term + 4);
    if (starts_with(term, "method:")) return starts_with(method_name(plan->method), term + 7);
    return has_name(layer->name, term);
}

bool layer_filter_keeps(const Scene *scene, size_t layer, const char *filter)
{
    char terms[sizeof scene->filter], *rest = NULL;
    snprintf(terms, sizeof terms, "%s", filter);
    for (char *term = strtok_r(terms, " ", &rest); term; term = strtok_r(NULL, " ", &rest))
        if (!term_keeps(scene, layer, term)) return false;
    return true;
}
