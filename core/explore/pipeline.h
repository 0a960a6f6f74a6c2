/* SPDX-License-Identifier: MIT */
/* Pipeline: from a plan to a quantized network: calibrate, solve layer by layer, stitch.
 *
 * The float and the quantized activations (two "chains") are advanced through the network node by node. At
 * each layer rows are drawn from both, the layer's Problem is solved, and the quantized chain goes on with
 * the stitched weights. The same plan, images and seed give the same codes, whatever the number of threads or
 * the memory.
 *
 * With a memo, layers whose statistics are cached are solved first, and the chains are run only where
 * something is not cached; they pass solved layers with their weights. Results have the same bytes as without
 * a memo.
 *
 * Example (const Network *network, const Plan *plan, const Dataset *calibration, Message *message):
 *     PipelineOptions options = {0};
 *     Normalization normalization = {0};
 *     Pipeline *pipeline;
 *     pipeline_run(&pipeline, network, plan, calibration, &normalization, &options, message);
 *     printf("%g\n", pipeline->layers[3].bitsplit_error);
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
    /* Called when a layer's solution (NULL: it stays float) or accumulated error (NAN: not yet) becomes known;
     * NULL allowed. */
    void (*layer_known)(void *context, size_t layer, const Solved *solved, double accumulated_error);
    void *context;
    Memo *memo;          /* of this network alone: what it holds is not computed again; NULL: none */
    bool solutions_only; /* do not run the chains for accumulated errors alone: see Pipeline.settled */
} PipelineOptions;

typedef struct Pipeline {
    const Network *network;
    size_t layer_count;
    LayerResult *layers;   /* their arrays belong to `solved` */
    const Solved **solved; /* [layer_count], NULL for float layers */
    size_t images,
        heldout_images; /* solved on, from the front of the calibration set; held out, right after them */
    double calibrate_seconds, solve_seconds;
    size_t spilled_bytes; /* of activations that went to a temporary file */
    bool settled;         /* all accumulated errors are known; else those that are not are NAN */
    const char *note;     /* what the person should know, or NULL */
    Weights **weights;    /* [layer_count], NULL for float layers: as network_run() takes them; of `solved` */
} Pipeline;

/* STATUS_INVALID where images and network do not match, STATUS_MEMORY with a number of calibration images
 * that would fit, STATUS_CANCELLED. *pipeline is NULL on failure. */
Status pipeline_run(Pipeline **pipeline, const Network *network, const Plan *plan, const Dataset *calibration,
                    const Normalization *normalization, const PipelineOptions *options, Message *message);
void pipeline_free(Pipeline *pipeline); /* NULL is allowed */

/* The statistics that one quantized layer of the plan is solved on: from the memo, which must be given, or by
 * running the chains up to that layer. One reference is the caller's. */
Status pipeline_sums(Sums **sums, size_t layer, const Network *network, const Plan *plan,
                     const Dataset *calibration, const Normalization *normalization,
                     const PipelineOptions *options, Message *message);

/* Bytes that the results of all layers take at most. */
size_t pipeline_bytes(const Network *network);

#endif
