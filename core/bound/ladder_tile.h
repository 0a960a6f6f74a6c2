/* SPDX-License-Identifier: MIT */
/* Ladder tile: one tile of images through all hybrid networks. Private to core/bound.
 *
 * The float chain and the quantized chain advance node by node. At each step (a use of a quantized layer) a
 * tail runs from there to the output: in float over the quantized chain for the hybrid F_l, or over the float
 * chain for one layer quantized alone. A tail runs only what lies downstream of its step. Other values that
 * it needs are run ahead in the chain below, where later tails and the chain itself find them; a step drops
 * those that it makes stale. */
#ifndef BOUND_LADDER_TILE_H
#define BOUND_LADDER_TILE_H

#include "base/cancellation.h"
#include "bound/margins.h"
#include "bound/overlay.h"
#include "dataset/dataset.h"

/* What one image adds to one step. Squared norms. */
typedef struct StepSample {
    double local;  /* |quantized layer - float layer|^2 on the same input, that of the quantized chain */
    double signal; /* |float layer - bias|^2 on that input */
    double change; /* |F_l - F_(l-1)|^2 */
    bool correct;  /* F_l classifies it rightly */
} StepSample;

typedef struct ImageSample {
    double output, error;             /* |F_0|^2, |F_L - F_0|^2 */
    double margin;                    /* F_0's largest output minus its second; NAN where one is NAN */
    bool correct, kept;               /* F_0 classifies it rightly; F_L predicts the same class */
    MarginTests tests;                /* by direction */
    double rival_before, rival_after; /* margin over the class that pulls are against: F_0's and F_L's */
} ImageSample;

typedef struct LadderRun {
    const Network *network;
    const Weights *const *weights;
    const Dataset *dataset;
    const Normalization *normalization;
    size_t images;           /* of the whole run */
    const size_t *selection; /* [images], which of the dataset; NULL: the first */
    const size_t *rivals; /* [images], classes that pulls are against (margins.h); NULL: the float second */
    bool pulls_only;      /* no layer is run alone */
    size_t step_count, stages;
    size_t *steps;       /* [step_count], nodes */
    size_t *step_of;     /* [node_count], or NO_INDEX */
    bool *needed;        /* [node_count]: the output depends on it */
    bool *stage_ends;    /* [step_count]: the next step's output has another height and width */
    size_t bytes;        /* of the samples and the workers */
    size_t tile_bytes;   /* of values that a tile holds at most: ladder_worker_bytes() */
    StepSample *samples; /* [step_count][images] */
    double *alone;       /* [layer_count][images], |F with the layer alone quantized - F_0|^2 */
    double *pulls;       /* [layer_count][images], over the uses of a layer: margins_add() */
    ImageSample *all;    /* [images] */

    const double (
        *factors)[2];          /* [node_count], the largest of all workers' so far; NULL outside of a round */
    Cancellation cancellation; /* checked before each node; counts tiles */
} LadderRun;

/* What one tile at a time needs. */
typedef struct LadderWorker {
    Workspace *workspace; /* NULL where dry */
    OverlayMeter meter;   /* of the overlays */
    Overlay reference, quantized, tail;
    bool *moved;          /* [value_count]: in the present tail, differs from the chain below */
    float *outputs[2];    /* [batch][output_elements]: F_0 and the last hybrid */
    Margins margins;      /* not where dry */
    double (*factors)[2]; /* [node_count], the largest so far: network_factor_norm() */
    bool *products;       /* [node_count]: nodes that multiply two activations */
} LadderWorker;

/* dry: only to count bytes. STATUS_MEMORY. Free it in any case. */
Status ladder_worker_create(LadderWorker *worker, const Network *network, bool dry, Message *message);
void ladder_worker_free(LadderWorker *worker);

/* Bytes that a worker takes at most while tiles run on it, and run->tile_bytes, counted by a dry tile; needs
 * only the run's network, weights, steps and `needed`. */
Status ladder_worker_bytes(size_t *bytes, LadderRun *run, Message *message);

/* Fills the samples of the tile's images. on_caller: as for cancellation_check(). STATUS_CANCELLED. */
Status ladder_tile(LadderRun *run, LadderWorker *worker, size_t tile, bool on_caller, Message *message);

#endif
