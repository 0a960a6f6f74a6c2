/* SPDX-License-Identifier: MIT */
/* quantize: quantizes every layer, measures errors and accuracy, writes the plan, the run and the network. */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/outputs.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/steps.h"
#include "app/cli/commands/table.h"
#include "base/printable.h"

#include <math.h>
#include <stdio.h>

#define NAME_TEXT 512

/* Without A (activation bits) where all activations are float. */
static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},           {"layer", TABLE_LEFT},     {"bits", TABLE_RIGHT},
    {"A", TABLE_RIGHT},           {"method", TABLE_LEFT},    {"rounding", TABLE_RIGHT},
    {"solved", TABLE_RIGHT},      {"polished", TABLE_RIGHT}, {"held-out", TABLE_RIGHT},
    {"accumulated", TABLE_RIGHT}, {"changed", TABLE_RIGHT},  {"% changed", TABLE_RIGHT},
    {"epochs", TABLE_RIGHT}};

static void add_solve(Table *table, const Layer *layer, const LayerResult *result)
{
    double codes = (double)layer->groups * (double)layer->m * (double)layer->n;
    table_cell(table, "%s", method_name(result->method));
    table_number(table, result->rounding_error);
    table_number(table, result->bitsplit_error);
    table_number(table, result->polished_error);
    table_number(table, result->heldout_error);
    table_number(table, result->accumulated_error);
    table_cell(table, "%zu", result->codes_changed);
    table_cell(table, "%.1f", 100 * (double)result->codes_changed / codes);
    if (result->polish_epochs)
        table_cell(table, "%zu + %zu", result->epochs, result->polish_epochs);
    else
        table_cell(table, "%zu", result->epochs);
}

static void add_float(Table *table, const LayerResult *result)
{
    for (size_t i = 0; i < 5; i++) table_cell(table, "-");
    table_number(table, result->accumulated_error);
    for (size_t i = 0; i < 3; i++) table_cell(table, "-");
}

static Status print_layers(const Pipeline *pipeline, const Plan *plan, Message *message)
{
    bool activations = quantizes_activations(plan);
    Table *table = table_without(columns, sizeof columns / sizeof *columns, activations ? NULL : "A");
    for (size_t i = 0; i < pipeline->layer_count; i++) {
        const Layer *layer = &pipeline->network->layers[i];
        table_cell(table, "%zu", i + 1);
        table_cell(table, "%s", layer->name);
        add_weight_bits(table, pipeline->layers[i].bits, pipeline->layers[i].grid);
        if (activations) add_bits(table, pipeline->layers[i].activation_bits);
        if (pipeline->layers[i].bits == BITS_FLOAT)
            add_float(table, &pipeline->layers[i]);
        else
            add_solve(table, layer, &pipeline->layers[i]);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* How many activations are clipped, and whether the layers' sums are exact in float. */
static void print_activations(const Pipeline *pipeline)
{
    size_t quantized = 0, inexact = 0, worst = 0;
    for (size_t i = 0; i < pipeline->layer_count; i++) {
        const LayerResult *result = &pipeline->layers[i];
        if (result->activation_bits == BITS_FLOAT) continue;
        if (!quantized++ || result->clipped > pipeline->layers[worst].clipped) worst = i;
        inexact += result->bits != BITS_FLOAT && !result->exact;
    }
    if (!quantized) return;
    char name[NAME_TEXT];
    printable_copy(name, sizeof name, pipeline->network->layers[worst].name);
    printf("activations quantized: %zu layer%s; most clipped: %.3f %% of the input of %s\n", quantized,
           plural(quantized), 100 * pipeline->layers[worst].clipped, name);
    if (inexact)
        printf("note: sums of %zu layer%s may reach 2^24, where float no longer represents every integer\n",
               inexact, plural(inexact));
}

static void print_notes(const Pipeline *pipeline)
{
    if (pipeline->note) printf("note: %s\n", pipeline->note);
    size_t kept = 0;
    for (size_t i = 0; i < pipeline->layer_count; i++) kept += pipeline->layers[i].channels_kept;
    if (kept)
        printf("note: %zu channel%s left at round-to-nearest: the output does not correlate with the float "
               "output\n",
               kept, kept == 1 ? " was" : "s were");
}

static Status print_pipeline(const Inputs *inputs, const Pipeline *pipeline, Message *message)
{
    print_heading(inputs);
    printf("\nerrors relative to the sum of squared outputs, on %zu image%s, and on %zu held out\n",
           pipeline->images, plural(pipeline->images), pipeline->heldout_images);
    print_options(inputs->plan);
    puts("");
    Status status = print_layers(pipeline, inputs->plan, message);
    print_totals(inputs->plan, inputs->network);
    print_activations(pipeline);
    print_notes(pipeline);
    return status;
}

/* Files are written before anything is printed: a reader that closes standard output loses no file. */
static Status report(const Inputs *inputs, const Pipeline *pipeline, const Evaluation *evaluation,
                     Message *message)
{
    Status status = outputs_write(inputs, pipeline, evaluation, NULL, message);
    if (status == STATUS_OK) status = print_pipeline(inputs, pipeline, message);
    if (status == STATUS_OK && evaluation) status = print_accuracy(inputs, evaluation, message);
    if (status != STATUS_OK) return status;
    if (!evaluation) puts("\naccuracy not measured: name images with --images");
    printf("time: calibrating %s, solving %s", figure_seconds(pipeline->calibrate_seconds).text,
           figure_seconds(pipeline->solve_seconds).text);
    if (evaluation) printf(", evaluating %s", figure_seconds(evaluation->seconds).text);
    puts("");
    return STATUS_OK;
}

static Status quantize(const Inputs *inputs, Message *message)
{
    Pipeline *pipeline = NULL;
    Evaluation evaluation;
    Status status = step_quantize(&pipeline, inputs, inputs->plan, "quantizing", message);
    if (status == STATUS_OK && inputs->evaluation)
        status = step_evaluate(&evaluation, inputs, (const Weights *const *)pipeline->weights, "evaluating",
                               message);
    if (status == STATUS_OK)
        status = report(inputs, pipeline, inputs->evaluation ? &evaluation : NULL, message);
    pipeline_free(pipeline);
    return status;
}

Status cmd_quantize(const Options *options, Message *message)
{
    Inputs inputs;
    Status status = inputs_open(&inputs, options, INPUT_NEEDED, INPUT_OPTIONAL, message);
    if (status == STATUS_OK) status = quantize(&inputs, message);
    inputs_close(&inputs);
    return status;
}
