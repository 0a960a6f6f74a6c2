/* SPDX-License-Identifier: MIT */
#include "choose/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_PER_OCTAVE 8
#define MIDDLE_STEP (FORECAST_STEPS / 2)

Status forecast_create(Forecast *forecast, size_t layer_count, Message *message)
{
    *forecast = (Forecast){.layer_count = layer_count};
    forecast->layers = calloc(layer_count + 1, sizeof *forecast->layers);
    if (!forecast->layers) return status_no_memory(message, "the layers' sensitivities");
    for (size_t l = 0; l < layer_count; l++) {
        forecast->layers[l].factor = NAN;
        for (size_t b = 1; b < FORECAST_WIDTHS; b++)
            forecast->layers[l].errors[b] = forecast->layers[l].input_errors[b] = NAN;
    }
    return STATUS_OK;
}

void forecast_free(Forecast *forecast)
{
    free(forecast->layers);
    *forecast = (Forecast){0};
}

Status forecast_copy(Forecast *copy, const Forecast *forecast, Message *message)
{
    *copy = *forecast;
    copy->layers = malloc((forecast->layer_count + 1) * sizeof *copy->layers);
    if (!copy->layers) {
        *copy = (Forecast){0};
        return status_no_memory(message, "the layers' sensitivities");
    }
    memcpy(copy->layers, forecast->layers, forecast->layer_count * sizeof *copy->layers);
    return STATUS_OK;
}

void forecast_set_zero(Forecast *forecast)
{
    memset(forecast->layers, 0, forecast->layer_count * sizeof *forecast->layers);
}

bool forecast_ready(const Forecast *forecast)
{
    for (size_t l = 0; l < forecast->layer_count; l++) {
        if (isnan(forecast->layers[l].factor)) return false;
        for (size_t b = 2; b < FORECAST_WIDTHS; b++)
            if (isnan(forecast->layers[l].errors[b])) return false;
    }
    return forecast->layer_count > 0;
}

double forecast_layer(const Forecast *forecast, size_t layer, LayerWidths widths)
{
    const LayerForecast *of = &forecast->layers[layer];
    const double error = of->errors[widths.weight_bits] + of->input_errors[widths.activation_bits];
    return error == 0 ? 0 : of->factor * error;
}

double forecast_sum(const Forecast *forecast, const LayerWidths *widths)
{
    double sum = 0;
    for (size_t l = 0; l < forecast->layer_count; l++) sum += forecast_layer(forecast, l, widths[l]);
    return sum;
}

/* --- kappa ------------------------------------------------------------------------------------------- */

static bool usable(const Anchor *anchor)
{
    return anchor->sum > 0 && anchor->measured > 0;
}

/* The usable anchors next to the sum: below or at it, and above; NULL where there is none. */
static void neighbours(const Anchor **below, const Anchor **above, const Forecast *forecast, double sum)
{
    *below = *above = NULL;
    for (size_t a = 0; a < forecast->anchor_count; a++) {
        const Anchor *anchor = &forecast->anchors[a];
        if (!usable(anchor)) continue;
        if (anchor->sum <= sum && (!*below || anchor->sum > (*below)->sum)) *below = anchor;
        if (anchor->sum > sum && (!*above || anchor->sum < (*above)->sum)) *above = anchor;
    }
}

double forecast_error(const Forecast *forecast, double sum)
{
    const Anchor *below, *above;
    neighbours(&below, &above, forecast, sum);
    if (!below && !above) return sum;
    if (!below || !above) {
        const Anchor *anchor = below ? below : above;
        return sum * (anchor->measured / anchor->sum);
    }
    const double part = log(sum / below->sum) / log(above->sum / below->sum);
    return sum *
           exp((1 - part) * log(below->measured / below->sum) + part * log(above->measured / above->sum));
}

/* --- agreement --------------------------------------------------------------------------------------- */

double forecast_step(size_t i)
{
    return exp2(((double)i - MIDDLE_STEP) / STEPS_PER_OCTAVE);
}

/* The anchor whose error is nearest by its logarithm, or NULL. */
static const Anchor *nearest(const Forecast *forecast, double error)
{
    const Anchor *found = NULL;
    for (size_t a = 0; a < forecast->anchor_count; a++) {
        const Anchor *anchor = &forecast->anchors[a];
        if (!usable(anchor)) continue;
        if (!found || fabs(log(error / anchor->measured)) < fabs(log(error / found->measured)))
            found = anchor;
    }
    return found;
}

