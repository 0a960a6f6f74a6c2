/* Solved: a layer as it was solved, with what there is to show of it.
 *
 * Immutable and counted by references: the memo, pipelines and snapshots share it. Any thread may read, hold
 * and drop. It belongs to one network, which must outlive it.
 *
 *     solved_create(&solved, network, 3, &plan.options, &plan.layers[3], &statistics, &watch, pool, message);
 *     solved->result.codes
 *     solved_drop(solved);
 */
#ifndef EXPLORE_SOLVED_H
#define EXPLORE_SOLVED_H

#include "explore/plan.h"
#include "quantize/calibrate.h"
#include "quantize/solve.h"

#include <stdatomic.h>

#define HISTOGRAM_BINS 128

/* bins of equal width from low to high; what lies outside is counted in below and above */
typedef struct Histogram {
    double low, high;
    size_t counts[HISTOGRAM_BINS];
    size_t below, above, total;
} Histogram;

/* What a layer's solve gave. Errors are squared norms relative to the uncentred sum of y^2 over the rows; NAN
 * where they do not apply (a float layer has none but the accumulated one). */
typedef struct LayerResult {
    unsigned bits;
    unsigned activation_bits; /* of the input, BITS_FLOAT where it stays float */
    Method method;
    double rounding_error;    /* of the weight-space start: see quantize/solve.h */
    double bitsplit_error;    /* after the method named in the plan, before polish */
    double polished_error;    /* after polish, NAN where there was none */
    double heldout_error;     /* of the final codes, on rows never solved on; NAN where there are none */
    double accumulated_error; /* this layer's output in the quantized chain against the float chain, all
                                 positions */
    double sqnr_db;           /* -10 log10 of the final reconstruction error */
    size_t rows, heldout_rows;
    size_t codes_changed; /* final codes that differ from rounding */
    size_t channels_kept; /* channels left at rounding: see quantize/solve.h */
    size_t epochs, polish_epochs;
    double ridge;  /* used, times the mean diagonal */
    int8_t *codes; /* [groups*m][n], NULL for a float layer */
    float *scales; /* [groups*m] */
    float *bias;   /* [groups*m], corrected where the plan says so */

    size_t input_scale_count; /* 0, 1 for the tensor, or one a channel: scales * codes then stand for W
                                 diag(input scales) */
    float *input_scales;      /* NULL where the input stays float */
    double clipped;           /* share of the input's values beyond its largest code */
    bool exact; /* the quantized layer's sums are exact in float: network/network.h, weights_exact() */
} LayerResult;

/* The most bytes that a layer's Solved takes. */
size_t solved_bytes(const Layer *layer);

/* What is known of a layer before it is solved: the plan's choice. */
LayerResult layer_result(const LayerPlan *choice);

/* The error after the last step that there was; NAN where the weights stay float. */
double layer_result_error(const LayerResult *result);

typedef struct Solved {
    atomic_size_t references;
    size_t bytes;         /* that it takes, about */
    LayerResult result;   /* accumulated_error is NAN: it depends on the layers before */
    Weights *weights;     /* of the quantized chain */
    SolveProgress *trace; /* [trace_count], the start and each epoch */
    size_t trace_count;
    Histogram weight_histogram;           /* weight / its channel's scale: codes are the whole numbers */
    size_t codes[2 * 127 + 1];            /* how often code q is used, at q + 127 */
    size_t digits[SOLVE_MAX_BITS - 1][3]; /* of digit p: how many are -1, 0, +1 */
    Histogram inputs; /* held-out input values / the input's scale, or the values where it stays float;
                         total 0 where there are none */
} Solved;

/* Called at the start and after each epoch with the trace so far; false cancels. NULL function: none. */
typedef struct SolvedWatch {
    bool (*progress)(void *context, const SolveProgress *trace, size_t count);
    void *context;
} SolvedWatch;

/* Solves a layer as the plan says; weights or input are quantized, or both. One reference is the caller's. */
Status solved_create(const Solved **solved, const Network *network, size_t layer, const PlanOptions *options,
                     const LayerPlan *choice, const Statistics *statistics, const SolvedWatch *watch,
                     Pool *pool, Message *message);

const Solved *solved_hold(const Solved *solved);
void solved_drop(const Solved *solved); /* NULL allowed */

#endif
