/* SPDX-License-Identifier: MIT */
/* Ladder: four bounds on how far the quantized network's output is from the float network's, loosest first.
 *
 * A step is one use of a quantized layer, its activation quantizer included, in topological order. The hybrid
 * network F_l has the first l steps quantized and the rest float: F_0 is the float network, F_L the quantized
 * one. e_l is the local error of step l: quantized against float layer on the same input, that of the
 * quantized chain. lambda_l is a Lipschitz constant of the float network behind the layer's output
 * (bound/lipschitz.h).
 *
 *     Frobenius, spectral   sum over l of lambda_l e_l, operator norms by sqrt(n_ov) |W|_F, or proven
 * (norm.h) hybrid                sum over l of |F_l - F_(l-1)|, by running the hybrids; no constants measured
 * |F_L - F_0|
 *
 * Norms are Euclidean over all images; per image for certificates. Proof: replace the steps one at a time,
 * first to last. The triangle inequality bounds |F_L - F_0| by the sum of the changes, and the change of step
 * l is e_l passed through the float rest of the network.
 *
 * Invariant, checked on every run: measured <= hybrid (1 + 1e-9), hybrid <= spectral (1 + 1e-4) + 1e-6 |F_0|,
 * spectral <= Frobenius. A violation is a bug: `violation` says which, and reports show it.
 *
 * An image is certified by norms at a rung where its own error there is below margin / sqrt 2, margin = the
 * float network's largest output minus its second. Proof: an error that changes the prediction moves two
 * outputs towards each other by the margin, so its norm is at least margin / sqrt 2. The spectral error is
 * taken with the invariant's slack, because the hybrids run in float. The hybrids also give the direction of
 * each change, and with it three tests that certify more (bound/margins.h). All tests but the spectral one
 * need the quantized network's outputs on the images: they explain why predictions are kept. Also checked on
 * every run: each test certifies the images of the one before it, and no certified image changes its class.
 *
 * A step's pull is what it adds to the margin of an image over the float network's second class. The pulls of
 * all steps add up to the change of that margin. They depend on the order of the steps, first to last.
 *
 * Results do not depend on the number of threads or the memory: squared sums are kept per image, and added in
 * the order of the images. Each worker holds the live values of a tile in two chains and a tail; what that
 * takes is counted beforehand, and where the ceiling leaves no room for all threads, fewer tiles run at once.
 *
 * Example (const Network *network, const Weights *const *weights, const LayerNorm *norms, const Dataset
 * *dataset, const Normalization *normalization, Pool *pool, Message *message):
 *     Ladder ladder;
 *     LadderOptions options = {.pool = pool, .images = 1024};
 *     ladder_create(&ladder, network, weights, norms, dataset, normalization, &options, message);
 *     double looseness = ladder.spectral / ladder.hybrid, alone = ladder.steps[3].alone;
 *     ladder_free(&ladder);
 */
#ifndef BOUND_LADDER_H
#define BOUND_LADDER_H

#include "base/pool.h"
#include "bound/lipschitz.h"
#include "dataset/dataset.h"

/* Which images a ladder is computed on. */
typedef enum LadderSet { LADDER_CALIBRATION, LADDER_EVALUATION } LadderSet;

/* "calibration", "evaluation"; and back: false, and *set untouched, for another name. */
const char *ladder_set_name(LadderSet set);

/* Parses "calibration" or "evaluation". False for any other name, with *set unchanged. */
bool ladder_set_parse(LadderSet *set, const char *name);

/* The tests that certify images, loosest first: each certifies all images that the one before it does. The
 * measured errors are a test of their own: all images that it certifies are kept, and it certifies those that
 * CERTIFIED_NORMS does. */
