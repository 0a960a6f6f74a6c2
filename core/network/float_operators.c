/* SPDX-License-Identifier: MIT */
#include "network/float_operators.h"

#include "network/operators/kernel.h"

#include <stdio.h>
#include <string.h>

const FloatKindText float_kinds[FLOAT_KINDS] = {
    [FLOAT_SOFTMAX] = {"it divides by a sum of exponentials, and most of its outputs are near 0",
                       "8 bits leave nothing below 1/256: attention and distances of boxes lose their tails"},
    [FLOAT_NORM] = {"it divides by the spread of its input, which is known only then",
                    "sums of squares need 32 bits, and the division a reciprocal square root"},
    [FLOAT_CURVE] = {"it is curved: equal steps of its input are no equal steps of its output",
                     "a table of 256 entries for an 8-bit input; near 0 its steps are coarser than in float"},
    [FLOAT_PRODUCT] = {"both factors are activations: there are no weights to solve for",
                       "each factor needs a scale of its own, and large values of one coarsen it"},
    [FLOAT_JOIN] = {"it joins values of different scales",
                    "both operands are rounded to one scale: the smaller one loses most"},
    [FLOAT_AVERAGE] = {"it averages: its results lie between the levels of its input",
                       "exact in 32-bit sums, with one rounding at the end"},
    [FLOAT_MOVE] = {"it moves, selects or limits values",
                    "the same on integers; Concat needs one scale for all"},
    [FLOAT_OTHER] = {"it has no weights", "it depends on the device"},
};

/* Operators by kind; "" after the last. */
static const char *const members[FLOAT_KINDS][40] = {
    [FLOAT_SOFTMAX] = {"Softmax", "LogSoftmax"},
    [FLOAT_NORM] = {"LayerNormalization", "InstanceNormalization", "GroupNormalization", "BatchNormalization",
                    "LRN", "LpNormalization"},
    [FLOAT_CURVE] = {"SiLU", "Sigmoid", "HardSwish", "HardSigmoid", "Tanh", "Softplus",   "Softsign", "Gelu",
                     "Mish", "Erf",     "Exp",       "Log",         "Sqrt", "Reciprocal", "Elu",      "Celu",
                     "Selu", "Sin",     "Cos",       "Pow",         "Abs",  "LeakyRelu",  "PRelu"},
    [FLOAT_PRODUCT] = {"MatMul", "Einsum", "Gemm"},
    [FLOAT_JOIN] = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Mod", "Where"},
    [FLOAT_AVERAGE] = {"AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum", "Resize", "Upsample"},
    [FLOAT_MOVE] = {"Relu",           "Clip",
                    "MaxPool",        "GlobalMaxPool",
                    "Concat",         "Split",
                    "Slice",          "Pad",
                    "Transpose",      "Reshape",
                    "Gather",         "GatherElements",
                    "GatherND",       "Expand",
                    "Tile",           "DepthToSpace",
                    "Copy",           "SpaceToDepth",
                    "ScatterND",      "Trilu",
                    "TopK",           "ArgMax",
                    "ArgMin",         "ZerosBetween",
                    "QuantizeLinear", "DequantizeLinear",
                    "Cast",           "Neg",
                    "Identity",       "ReduceMax",
                    "ReduceMin"},
};

static FloatKind kind_of(const char *name)
{
    for (FloatKind kind = 0; kind < FLOAT_OTHER; kind++)
        for (size_t i = 0; i < 40 && members[kind][i]; i++)
            if (strcmp(members[kind][i], name) == 0) return kind;
    return FLOAT_OTHER;
}

static bool stays_float(const Node *node)
{
    return node->layer == NO_INDEX && !node->kernel->copies;
}

/* Nodes with that operator; 0 where an earlier node has it: it is listed there. */
static size_t count_from(const Network *network, size_t first)
{
    const char *name = network->nodes[first].operator_name;
    size_t count = 0;
    for (size_t i = 0; i < first; i++)
        if (stays_float(&network->nodes[i]) && strcmp(network->nodes[i].operator_name, name) == 0) return 0;
    for (size_t i = first; i < network->node_count; i++)
        count += stays_float(&network->nodes[i]) && strcmp(network->nodes[i].operator_name, name) == 0;
    return count;
}

void float_operators_find(FloatOperators *list, const Network *network)
{
    *list = (FloatOperators){0};
    for (size_t i = 0; i < network->node_count; i++) {
        const char *name = network->nodes[i].operator_name;
        const size_t count = stays_float(&network->nodes[i]) ? count_from(network, i) : 0;
        if (!count) continue;
        const FloatKind kind = kind_of(name);
        char *names = list->kinds[kind].names, number[24] = "";
        const size_t used = strlen(names), room = sizeof list->kinds[kind].names - used;
        if (count > 1) snprintf(number, sizeof number, " %zu", count);
        snprintf(names + used, room, "%s%s%s", used ? ", " : "", name, number);
        list->kinds[kind].nodes += count;
    }
}
