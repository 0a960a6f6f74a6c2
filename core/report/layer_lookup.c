/* SPDX-License-Identifier: MIT */
#include "report/layer_lookup.h"

#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

struct LookupEntry {
    const char *name;
    size_t layer;
    bool taken;
};

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct LookupEntry *)a)->name, ((const struct LookupEntry *)b)->name);
}

Status layer_lookup_create(LayerLookup *lookup, const Network *network, Message *message)
{
    const size_t count = network->layer_count;
    *lookup = (LayerLookup){.network = network};
    lookup->entries = calloc(size_max(count, 1), sizeof *lookup->entries);
    if (!lookup->entries) return status_no_memory(message, "the layers' names");
    for (size_t l = 0; l < count; l++)
        lookup->entries[l] = (struct LookupEntry){.name = network->layers[l].name, .layer = l};
    qsort(lookup->entries, count, sizeof *lookup->entries, compare_entries);
    return STATUS_OK;
}

void layer_lookup_free(LayerLookup *lookup)
{
    free(lookup->entries);
    *lookup = (LayerLookup){0};
}

/* --- the nearest name ------------------------------------------------------------------------------- */

#define LONGEST 64 /* bytes, beyond what two names have in common at both ends */

/* Fewest insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
static size_t edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = size_min(replaced, 1 + size_min(row[j], row[j - 1]));
        }
    }
    return row[b_length];
}

/* edits() of the whole; for what is too long to compare, the length of the longer. */
static size_t distance(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    size_t a_length = strlen(a), b_length = strlen(b);
    while (a_length && b_length && a[a_length - 1] == b[b_length - 1]) a_length--, b_length--;
    if (a_length > LONGEST || b_length > LONGEST) return size_max(a_length, b_length);
    return edits(a, a_length, b, b_length);
}

/* The first of the nearest in the network's order; NULL where none is near: more than a third would have to
 * change. */
static const char *nearest(const Network *network, const char *name)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t l = 0; l < network->layer_count; l++) {
        const char *like = network->layers[l].name;
        const size_t edits_needed = distance(like, name), most = size_max(strlen(like), strlen(name)) / 3;
        if (edits_needed > most || edits_needed >= least) continue;
        least = edits_needed;
        best = like;
    }
    return best;
}

static Status fail_unknown(const Network *network, const char *name, Message *message)
{
    const char *like = nearest(network, name);
    if (like)
        return status_fail(message, STATUS_INVALID, "the network has no layer '%s': did you mean '%s'?", name,
                           like);
    Status status = status_fail(message, STATUS_INVALID, "the network has no layer '%s': it has %zu layers",
                                name, network->layer_count);
    return status_advise(status, message, REMEDY_LAYER_NAMES);
}

Status layer_lookup_take(size_t *layer, LayerLookup *lookup, const char *name, Message *message)
{
    const struct LookupEntry key = {.name = name};
    struct LookupEntry *entry =
        bsearch(&key, lookup->entries, lookup->network->layer_count, sizeof key, compare_entries);
    if (!entry) return fail_unknown(lookup->network, name, message);
    if (entry->taken) return status_fail(message, STATUS_INVALID, "layer '%s' is there twice", name);
    entry->taken = true;
    *layer = entry->layer;
    return STATUS_OK;
}

const Layer *layer_lookup_left(const LayerLookup *lookup)
{
    for (size_t i = 0; i < lookup->network->layer_count; i++)
        if (!lookup->entries[i].taken) return &lookup->network->layers[lookup->entries[i].layer];
    return NULL;
}
