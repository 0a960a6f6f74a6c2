/* SPDX-License-Identifier: MIT */
/* The operators of a network that stay float, by kind: why, and what that means on an integer device.
 *
 * Quantization is of layers: weights, and their inputs. What stands between layers is computed in float here;
 * a device that computes all in integers has to do something else there, and a network that finds nothing
 * after such a conversion lost it in one of these. Nodes that move or select values are listed too: they are
 * the same on integers.
 *
 * Example (const Network *network):
 *     FloatOperators list;
 *     float_operators_find(&list, network);
 *     for (size_t i = 0; i < FLOAT_KINDS; i++)
 *         if (list.kinds[i].nodes) printf("%s: %s\n", list.kinds[i].names, float_kinds[i].why);
 *
 * Pure; any thread may call.
 */
#ifndef NETWORK_FLOAT_OPERATORS_H
#define NETWORK_FLOAT_OPERATORS_H

#include "network/types.h"

/* In the order in which they matter. */
typedef enum FloatKind {
    FLOAT_SOFTMAX, /* Softmax */
    FLOAT_NORM,    /* LayerNormalization and others that divide by a measured spread */
    FLOAT_CURVE,   /* SiLU, Sigmoid, Gelu, Exp, ... */
    FLOAT_PRODUCT, /* MatMul or Einsum of two activations */
    FLOAT_JOIN,    /* Add, Sub, Mul, Div, Max, Min */
    FLOAT_AVERAGE, /* pooling by averages, reductions, Resize */
    FLOAT_MOVE,    /* Relu, Clip, MaxPool, Concat, Transpose, ... */
    FLOAT_OTHER,
    FLOAT_KINDS
} FloatKind;

typedef struct FloatKindText {
    const char *why;   /* it stays float */
    const char *means; /* for a device that computes in integers */
} FloatKindText;

extern const FloatKindText float_kinds[FLOAT_KINDS];

typedef struct FloatOperators {
    struct {
        size_t nodes;
        char names[160]; /* "SiLU 29, Sigmoid": operators with their number of nodes, in the network's order;
                            cut where there are many */
    } kinds[FLOAT_KINDS];
} FloatOperators;

/* Lists the nodes that belong to no layer. Copies, which cost nothing, are left out. */
void float_operators_find(FloatOperators *list, const Network *network);

#endif
