/* SPDX-License-Identifier: MIT */
/* Calibration: advances a network's float and quantized activations node by node (the two "chains") and stops
 * at each layer to be quantized with the layer's calibration statistics.
 *
 * At a stop, rows of the layer's input are drawn at the same images and positions from both chains. Y is the
 * float layer's output on the float chain. X comes from the quantized chain ("sequential": later layers
 * compensate earlier error) or from the float chain ("independent"). The caller solves the Problems and hands
 * the quantized weights back; the quantized chain goes on with them. Where no quantized layer is upstream,
 * the chains are the same, stored and computed once. A layer whose weights several nodes share is solved
 * once, on the rows of all its uses whose inputs do not depend on itself.
 *
 * The parts, each in a file of its own: schedule.h (order of nodes and stops), chains.h (running them, memory
 * and temporary files), sampling.h (which rows), statistics.h (sums, held-out rows, input scales).
 *
 * Activations above the memory ceiling go to an unlinked temporary file in TMPDIR (or /var/tmp); of those,
 * only the tiles in use are held in memory. One thread at a time. Results do not depend on the pool's size.
 *
 * Example (const Network *network, const Dataset *dataset, const Normalization *normalization, const
 * CalibrationOptions *options, const Weights *weights, Message *message):
 *     Calibration *calibration;
 *     const Problem *problems;
 *     size_t layer;
 *     calibration_create(&calibration, network, dataset, normalization, options, message);
 *     while (calibration_next(calibration, &layer, &problems, message) == STATUS_OK && layer != NO_INDEX) {
 *         // solve problems[0 .. groups - 1], and make weights from the solution's codes and scales
 *         calibration_continue(calibration, weights);
 *     }
 *     calibration_free(calibration);
 */
#ifndef QUANTIZE_CALIBRATE_H
#define QUANTIZE_CALIBRATE_H

#include "base/cancellation.h"
#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/run/input_quantizer.h"
#include "network/run/weights.h"
#include "quantize/calibrate/statistics.h"

#include <stdint.h>

#define CALIBRATE_ALL_ROWS 0

typedef struct CalibrationOptions {
    bool independent;
    uint64_t seed;
    size_t images;                  /* asked for; from the front of the dataset */
    size_t rows;                    /* per layer; CALIBRATE_ALL_ROWS: all */
    const bool *wanted;             /* [layer_count]: layers to stop at */
    const Weights *const *weights;  /* [layer_count], NULL allowed: weights of the quantized chain from the
                                       start, for layers solved before; they must outlive the calibration */
    const uint8_t *activation_bits; /* [layer_count], 0: the input stays float; NULL: all inputs do */
    const uint8_t
        *weight_bits;       /* [layer_count], 0: float; read for error-compensated layers; NULL: all float */
    bool error_compensated; /* one input scale per channel, balanced against the weights */
    size_t memory;          /* ceiling in bytes for calibration and for the solves at its stops */
    const size_t *solving;  /* [layer_count]: bytes that a solve at that layer takes beside its Problems */
    Pool *pool;
    Proceed *proceed; /* base/cancellation.h; NULL allowed */
    void *context;
} CalibrationOptions;

typedef struct Calibration Calibration;

/* Reads the images. STATUS_INVALID where they do not have the size of the network's input, STATUS_MEMORY
 * where activations fit neither the ceiling nor a temporary file: the message names a count of images that
 * fits. */
Status calibration_create(Calibration **calibration, const Network *network, const Dataset *dataset,
                          const Normalization *normalization, const CalibrationOptions *options,
                          Message *message);
void calibration_free(Calibration *calibration);

/* Advances to the next wanted layer: the Problems of its groups, owned by the calibration until the next
 * call. At the end *layer is NO_INDEX and *problems NULL. */
Status calibration_next(Calibration *calibration, size_t *layer, const Problem **problems, Message *message);

/* How the input of the layer stopped at is quantized, or NULL where it stays float; valid until the next
 * call. *clipped: share of its values beyond the largest code, set where the result is not NULL. */
const InputQuantizer *calibration_quantizer(const Calibration *calibration, double *clipped);

/* Moves the statistics of the layer stopped at to the caller, once per stop. The Problems and the quantizer
 * keep their addresses. */
void calibration_take(Statistics *statistics, Calibration *calibration);

/* The weights of the layer stopped at in the quantized chain from here on; they must outlive the
 * calibration. */
void calibration_continue(Calibration *calibration, const Weights *weights);

/* Bytes of activations that went to temporary files so far. */
size_t calibration_spilled_bytes(const Calibration *calibration);

/* True once the chains have passed all nodes of a layer. */
bool calibration_passed(const Calibration *calibration, size_t layer);

/* Accumulated error of a layer that was passed: |float output - quantized output|^2 / |float output without
 * bias|^2, over all positions of all images, held-out ones included. */
double calibration_accumulated_error(const Calibration *calibration, size_t layer);

/* How many images are solved on and how many are held out (one per eight, as far as there are) of `available`
 * where `asked` were asked for. */
void calibration_split(size_t *images, size_t *heldout, size_t asked, size_t available);

#endif
