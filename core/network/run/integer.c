#include "network/run/integer.h"

#include "base/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
#define EXACT_BELOW 16777216.0 /* 2^24: every whole number up to it is a float */

size_t layer_input_channels(const Layer *layer)
{
    size_t taps = 1;
    for (size_t i = 2; i < layer->weight_rank; i++) taps *= layer->weight_shape[i];
    return layer->groups * layer->n / taps;
}

/* --- running ---------------------------------------------------------------------------------------- */

static size_t kernel_scratch(const Node *node)
{
    return size_ceil_div(node->scratch, ALIGNMENT) * ALIGNMENT;
}

size_t integer_scratch(const Network *network, size_t number)
{
    const Node *node = &network->nodes[number];
    if (node->layer == NO_INDEX) return node->scratch;
    return kernel_scratch(node) + network->values[node->inputs[0]].elements * sizeof(float);
}

/* out[rows][outputs] = scale * out + bias */
static void finish_outputs(float *out, const IntegerForm *form, size_t rows, size_t outputs)
{
    for (size_t row = 0; row < rows; row++, out += outputs)
        for (size_t i = 0; i < outputs; i++) out[i] = form->scales[i] * out[i] + form->bias[i];
}

Status integer_run(const KernelRun *run, float *output, const float *input, Message *message)
{
    const Node *node = run->node;
    const Layer *layer = &run->network->layers[node->layer];
    const LayerUse *use = &run->network->storage->uses[node - run->network->nodes];
    const IntegerForm *form = run->weights->integer;
    size_t elements = run->values[node->output].elements, outputs = layer->groups * layer->m;
    float *codes = (float *)((char *)run->scratch + kernel_scratch(node));
    input_quantizer_apply(codes, input, run->values[node->inputs[0]].elements, &form->quantizer);
    KernelRun alone = *run;
    alone.fused = false;
    Status status = node->kernel->run(&alone, output, (const void *[]){codes}, message);
    if (status != STATUS_OK) return status;
    finish_outputs(output, form, elements / outputs, outputs);
    if (run->fused) range_apply(output, &use->range, elements);
    return STATUS_OK;
}

/* --- making ----------------------------------------------------------------------------------------- */

void integer_form_free(IntegerForm *form)
{
    if (!form) return;
    free(form->input_scales);
    free(form->scales);
    free(form->bias);
    free(form);
}

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

/* The largest sum of |code| over outputs, times the largest code of the input. */
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

/* What the kernel multiplies codes with: codes, or float weights, times their channel's scale where there is
 * one a channel. */
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
