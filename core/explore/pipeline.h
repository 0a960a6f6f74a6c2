/* Pipeline: from a plan to a quantized network: calibrate, solve layer by layer, stitch.
 *
 * Two chains of activations, float and quantized, are advanced through the network node by node. At each
 * layer, rows are drawn from both, its Problem is made and solved, and the quantized chain goes on with the
 * stitched weights. Same plan, same images, same seed: same codes, whatever the number of threads or the
 * memory.
 *
 * With a memo, layers whose statistics are known are solved first, and the chains are run only where
 * something is not known: past known layers with their weights. Results are the same bytes as without.
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
#include "explore/cache/memo.h"
#include "explore/plan.h"

/* Reported once per epoch and often while calibrating, on the thread that called pipeline_run(). */
typedef struct PipelineProgress {
    size_t layer, layer_count;
    double fraction;            /* of the whole run, 0..1, by multiply-accumulates */
    const SolveProgress *trace; /* [trace_count], the solver's records of the layer so far: the start and each
                                   epoch; NULL while calibrating. A sweep keeps the newest alone. */
    size_t trace_count;
} PipelineProgress;

typedef struct PipelineOptions {
    Pool *pool;
    size_t memory; /* ceiling in bytes, of the results too; 0: half of the machine's memory */
    bool (*progress)(void *context, const PipelineProgress *progress); /* false cancels; NULL allowed */
    /* A layer's solution (NULL: it stays float) or accumulated error (NAN: not yet) has become known; NULL
     * allowed. */
    void (*layer_known)(void *context, size_t layer, const Solved *solved, double accumulated_error);
    void *context;
    Memo *memo; /* of this network alone; what it knows is not computed again. NULL: none */
} PipelineOptions;

typedef struct Pipeline {
    const Network *network;
    size_t layer_count;
    LayerResult *layers;           /* their arrays belong to `solved` */
    const Solved **solved;         /* [layer_count], NULL for float layers */
    size_t images, heldout_images; /* taken from the front of the calibration images, and right after them */
    double calibrate_seconds, solve_seconds;
    size_t spilled_bytes; /* of activations that went to a temporary file */
    const char *note;     /* what a person should know ("no images left to hold out"), or NULL */
    Weights **weights;    /* [layer_count], NULL for float layers: as network_run() takes them; of `solved` */
} Pipeline;

/* STATUS_INVALID where images and network do not fit, STATUS_MEMORY names a calibration count that would fit,
 * STATUS_CANCELLED. *pipeline is NULL on failure. */
Status pipeline_run(Pipeline **pipeline, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Normalization *normalization, const PipelineOptions *options, Message *message);
void pipeline_free(Pipeline *pipeline);

/* The statistics that one quantized layer of the plan is solved on: from the memo, which must be given, or by
 * running as far as that layer. One reference is the caller's. */
Status pipeline_sums(Sums **sums, size_t layer, const Network *network, const Plan *plan,
                     const Dataset *calibration, const Normalization *normalization,
                     const PipelineOptions *options, Message *message);

/* The most bytes that the results of all layers take. */
size_t pipeline_bytes(const Network *network);

#endif
