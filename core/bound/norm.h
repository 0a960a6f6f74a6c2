/* SPDX-License-Identifier: MIT */
/* Norm: the l2 operator norm of a layer's linear map T at the true input size, stride, padding, dilation and
 * groups: how much the layer can stretch a difference of its inputs.
 *
 * `lower` is reached from below, by restarted Lanczos iterations on T'T. `upper` is proven: the least of
 *   - sqrt(n_ov) |W|_F and sqrt(n_ov) |W|_2: unfolding repeats an input pixel at most n_ov times;
 *   *   - the polyphase Fourier bound: the largest singular value of the symbols of the convolution on a
 * torus of n + p pixels (p the larger padding) rounded up to the stride, which contains the padded
 * convolution (Sedghi,
 *     Gupta, Long, ICLR 2019, for stride 1);
 *   *   - a certificate: sigma is an upper bound if the banded Cholesky factorization of sigma^2 I - T'T or
 *     sigma^2 I - TT', with a margin for its rounding, succeeds (Higham, Accuracy and Stability,
 * theorem 10.3), tried at 1.005, 1.01, 1.02 and 1.05 times `lower`, where the band fits into 512 MiB. The
 * costlier ones are left out once upper <= 1.005 lower. For a Gemm or MatMul T is W itself. Biases do not
 * matter. Groups are taken one at a time: T is block diagonal, and its norm is the largest of its blocks'.
 *
 * Norms depend on the network alone and take seconds: compute them once per network, for all plans, or keep
 * them (bound/norm_record.h).
 *
 * Example (const Network *network, size_t layer, Pool *pool, Message *message):
 *     LayerNorm *norms = calloc(network->node_count, sizeof *norms);
 *     network_norms(norms, network, &(NormOptions){.pool = pool}, message);
 *     double bound = norms[network->layers[layer].uses[0]].upper;
 */
#ifndef BOUND_NORM_H
#define BOUND_NORM_H

#include "base/cancellation.h"
#include "base/pool.h"
#include "network/types.h"

typedef struct LayerNorm {
    double frobenius; /* sqrt(n_ov) |W|_F, the textbook bound */
    double lower, upper;
    const char *upper_by; /* what proved `upper`: "Frobenius", "unfolded", "Fourier", "certificate"; NULL: not
                             known */
} LayerNorm;

typedef struct NormOptions {
    Pool *pool;       /* layers are its tasks */
    size_t memory;    /* ceiling in bytes; 0: none. Where it is low, fewer layers are computed at once */
    Proceed *proceed; /* base/cancellation.h, with the fraction of the layers done; NULL allowed */
    void *context;
} NormOptions;

/* Fills norms [node_count] at the uses of all layers. Pass zeros at first; on failure the norms found so far
 * stay, and another call computes only the rest. STATUS_CANCELLED, STATUS_MEMORY. */
Status network_norms(LayerNorm *norms, const Network *network, const NormOptions *options, Message *message);

#endif
