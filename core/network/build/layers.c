/* SPDX-License-Identifier: MIT */
#include "network/build/layers.h"

#include <string.h>

#define MOST_TRIES 64 /* linear time for a weight that is used in as many forms as there are nodes */

static bool same_origin(const LayerOrigin *a, const LayerOrigin *b)
{
    return a->weight == b->weight && a->bias == b->bias && a->groups == b->groups &&
           a->transposed == b->transposed && a->turned == b->turned && a->scale == b->scale &&
           a->bias_scale == b->bias_scale;
}

static BuildLayer *add_layer(Call *call, size_t groups, size_t m, size_t n, size_t *layer)
{
    size_t outputs = groups * m;
    BuildLayer *added = blocks_add(&call->builder->layers);
    if (!added) return NULL;
    *layer = call->builder->layers.count - 1;
    *added = (BuildLayer){.groups = groups, .m = m, .n = n, .next = NO_INDEX};
    added->weights = call_allocate(call, outputs * n, sizeof(float));
    added->bias = call_allocate(call, outputs, sizeof(float));
    return added->weights && added->bias ? added : NULL;
}

/* weights[g][o][c][t] = from[g][c][o][taps - 1 - t]; taps: kernel_h * kernel_w */
static void copy_turned(BuildLayer *layer, const float *from, size_t taps)
{
    const size_t channels = layer->n / taps, m = layer->m;
    for (size_t g = 0; g < layer->groups; g++)
        for (size_t o = 0; o < m; o++)
            for (size_t c = 0; c < channels; c++)
                for (size_t t = 0; t < taps; t++)
                    layer->weights[((g * m + o) * channels + c) * taps + t] =
                        from[((g * channels + c) * m + o) * taps + taps - 1 - t];
}

static void copy_weights(BuildLayer *layer, const float *from)
{
    size_t outputs = layer->groups * layer->m, n = layer->n;
    float scale = layer->origin.scale;
    size_t row = layer->origin.transposed ? 1 : n, column = layer->origin.transposed ? outputs : 1;
    if (scale == 1 && !layer->origin.transposed) {
        memcpy(layer->weights, from, outputs * n * sizeof *from);
        return;
    }
    for (size_t i = 0; i < outputs; i++)
        for (size_t k = 0; k < n; k++) layer->weights[i * n + k] = scale * from[i * row + k * column];
}

static void copy_bias(BuildLayer *layer, const BuildValue *from)
{
    const float *bias = from->constant;
    layer->has_bias = true;
    for (size_t i = 0; i < layer->groups * layer->m; i++)
        layer->bias[i] = layer->origin.bias_scale * bias[from->elements == 1 ? 0 : i];
}

/* The layer with that origin, or NO_INDEX. Looks at the weight's latest MOST_TRIES layers. */
static size_t find_layer(const Builder *builder, const LayerOrigin *origin, size_t latest)
{
    for (size_t tries = 0; latest != NO_INDEX && tries < MOST_TRIES; tries++) {
        const BuildLayer *layer = builder_get_layer(builder, latest);
        if (layer->fold_count == 0 && same_origin(&layer->origin, origin)) return latest;
        latest = layer->next;
    }
    return NO_INDEX;
}

Status builder_layer(Call *call, const LayerOrigin *origin, size_t m, size_t n, size_t *layer)
{
    Builder *builder = call->builder;
    BuildValue *weight = builder_value(builder, origin->weight);
    *layer = find_layer(builder, origin, weight->layer);
    if (*layer != NO_INDEX) return STATUS_OK;
    BuildLayer *added = add_layer(call, origin->groups, m, n, layer);
    if (!added) return call_no_memory(call);
    added->origin = *origin;
    if (origin->turned) {
        size_t taps = 1;
        for (size_t i = 2; i < weight->rank; i++) taps *= weight->shape[i];
        copy_turned(added, weight->constant, taps);
    } else {
        copy_weights(added, weight->constant);
    }
    if (origin->bias != NO_INDEX) copy_bias(added, builder_value(builder, origin->bias));
    added->next = weight->layer;
    weight->layer = *layer;
    return STATUS_OK;
}

/* Gives a use a layer of its own: a copy of the one that it shares. */
static Status copy_layer(Call *call, Node *use)
{
    BuildLayer *shared = builder_get_layer(call->builder, use->layer);
    size_t number, outputs = shared->groups * shared->m;
    BuildLayer *own = add_layer(call, shared->groups, shared->m, shared->n, &number);
    if (!own) return call_no_memory(call);
    memcpy(own->weights, shared->weights, outputs * shared->n * sizeof(float));
    memcpy(own->bias, shared->bias, outputs * sizeof(float));
    own->has_bias = shared->has_bias;
    own->origin = shared->origin;
    own->uses = 1;
    shared->uses--;
    use->layer = number;
    return STATUS_OK;
}

/* The list grows when the count reaches a power of two. */
static Status note_fold(Call *call, BuildLayer *layer)
{
    const size_t count = layer->fold_count;
    if ((count & (count - 1)) == 0) {
        size_t *folds = call_allocate(call, 2 * count + 1, sizeof *folds);
        if (!folds) return call_no_memory(call);
        if (count) memcpy(folds, layer->folds, count * sizeof *folds);
        layer->folds = folds;
    }
    layer->folds[layer->fold_count++] = call->builder->current;
    return STATUS_OK;
}

Status builder_own_layer(Call *call, size_t node, BuildLayer **layer)
{
    Node *use = builder_node(call->builder, node);
    Status status =
        builder_get_layer(call->builder, use->layer)->uses > 1 ? copy_layer(call, use) : STATUS_OK;
    if (status) return status;
    *layer = builder_get_layer(call->builder, use->layer);
    return note_fold(call, *layer);
}
