/* Pipeline: from a plan to a quantized network: calibrate, solve layer by layer, stitch.
 *
 * Two chains of activations, float and quantized, are advanced through the network node by node. At each
 * layer, rows are drawn from both, its Problem is made and solved, and the quantized chain goes on with the
 * stitched weights. Same plan, same images, same seed: same codes, whatever the number of threads or the
 * memory.
 *
 *     Pipeline *pipeline;
 *     pipeline_run(&pipeline, network, &plan, calibration, &normalization, &options, message);
 *     pipeline->layers[3].bitsplit_error; pipeline_weights(pipeline);
 *     pipeline_free(pipeline);
 */
#ifndef EXPLORE_PIPELINE_H
#define EXPLORE_PIPELINE_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "explore/plan.h"
#include "network/network.h"

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

/* One call an epoch, on the thread that called pipeline_run(). */
typedef struct PipelineProgress {
    size_t layer, layer_count;
    const char *stage; /* "calibrating", "solving", "polishing" */
    size_t epoch;
    double objective; /* relative, of the layer; the ridge's term included */
    unsigned bits;
    double after_digit[BITS_MAX -
                       1]; /* solving: relative, after the sweep of digit p = 0..bits-2 of this epoch */
    size_t codes_changed;  /* in this epoch */
    double fraction;       /* of the whole run, 0..1, by multiply-accumulates */
} PipelineProgress;

typedef struct PipelineOptions {
    Pool *pool;
    size_t memory; /* ceiling in bytes; 0: half of the machine's memory */
    bool (*progress)(void *context, const PipelineProgress *progress); /* false cancels; NULL allowed */
    void *context;
} PipelineOptions;

typedef struct Pipeline {
    const Network *network;
    size_t layer_count;
    LayerResult *layers;
    size_t images, heldout_images; /* taken from the front of the calibration images, and right after them */
    double calibrate_seconds, solve_seconds;
    size_t spilled_bytes; /* of activations that went to a temporary file */
    const char *note;     /* what a person should know ("no images left to hold out"), or NULL */
    Weights **weights;    /* [layer_count], NULL for float layers: as network_run() takes them */
} Pipeline;

/* STATUS_INVALID where images and network do not fit, STATUS_MEMORY names a calibration count that would fit,
 * STATUS_CANCELLED. *pipeline is NULL on failure. */
Status pipeline_run(Pipeline **pipeline, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Normalization *normalization, const PipelineOptions *options, Message *message);
void pipeline_free(Pipeline *pipeline);

/* The ceiling where none is set: half of the machine's memory. */
size_t pipeline_default_memory(void);

#endif
