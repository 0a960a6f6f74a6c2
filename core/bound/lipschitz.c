/* SPDX-License-Identifier: MIT */
#include "bound/lipschitz.h"
#include "network/geometry.h"

#include <math.h>
#include <stdlib.h>

typedef struct EdgeConstant {
    double frobenius, spectral;
} EdgeConstant;

static EdgeConstant same(double constant)
{
    return (EdgeConstant){constant, constant};
}

static EdgeConstant edge_constant(const NetworkEdge *edge, const LayerNorm *norm, double factor)
{
    switch (edge->kind) {
    case EDGE_CONSTANT:
        return same(0);
    case EDGE_LAYER:
        return (EdgeConstant){norm->frobenius, norm->upper};
    case EDGE_LINEAR:
        return same(sqrt(edge->row_sum * edge->column_sum));
    case EDGE_MAX:
        return same(sqrt(edge->windows));
    case EDGE_ELEMENTWISE:
        return same(edge->slope);
    case EDGE_PRODUCT:
        return same(isnan(factor) ? INFINITY : factor);
    case EDGE_UNBOUNDED:
        break;
    }
    return same(INFINITY);
}

bool lipschitz_needs_factors(const Network *network, size_t node)
{
    bool product = false;
    for (size_t i = 0; i < network->nodes[node].input_count; i++) {
        NetworkEdge edge;
        network_edge(&edge, network, node, i);
        product |= edge.kind == EDGE_PRODUCT;
    }
    return product;
}

/* constant * lambda, with 0 * infinity = 0: a path that passes nothing on. */
static double through(double constant, double lambda)
{
    return constant == 0 || lambda == 0 ? 0 : constant * lambda;
}

static void pass_edge(Lipschitz *lipschitz, const Network *network, size_t number, size_t input,
                      const LayerNorm *norm, const double *factors)
{
    const Node *node = &network->nodes[number];
    NetworkEdge edge;
    network_edge(&edge, network, number, input);
    const bool product = edge.kind == EDGE_PRODUCT;
    const EdgeConstant constant = edge_constant(&edge, norm, product && factors ? factors[input] : INFINITY);
    const size_t value = node->inputs[input];
    const double after = lipschitz->spectral[node->output];
    lipschitz->frobenius[value] += through(constant.frobenius, lipschitz->frobenius[node->output]);
    lipschitz->spectral[value] += through(constant.spectral, after);
    if (isfinite(constant.spectral) || after == 0 || lipschitz->culprit != NO_INDEX) return;
    lipschitz->culprit = number;
    lipschitz->reason = edge.kind == EDGE_UNBOUNDED ? edge.reason
                        : product                   ? "it multiplies two activations whose size is not known"
                                                    : "its weights are not finite";
}

Status lipschitz_create(Lipschitz *lipschitz, const Network *network, const LayerNorm *norms,
                        const double (*factor_norms)[2], Message *message)
{
    *lipschitz = (Lipschitz){.value_count = network->value_count,
                             .frobenius = calloc(network->value_count, sizeof(double)),
                             .spectral = calloc(network->value_count, sizeof(double)),
                             .culprit = NO_INDEX};
    if (!lipschitz->frobenius || !lipschitz->spectral) {
        lipschitz_free(lipschitz);
        return status_no_memory(message, "Lipschitz constants");
    }
    lipschitz->frobenius[network->output] = lipschitz->spectral[network->output] = 1;
    for (size_t i = network->node_count; i-- > 0;)
        for (size_t k = 0; k < network->nodes[i].input_count; k++)
            pass_edge(lipschitz, network, i, k, &norms[i], factor_norms ? factor_norms[i] : NULL);
    return STATUS_OK;
}

void lipschitz_free(Lipschitz *lipschitz)
{
    free(lipschitz->frobenius);
    free(lipschitz->spectral);
    *lipschitz = (Lipschitz){0};
}
