/* Norm: how much a layer can stretch a difference of its inputs: the l2 operator norm of its linear map, at
 * the true input size, stride, padding, dilation and groups.
 *
 * `lower` is what restarted Lanczos iterations on T'T reached, from below. `upper` is proven, and the least
 * of
 *   - sqrt(n_ov) |W|_F and sqrt(n_ov) |W|_2: unfolding repeats an input pixel at most n_ov times;
 *   - the polyphase Fourier bound: the largest singular value of the symbols of the convolution on a torus of
 * n + p (p the larger padding) rounded up to the stride, of which the padded one is a part (Sedghi, Gupta,
 * Long, ICLR 2019, for stride 1);
 *   - a certificate: sigma is an upper bound if the banded Cholesky factorization of sigma^2 I - T'T or
 * sigma^2 I - TT', with a margin for its rounding, succeeds (Higham, Accuracy and Stability, theorem 10.3),
 * tried at 1.005, 1.01, 1.02 and 1.05 * `lower`, where the band fits into 512 MiB. The costlier ones are left
 * out once upper <= 1.005 lower. For a Gemm or MatMul T is W itself. Biases do not matter. Groups are taken
 * one at a time: T is block diagonal, and its norm the largest of theirs.
 *
 * Norms depend on the network alone and take seconds: whoever opened the network computes them once, and
 * keeps them beside it for all plans.
 *
 *     LayerNorm *norms = calloc(network->node_count, sizeof *norms);
 *     network_norms(norms, network, &(NormOptions){.pool = pool}, message);
 *     norms[network->layers[l].uses[0]].upper
 */
#ifndef BOUND_NORM_H
#define BOUND_NORM_H

#include "base/cancellation.h"
#include "base/pool.h"
#include "network/types.h"

typedef struct LayerNorm {
    double frobenius; /* sqrt(n_ov) |W|_F, the textbook bound */
    double lower, upper;
    const char *upper_by; /* NULL: not known; "Frobenius", "unfolded", "Fourier", "certificate" */
} LayerNorm;

typedef struct NormOptions {
    Pool *pool;       /* layers are its tasks */
    size_t memory;    /* ceiling in bytes, 0 for none; fewer layers are under way at once where it is low */
    Proceed *proceed; /* base/cancellation.h, with the fraction of the layers done; NULL allowed */
    void *context;
} NormOptions;

/* norms[node_count]: those of all uses of all layers are filled in. All zeros at first; on failure what was
 * found stays, and is not computed again where the call is repeated. STATUS_CANCELLED; STATUS_MEMORY
 * names a ceiling that would do. */
Status network_norms(LayerNorm *norms, const Network *network, const NormOptions *options, Message *message);

#endif
