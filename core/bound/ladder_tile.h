/* Ladder tile: one tile of images through all hybrids. Private to core/bound. */
#ifndef BOUND_LADDER_TILE_H
#define BOUND_LADDER_TILE_H

#include "bound/overlay.h"
#include "dataset/dataset.h"

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
    size_t images, step_count;
    size_t *steps;       /* [step_count], nodes */
    size_t *step_of;     /* [node_count], or NETWORK_NONE */
    bool *needed;        /* [node_count]: the output depends on it */
    StepSample *samples; /* [step_count][images] */
    double *alone;       /* [layer_count][images], squared */
    ImageSample *all;    /* [images] */
} LadderRun;

/* A worker's memory. */
typedef struct LadderBench {
    Workspace *workspace;
    Overlay reference, quantized, tail;
    float *outputs[2];    /* [batch][output_elements]: F_0 and the last hybrid */
    double (*factors)[2]; /* [node_count], the largest so far: network_factor_norm() */
    bool *products;       /* [node_count]: nodes that factors are measured of */
} LadderBench;

Status ladder_bench_create(LadderBench *bench, const Network *network, Message *message);
void ladder_bench_free(LadderBench *bench);

/* Fills the samples of the tile's images. */
Status ladder_tile(const LadderRun *run, LadderBench *bench, size_t tile, Message *message);

#endif
