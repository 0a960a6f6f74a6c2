/* SPDX-License-Identifier: MIT */
/* Quantizes a network and prints the error of every layer.
 *
 *     quantize_network NETWORK BITS [EXPORT]
 *
 * NETWORK is a description (NAME.json) that names images, EXPORT a file that ends in .csv, .json or .onnx.
 */
#include <bitstitch.h>
#include <stdio.h>
#include <stdlib.h>

static bool show_progress(void *context, const char *activity, size_t layer, double fraction)
{
    const bitstitch_model *model = context;
    bitstitch_layer info;
    const bool known = bitstitch_layer_get_info(&info, model, layer, NULL) == BITSTITCH_OK;
    fprintf(stderr, "\r%3.0f %%  %s %s\033[K", 100 * fraction, activity, known ? info.name : "");
    return true; /* false would cancel */
}

static bitstitch_status print_errors(const bitstitch_model *model, const bitstitch_result *result,
                                     bitstitch_error *error)
{
    bitstitch_model_info network;
    bitstitch_model_get_info(&network, model);
    printf("layer,rounding_error,reconstruction_error,heldout_error,accumulated_error\n");
    for (size_t i = 0; i < network.layers; i++) {
        bitstitch_layer layer;
        bitstitch_layer_errors errors;
        bitstitch_status status = bitstitch_layer_get_info(&layer, model, i, error);
        if (status == BITSTITCH_OK) status = bitstitch_layer_get_errors(&errors, result, i, error);
        if (status != BITSTITCH_OK) return status;
        printf("%s,%.9g,%.9g,%.9g,%.9g\n", layer.name, errors.rounding, errors.reconstruction, errors.heldout,
               errors.accumulated);
    }
    return BITSTITCH_OK;
}

int main(int count, char **words)
{
    bitstitch_error error;
    bitstitch_model *model = NULL;
    bitstitch_plan *plan = NULL;
    bitstitch_result *result = NULL;
    if (count < 3) {
        fprintf(stderr, "usage: quantize_network NETWORK BITS [EXPORT]\n");
        return 2;
    }
    const unsigned bits = (unsigned)strtoul(words[2], NULL, 10);
    bitstitch_status status = bitstitch_open(&model, words[1], NULL, &error);
    if (status == BITSTITCH_OK) status = bitstitch_plan_create(&plan, model, &error);
    if (status == BITSTITCH_OK)
        status = bitstitch_plan_set_weight_bits(plan, BITSTITCH_ALL_LAYERS, bits, &error);
    if (status == BITSTITCH_OK)
        status = bitstitch_quantize(&result, model, plan, show_progress, model, &error);
    if (status == BITSTITCH_OK) status = print_errors(model, result, &error);
    if (status == BITSTITCH_OK && count > 3) status = bitstitch_export(result, words[3], &error);
    if (status != BITSTITCH_OK) fprintf(stderr, "%s\n", error.text);
    bitstitch_result_free(result);
    bitstitch_plan_free(plan);
    bitstitch_close(model);
    return status == BITSTITCH_OK ? 0 : 1;
}
