/* SPDX-License-Identifier: MIT */
/* Forecast: what a plan would do to the network's output and to its accuracy, predicted from the
 * sensitivities of its layers, without running it.
 *
 * The output error of a plan, |F - F_0|^2 / |F_0|^2, is predicted as
 *
 *     E = kappa * sum over l of s_l (e_l(weight bits) + e_l(activation bits)).
 *
 * e_l(b) is the layer's own reconstruction error at b bits behind float layers, and s_l how much of it
 * arrives at the output: s_l = |F with layer l at 2 bits, and the next two layers re-fitted (refit.h), -
 * F_0|^2 / |F_0|^2 / e_l(2). kappa comes from plans that were run (anchors): its logarithm is interpolated
 * over that of the sum, and constant beyond them. The order of plans does not depend on it but where anchors
 * contradict.
 *
 * Agreement with the float network and accuracy are predicted from outputs z_a of the anchor nearest in
 * error, moved towards the float outputs z_0: z = z_0 + sqrt(E / E_a) (z_a - z_0). An anchor keeps how many
 * images agree, or are right, at steps of that factor.
 *
 * Where it is weak: plans with many layers at 2 bits, where errors no longer add up, and dense layers with
 * few rows, whose re-fits follow the rows.
 *
 * A forecast is plain data; its owner frees it with forecast_free(). Functions here are pure.
 *
 * Example (const Forecast *forecast, const LayerWidths *widths):
 *     Prediction prediction = forecast_predict(forecast, forecast_sum(forecast, widths));
 *     printf("%g, agreement %.2f %%\n", prediction.error, 100 * prediction.agreement.expected);
 */
#ifndef CHOOSE_FORECAST_H
#define CHOOSE_FORECAST_H

#include "base/status.h"
#include "evaluate/interval.h"

#include <stdbool.h>
#include <stdint.h>

#define FORECAST_WIDTHS 9 /* 0 (float), 1 (binary), and 2 to 8 bits */
#define FORECAST_STEPS 97 /* of the factor that outputs are moved by: 2^-6 to 2^6 */
#define FORECAST_ANCHORS 3
#define FORECAST_SPREAD 0.12 /* of log(E predicted / E measured), before there are runs to tell */

typedef struct LayerForecast {
    double errors[FORECAST_WIDTHS];       /* [weight bits]; 0 for float, NAN where not known */
    double input_errors[FORECAST_WIDTHS]; /* [activation bits]; 0 for float, NAN where not known */
    double factor;                        /* s_l; NAN where not known */
} LayerForecast;

/* A plan that was run: of one weight width, the ends as the plan has them. */
typedef struct Anchor {
    unsigned weight_bits;
    double sum;      /* predicted with kappa 1 */
    double measured; /* output error */
    /* Images at step i, the change of the outputs multiplied by forecast_step(i). */
    uint32_t agreeing[FORECAST_STEPS], correct[FORECAST_STEPS], lost[FORECAST_STEPS], gained[FORECAST_STEPS];
} Anchor;

typedef struct Forecast {
    size_t layer_count;
    LayerForecast *layers; /* [layer_count] */
    size_t anchor_count;   /* known so far */
    Anchor anchors[FORECAST_ANCHORS];
    size_t images; /* that anchors were evaluated on; 0: none, or outputs that are no scores */
    bool labelled; /* `correct`, `lost` and `gained` hold */
    uint32_t float_correct;
} Forecast;

/* All NAN, but for float. STATUS_MEMORY. */
Status forecast_create(Forecast *forecast, size_t layer_count, Message *message);
void forecast_free(Forecast *forecast); /* leaves it empty */
Status forecast_copy(Forecast *copy, const Forecast *forecast, Message *message);

/* Makes all of it known, and 0: choices then go by cost alone, which tells whether budgets can be met. */
void forecast_set_zero(Forecast *forecast);

/* Whether the sum can be predicted: every layer's factor and errors at the widths 2 to 8 are known. */
bool forecast_ready(const Forecast *forecast);

typedef struct LayerWidths {
    uint8_t weight_bits, activation_bits; /* 0: float */
} LayerWidths;

/* s_l (e_l(weight bits) + e_l(activation bits)) of one layer, and the sum over all: kappa is 1. NAN where not
 * known. */
double forecast_layer(const Forecast *forecast, size_t layer, LayerWidths widths);
double forecast_sum(const Forecast *forecast, const LayerWidths *widths);

/* E for a sum: times kappa, 1 without anchors. */
double forecast_error(const Forecast *forecast, double sum);

/* A share of images with what evaluating as many would leave open, and the spread of predicted errors. */
typedef struct PredictedShare {
    double expected;
    Interval interval;
} PredictedShare;

typedef struct Prediction {
    double error; /* E */
    double sqnr_db;
    bool known; /* agreement; the others are known where the forecast is labelled */
    PredictedShare agreement, top1;
    PredictedShare change; /* of top-1: quantized minus float, with Agresti and Min's interval */
} Prediction;

/* Predicts from a sum. */
Prediction forecast_predict(const Forecast *forecast, double sum);

/* The factor of step i: 2^((i - 48) / 8). */
double forecast_step(size_t i);

/* Fills an anchor's counts, from outputs z0 and za [images][classes]; labels [images], or NULL.
 * *float_correct is the float network's. */
void anchor_count(Anchor *anchor, uint32_t *float_correct, const float *z0, const float *za, size_t images,
                  size_t classes, const size_t *labels);

#endif
