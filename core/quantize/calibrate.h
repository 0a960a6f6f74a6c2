/* Calibration: two chains of activations, float and quantized, advanced through a network node by node.
 *
 * At each layer that is to be quantized it stops with the layer's Problems: rows of the layer's inputs, drawn
 * at the same images and positions from both chains, by a counter generator keyed by (seed, layer, image). Y
 * is always the float layer's output on the float chain; X comes from the quantized chain ("sequential":
 * later layers make up for earlier error) or from the float one
 * ("independent"). The caller solves, hands the stitched weights back, and the quantized chain goes on with
 * them. Where no quantized layer is upstream the chains are one, stored and computed once.
 *
 * Where a layer's input is quantized, X of either chain is what the quantizer makes of it
 * (quantize/activation.h), and Y stays the float layer's output on the float X. With one scale, X holds the
 * values that the codes stand for. With one a channel, X holds the codes themselves, and the Problems'
 * weights are W diag(scales), so that what is solved multiplies codes: the sums are scale * q . codes with no
 * input scale left in them. Scales are chosen before, from rows of the solving images alone, and those of
 * channels balanced against the weights.
 *
 * A layer whose weights several nodes share is solved once, on the rows of all its nodes whose inputs do not
 * depend on itself.
 *
 * Activations above the memory ceiling go to an unlinked temporary file in TMPDIR (or /var/tmp), of which the
 * tiles that are worked on alone are held in memory. One thread at a time.
 *
 *     calibration_create(&calibration, network, dataset, &normalization, &options, message);
 *     while (calibration_next(calibration, &layer, &problems, message) == STATUS_OK && layer != NO_INDEX)
 * { solve(&solution, problems, network->layers[layer].groups, ...); calibration_continue(calibration,
 * weights);
 *     }
 */
#ifndef QUANTIZE_CALIBRATE_H
#define QUANTIZE_CALIBRATE_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "network/network.h"
#include "quantize/activation.h"
#include "quantize/problem.h"

#include <stdint.h>

#define CALIBRATE_ALL_ROWS 0

typedef struct CalibrationOptions {
    bool independent;
    uint64_t seed;
    size_t images;                  /* asked for; from the front of the dataset */
    size_t rows;                    /* a layer, CALIBRATE_ALL_ROWS for all */
    const bool *wanted;             /* [layer_count]: layers to stop at */
    const Weights *const *weights;  /* [layer_count], NULL allowed: the quantized chain's from the start, for
                                       layers that are known already; they must live as long as the
                                       calibration */
    const uint8_t *activation_bits; /* [layer_count], 0 for an input that stays float; NULL: all do */
    const uint8_t *weight_bits; /* [layer_count], 0 for float, of error-compensated layers; NULL: all float */
    bool error_compensated;     /* one input scale a channel, balanced for those weights */
    size_t memory;         /* ceiling in bytes for all that calibration and the solve at its stops take */
    size_t held;           /* base/memory.h */
    const size_t *solving; /* [layer_count]: bytes that a solve at that layer takes beside its Problems */
    Pool *pool;
    bool (*proceed)(void *context, double fraction); /* called often; false cancels; NULL allowed */
    void *context;
} CalibrationOptions;

typedef struct Calibration Calibration;

#define STATISTICS_INPUTS 16384

/* What a stop found of a layer: enough to solve it again at any width. */
typedef struct Statistics {
    size_t groups;
    Problem *problems;            /* [groups] */
    float *heldout_x, *heldout_y; /* that they borrow; NULL where there are none */
    float *compensated;           /* likewise their weights, where there is one input scale a channel */
    float *inputs;  /* [STATISTICS_INPUTS] held-out input values, drawn at random, before they are quantized
                       but divided by their scale; NULL where there are none */
    bool quantizes; /* the input, as `choice` says */
    ActivationChoice choice;
} Statistics;

size_t statistics_bytes(const Statistics *statistics);
void statistics_free(Statistics *statistics);

/* STATUS_INVALID where the images are not of the network's size; STATUS_MEMORY where even with a temporary
 * file it does not fit: the message names a count of images or a ceiling that does. */
Status calibration_create(Calibration **calibration, const Network *network, const Dataset *dataset,
                          const Normalization *normalization, const CalibrationOptions *options,
                          Message *message);
void calibration_free(Calibration *calibration);

/* Advances to the next wanted layer: its groups' Problems, owned by the calibration until the next call.
 * At the end *layer is NO_INDEX. */
Status calibration_next(Calibration *calibration, size_t *layer, const Problem **problems, Message *message);

/* How the input of the layer stopped at is quantized, or NULL: not at all; valid until the next call.
 * clipped: the share of its values beyond the largest code. */
const InputQuantizer *calibration_quantizer(const Calibration *calibration, double *clipped);

/* Hands over what the stop found; the Problems and the quantizer stay where they are. Once a stop. */
void calibration_take(Statistics *statistics, Calibration *calibration);

/* The layer's weights in the quantized chain from here on; they must live as long as the calibration. */
void calibration_continue(Calibration *calibration, const Weights *weights);

/* Images that rows are drawn from; images after those, whose rows are held out: an eighth as many where there
 * are. */
size_t calibration_images(const Calibration *calibration);
size_t calibration_heldout_images(const Calibration *calibration);
size_t calibration_spilled_bytes(const Calibration *calibration);

/* Squared difference of a layer's outputs in the two chains, all positions, relative to the float layer's
 * without bias. After the chains have passed all of its nodes. */
bool calibration_passed(const Calibration *calibration, size_t layer);
double calibration_accumulated_error(const Calibration *calibration, size_t layer);

/* Images for solving and for holding out, of `available`, where `asked` were asked for. */
void calibration_split(size_t *images, size_t *heldout, size_t asked, size_t available);

#endif
