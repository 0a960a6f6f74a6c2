/* SPDX-License-Identifier: MIT */
/* Plans of the sample network, for the harnesses that read plans. */
#ifndef TESTS_FUZZ_PLAN_H
#define TESTS_FUZZ_PLAN_H

#include "explore/plan.h"
#include "fuzz_input.h"
#include "sample_network.h"

static inline Plan *sample_plan(void)
{
    Plan *plan;
    fuzz_require(plan_create(&plan, &sample_network, NULL) == STATUS_OK, "memory for a plan");
    return plan;
}

static inline int is_width(unsigned bits)
{
    return bits == BITS_FLOAT || (bits >= BITS_MIN && bits <= BITS_MAX);
}

static inline void require_sound_plan(const Plan *plan)
{
    fuzz_require(plan->layer_count == sample_network.layer_count, "a plan has its network's layers");
    fuzz_require(plan->options.ridge == PLAN_RIDGE_DEFAULT ||
                     (plan->options.ridge >= 0 && plan->options.ridge <= PLAN_RIDGE_MOST),
                 "the ridge is in range");
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *layer = &plan->layers[l];
        fuzz_require(layer->weight_bits == BITS_FLOAT || grid_has_bits(layer->grid, layer->weight_bits),
                     "the grid has codes of the weight bits");
        fuzz_require(is_width(layer->activation_bits), "activation bits are in range");
        fuzz_require(!sample_network.layers[l].first || layer->activation_bits == BITS_FLOAT,
                     "the network's input stays float");
        fuzz_require(method_name((Method)layer->method) != NULL, "methods are known");
    }
}

/* A reader of plans, which leaves the plan unchanged if it fails. */
typedef Status ReadPlan(Plan *plan, const Network *network, const char *path, Message *message);

static inline void try_plan(ReadPlan *read, const char *path)
{
    Plan *plan = sample_plan(), *untouched = sample_plan();
    Message message = {0};
    Status status = read(plan, &sample_network, path, &message);
    fuzz_require_message(status, &message);
    fuzz_require(status == STATUS_OK || plan_equal(plan, untouched), "a failure leaves the plan alone");
    require_sound_plan(plan);
    plan_drop(plan);
    plan_drop(untouched);
}

#endif
