/* Norm: how much a layer can stretch a difference of its inputs: the l2 operator norm of its linear map, at
 * the true input size, stride, padding, dilation and groups.
 *
 * `lower` is what power iteration on T'T reached, from below. `upper` is proven, and the smallest of
 *   - sqrt(n_ov) |W|_F and sqrt(n_ov) |W|_2: unfolding repeats an input pixel at most n_ov times;
 *   - the polyphase Fourier bound: the largest singular value of the symbols of the convolution on a torus of
 * n + 2p rounded up to the stride, which contains the padded one (Sedghi, Gupta, Long, ICLR 2019, for stride
 * 1);
 *   - a certificate: sigma is an upper bound if the banded Cholesky factorization of sigma^2 I - T'T, with a
 * margin for its rounding, succeeds (Higham, Accuracy and Stability, theorem 10.3), tried at a little above
 * `lower`. For a Gemm or MatMul T is W itself. Biases do not matter. Pure functions of the weights; any
 * thread may call.
 *
 *     LayerNorm norm;
 *     layer_norm(&norm, network, layer, pool, message);
 *     norm.upper
 */
#ifndef BOUND_NORM_H
#define BOUND_NORM_H

#include "base/pool.h"
#include "network/network.h"

typedef struct LayerNorm {
    double frobenius; /* sqrt(n_ov) |W|_F, the textbook bound */
    double lower, upper;
    const char *upper_by; /* "Frobenius", "unfolded", "Fourier", "certificate" */
} LayerNorm;

/* norms[site_count] of one layer, a site each (they may see different sizes). STATUS_CANCELLED never;
 * STATUS_MEMORY. */
Status layer_norms(LayerNorm *norms, const Network *network, size_t layer, Pool *pool, Message *message);

#endif
