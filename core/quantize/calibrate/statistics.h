/* SPDX-License-Identifier: MIT */
/* Statistics: what calibration finds of a layer, enough to solve it at any width: the sums of its Problems,
 * held-out rows, and how its input is quantized.
 *
 * Y is always the float layer's output on the float chain's rows. X comes from the quantized chain, or from
 * the float chain where calibration is independent. Where the layer's input is quantized, X is what the
 * quantizer makes of the rows:
 *   - one scale per tensor: X holds the dequantized values;
 *   - one scale per channel (error-compensated): X holds the codes, and the Problems' weights are
 *     W diag(scales), so that solved codes multiply input codes and no input scale is left in the sums. The
 *     scales are balanced against the weights (quantize/calibrate/activation.h).
 * Scales are chosen from rows of the images that are solved on. Held-out rows are never solved on. */
#ifndef QUANTIZE_STATISTICS_H
#define QUANTIZE_STATISTICS_H

#include "quantize/calibrate/activation.h"
#include "quantize/problem.h"

#define STATISTICS_INPUTS 16384

typedef struct Statistics {
    size_t groups;
    Problem *problems;            /* [groups] */
    float *heldout_x, *heldout_y; /* [heldout_rows][groups*n], [heldout_rows][groups*m]: the Problems borrow
                                     them; NULL where there are no held-out rows */
    float *compensated; /* [groups*m][n], W diag(scales), which the Problems borrow; NULL with one input
                           scale per tensor or none */
    float *inputs;      /* [STATISTICS_INPUTS] held-out input values, drawn at random before they are
                           quantized and divided by their scale; NULL without held-out rows */
    bool quantizes;     /* the input, as `choice` says */
    ActivationChoice choice;
} Statistics;

/* Bytes of memory that the statistics hold. */
size_t statistics_bytes(const Statistics *statistics);
void statistics_free(Statistics *statistics);

/* --- private to core/quantize --------------------------------------------------------------------------- */

struct Chains;
struct SampleSizes;
struct CalibrationOptions;

/* The statistics of a layer from the chains' present state. STATUS_INVALID where an input to be quantized is
 * not finite, STATUS_MEMORY, STATUS_CANCELLED; *statistics is then empty. */
Status statistics_collect(Statistics *statistics, size_t layer, struct Chains *chains,
                          const struct SampleSizes *sizes, const struct CalibrationOptions *options,
                          Message *message);

/* Bytes that statistics_collect() takes at most beside the Problems: rows gathered at a time, held-out rows
 * and compensated weights. */
size_t statistics_collect_bytes(const Network *network, size_t layer, const struct SampleSizes *sizes,
                                const struct CalibrationOptions *options);

#endif
