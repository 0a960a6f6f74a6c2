#include "app/explorer/edit.h"

static bool put(uint8_t *field, unsigned value)
{
    if (*field == value) return false;
    *field = (uint8_t)value;
    return true;
}

bool edit_weight_bits(Plan *plan, const EditScope *scope, unsigned bits)
{
    bool changed = false;
    for (size_t l = 0; l < plan->layer_count; l++)
        if (scope->chosen[l]) changed |= put(&plan->layers[l].weight_bits, bits);
    return changed;
}

static unsigned step_bits(unsigned bits, int step)
{
    if (bits == BITS_FLOAT) return step < 0 ? BITS_MAX : BITS_FLOAT;
    if (step > 0) return bits < BITS_MAX ? bits + 1 : BITS_MAX;
    return bits > BITS_MIN ? bits - 1 : BITS_MIN;
}

bool edit_step_weight_bits(Plan *plan, const EditScope *scope, int step)
{
    bool changed = false;
    for (size_t l = 0; l < plan->layer_count; l++)
        if (scope->chosen[l])
            changed |= put(&plan->layers[l].weight_bits, step_bits(plan->layers[l].weight_bits, step));
    return changed;
}

static bool takes_input_bits(const EditScope *scope, size_t layer)
{
    return scope->chosen[layer] && !scope->network->layers[layer].first;
}

bool edit_input_bits(Plan *plan, const EditScope *scope, unsigned bits)
{
    bool changed = false;
    for (size_t l = 0; l < plan->layer_count; l++)
        if (takes_input_bits(scope, l)) changed |= put(&plan->layers[l].activation_bits, bits);
    return changed;
}

bool edit_cycle_input_bits(Plan *plan, const EditScope *scope)
{
    size_t first = 0;
    while (first < plan->layer_count && !takes_input_bits(scope, first)) first++;
    if (first == plan->layer_count) return false;
    const unsigned bits = plan->layers[first].activation_bits;
    return edit_input_bits(plan, scope,
                           bits == BITS_FLOAT ? BITS_MAX
                           : bits == BITS_MIN ? BITS_FLOAT
                                              : bits - 1);
}

bool edit_next_method(Plan *plan, const EditScope *scope)
{
    size_t first = 0;
    while (first < plan->layer_count && !scope->chosen[first]) first++;
    if (first == plan->layer_count) return false;
    const unsigned method = (plan->layers[first].method + 1u) % METHOD_COUNT;
    bool changed = false;
    for (size_t l = first; l < plan->layer_count; l++)
        if (scope->chosen[l]) changed |= put(&plan->layers[l].method, method);
    return changed;
}
