#include "explore/survey.h"

#include "quantize/calibrate.h"

#include <stdlib.h>

static Status measure_layers(Sensitivity *sensitivities, Calibration *calibration, const Network *network,
                             bool bias_correction, Pool *pool, Message *message)
{
    for (;;) {
        const Problem *problems;
        size_t layer;
        Status status = calibration_next(calibration, &layer, &problems, message);
        if (status != STATUS_OK || layer == NETWORK_NONE) return status;
        status = sensitivity_measure(&sensitivities[layer], problems, network->layers[layer].groups,
                                     bias_correction, pool, message);
        if (status != STATUS_OK)
            return status_context(message, status, "layer '%s'", network->layers[layer].name);
    }
}

Status survey_run(Sensitivity *sensitivities, const Network *network, const PlanOptions *plan,
                  const Dataset *dataset, const Normalization *normalization, const SurveyOptions *options,
                  Message *message)
{
    Calibration *calibration = NULL;
    Status status = STATUS_OK;
    bool *wanted = calloc(network->layer_count + 1, sizeof *wanted);
    size_t *bytes = calloc(network->layer_count + 1, sizeof *bytes);
    if (!wanted || !bytes) {
        status = status_no_memory(message, "the survey");
        goto out;
    }
    for (size_t l = 0; l < network->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        wanted[l] = true;
        bytes[l] = sensitivity_bytes(layer->groups, layer->m, layer->n, pool_workers(options->pool));
    }
    status = calibration_create(
        &calibration, network, dataset, normalization,
        &(CalibrationOptions){.independent = true,
                              .seed = plan->seed,
                              .images = plan->calibration_images,
                              .rows = plan->rows,
                              .wanted = wanted,
                              .memory = options->memory ? options->memory : pipeline_default_memory(),
                              .solving = bytes,
                              .pool = options->pool,
                              .proceed = options->proceed,
                              .context = options->context},
        message);
    if (status == STATUS_OK)
        status = measure_layers(sensitivities, calibration, network, plan->bias_correction, options->pool,
                                message);
out:
    calibration_free(calibration);
    free(wanted);
    free(bytes);
    return status;
}
