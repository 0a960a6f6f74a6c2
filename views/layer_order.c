/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "views/layer_order.h"

#include "views/layer_cost.h"
#include "views/layer_filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double numeric_key(const Scene *scene, size_t layer)
{
    const LayerPlan *plan = &scene->plan->layers[layer];
    switch (scene->sort) {
    case SORT_WEIGHT_BITS:
        return plan->weight_bits == BITS_FLOAT ? 32 : plan->weight_bits;
    case SORT_ACTIVATION_BITS:
        return plan->activation_bits == BITS_FLOAT ? 32 : plan->activation_bits;
    case SORT_ERROR:
        return scene_error(scene, layer);
    case SORT_SHARE:
        return layer_share(scene, layer);
    case SORT_SHARE_PER_KIB:
        return layer_share_per_kib(scene, layer);
    case SORT_SIZE:
        return (double)plan_layer_bytes(scene->plan, scene->network, layer);
    default:
        return (double)layer;
    }
}

/* Unknown values come last in both directions. */
static int compare_keys(const Scene *scene, double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    int sign = (a > b) - (a < b);
    return scene->descending ? -sign : sign;
}

static int compare_layers(const void *left, const void *right, void *context)
{
    const Scene *scene = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    int sign;
    if (scene->sort == SORT_NAME) {
        sign = strverscmp(scene_name(scene, a), scene_name(scene, b));
        if (scene->descending) sign = -sign;
    } else {
        sign = compare_keys(scene, numeric_key(scene, a), numeric_key(scene, b));
    }
    return sign ? sign : (a > b) - (a < b);
}

void layer_order_update(Scene *scene)
{
    size_t layer = scene_layer(scene);
    scene->order_count = 0;
    for (size_t l = 0; l < scene->network->layer_count; l++)
        if (layer_filter_keeps(scene, l, scene->filter)) scene->order[scene->order_count++] = l;
    qsort_r(scene->order, scene->order_count, sizeof *scene->order, compare_layers, scene);
    if (scene->cursor >= scene->order_count) scene->cursor = scene->order_count ? scene->order_count - 1 : 0;
    layer_order_go(scene, layer);
}

void layer_order_go(Scene *scene, size_t layer)
{
    for (size_t i = 0; i < scene->order_count; i++)
        if (scene->order[i] == layer) scene->cursor = i;
}
