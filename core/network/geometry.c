/* SPDX-License-Identifier: MIT */
#include "network/geometry.h"

#include "network/operators/kernel.h"

void network_edge(NetworkEdge *edge, const Network *network, size_t number, size_t input)
{
    const Node *node = &network->nodes[number];
    *edge = (NetworkEdge){.kind = EDGE_CONSTANT};
    if (network->values[node->inputs[input]].constant) return;
    *edge = (NetworkEdge){.kind = EDGE_UNBOUNDED, .reason = "no Lipschitz constant is known for it"};
    if (node->kernel->edge) node->kernel->edge(edge, network, node, input);
}

bool network_joins(const Network *network, size_t number)
{
    return network->nodes[number].kernel->joins;
}

Status network_factor_norm(double *norm, const Network *network, size_t number, size_t input,
                           const float *other, Message *message)
{
    const Node *node = &network->nodes[number];
    return node->kernel->factor_norm(norm, network, node, input, other, message);
}

static bool constant_nonnegative(const Value *value)
{
    if (value->type != ELEMENT_FLOAT) return true; /* indices and shapes do not count */
    const float *elements = value->constant;
    for (size_t i = 0; i < value->elements; i++)
        if (!(elements[i] >= 0)) return false;
    return true;
}

void network_find_nonnegative(bool *nonnegative, const Network *network)
{
    for (size_t v = 0; v < network->value_count; v++)
        nonnegative[v] = network->values[v].constant && constant_nonnegative(&network->values[v]);
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        const Sign sign = node->kernel->sign ? node->kernel->sign(node) : ANY_SIGN;
        bool all = true, any = false;
        for (size_t k = 0; k < node->input_count; k++) {
            all &= nonnegative[node->inputs[k]];
            any |= nonnegative[node->inputs[k]];
        }
        nonnegative[node->output] =
            sign == NONNEGATIVE || (sign == NONNEGATIVE_IF_ALL && all) || (sign == NONNEGATIVE_IF_ANY && any);
    }
}

void network_convolution(ConvGeometry *geometry, const Network *network, size_t number)
{
    const Node *node = &network->nodes[number];
    const Layer *layer = &network->layers[node->layer];
    *geometry = node->kernel->is_convolution ? *(const ConvGeometry *)node->parameters
                                             : convolution_of_one_pixel(layer->groups, layer->m, layer->n);
}
