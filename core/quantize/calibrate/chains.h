/* SPDX-License-Identifier: MIT */
/* Chains: the activations of the float and of the quantized network, advanced node by node over all
 * calibration images. Private to core/quantize.
 *
 * A value is held tile by tile (Network's `batch` images per tile) in both chains, once where they are the
 * same: as long as no layer upstream has quantized weights. It is released behind the last node that reads
 * it. Values above the store's ceiling lie in temporary files. One thread at a time; work inside is shared
 * out over the pool. */
#ifndef QUANTIZE_CHAINS_H
#define QUANTIZE_CHAINS_H

#include "base/arena.h"
#include "base/cancellation.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/run/run.h"
#include "network/run/weights.h"
#include "quantize/calibrate/store.h"

typedef struct ChainValue {
    StoreBuffer reference, quantized; /* [tiles][value_bytes()]; `quantized` is empty where `same` */
    bool same;                        /* in both chains */
    bool ready;
    size_t readers_left; /* input slots of nodes that have not run */
} ChainValue;

/* Accumulated error of a layer, summed over its nodes that have run. */
typedef struct ChainDifference {
    double difference; /* |float output - quantized output|^2, all positions of all images */
    double reference;  /* |float output - bias|^2 */
    size_t nodes_left; /* of the layer, that have not run */
} ChainDifference;

typedef struct Chains {
    const Network *network;
    Pool *pool;
    size_t images, tiles;
    Cancellation cancellation; /* counts multiply-accumulates of layers, of one image */

    ChainValue *values;           /* [value_count] */
    bool *nonnegative;            /* [value_count], values that cannot be negative */
    const Weights **weights;      /* [layer_count], of the quantized chain; NULL: float */
    ChainDifference *differences; /* [layer_count] */
    Store store;

    Arena arena;            /* holds these arrays */
    Workspace **workspaces; /* [workers] */
    const void **inputs;    /* [workers][most_inputs] */
    size_t most_inputs;     /* of a node */
    Status *statuses;       /* [tiles] */
    double *partial;        /* [tiles][2] */
} Chains;

/* images: calibration images, held-out ones included. Weights start as float, the store's ceiling as 0: the
 * caller sets both. STATUS_MEMORY. Free it in any case. */
Status chains_create(Chains *chains, const Network *network, size_t images, Pool *pool, Message *message);
void chains_free(Chains *chains);

/* Bytes that each worker takes to run any node: its workspace, and one tile of what it reads and writes. */
size_t chains_worker_bytes(const Network *network);

/* Storage for a value in both chains, in one where they are the same. STATUS_MEMORY. */
Status chains_allocate(Chains *chains, size_t value, bool same, Message *message);

/* Fills the network's input, allocated before, with images 0..images-1. The message of a failure is that of
 * the first tile that fails, whatever the number of threads. */
Status chains_read_images(Chains *chains, const Dataset *dataset, const Normalization *normalization,
                          Message *message);

/* True where the node's output is the same in both chains. */
bool chains_same(const Chains *chains, const Node *node);

/* Runs a node whose output has been allocated in both chains, adds its layer's accumulated error, and
 * releases what is read no more. STATUS_CANCELLED. */
Status chains_run_node(Chains *chains, size_t node, Message *message);

/* A value's tile in a chain: its elements, to be handed back with chains_put_away(), which lets pages of a
 * temporary file go until they are used again. Any worker may call both. */
void *chains_tile(const Chains *chains, size_t value, size_t tile, bool quantized);
void chains_put_away(const Chains *chains, size_t value, size_t tile, bool quantized);

#endif
