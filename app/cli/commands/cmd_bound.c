/* SPDX-License-Identifier: MIT */
/* bound: quantizes, and prints the ladder of bounds on how far the output moves, from loosest to measured. */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/outputs.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/steps.h"
#include "app/cli/commands/table.h"
#include "base/printable.h"
#include "bound/rung.h"

#include <math.h>
#include <stdio.h>

/* --- rungs ------------------------------------------------------------------------------------------ */

/* part: a fraction; NAN: does not apply. */
static void add_percent(Table *table, double part, int digits)
{
    if (isnan(part))
        table_cell(table, "-");
    else
        table_cell(table, "%.*f", digits, 100 * part);
}

/* next: the value of the rung below, NAN for the last. */
static void add_rung(Table *table, const char *name, double value, double next, const Ladder *ladder)
{
    table_cell(table, "%s", name);
    table_number(table, value);
    table_number(table, value / ladder->output_norm);
    table_number(table, value / next);
}

static Status print_rungs(const Ladder *ladder, Message *message)
{
    Table *table = table_create(
        (const TableColumn[]){
            {"rung", TABLE_LEFT}, {"bound", TABLE_RIGHT}, {"/ output", TABLE_RIGHT}, {"/ next", TABLE_RIGHT}},
        4);
    add_rung(table, "Frobenius", ladder->frobenius, ladder->spectral, ladder);
    add_rung(table, "spectral", ladder->spectral, ladder->hybrid, ladder);
    add_rung(table, "hybrid", ladder->hybrid, ladder->measured, ladder);
    add_rung(table, "measured", ladder->measured, NAN, ladder);
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* --- certificates ----------------------------------------------------------------------------------- */

/* What each test compares, per image; m_j is the float margin over class j, d_l what step l adds to it. */
static const char *const comparisons[CERTIFICATE_COUNT] = {
    [CERTIFIED_SPECTRAL] = "sum of lambda e_l < margin / sqrt 2",
    [CERTIFIED_NORMS] = "sum of |F_l - F_(l-1)| < margin / sqrt 2",
    [CERTIFIED_DIRECTION] = "sum of |d_l| < m_j for all classes j",
    [CERTIFIED_ONE_SIDED] = "sum of max(0, -d_l) < m_j",
    [CERTIFIED_BY_STAGE] = "the same, the d_l of a stage summed first",
    [CERTIFIED_MEASURED] = "|F - F_0| < margin / sqrt 2"};

static void add_share(Table *table, const char *name, const char *comparison, size_t count, size_t images)
{
    table_cell(table, "%s", name);
    table_cell(table, "%s", comparison);
    table_cell(table, "%.2f", 100 * (double)count / (double)images);
}

static Status print_certificates(const Ladder *ladder, Message *message)
{
    Table *table = table_create((const TableColumn[]){{"certified by", TABLE_LEFT},
                                                      {"test per image", TABLE_LEFT},
                                                      {"images %", TABLE_RIGHT}},
                                3);
    for (Certificate c = 0; c < CERTIFICATE_COUNT; c++) {
        if (c == CERTIFIED_SPECTRAL && !isfinite(ladder->spectral)) continue;
        add_share(table, certificate_name(c), comparisons[c], ladder->certified[c], ladder->images);
    }
    add_share(table, "kept", "the prediction itself", ladder->kept, ladder->images);
    printf(
        "\ncertified: a test proves that the prediction is kept; d_l is what step l adds to the float margin "
        "m_j over class j; %zu stage%s\n\n",
        ladder->stages, plural(ladder->stages));
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* --- layers ----------------------------------------------------------------------------------------- */

/* Without A (activation bits) where all activations are float. */
static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},         {"layer", TABLE_LEFT},        {"W", TABLE_RIGHT},
    {"A", TABLE_RIGHT},         {"local error", TABLE_RIGHT}, {"lambda", TABLE_RIGHT},
    {"Frobenius", TABLE_RIGHT}, {"spectral", TABLE_RIGHT},    {"hybrid", TABLE_RIGHT},
    {"hybrid %", TABLE_RIGHT},  {"spectral %", TABLE_RIGHT},  {"top-1 %", TABLE_RIGHT},
    {"alone", TABLE_RIGHT},     {"pull", TABLE_RIGHT}};

