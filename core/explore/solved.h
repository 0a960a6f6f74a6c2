/* SPDX-License-Identifier: MIT */
/* Solved: a layer as it was solved, with what there is to show of it.
 *
 * Immutable and counted by references: the memo, pipelines and snapshots share it. Any thread may read, hold
 * and drop. The network must outlive it.
 *
 * Example (const Network *network, const Plan *plan, const Statistics *statistics, Pool *pool, Message
 * *message):
 *     const Solved *solved;
 *     SolvedWatch watch = {0};
 *     solved_create(&solved, network, 3, &plan->options, &plan->layers[3], statistics, &watch, pool, message);
 *     printf("%d\n", solved->result.codes[0]);
 *     solved_drop(solved);
 */
#ifndef EXPLORE_SOLVED_H
#define EXPLORE_SOLVED_H

#include "explore/plan.h"
#include "quantize/calibrate/calibrate.h"
#include "quantize/solve.h"
#include "quantize/two_weights.h"

#include <stdatomic.h>

#define HISTOGRAM_BINS 128

/* Bins of equal width from low to high; values outside are counted in below and above. */
typedef struct Histogram {
    double low, high;
    size_t counts[HISTOGRAM_BINS];
    size_t below, above, total;
} Histogram;

/* The result of one layer. Reconstruction errors are squared norms relative to the uncentred sum of y^2 over
 * the rows, NAN where they do not apply; a float layer has the accumulated error alone. */
typedef struct LayerResult {
    unsigned bits;
    unsigned activation_bits; /* of the input, BITS_FLOAT where it stays float */
    Method method;
    GridKind grid;
    double rounding_error;    /* of round-to-nearest: see quantize/solve.h */
    double bitsplit_error;    /* after the method named in the plan, before polish */
    double polished_error;    /* after polish, NAN where there was none */
    double heldout_error;     /* of the final codes, on rows never solved on; NAN where there are none */
    double accumulated_error; /* the layer's output in the quantized chain against the float chain, over
                                 all positions */
    double sqnr_db;           /* -10 log10 of the final reconstruction error */
    size_t rows, heldout_rows;
    size_t codes_changed; /* final codes that differ from round-to-nearest */
    size_t channels_kept; /* channels left at round-to-nearest: see quantize/solve.h */
    size_t epochs, polish_epochs;
    double range;  /* median over channels of scale * largest code / largest weight; 0 without codes */
    double ridge;  /* as used, in units of H's mean diagonal */
    int8_t *codes; /* [groups*m][n], NULL for a float layer */
    float *scales; /* [groups*m] */
    float *bias;   /* [groups*m], corrected where the plan says so */

    size_t input_scale_count; /* 0; 1, per tensor; or one per channel: scales * codes then stand for
                                 W diag(input scales) */
    float *input_scales;      /* NULL where the input stays float */
    double clipped;           /* share of the input's values beyond its largest code */
    bool exact; /* the quantized layer's sums are exact in float: network/network.h, weights_exact() */
} LayerResult;

/* Bytes that a layer's Solved takes at most. */
size_t solved_bytes(const Layer *layer);

/* The result of a layer before it is solved: the plan's choice, and NAN. */
LayerResult layer_result(const LayerPlan *choice);

/* The final reconstruction error: after polish, or after the method where there was none; NAN where the
 * weights stay float. */
double layer_result_error(const LayerResult *result);

typedef struct Solved {
    atomic_size_t references;
    size_t bytes;         /* that it takes */
    LayerResult result;   /* accumulated_error is NAN: it depends on the layers before */
    Weights *weights;     /* of the quantized chain */
    SolveProgress *trace; /* [trace_count], the solver's records: the start and each epoch */
    size_t trace_count;
    Histogram weight_histogram; /* weights / their channel's scale, so that codes are whole numbers */
    size_t codes[2 * 127 + 1];  /* [q + 127]: how many weights have code q */
    size_t digits[SOLVE_MAX_BITS - 1][3]; /* [p]: digits p that are -1, 0, +1; 0 without digits */
    TwoWeights pair;  /* to draw; not known where the weights stay float or the grid is not uniform */
    Histogram inputs; /* held-out input values, divided by the input's scale where it is quantized; total 0
                         without held-out rows */
} Solved;

/* Called at the start and after each epoch with the solver's records so far; false cancels. The function may
 * be NULL. */
typedef struct SolvedWatch {
    bool (*progress)(void *context, const SolveProgress *trace, size_t count);
    void *context;
} SolvedWatch;

/* Solves a layer as the plan says; weights or input are quantized, or both. One reference is the caller's;
 * *solved is NULL on failure. */
Status solved_create(const Solved **solved, const Network *network, size_t layer, const PlanOptions *options,
                     const LayerPlan *choice, const Statistics *statistics, const SolvedWatch *watch,
                     Pool *pool, Message *message);

/* Adds a reference and returns its argument; drop removes one. */
const Solved *solved_hold(const Solved *solved);
void solved_drop(const Solved *solved); /* NULL is allowed */

#endif
