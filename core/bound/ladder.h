/* Ladder: four bounds on how far the quantized network's output is from the float network's, loosest first.
 *
 * A step is one use of a quantized layer, its activation quantizer included, in topological order; F_l is the
 * network with the first l steps quantized and the rest float. With the local errors e_l (quantized against
 * float layer on the same input, that of the quantized chain) and lambda_l, a Lipschitz constant of the float
 * network behind the layer's output (bound/lipschitz.h):
 *
 *     Frobenius, spectral   sum over l of lambda_l e_l
 *     hybrid                sum over l of |F_l - F_(l-1)|, by running the tails; no constants
 *     measured              |F_L - F_0|
 *
 * Norms are Euclidean over all images, and over an image for certificates. Proof: steps are replaced one at a
 * time, first to last; the triangle inequality gives the sum, and each difference passes through a float
 * tail.
 *
 * Invariant, checked on every run: measured <= hybrid (1 + 1e-9), hybrid <= spectral (1 + 1e-4) + 1e-6 |F_0|,
 * spectral <= Frobenius. A violation is a bug: `violation` says which, and reports show it.
 *
 * An image is certified at a rung where its own error there is below margin / sqrt 2, margin = the float
 * network's largest output minus its second: an error that changes the prediction moves two outputs towards
 * each other by the margin, so its norm is at least margin / sqrt 2. The spectral error is taken with the
 * invariant's slack, for the rounding of the float tails.
 *
 * Results do not depend on the number of threads or the memory: squared sums are kept an image, and added in
 * their order. Each thread holds the live values of a tile in two chains and a tail; what that takes is known
 * beforehand, and where the ceiling leaves no room for all threads, fewer tiles are under way at once.
 *
 * While it runs, a progress function is offered the ladder of the images done so far: a whole ladder, which
 * satisfies the invariant too.
 *
 *     Ladder ladder;
 *     LadderOptions options = {.pool = pool, .images = 1024};
 *     ladder_create(&ladder, network, weights, norms, dataset, &normalization, &options, message);
 *     ladder.spectral / ladder.hybrid; ladder.steps[3].alone;
 *     ladder_free(&ladder);
 */
#ifndef BOUND_LADDER_H
#define BOUND_LADDER_H

#include "base/pool.h"
#include "bound/lipschitz.h"
#include "dataset/dataset.h"

typedef enum LadderSet { LADDER_CALIBRATION, LADDER_EVALUATION } LadderSet; /* which images it is of */

const char *ladder_set_name(LadderSet set); /* "calibration" */
bool ladder_set_parse(LadderSet *set, const char *name);

typedef struct LadderStep {             /* a layer's row: the sums over its uses, which are mostly one */
    bool quantized;                     /* if not, all but lambda and hybrid_correct are 0 */
    double local_error;                 /* squared, over the squared float output without bias */
    double lambda;                      /* spectral, of its output; the largest of its uses */
    double frobenius, spectral, hybrid; /* contributions to the rungs, in units of the output */
    double alone;                       /* |F with this layer alone quantized - F_0| */
    size_t hybrid_correct; /* images that F_l classifies rightly, l this layer's last use; 0 without labels */
} LadderStep;

typedef struct Ladder {
    size_t images; /* that it is of */
    size_t total;  /* images of the whole run: as many, once it is done */
    bool labelled;
    size_t layer_count;
    LadderStep *steps;          /* [layer_count] */
    double output_norm;         /* |F_0| */
    double frobenius, spectral; /* INFINITY where a node has no constant */
    double hybrid, measured;
    size_t costliest; /* layer of the largest hybrid contribution, or NO_INDEX
                         where none is quantized */
    size_t certified_spectral, certified_hybrid, certified_measured; /* images */
    size_t kept;                  /* images whose top-1 did not change: never fewer than certified */
    size_t correct;               /* images that F_0 classifies rightly; 0 without labels */
    const char *culprit, *reason; /* node without a finite constant and why, or NULL; the node's
                                     name is the network's */
    const char *violation;        /* of the invariant, or NULL */
    double seconds;
    size_t bytes; /* that the run takes at most: values of tiles, and sums of images */
} Ladder;

/* After the first tiles, after the last ones, and at most ten times a second in between, on the thread that
 * called ladder_create(). so_far is good until it returns; fraction is of the run, 0 to 1. The last one is
 * the result. False cancels. */
typedef bool LadderProgress(void *context, const Ladder *so_far, double fraction);

typedef struct LadderOptions {
    Pool *pool;
    size_t images;            /* from the front; 0: all of the dataset */
    size_t memory;            /* ceiling in bytes for what the ladder itself takes; 0: none */
    LadderProgress *progress; /* NULL allowed */
    Proceed *proceed;         /* base/cancellation.h; NULL allowed */
    void *context;
} LadderOptions;

/* weights as network_run()'s: NULL entries are float layers. norms: network_norms()'. STATUS_INVALID where
 * the images are not of the network's size or outputs on them not finite, STATUS_MEMORY names a ceiling that
 * would do, STATUS_CANCELLED.
 * *ladder is empty on failure. */
Status ladder_create(Ladder *ladder, const Network *network, const Weights *const *weights,
                     const LayerNorm *norms, const Dataset *dataset, const Normalization *normalization,
                     const LadderOptions *options, Message *message);
void ladder_free(Ladder *ladder);

/* A layer's share of the spectral sum, or of the hybrid where that is infinite; 0 of a sum of 0. */
double ladder_share(const Ladder *ladder, size_t layer);

#endif
