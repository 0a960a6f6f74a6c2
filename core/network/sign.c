/* Which values cannot be negative, from the graph alone. */
#include "network/network.h"
#include "network/operators/elementwise.h"

#include <string.h>

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool constant_nonnegative(const Value *value)
{
    if (value->type != ELEMENT_FLOAT) return true; /* indices and shapes: no part of the result */
    const float *elements = value->constant;
    for (size_t i = 0; i < value->elements; i++)
        if (!(elements[i] >= 0)) return false;
    return true;
}

/* What computes no negative number from numbers that are none, and what moves numbers about. */
static bool keeps_sign(const Node *node)
{
    static const char *const names[] = {"Add",
                                        "Mul",
                                        "Div",
                                        "Min",
                                        "Pow",
                                        "PRelu",
                                        "MatMul",
                                        "ReduceSum",
                                        "ReduceMean",
                                        "ReduceMax",
                                        "ReduceMin",
                                        "ReduceProd",
                                        "MaxPool",
                                        "AveragePool",
                                        "GlobalAveragePool",
                                        "GlobalMaxPool",
                                        "LeakyRelu",
                                        "Elu",
                                        "Celu",
                                        "ThresholdedRelu",
                                        "Gelu",
                                        "GeluTanh",
                                        "Mish",
                                        "SiLU",
                                        "HardSwish",
                                        "Tanh",
                                        "Softsign",
                                        "Erf",
                                        "Floor",
                                        "Ceil",
                                        "Round",
                                        "Sign",
                                        "Reciprocal",
                                        "Concat",
                                        "Slice",
                                        "Split",
                                        "Gather",
                                        "GatherElements",
                                        "GatherND",
                                        "ScatterND",
                                        "Transpose",
                                        "Reshape",
                                        "Flatten",
                                        "Squeeze",
                                        "Unsqueeze",
                                        "Identity",
                                        "Copy",
                                        "Expand",
                                        "Tile",
                                        "Trilu",
                                        "ZerosBetween",
                                        "TopK"};
    if (resample_keeps_sign(node)) return true;
    return node->layer == NO_INDEX && is_among(node->operator_name, names, sizeof names / sizeof *names);
}

static bool always_nonnegative(const Node *node)
{
    static const char *const names[] = {"Relu",     "Sigmoid",  "HardSigmoid",    "Softmax",
                                        "Abs",      "Exp",      "Sqrt",           "Softplus",
                                        "ReduceL1", "ReduceL2", "ReduceSumSquare"};
    if (is_among(node->operator_name, names, sizeof names / sizeof *names)) return true;
    return node->kernel == &kernel_clip && ((const ClipParameters *)node->parameters)->low >= 0;
}

static bool node_nonnegative(const bool *nonnegative, const Node *node)
{
    if (always_nonnegative(node)) return true;
    bool all = true, any = false;
    for (size_t i = 0; i < node->input_count; i++) {
        all &= nonnegative[node->inputs[i]];
        any |= nonnegative[node->inputs[i]];
    }
    return strcmp(node->operator_name, "Max") == 0 ? any : all && keeps_sign(node);
}

void network_find_nonnegative(bool *nonnegative, const Network *network)
{
    for (size_t v = 0; v < network->value_count; v++)
        nonnegative[v] = network->values[v].constant && constant_nonnegative(&network->values[v]);
    for (size_t i = 0; i < network->node_count; i++) {
        const Node *node = &network->nodes[i];
        nonnegative[node->output] = node_nonnegative(nonnegative, node);
    }
}
