/* SPDX-License-Identifier: MIT */
#include "explore/cache/layer_keys.h"

#include <sha2.h>
#include <string.h>

static void add_number(SHA2_CTX *hash, uint64_t number)
{
    SHA256Update(hash, (const uint8_t *)&number, sizeof number);
}

static void add_text(SHA2_CTX *hash, const char *text)
{
    SHA256Update(hash, (const uint8_t *)text, strlen(text) + 1);
}

static void add_key(SHA2_CTX *hash, const MemoKey *key)
{
    SHA256Update(hash, key->bytes, sizeof key->bytes);
}

static SHA2_CTX start(const char *what)
{
    SHA2_CTX hash;
    SHA256Init(&hash);
    add_text(&hash, what);
    return hash;
}

static MemoKey finish(SHA2_CTX *hash)
{
    MemoKey key;
    SHA256Final(key.bytes, hash);
    return key;
}

/* Input scales of channels are balanced for the weights' width: quantize/calibrate/activation.h. */
static void add_input(SHA2_CTX *hash, const PlanOptions *options, const LayerPlan *choice)
{
    const bool compensated = choice->activation_bits != BITS_FLOAT && options->error_compensated;
    add_number(hash, choice->activation_bits);
    add_number(hash, compensated);
    if (compensated) add_number(hash, choice->weight_bits);
}

static void add_weights(SHA2_CTX *hash, const PlanOptions *options, const LayerPlan *choice)
{
    const double ridge = options->ridge + 0.0; /* -0 is 0 */
    uint64_t ridge_bits;
    memcpy(&ridge_bits, &ridge, sizeof ridge_bits);
    add_number(hash, choice->weight_bits);
    if (choice->weight_bits == BITS_FLOAT) return;
    add_number(hash, choice->method);
    if (choice->grid != GRID_UNIFORM) add_text(hash, grid_name((GridKind)choice->grid));
    add_number(hash, options->effort);
    add_number(hash, options->polish);
    add_number(hash, options->bias_correction);
    add_number(hash, ridge_bits);
}

static void add_images(SHA2_CTX *hash, const PlanOptions *options, const Dataset *images,
                       const Normalization *normalization)
{
    add_text(hash, images->sha256);
    add_text(hash, images->preparation);
    SHA256Update(hash, (const uint8_t *)normalization->mean, images->channels * sizeof(float));
    SHA256Update(hash, (const uint8_t *)normalization->std, images->channels * sizeof(float));
    add_number(hash, options->seed);
    add_number(hash, options->calibration_images);
    add_number(hash, options->rows);
}

/* What the plan says of the layers upstream of `layer`. */
static void add_upstream(SHA2_CTX *hash, const Upstream *upstream, const Plan *plan, size_t layer)
{
    bool any = false;
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *choice = &plan->layers[l];
        if (!upstream_of(upstream, layer, l) || layer_plan_stays_float(choice)) continue;
        add_number(hash, l);
        add_input(hash, &plan->options, choice);
        add_weights(hash, &plan->options, choice);
        any = true;
    }
    if (any) add_text(hash, mode_name(plan->options.mode));
}

MemoKey layer_sums_key(const Upstream *upstream, const Plan *plan, size_t layer, const LayerPlan *choice,
                       const Dataset *images, const Normalization *normalization)
{
    SHA2_CTX hash = start("sums");
    add_images(&hash, &plan->options, images, normalization);
    add_number(&hash, layer);
    add_input(&hash, &plan->options, choice);
    if (plan->options.mode == MODE_SEQUENTIAL) add_upstream(&hash, upstream, plan, layer);
    return finish(&hash);
}

MemoKey layer_float_sums_key(const PlanOptions *options, size_t layer, const Dataset *images,
                             const Normalization *normalization)
{
    const LayerPlan choice = {.activation_bits = BITS_FLOAT};
    SHA2_CTX hash = start("sums");
    add_images(&hash, options, images, normalization);
    add_number(&hash, layer);
    add_input(&hash, options, &choice);
    return finish(&hash);
}

MemoKey layer_solved_key(const MemoKey *sums, const PlanOptions *options, const LayerPlan *choice)
{
    SHA2_CTX hash = start("solved");
    add_key(&hash, sums);
    add_weights(&hash, options, choice);
    return finish(&hash);
}

MemoKey layer_estimate_key(const MemoKey *sums, const PlanOptions *options)
{
    SHA2_CTX hash = start("estimate");
    add_key(&hash, sums);
    add_number(&hash, options->bias_correction);
    return finish(&hash);
}

MemoKey layer_clipping_key(const MemoKey *sums, const PlanOptions *options, const LayerPlan *choice)
{
    SHA2_CTX hash = start("clipping");
    add_key(&hash, sums);
    add_weights(&hash, options, choice);
    return finish(&hash);
}

void layer_keys(LayerKeys *keys, const Network *network, const Upstream *upstream, const Plan *plan,
                const Dataset *images, const Normalization *normalization)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        keys[l].sums = layer_sums_key(upstream, plan, l, &plan->layers[l], images, normalization);
        keys[l].solved = layer_solved_key(&keys[l].sums, &plan->options, &plan->layers[l]);
        SHA2_CTX hash = start("accumulated");
        add_key(&hash, &keys[l].solved);
        add_upstream(&hash, upstream, plan, l);
        keys[l].accumulated = finish(&hash);
    }
}
