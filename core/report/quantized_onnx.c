/* SPDX-License-Identifier: MIT */
#include "report/quantized_onnx.h"

#include "network/run/input_quantizer.h"
#include "network/run/weights.h"
#include "onnx/onnx_file.h"
#include "onnx/quantized_model.h"

#include <stdlib.h>

/* The bias to write; NULL where the file's is the same. */
static const float *changed_bias(const Layer *layer, const float *bias)
{
    if (layer->folded_count) return bias;
    for (size_t i = 0; i < layer->groups * layer->m; i++)
        if (bias[i] != layer->bias[i]) return bias;
    return NULL;
}

static QuantizedLayer describe_layer(const Layer *layer)
{
    return (QuantizedLayer){.name = layer->name,
                            .shape = {.groups = layer->groups,
                                      .m = layer->m,
                                      .n = layer->n,
                                      .input_channels = layer_input_channels(layer),
                                      .has_bias = layer->has_bias},
                            .use_count = layer->use_count,
                            .uses = layer->sources,
                            .folded_count = layer->folded_count,
                            .folded = layer->folded};
}

static void describe_result(QuantizedLayer *described, const Layer *layer, const LayerResult *result,
                            const Weights *weights)
{
    if (result->codes) {
        described->codes = result->codes;
        described->scales = result->scales;
        described->bias = changed_bias(layer, result->bias);
    }
    if (result->input_scale_count) {
        const InputQuantizer *quantizer = weights_quantizer(weights);
        described->input_scale_count = quantizer->count;
        described->input_scales = quantizer->scales;
        described->input_low = quantizer->low;
        described->input_high = quantizer->high;
    }
}

/* Describes the layers that the plan quantizes. pipeline: NULL before quantizing. *layers is to be freed. */
static Status describe(QuantizedModel *model, QuantizedLayer **layers, const Network *network,
                       const Plan *plan, const Pipeline *pipeline, size_t ceiling, Message *message)
{
    size_t count = 0;
    *layers = calloc(network->layer_count + 1, sizeof **layers);
    if (!*layers) return status_no_memory(message, "layers");
    for (size_t i = 0; i < network->layer_count; i++) {
        if (layer_plan_stays_float(&plan->layers[i])) continue;
        QuantizedLayer *described = &(*layers)[count++];
        *described = describe_layer(&network->layers[i]);
        if (pipeline)
            describe_result(described, &network->layers[i], &pipeline->layers[i], pipeline->weights[i]);
    }
    *model = (QuantizedModel){.path = network->path,
                              .sha256 = network->sha256,
                              .output = network->output_name,
                              .layer_count = count,
                              .layers = *layers,
                              .ceiling = ceiling};
    return STATUS_OK;
}

Status quantized_onnx_check(const Network *network, const Plan *plan, const WriteMemory *memory,
                            Message *message)
{
    QuantizedModel model;
    QuantizedLayer *layers;
    Status status = describe(&model, &layers, network, plan, NULL, memory->ceiling, message);
    if (!status) status = quantized_model_check(&model, message);
    free(layers);
    status = onnx_file_advise(status, network->path, memory->ceiling, message);
    return status ? status_context(message, status, "'%s' cannot be written as quantized ONNX", network->path)
                  : STATUS_OK;
}

Status quantized_onnx_write(const char *path, const Result *result, Message *message)
{
    const Network *network = result->network;
    const WriteMemory *memory = &result->memory;
    QuantizedModel model;
    QuantizedLayer *layers;
    Status status =
        describe(&model, &layers, network, result->plan, result->pipeline, memory->ceiling, message);
    if (!status) status = quantized_model_write(path, &model, message);
    free(layers);
    return onnx_file_advise(status, network->path, memory->ceiling, message);
}
