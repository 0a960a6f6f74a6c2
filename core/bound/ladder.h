/* Ladder: four bounds on how far the quantized network's output is from the float network's, loosest first.
 *
 * Steps are the activation quantizers and the layers in topological order; F_l is the network with the first
 * l steps quantized and the rest float. With the local errors e_l (quantized against float step on the same
 * input, that of the quantized chain): Frobenius, spectral   sum over l of lambda_l e_l               (see
 * bound/lipschitz.h) hybrid                sum over l of |F_l - F_(l-1)|             by running the tails; no
 * constants measured              |F_L - F_0| Norms are Euclidean over all images, and per image for
 * certificates. Proof: steps are replaced one at a time, first to last; the triangle inequality gives the
 * sum, and each difference passes through a float tail.
 *
 * Invariant, checked on every run: measured <= hybrid (1 + 1e-9), hybrid <= spectral (1 + 1e-4) + 1e-6 |F_0|,
 * spectral <= Frobenius. A violation is a bug: `violation` says which, and reports show it.
 */
#ifndef BOUND_LADDER_H
#define BOUND_LADDER_H

#include "bound/lipschitz.h"
#include "dataset/dataset.h"

typedef struct LadderStep { /* a layer's row: its activation quantizer, if any, and itself, added up */
    double local_error; /* e_l of the layer, relative: squared, over the squared float output without bias */
    double lambda;      /* spectral, of its output */
    double frobenius, spectral, hybrid; /* contributions to the rungs, in units of the output */
    double alone;                       /* |F with this layer alone quantized - F_0| */
    size_t hybrid_correct; /* images that F_l classifies rightly, l this layer's step; 0 without labels */
} LadderStep;

typedef struct Ladder {
    size_t images;
    bool labelled;
    size_t layer_count;
    LadderStep *steps;  /* [layer_count] */
    double output_norm; /* |F_0| */
    double frobenius, spectral, hybrid,
        measured;     /* INFINITY for the first two where a node has no constant */
    size_t costliest; /* layer of the largest hybrid contribution */
    size_t certified_spectral, certified_hybrid,
        certified_measured;       /* images whose error there is below margin / sqrt 2 */
    size_t kept;                  /* images whose top-1 did not change: never fewer than certified */
    const char *culprit, *reason; /* node without a finite constant, or NULL */
    const char *violation;        /* of the invariant, or NULL */
    double seconds;
} Ladder;

typedef bool LadderProgress(void *context, double fraction); /* false cancels; NULL allowed */

/* weights as network_run()'s: NULL entries are float layers. Images first..first+count-1 of the dataset. */
Status ladder_create(Ladder *ladder, const Network *network, const Weights *const *weights,
                     const LayerNorm *norms, const Dataset *dataset, const Normalization *normalization,
                     size_t count, Pool *pool, LadderProgress *progress, void *context, Message *message);
void ladder_free(Ladder *ladder);

#endif
