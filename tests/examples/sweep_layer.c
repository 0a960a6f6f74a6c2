/* SPDX-License-Identifier: MIT */
/* Sweeps the weight bits of one layer, the others as the paper has them, and prints what each width costs.
 *
 *     sweep_layer NETWORK LAYER
 */
#include <bitstitch.h>
#include <stdio.h>

#define IMAGES 500 /* to evaluate on */

/* Quantizes with the layer at `bits`, and prints a row. */
static bitstitch_status try_bits(bitstitch_model *model, bitstitch_plan *plan, size_t layer, unsigned bits,
                                 bitstitch_error *error)
{
    bitstitch_result *result = NULL;
    bitstitch_layer_errors errors;
    bitstitch_accuracy accuracy;
    bitstitch_totals totals;
    bitstitch_status status = bitstitch_plan_set_weight_bits(plan, layer, bits, error);
    if (status == BITSTITCH_OK) status = bitstitch_quantize(&result, model, plan, NULL, NULL, error);
    if (status == BITSTITCH_OK) status = bitstitch_layer_get_errors(&errors, result, layer, error);
    if (status == BITSTITCH_OK) status = bitstitch_evaluate(&accuracy, result, IMAGES, NULL, NULL, error);
    if (status == BITSTITCH_OK) {
        bitstitch_plan_get_totals(&totals, plan);
        printf("%u,%zu,%.9g,%.9g,%.4f,%.4f,%.4f\n", bits, totals.bytes, errors.reconstruction, errors.heldout,
               accuracy.top1.value, accuracy.top1.low, accuracy.top1.high);
    }
    bitstitch_result_free(result);
    return status;
}

int main(int count, char **words)
{
    bitstitch_error error;
    bitstitch_model *model = NULL;
    bitstitch_plan *plan = NULL;
    if (count != 3) {
        fprintf(stderr, "usage: sweep_layer NETWORK LAYER\n");
        return 2;
    }
    bitstitch_status status = bitstitch_open(&model, words[1], NULL, &error);
    if (status == BITSTITCH_OK) status = bitstitch_plan_create(&plan, model, &error);
    if (status == BITSTITCH_OK) {
        const size_t layer = bitstitch_layer_find(model, words[2]);
        printf("weight_bits,bytes,reconstruction_error,heldout_error,top1,top1_low,top1_high\n");
        for (unsigned bits = 2; status == BITSTITCH_OK && bits <= 8; bits++)
            status = try_bits(model, plan, layer, bits, &error);
    }
    if (status != BITSTITCH_OK) fprintf(stderr, "%s\n", error.text);
    bitstitch_plan_free(plan);
    bitstitch_close(model);
    return status == BITSTITCH_OK ? 0 : 1;
}
