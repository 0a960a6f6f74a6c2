/* Ladder tile: one tile of images through all hybrids. Private to core/bound.
 *
 * The float chain and the quantized chain advance node by node, and at each step tails run from there to the
 * output in float. A tail runs only what lies downstream of its step. What it needs besides, it runs ahead
 * in the chain below, where later tails and the chain itself find it; a step drops what it has made stale of
 * it.
 */
#ifndef BOUND_LADDER_TILE_H
#define BOUND_LADDER_TILE_H

#include "bound/cancellation.h"
#include "bound/overlay.h"
#include "dataset/dataset.h"
#include "network/run/run.h"

/* What one image adds to one step. Squared norms. */
typedef struct StepSample {
    double local, signal; /* quantized against float layer; the float layer's output without bias */
    double change;        /* F_l - F_(l-1) */
    bool correct;         /* F_l classifies it rightly */
} StepSample;

typedef struct ImageSample {
    double output, error; /* squared |F_0|, |F_L - F_0| */
    double margin;        /* F_0's largest output minus its second; NAN where one is NAN */
    bool correct, kept;   /* F_0 classifies it rightly; F_L predicts the same class */
} ImageSample;

typedef struct LadderRun {
    const Network *network;
    const Weights *const *weights;
    const Dataset *dataset;
    const Normalization *normalization;
    size_t images; /* of the whole run: a row of samples */
    size_t step_count;
    size_t *steps;       /* [step_count], nodes */
    size_t *step_of;     /* [node_count], or NO_INDEX */
    bool *needed;        /* [node_count]: the output depends on it */
    size_t tile_bytes;   /* of values that a tile holds at most: ladder_bench_bytes() */
    StepSample *samples; /* [step_count][images] */
    double *alone;       /* [layer_count][images], squared */
    ImageSample *all;    /* [images] */

    Cancellation cancellation; /* asked before each node */
} LadderRun;

/* What one tile at a time needs. */
typedef struct LadderBench {
    Workspace *workspace; /* NULL where dry */
    OverlayMeter meter;   /* of the overlays */
    Overlay reference, quantized, tail;
    bool *moved;          /* [value_count]: what the tail under way differs in from the chain below */
    float *outputs[2];    /* [batch][output_elements]: F_0 and the last hybrid */
    double (*factors)[2]; /* [node_count], the largest so far: network_factor_norm() */
    bool *products;       /* [node_count]: nodes that factors are measured of */
} LadderBench;

Status ladder_bench_create(LadderBench *bench, const Network *network, bool dry, Message *message);
void ladder_bench_free(LadderBench *bench);

/* Bytes that a bench takes at most while tiles run on it, and run->tile_bytes; by a dry tile, which asks for
 * the steps and `needed` of the run alone. */
Status ladder_bench_bytes(size_t *bytes, LadderRun *run, Message *message);

/* Fills the samples of the tile's images. on_caller: this is the thread that `proceed` may be asked on.
 * STATUS_CANCELLED. */
Status ladder_tile(LadderRun *run, LadderBench *bench, size_t tile, bool on_caller, Message *message);

#endif