static void add_correct(Table *table, const Ladder *ladder, size_t correct)
{
    add_percent(table, ladder->labelled ? (double)correct / (double)ladder->images : NAN, 2);
}

/* The float network F_0, where the top-1 of the layers starts. */
static void add_float(Table *table, const Ladder *ladder, bool activations)
{
    table_cell(table, "%s", "");
    table_cell(table, "float");
    for (size_t i = activations ? 0 : 1; i < 9; i++) table_cell(table, "-");
    add_correct(table, ladder, ladder->correct);
    table_cell(table, "-");
    table_cell(table, "-");
}

static void add_layer(Table *table, const Ladder *ladder, size_t layer)
{
    const LadderStep *step = &ladder->steps[layer];
    const double absent = step->quantized ? 0 : NAN;
    table_number(table, step->local_error + absent);
    table_number(table, step->lambda);
    table_number(table, step->frobenius + absent);
    table_number(table, step->spectral + absent);
    table_number(table, step->hybrid + absent);
    add_percent(table, rung_share(ladder, RUNG_HYBRID, layer) + absent, 1);
    add_percent(table, rung_share(ladder, RUNG_SPECTRAL, layer) + absent, 1);
    add_correct(table, ladder, step->hybrid_correct);
    table_number(table, step->alone + absent);
    table_number(table, step->pull + absent);
}

