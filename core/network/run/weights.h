/* SPDX-License-Identifier: MIT */
/* Weights: a layer's weights in the formats of its kernels. Read-only once created; any thread may use them.
 * The caller that creates them frees them, before the network. */
#ifndef NETWORK_WEIGHTS_H
#define NETWORK_WEIGHTS_H

#include "base/status.h"
#include "network/run/input_quantizer.h"
#include "network/types.h"

/* Packs float weights [groups*m][n] and bias [groups*m], as Layer has them. Both are copied. *packed is NULL
 * on failure. */
Status weights_create(Weights **packed, const Network *network, size_t layer, const float *weights,
                      const float *bias, Message *message);

/* Packs the weights of a layer that quantizes its input x to codes q. With one input scale s,
 *
 *     y[i] = scales[i] * s * sum_k codes[i][k] * q[k] + bias[i]
 *
 * With one input scale per channel, codes[i][k] is multiplied by the scale of k's channel in place of s.
 * codes [groups*m][n], scales and bias [groups*m]. codes and scales NULL: the layer's float weights in their
 * place. Everything is copied, the quantizer too. STATUS_INVALID if an input scale is not a positive normal
 * number, or if the number of input scales is neither 1 nor the layer's input channels. */
Status weights_create_integer(Weights **packed, const Network *network, size_t layer, const int8_t *codes,
                              const float *scales, const float *bias, const InputQuantizer *quantizer,
                              Message *message);
void weights_free(Weights *packed);

/* How the layer quantizes its input, or NULL if it does not. Lives as long as the weights. */
const InputQuantizer *weights_quantizer(const Weights *packed);

/* True if all sums of products of codes are exact in float, in any order: the largest sum over k of
 * |codes[i][k]| times the largest input code is below 2^24. */
bool weights_exact(const Weights *packed);

#endif
