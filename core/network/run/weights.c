/* SPDX-License-Identifier: MIT */
#include "network/run/weights.h"

#include "base/sizes.h"
#include "network/storage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_BELOW 16777216.0 /* 2^24: every whole number up to it is a float */

static void integer_form_free(IntegerForm *form)
{
    if (!form) return;
    free(form->input_scales);
    free(form->scales);
    free(form->bias);
    free(form);
}

/* --- float ------------------------------------------------------------------------------------------ */

Status weights_create(Weights **result, const Network *network, size_t number, const float *weights,
                      const float *bias, Message *message)
{
    *result = NULL;
    const Layer *layer = &network->layers[number];
    const LayerUse *uses = network->storage->uses;
    const bool is_convolution = uses[layer->uses[0]].plan != NULL;
    size_t formats = 0;
    for (size_t i = 0; is_convolution && i < layer->use_count; i++)
        formats = size_max(formats, uses[layer->uses[i]].format + 1);
    Weights *packed = calloc(1, sizeof *packed + formats * sizeof *packed->formats);
    if (!packed) return status_no_memory(message, "weights");
    packed->layer = number;
    packed->format_count = formats;
    Status status = STATUS_OK;
    for (size_t i = 0; is_convolution && !status && i < layer->use_count; i++) {
        const LayerUse *use = &uses[layer->uses[i]];
        if (!packed->formats[use->format])
            status =
                use->plan->backend->pack(&packed->formats[use->format], use->plan, weights, bias, message);
    }
    if (!is_convolution) {
        packed->matrix = malloc(layer->m * layer->n * sizeof *weights);
        packed->bias = malloc(layer->m * sizeof *bias);
        if (packed->matrix) memcpy(packed->matrix, weights, layer->m * layer->n * sizeof *weights);
        if (packed->bias) memcpy(packed->bias, bias, layer->m * sizeof *bias);
        if (!packed->matrix || !packed->bias) status = status_no_memory(message, "weights");
    }
    if (!status) {
        *result = packed;
        return STATUS_OK;
    }
    weights_free(packed);
    return status_context(message, status, "layer '%s'", layer->name);
}

void weights_free(Weights *packed)
{
    if (!packed) return;
    integer_form_free(packed->integer);
    for (size_t i = 0; i < packed->format_count; i++)
        if (packed->formats[i]) packed->formats[i]->backend->weights_free(packed->formats[i]);
    free(packed->matrix);
    free(packed->bias);
    free(packed);
}

/* --- integer ---------------------------------------------------------------------------------------- */

const InputQuantizer *weights_quantizer(const Weights *packed)
{
    return packed && packed->integer ? &packed->integer->quantizer : NULL;
}

bool weights_exact(const Weights *packed)
{
    return packed->integer && packed->integer->exact;
}

static Status check_quantizer(const Layer *layer, const InputQuantizer *quantizer, Message *message)
{
    size_t channels = layer_input_channels(layer);
    if (quantizer->count != 1 && quantizer->count != channels)
        return status_fail(message, STATUS_INVALID, "layer '%s': %zu input scales for %zu channels",
                           layer->name, quantizer->count, channels);
    for (size_t c = 0; c < quantizer->count; c++)
        if (!isnormal(quantizer->scales[c]) || quantizer->scales[c] <= 0)
            return status_fail(message, STATUS_INVALID,
                               "layer '%s': input scale %zu is %g: it must be above 0", layer->name, c + 1,
                               (double)quantizer->scales[c]);
    return STATUS_OK;
}

/* True if max over i of sum_k |codes[i][k]|, times the largest |input code|, is below 2^24.
 * codes [outputs][n]. */
static bool is_exact(const int8_t *codes, size_t outputs, size_t n, const InputQuantizer *quantizer)
{
    double most = 0;
    for (size_t i = 0; i < outputs; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += fabs((double)codes[i * n + k]);
        most = fmax(most, sum);
    }
    return most * fmax((double)quantizer->high, -(double)quantizer->low) < EXACT_BELOW;
}

static IntegerForm *make_form(const Layer *layer, const int8_t *codes, const float *scales, const float *bias,
                              const InputQuantizer *quantizer)
{
    size_t outputs = layer->groups * layer->m;
    IntegerForm *form = calloc(1, sizeof *form);
    if (!form) return NULL;
    form->input_scales = malloc(quantizer->count * sizeof(float));
    form->scales = malloc(outputs * sizeof(float));
    form->bias = malloc(outputs * sizeof(float));
    if (!form->input_scales || !form->scales || !form->bias) {
        integer_form_free(form);
        return NULL;
    }
    memcpy(form->input_scales, quantizer->scales, quantizer->count * sizeof(float));
    memcpy(form->bias, bias, outputs * sizeof(float));
    float input_scale = quantizer->count == 1 ? quantizer->scales[0] : 1;
    for (size_t i = 0; i < outputs; i++) form->scales[i] = (scales ? scales[i] : 1) * input_scale;
    form->quantizer = *quantizer;
    form->quantizer.scales = form->input_scales;
    form->exact = codes && is_exact(codes, outputs, layer->n, quantizer);
    return form;
}

/* matrix [groups*m][n]: the codes that the kernel multiplies the input's codes by. Without codes, the float
 * weights, multiplied by the input scale of their channel if the scales are per channel. */
static void fill_matrix(float *matrix, const Layer *layer, const int8_t *codes,
                        const InputQuantizer *quantizer)
{
    size_t n = layer->n, count = layer->groups * layer->m * n, taps = layer->groups * n / quantizer->count;
    for (size_t i = 0; i < count; i++) {
        size_t input = i / n / layer->m * n + i % n;
        float scale = quantizer->count > 1 ? quantizer->scales[input / taps] : 1;
        matrix[i] = codes ? (float)codes[i] : layer->weights[i] * scale;
    }
}

Status weights_create_integer(Weights **packed, const Network *network, size_t number, const int8_t *codes,
                              const float *scales, const float *bias, const InputQuantizer *quantizer,
                              Message *message)
{
    *packed = NULL;
    const Layer *layer = &network->layers[number];
    size_t outputs = layer->groups * layer->m;
    Status status = check_quantizer(layer, quantizer, message);
    if (status != STATUS_OK) return status;
    IntegerForm *form = make_form(layer, codes, scales, bias, quantizer);
    float *matrix = malloc(outputs * layer->n * sizeof *matrix), *zeros = calloc(outputs, sizeof *zeros);
    if (form && matrix && zeros) {
        fill_matrix(matrix, layer, codes, quantizer);
        status = weights_create(packed, network, number, matrix, zeros, message);
    } else {
        status = status_no_memory(message, "quantized weights");
    }
    if (status == STATUS_OK)
        (*packed)->integer = form;
    else
        integer_form_free(form);
    free(matrix);
    free(zeros);
    return status;
}