static Status print_layers(const Inputs *inputs, const Ladder *ladder, Message *message)
{
    const bool activations = quantizes_activations(inputs->plan);
    Table *table = table_without(columns, sizeof columns / sizeof *columns, activations ? NULL : "A");
    if (ladder->labelled) add_float(table, ladder, activations);
    for (size_t i = 0; i < ladder->layer_count; i++) {
        table_cell(table, "%zu", i + 1);
        table_cell(table, "%s", inputs->network->layers[i].name);
        add_bits(table, inputs->plan->layers[i].weight_bits);
        if (activations) add_bits(table, inputs->plan->layers[i].activation_bits);
        add_layer(table, ladder, i);
    }
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* --- words ------------------------------------------------------------------------------------------ */

/* Of two layers that are each other's opponents: once, from the first. */
static void print_opponent(const Network *network, const Ladder *ladder, size_t layer)
{
    char one[256], other[256];
    const LadderStep *step = &ladder->steps[layer];
    const size_t opponent = step->opponent;
    if (opponent >= ladder->layer_count || opponent < layer || ladder->steps[opponent].opponent != layer)
        return;
    printable_copy(one, sizeof one, network->layers[layer].name);
    printable_copy(other, sizeof other, network->layers[opponent].name);
    printf("work against each other: layers '%s' and '%s', cosine of their pulls %.2f\n", one, other,
           step->opposition);
}

static void print_words(const Network *network, const Ladder *ladder)
{
    char text[512];
    if (ladder->costliest != NO_INDEX) {
        printable_copy(text, sizeof text, network->layers[ladder->costliest].name);
        printf("\ncosts most: layer '%s', %.1f %% of the hybrid bound\n", text,
               ladder->hybrid > 0 ? 100 * ladder->steps[ladder->costliest].hybrid / ladder->hybrid : 0);
    }
    for (size_t l = 0; l < ladder->layer_count; l++) print_opponent(network, ladder, l);
    if (ladder->culprit) {
        printable_copy(text, sizeof text, ladder->culprit);
        printf("no finite Lipschitz constant: node '%s': %s; the hybrid and measured rungs hold\n", text,
               ladder->reason);
    }
    if (ladder->violation) printf("VIOLATION of the ladder's order, which is a bug: %s\n", ladder->violation);
}

static Status print_ladder(const Inputs *inputs, const Ladder *ladder, Message *message)
{
    const Options *options = inputs->options;
    printf("\n|F - F_0| over %s%zu %s image%s, |F_0| = %s; predictions kept: %.2f %%\n\n",
           options->ladder_images > ladder->images ? "all " : "", ladder->images,
           ladder_set_name(options->ladder_on), plural(ladder->images),
           figure_number(ladder->output_norm).text, 100 * (double)ladder->kept / (double)ladder->images);
    Status status = print_rungs(ladder, message);
    if (status == STATUS_OK) status = print_certificates(ladder, message);
    if (status != STATUS_OK) return status;
    printf("\ncontributions by layer; hybrid %% and spectral %%: shares of these two bounds; top-1 with the "
           "layers up to here quantized%s; pull: what the layer adds to the margin over the float second "
           "class, mean of "
           "all images\n\n",
           ladder->labelled ? "" : " needs labels");
    status = print_layers(inputs, ladder, message);
    if (status == STATUS_OK) print_words(inputs->network, ladder);
    return status;
}

/* --- the command ------------------------------------------------------------------------------------ */

static void print_costs(const Pipeline *pipeline, const Evaluation *evaluation, const Climb *climb)
{
    printf("time: calibrating %s, solving %s, norms %s, ladder %s, evaluating %s\n",
           figure_seconds(pipeline->calibrate_seconds).text, figure_seconds(pipeline->solve_seconds).text,
           figure_seconds(climb->norm_seconds).text, figure_seconds(climb->ladder.seconds).text,
           figure_seconds(evaluation ? evaluation->seconds : 0).text);
    printf("memory: ladder %s, process at most %s\n", figure_bytes(climb->ladder.bytes).text,
           figure_bytes(peak_bytes()).text);
}

/* Files are written before anything is printed: a reader that closes standard output loses no file. */
static Status report(const Inputs *inputs, const Pipeline *pipeline, const Evaluation *evaluation,
                     const Climb *climb, Message *message)
{
    Status status = outputs_write(inputs, pipeline, evaluation, climb, message);
    if (status != STATUS_OK) return status;
    print_heading(inputs);
    puts("");
    print_options(inputs->plan);
    if (pipeline->note) printf("note: %s\n", pipeline->note);
    status = print_ladder(inputs, &climb->ladder, message);
    if (status != STATUS_OK) return status;
    print_totals(inputs->plan, inputs->network);
    if (evaluation) status = print_accuracy(inputs, evaluation, message);
    if (status == STATUS_OK) print_costs(pipeline, evaluation, climb);
    return status;
}

static Status bound(const Inputs *inputs, Message *message)
{
    Pipeline *pipeline = NULL;
    Climb climb = {0};
    Evaluation evaluation;
    Status status = step_quantize(&pipeline, inputs, inputs->plan, "quantizing", message);
    if (status == STATUS_OK) status = step_ladder(&climb, inputs, pipeline, message);
    if (status == STATUS_OK && inputs->evaluation)
        status = step_evaluate(&evaluation, inputs, (const Weights *const *)pipeline->weights, "evaluating",
                               message);
    if (status == STATUS_OK)
        status = report(inputs, pipeline, inputs->evaluation ? &evaluation : NULL, &climb, message);
    ladder_free(&climb.ladder);
    pipeline_free(pipeline);
    return status;
}

Status cmd_bound(const Options *options, Message *message)
{
    Inputs inputs;
    const InputNeed evaluation = options->ladder_on == LADDER_EVALUATION ? INPUT_NEEDED : INPUT_OPTIONAL;
    Status status = inputs_open(&inputs, options, INPUT_NEEDED, evaluation, message);
    if (status == STATUS_OK) status = bound(&inputs, message);
    inputs_close(&inputs);
    return status;
}
