/* SPDX-License-Identifier: MIT */
/* Mul. A product that is an activation of one of its factors becomes that: SiLU, HardSwish, Mish, GELU. */
#include "network/operators/elementwise/activations.h"
#include "network/operators/elementwise/arithmetic.h"
#include "network/operators/operator.h"

#include <math.h>
#include <string.h>

static const Node *producer_of(const Call *call, size_t value)
{
    const size_t producer = builder_value(call->builder, value)->producer;
    return producer == NO_INDEX ? NULL : builder_node(call->builder, producer);
}

static bool is_number(const Call *call, size_t value, double number)
{
    const BuildValue *constant = builder_value(call->builder, value);
    return constant->constant && constant->type == ELEMENT_FLOAT && constant->elements == 1 &&
           fabs((double)*(const float *)constant->constant - number) <= 1e-5 * fabs(number);
}

/* True if `value` is made by operator `name` from a computed operand and the constant `number`; *operand is
 * the computed one.
 */
static bool is_with_number(const Call *call, size_t value, const char *name, double number, size_t *operand)
{
    const Node *node = producer_of(call, value);
    if (!node || strcmp(node->operator_name, name) != 0 || node->input_count != 2) return false;
    for (size_t i = 0; i < 2; i++) {
        if (!is_number(call, node->inputs[i], number) || (i == 0 && strcmp(name, "Div") == 0)) continue;
        *operand = node->inputs[1 - i];
        return true;
    }
    return false;
}

/* True if `gate` is 1 + erf(x / sqrt 2). */
static bool is_normal_gate(const Call *call, size_t x, size_t gate)
{
    size_t inner, scaled;
    if (!is_with_number(call, gate, "Add", 1, &inner)) return false;
    const Node *node = producer_of(call, inner);
    if (!node || node->kernel != &kernel_erf) return false;
    return (is_with_number(call, node->inputs[0], "Div", M_SQRT2, &scaled) ||
            is_with_number(call, node->inputs[0], "Mul", M_SQRT1_2, &scaled)) &&
           scaled == x;
}

/* Name of the activation x * gate, or NULL: SiLU if gate is Sigmoid(x), HardSwish if it is HardSigmoid(x)
 * with alpha 1/6 and beta 1/2, Mish if it is Tanh(Softplus(x)). */
static const char *gated(const Call *call, size_t x, size_t gate)
{
    const Node *node = producer_of(call, gate);
    if (!node) return NULL;
    const Node *inner = producer_of(call, node->inputs[0]);
    if (node->kernel == &kernel_tanh && inner && inner->kernel == &kernel_softplus && inner->inputs[0] == x)
        return "Mish";
    if (node->inputs[0] != x) return NULL;
    if (node->kernel == &kernel_sigmoid) return "SiLU";
    if (node->kernel != &kernel_hard_sigmoid) return NULL;
    const ActivationParameters *p = node->parameters;
    return fabsf(p->alpha - 1.0f / 6) < 1e-6f && fabsf(p->beta - 0.5f) < 1e-6f ? "HardSwish" : NULL;
}

/* True if the call multiplies GELU's factors x, 1/2 and 1 + erf(x / sqrt 2), in any order and grouping. */
static bool is_gelu(const Call *call, size_t *x)
{
    for (size_t i = 0; i < 2; i++) {
        const size_t one = call->inputs[i], two = call->inputs[1 - i];
        const Node *product = producer_of(call, two);
        if (is_with_number(call, one, "Mul", 0.5, x) && is_normal_gate(call, *x, two)) return true;
        *x = one;
        size_t gate;
        if (is_with_number(call, two, "Mul", 0.5, &gate) && is_normal_gate(call, one, gate)) return true;
        if (!is_number(call, one, 0.5) || !product || strcmp(product->operator_name, "Mul") != 0) continue;
        for (size_t k = 0; k < 2; k++) {
            *x = product->inputs[k];
            if (is_normal_gate(call, *x, product->inputs[1 - k])) return true;
        }
    }
    return false;
}

/* Mul, or the activation that it completes. */
static Status build_multiply(Call *call)
{
    size_t value;
    if (is_gelu(call, &value)) return emit_activation(call, "Gelu", value);
    for (size_t i = 0; i < 2; i++) {
        const char *name = gated(call, call->inputs[i], call->inputs[1 - i]);
        if (name) return emit_activation(call, name, call->inputs[i]);
    }
    Status status = emit_binary(call, "Mul", call->inputs[0], call->inputs[1], &value);
    return status ? status : call_bind(call, 0, value);
}

const Operator operators_multiply[] = {
    {"Mul", 7, 21, 2, 2, build_multiply},
    {0},
};
