/* What the families of elementwise operators share with each other and with the rest. Private to
 * core/network. */
#ifndef NETWORK_ELEMENTWISE_H
#define NETWORK_ELEMENTWISE_H

#include "network/operators/operator.h"

extern const Kernel kernel_relu; /* no parameters */
extern const Kernel kernel_clip; /* ClipParameters */

/* y = min(max(x, low), high); infinite where a bound is absent */
typedef struct ClipParameters {
    float low, high;
} ClipParameters;

/* Adds to sums[i] the squares of the elements of `other` that element i of input `input` of an arithmetic
 * node is multiplied by. */
void product_sums(double *sums, const Node *node, size_t input, const float *other);

/* True where a node resizes by weights none of which is negative. */
bool resample_keeps_sign(const Node *node);

/* Emits a kernel whose output has the input's shape and layout, and binds it to the call's output. */
Status emit_elementwise(Call *call, const Kernel *kernel, const void *parameters, const char *operator_name,
                        size_t input, ElementType type);

/* *value = a OP b with broadcasting; name: "Add", "Mul", "Max" ... as in ONNX. */
Status emit_binary(Call *call, const char *name, size_t a, size_t b, size_t *value);

/* *value = `input` as another type; itself where it has that type. */
Status emit_cast(Call *call, size_t input, ElementType type, size_t *value);

/* A product that is an activation of one of its factors (SiLU, HardSwish, GELU, Mish) becomes that, and *done
 * is set. */
Status build_gated(Call *call, bool *done);

#endif
