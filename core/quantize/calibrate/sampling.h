/* SPDX-License-Identifier: MIT */
/* Sampling: which rows of a layer's input calibration draws. Private to core/quantize.
 *
 * A row is a patch of a convolution, or a vector of a Gemm's or MatMul's input; an image has the same number
 * of positions for each use of the layer. The rows wanted are spread evenly over the images; an image's
 * positions are drawn without repetition by a counter generator keyed by (seed, layer, image), so that both
 * chains, any number of threads and any subset of the layers see the same rows. */
#ifndef QUANTIZE_SAMPLING_H
#define QUANTIZE_SAMPLING_H

#include "quantize/calibrate/chains.h"

/* Calibration images 0..images-1 are solved on, the heldout_images after them never. */
typedef struct SampleSizes {
    size_t images, heldout_images;
    size_t rows; /* asked for per layer; CALIBRATE_ALL_ROWS: all */
    uint64_t seed;
} SampleSizes;

#define SAMPLING_HELDOUT_PART 8 /* one held-out image, and row, per eight that are solved on */
#define SAMPLING_MAX_USES 64    /* of one layer that rows are drawn at */

typedef struct Sampling {
    Chains *chains;
    uint64_t seed;
    size_t layer;
    size_t uses[SAMPLING_MAX_USES], use_count; /* nodes whose input is there */
    size_t positions;                          /* of an image, all uses together */
    size_t first_image, images;
    size_t rows;     /* of all these images together */
    size_t *scratch; /* [workers][positions] */
} Sampling;

/* Rows that are drawn for solving and for holding out, at `positions` per image. */
size_t sample_rows(const SampleSizes *sizes, size_t positions);
size_t sample_heldout_rows(const SampleSizes *sizes, size_t positions);

/* Positions per image of a layer, all its uses together. */
size_t sample_positions(const Network *network, const Layer *layer);

/* The rows of a layer at those of its uses whose input the chains have reached: those to solve on, or those
 * held out. STATUS_MEMORY. */
Status sampling_create(Sampling *sampling, Chains *chains, size_t layer, const SampleSizes *sizes,
                       bool heldout, Message *message);
void sampling_free(Sampling *sampling);

/* Rows of the sampling's first `images` images. */
size_t sampling_rows_before(const Sampling *sampling, size_t images);

/* x [rows][groups*n]: the rows of images first..first+count-1 of the sampling, from one chain. */
void sampling_gather(const Sampling *sampling, float *x, size_t first, size_t count, bool quantized);

/* True where the two chains' rows differ. */
bool sampling_chains_differ(const Sampling *sampling);

#endif
