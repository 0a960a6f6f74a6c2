/* SPDX-License-Identifier: MIT */
/* Functions of one element, as other operators use them. Private to core/network. */
#ifndef NETWORK_ACTIVATIONS_H
#define NETWORK_ACTIVATIONS_H

#include "network/build/call.h"
#include "network/operators/kernel.h"

/* Emits a function of `input` by its name ("SiLU", "Gelu", "Mish", ...), and binds it to the call's output.
 */
Status emit_activation(Call *call, const char *name, size_t input);

extern const Kernel kernel_sigmoid, kernel_hard_sigmoid, kernel_softplus, kernel_tanh, kernel_erf;

/* alpha and beta of a node with one of these kernels, or of another function of one element. */
typedef struct ActivationParameters {
    float alpha, beta;
    double slope; /* the largest; 0: no largest */
    Sign sign;
} ActivationParameters;

#endif