typedef enum Certificate {
    CERTIFIED_SPECTRAL,  /* sum of lambda_l e_l < margin / sqrt 2 */
    CERTIFIED_NORMS,     /* sum of |F_l - F_(l-1)| < margin / sqrt 2 */
    CERTIFIED_DIRECTION, /* bound/margins.h has this and the next two */
    CERTIFIED_ONE_SIDED,
    CERTIFIED_BY_STAGE,
    CERTIFIED_MEASURED, /* |F_L - F_0| < margin / sqrt 2 */
    CERTIFICATE_COUNT
} Certificate;

/* "spectral", "norms", "direction", "one-sided", "one-sided by stage", "measured". */
const char *certificate_name(Certificate certificate);
/* The key in JSON: "spectral", "hybrid", "direction", "one_sided", "by_stage", "measured". */
const char *certificate_key(Certificate certificate);

/* A layer's row: sums over its uses, of which there is usually one. */
typedef struct LadderStep {
    bool quantized;     /* if not, all but lambda and the counts of images are 0 */
    double local_error; /* e_l^2 / |float output without bias|^2 */
    double lambda;      /* spectral Lipschitz constant behind its output; the largest of its uses */
    double frobenius, spectral, hybrid; /* contributions to the rungs, in units of the output */
    double alone;                       /* |F with this layer alone quantized - F_0| */
    double pull;           /* mean over images of what it adds to the margin over the float second class */
    size_t lowered;        /* images whose margin it lowers */
    size_t ally, opponent; /* layers whose pulls go most the same way and most the other way, over the images;
                              NO_INDEX: none. Set on the last report alone */
    double alliance, opposition; /* cosine of their pulls over the images with this layer's, -1..1 */
    size_t lost, gained;   /* images that F_0 classifies rightly and F_l does not; the other way round */
    size_t hybrid_correct; /* images that F_l classifies rightly, l this layer's last use; 0 without labels */
} LadderStep;

typedef struct Ladder {
    size_t images; /* summed so far */
    size_t total;  /* images of the whole run */
    bool labelled;
    size_t layer_count;
    LadderStep *steps;          /* [layer_count] */
    double output_norm;         /* |F_0| */
    double frobenius, spectral; /* INFINITY where a node has no constant */
    double hybrid, measured;
    size_t costliest;                    /* layer of the largest hybrid contribution, or NO_INDEX
                                            where none is quantized */
    size_t certified[CERTIFICATE_COUNT]; /* images, by test */
    size_t stages;                       /* runs of consecutive steps of one output size */
    size_t kept;    /* images whose top-1 class did not change: never fewer than certified */
    size_t correct; /* images that F_0 classifies rightly; 0 without labels */
    const char *culprit,
        *reason; /* a node without a finite constant (its name, owned by the network) and why, or NULL */
    const char *violation; /* of the invariant, or NULL */
    double seconds;
    size_t bytes; /* memory that the run takes at most: values of tiles, and sums of images */
} Ladder;

/* A progress report: called after the first tiles, after the last ones, and at most ten times a second in
 * between, on the thread that called ladder_create(). so_far is the whole ladder of the images done so far,
 * which satisfies the invariant too; it is valid until the function returns. The last report is the result.
 * False cancels. */
typedef bool LadderProgress(void *context, const Ladder *so_far, double fraction);

typedef struct LadderOptions {
    Pool *pool;
    size_t images;            /* from the front of the dataset; 0: all */
    size_t memory;            /* ceiling in bytes for what the ladder itself takes; 0: none */
    LadderProgress *progress; /* NULL allowed */
    Proceed *proceed;         /* base/cancellation.h; NULL allowed */
    void *context;
} LadderOptions;

/* weights: as network_run()'s; NULL entries are float layers. norms: from network_norms(). STATUS_INVALID
 * where the images do not have the size of the network's input, or outputs on them are not finite;
 * STATUS_MEMORY; STATUS_CANCELLED. *ladder is empty on failure. */
Status ladder_create(Ladder *ladder, const Network *network, const Weights *const *weights,
                     const LayerNorm *norms, const Dataset *dataset, const Normalization *normalization,
                     const LadderOptions *options, Message *message);
void ladder_free(Ladder *ladder);

#endif