/* A count between steps. Below the first step, outputs hardly move: `still` at no change. */
static double count_at(const uint32_t counts[FORECAST_STEPS], double factor, double still)
{
    const double place = MIDDLE_STEP + STEPS_PER_OCTAVE * log2(factor);
    if (place >= FORECAST_STEPS - 1) return counts[FORECAST_STEPS - 1];
    if (!(place > 0)) return still + (counts[0] - still) * factor / forecast_step(0);
    const size_t step = (size_t)place;
    return counts[step] + (place - (double)step) * ((double)counts[step + 1] - (double)counts[step]);
}

typedef struct Counts {
    double agreeing, correct, lost, gained;
} Counts;

static Counts counts_at(const Forecast *forecast, double error)
{
    const Anchor *anchor = nearest(forecast, error);
    const double factor = sqrt(error / anchor->measured);
    return (Counts){.agreeing = count_at(anchor->agreeing, factor, (double)forecast->images),
                    .correct = count_at(anchor->correct, factor, forecast->float_correct),
                    .lost = count_at(anchor->lost, factor, 0),
                    .gained = count_at(anchor->gained, factor, 0)};
}

static size_t whole(double count)
{
    return (size_t)llround(fmax(count, 0));
}

/* Wilson's intervals at the errors a spread below and above, joined. */
static PredictedShare predict_share(double expected, double low, double high, size_t images)
{
    const Interval one = interval_wilson(whole(low), images), other = interval_wilson(whole(high), images);
    return (PredictedShare){expected / (double)images,
                            {fmin(one.low, other.low), fmax(one.high, other.high)}};
}

static PredictedShare predict_change(Counts at, Counts low, Counts high, size_t images)
{
    const Interval one = interval_paired(whole(low.lost), whole(low.gained), images);
    const Interval other = interval_paired(whole(high.lost), whole(high.gained), images);
    return (PredictedShare){(at.gained - at.lost) / (double)images,
                            {fmin(one.low, other.low), fmax(one.high, other.high)}};
}

Prediction forecast_predict(const Forecast *forecast, double sum)
{
    const double error = forecast_error(forecast, sum), spread = exp(2 * FORECAST_SPREAD);
    Prediction prediction = {.error = error, .sqnr_db = -10 * log10(error)};
    if (!forecast->images || !(error > 0) || !nearest(forecast, error)) return prediction;
    const Counts at = counts_at(forecast, error), low = counts_at(forecast, error / spread),
                 high = counts_at(forecast, error * spread);
    const size_t images = forecast->images;
    prediction.known = true;
    prediction.agreement = predict_share(at.agreeing, low.agreeing, high.agreeing, images);
    if (!forecast->labelled) return prediction;
    prediction.top1 = predict_share(at.correct, low.correct, high.correct, images);
    prediction.change = predict_change(at, low, high, images);
    return prediction;
}

/* --- anchors ----------------------------------------------------------------------------------------- */

/* The class of the largest z0 + factor (za - z0), the lower one of equals. */
static size_t predicted_class(const float *z0, const float *za, size_t classes, double factor)
{
    size_t best = 0;
    double most = -INFINITY;
    for (size_t c = 0; c < classes; c++) {
        const double value = (double)z0[c] + factor * ((double)za[c] - (double)z0[c]);
        if (value > most) best = c;
        most = fmax(most, value);
    }
    return best;
}

void anchor_count(Anchor *anchor, uint32_t *float_correct, const float *z0, const float *za, size_t images,
                  size_t classes, const size_t *labels)
{
    memset(anchor->agreeing, 0, sizeof anchor->agreeing);
    memset(anchor->correct, 0, sizeof anchor->correct);
    memset(anchor->lost, 0, sizeof anchor->lost);
    memset(anchor->gained, 0, sizeof anchor->gained);
    *float_correct = 0;
    for (size_t i = 0; i < images; i++) {
        const float *reference = z0 + i * classes, *quantized = za + i * classes;
        const size_t class = predicted_class(reference, quantized, classes, 0);
        const bool right = labels && class == labels[i];
        *float_correct += right;
        for (size_t s = 0; s < FORECAST_STEPS; s++) {
            const size_t moved = predicted_class(reference, quantized, classes, forecast_step(s));
            const bool still = labels && moved == labels[i];
            anchor->agreeing[s] += moved == class;
            anchor->correct[s] += still;
            anchor->lost[s] += right && !still;
            anchor->gained[s] += !right && still;
        }
    }
}
