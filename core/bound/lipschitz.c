/* SPDX-License-Identifier: MIT */
#include "bound/lipschitz.h"
#include "network/geometry.h"

#include <math.h>
#include <stdlib.h>

typedef struct EdgeConstant {
    double frobenius, spectral;
} EdgeConstant;

/* The constants of all edges of the network. */
typedef struct Edges {
    size_t *first;           /* [node_count]: of the node's first input in `constants` */
    EdgeConstant *constants; /* one per input of every node */
} Edges;

static EdgeConstant same(double constant)
{
    return (EdgeConstant){constant, constant};
}

static double linear_norm(const NetworkEdge *edge)
{
    const double schur = sqrt(edge->row_sum * edge->column_sum);
    return edge->norm > 0 ? fmin(edge->norm, schur) : schur;
}

static EdgeConstant edge_constant(const NetworkEdge *edge, const LayerNorm *norm, double factor)
{
    switch (edge->kind) {
    case EDGE_CONSTANT:
        return same(0);
    case EDGE_LAYER:
        return (EdgeConstant){norm->frobenius, norm->upper};
    case EDGE_LINEAR:
        return same(linear_norm(edge));
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

/* --- one pass backward: sums over paths, and the culprit --------------------------------------------- */

static void pass_edge(Lipschitz *lipschitz, Edges *edges, const Network *network, size_t number, size_t input,
                      const LayerNorm *norm, const double *factors)
{
    const Node *node = &network->nodes[number];
    NetworkEdge edge;
    network_edge(&edge, network, number, input);
    const bool product = edge.kind == EDGE_PRODUCT;
    const EdgeConstant constant = edge_constant(&edge, norm, product && factors ? factors[input] : INFINITY);
    const size_t value = node->inputs[input];
    const double after = lipschitz->spectral[node->output];
    edges->constants[edges->first[number] + input] = constant;
    lipschitz->frobenius[value] += through(constant.frobenius, lipschitz->frobenius[node->output]);
    lipschitz->spectral[value] += through(constant.spectral, after);
    if (isfinite(constant.spectral) || after == 0 || lipschitz->culprit != NO_INDEX) return;
    lipschitz->culprit = number;
    lipschitz->reason = edge.kind == EDGE_UNBOUNDED ? edge.reason
                        : product                   ? "it multiplies two activations whose size is not known"
                                                    : "its weights are not finite";
}

/* --- passes forward: squares add where branches are joined -------------------------------------------- */

/* Adds to a node's bounds the change that reaches it through one input. */
static void meet(EdgeConstant *sum, EdgeConstant constant, EdgeConstant before, bool joins)
{
    const double frobenius = through(constant.frobenius, before.frobenius);
    const double spectral = through(constant.spectral, before.spectral);
    sum->frobenius = joins ? hypot(sum->frobenius, frobenius) : sum->frobenius + frobenius;
    sum->spectral = joins ? hypot(sum->spectral, spectral) : sum->spectral + spectral;
}

/* How far the output moves at most where `value` moves by 1: bounds[value_count] of all values between them.
 */
static EdgeConstant pass_forward(EdgeConstant *bounds, const Edges *edges, const Network *network,
                                 size_t value)
{
    const size_t producer = network->values[value].producer;
    for (size_t v = 0; v < network->value_count; v++) bounds[v] = same(0);
    bounds[value] = same(1);
    for (size_t i = producer == NO_INDEX ? 0 : producer + 1; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        EdgeConstant sum = same(0);
        for (size_t k = 0; k < node->input_count; k++)
            meet(&sum, edges->constants[edges->first[i] + k], bounds[node->inputs[k]],
                 network_joins(network, i));
        bounds[node->output] = sum;
    }
    return bounds[network->output];
}

/* In the place of the sums over paths, where there is a node that joins branches. */
static void refine(Lipschitz *lipschitz, EdgeConstant *bounds, const Edges *edges, const Network *network)
{
    bool joins = false;
    for (size_t i = 0; i < network->node_count; i++) joins |= network_joins(network, i);
    for (size_t v = 0; joins && v < network->value_count; v++) {
        const size_t producer = network->values[v].producer;
        const bool layer = producer != NO_INDEX && network->nodes[producer].layer != NO_INDEX;
        if (!layer && v != network->input) continue;
        const EdgeConstant forward = pass_forward(bounds, edges, network, v);
        lipschitz->frobenius[v] = forward.frobenius;
        lipschitz->spectral[v] = forward.spectral;
    }
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void pass_all(Lipschitz *lipschitz, Edges *edges, EdgeConstant *bounds, const Network *network,
                     const LayerNorm *norms, const double (*factor_norms)[2])
{
    lipschitz->frobenius[network->output] = lipschitz->spectral[network->output] = 1;
    for (size_t i = network->node_count; i-- > 0;)
        for (size_t k = 0; k < network->nodes[i].input_count; k++)
            pass_edge(lipschitz, edges, network, i, k, &norms[i], factor_norms ? factor_norms[i] : NULL);
    refine(lipschitz, bounds, edges, network);
}

Status lipschitz_create(Lipschitz *lipschitz, const Network *network, const LayerNorm *norms,
                        const double (*factor_norms)[2], Message *message)
{
    size_t inputs = 0;
    *lipschitz = (Lipschitz){.value_count = network->value_count,
                             .frobenius = calloc(network->value_count, sizeof(double)),
                             .spectral = calloc(network->value_count, sizeof(double)),
                             .culprit = NO_INDEX};
    Edges edges = {.first = calloc(network->node_count + 1, sizeof *edges.first)};
    EdgeConstant *bounds = calloc(network->value_count, sizeof *bounds);
    for (size_t i = 0; edges.first && i < network->node_count; i++) {
        edges.first[i] = inputs;
        inputs += network->nodes[i].input_count;
    }
    edges.constants = calloc(inputs + 1, sizeof *edges.constants);
    Status status = STATUS_OK;
    if (lipschitz->frobenius && lipschitz->spectral && edges.first && edges.constants && bounds)
        pass_all(lipschitz, &edges, bounds, network, norms, factor_norms);
    else
        status = status_no_memory(message, "Lipschitz constants");
    free(edges.first);
    free(edges.constants);
    free(bounds);
    if (status != STATUS_OK) lipschitz_free(lipschitz);
    return status;
}

void lipschitz_free(Lipschitz *lipschitz)
{
    free(lipschitz->frobenius);
    free(lipschitz->spectral);
    *lipschitz = (Lipschitz){0};
}
