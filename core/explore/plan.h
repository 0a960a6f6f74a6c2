/* SPDX-License-Identifier: MIT */
/* Plan: the one thing a person edits: for each layer the weight bits, the activation bits and a method, plus
 * the options that the result depends on.
 *
 * A plan is counted by references. Whoever creates or copies a plan may edit it (`Plan *`) until it is
 * shared; from then on it is `const Plan *` and never changes. History, worker, explorer, snapshots and
 * visited plans share one object: plan_hold() and plan_drop() may be called by any thread. To change a shared
 * plan, edit a copy of it.
 *
 * Example (const Network *network, Message *message):
 *     Plan *plan;
 *     plan_create(&plan, network, message); // 4 bits, first and last layers 8
 *     plan_set_bits(plan, network, 3, 8, 8);
 *     const Plan *shared = plan_hold(plan); // it does not change any more
 *     plan_drop(shared);
 *     plan_drop(plan);
 */
#ifndef EXPLORE_PLAN_H
#define EXPLORE_PLAN_H

#include "base/status.h"
#include "network/types.h"
#include "quantize/effort.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_FLOAT 0 /* not quantized */
#define BITS_MIN 2
#define BITS_MAX 8
#define BITS_BINARY 1 /* weights on the binary grid */

#define PLAN_ALL_ROWS 0
#define PLAN_RIDGE_MOST 1000000   /* beyond it the rows are lost in the ridge's rounding */
#define PLAN_RIDGE_DEFAULT (-1.0) /* 0.1, and 0.3 for a layer with fewer rows than 8 times its inputs */

/* Where a layer's calibration inputs come from: the quantized network before it, or the float network. */
typedef enum Mode { MODE_SEQUENTIAL, MODE_INDEPENDENT } Mode;

const char *mode_name(Mode mode); /* "sequential", "independent" */
/* False where no mode is called `name`; *mode is then unchanged. */
bool mode_parse(Mode *mode, const char *name);

typedef struct LayerPlan {
    uint8_t weight_bits;     /* BITS_FLOAT, or a bit width that the grid has */
    uint8_t activation_bits; /* of the layer's input: BITS_MIN..BITS_MAX or BITS_FLOAT; BITS_FLOAT where
                                layer->first */
    uint8_t method;          /* Method */
    uint8_t grid;            /* GridKind: what the weights' codes may be */
} LayerPlan;

/* Whether neither the weights nor the input are quantized. */
bool layer_plan_stays_float(const LayerPlan *choice);

typedef struct PlanOptions {
    Effort effort; /* default EFFORT_DEFAULT; plan_set_effort() sets what goes with it */
    Mode mode;
    uint64_t seed;             /* default 0 */
    size_t calibration_images; /* default 1024; fewer where the dataset has fewer (pipeline.h) */
    size_t rows;               /* per layer, default 12000; PLAN_ALL_ROWS for all */
    double ridge;              /* times the mean diagonal of H; PLAN_RIDGE_DEFAULT, or 0..PLAN_RIDGE_MOST */
    bool polish;               /* default true: coordinate descent on whole codes after the method */
    bool bias_correction;      /* default true; not for round-to-nearest (quantize/method.h) */
    bool error_compensated;    /* default false: per-tensor scales of the inputs; true: per-channel scales,
                                  which the weights' codes compensate */
} PlanOptions;

typedef struct Plan {
    atomic_size_t references;
    PlanOptions options;
    size_t layer_count;
    LayerPlan layers[]; /* [layer_count], in the network's order */
} Plan;

/* 4 bits, 8 in the first and last layers, float inputs, the method of the default effort. One reference is
 * the caller's; *plan is NULL on failure (STATUS_MEMORY). */
Status plan_create(Plan **plan, const Network *network, Message *message);
/* A copy to be edited, with one reference; *copy is NULL on failure (STATUS_MEMORY). */
Status plan_copy(Plan **copy, const Plan *plan, Message *message);
/* Adds a reference and returns the plan. NULL gives NULL. */
const Plan *plan_hold(const Plan *plan);
/* Gives up a reference; the last one frees the plan. NULL is allowed. */
void plan_drop(const Plan *plan);

/* Whether options and all layers are the same; NULL equals NULL alone. */
bool plan_equal(const Plan *a, const Plan *b);
/* Hexadecimal SHA-256 of the plan's canonical text: options and layers, no names. */
void plan_hash(char hex[65], const Plan *plan);

/* Gives a layer's weights bits, BITS_FLOAT or those of any grid. Where its grid does not have them, it
 * becomes uniform, or binary at one bit. */
void layer_plan_set_bits(LayerPlan *choice, unsigned bits);
/* Gives a layer a grid, and the nearest weight bits that the grid has; float weights stay float. */
void layer_plan_set_grid(LayerPlan *choice, GridKind grid);

/* Whether a layer's grid has its weight bits: STATUS_INVALID where not. */
Status layer_plan_check_bits(const LayerPlan *choice, Message *message);
/* Whether every layer's grid has its weight bits and its method can solve for that grid. STATUS_INVALID: the
 * message names the layer. */
Status plan_check_grids(const Plan *plan, const Network *network, Message *message);

/* Sets the weight bits of every layer to `bits`, of the network's first layers to `first_bits` and of its
 * last to `last_bits`. */
void plan_set_bits(Plan *plan, const Network *network, unsigned bits, unsigned first_bits,
                   unsigned last_bits);
/* Sets the activation bits of all layers but those that read the network's input, which stays float. */
void plan_set_activation_bits(Plan *plan, const Network *network, unsigned bits);
/* Sets the grid of the layers whose weight bits it has. */
void plan_set_grid(Plan *plan, GridKind grid);
/* Sets the method of all layers. */
void plan_set_method(Plan *plan, Method method);
/* Sets the effort. Layers with the method of the effort so far take that of the new one; other methods were
 * named, and stay. EFFORT_PAPER also sets independent mode, no ridge, no polish and no bias correction;
 * leaving it sets these four to their defaults. Nothing changes where the effort is the same. */
void plan_set_effort(Plan *plan, Effort effort);

/* Totals that follow from the plan alone.
 * bytes: the sum of plan_layer_bytes(). float_bytes: 4 per parameter. compression = float_bytes / bytes.
 * average_weight_bits: over all weights of all layers (32 for a float one). bitops: sum over layers of
 * macs * weight bits * activation bits (32 for float), per image.
 */
typedef struct PlanTotals {
    size_t parameters, bytes, float_bytes;
    double average_weight_bits, compression, bitops;
} PlanTotals;
PlanTotals plan_totals(const Plan *plan, const Network *network);

/* Bytes of one layer: its weights packed at their bits and rounded up to whole bytes, + 4 per scale (one per
 * output channel of quantized weights; for a quantized input one, or one per input channel where it is
 * error-compensated), + 4 per bias where the network has one. */
size_t plan_layer_bytes(const Plan *plan, const Network *network, size_t index);

#endif
