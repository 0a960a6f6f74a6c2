/* SPDX-License-Identifier: MIT */
/* sensitivity: every layer's reconstruction error at every bit width, estimated before any run, or measured.
 */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/steps.h"
#include "app/cli/commands/table.h"
#include "report/sensitivity_csv.h"

#include <stdio.h>
#include <stdlib.h>

#define LAYER_COLUMN 1
#define FIRST_WIDTH_COLUMN 3

static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},      {"layer", TABLE_LEFT},   {"error", TABLE_LEFT},   {"2 bits", TABLE_RIGHT},
    {"3 bits", TABLE_RIGHT}, {"4 bits", TABLE_RIGHT}, {"5 bits", TABLE_RIGHT}, {"6 bits", TABLE_RIGHT},
    {"7 bits", TABLE_RIGHT}, {"8 bits", TABLE_RIGHT}};

#define COLUMNS (sizeof columns / sizeof *columns)

typedef struct Shown {
    const Inputs *inputs;
    Table *table;
    bool started; /* the heading was printed */
} Shown;

/* Makes the columns as wide as any later row needs: rows are printed one by one. */
static void reserve_widths(Table *table, const Network *network)
{
    char number[32];
    snprintf(number, sizeof number, "%zu", network->layer_count);
    table_widen(table, 0, number);
    for (size_t l = 0; l < network->layer_count; l++)
        table_widen(table, LAYER_COLUMN, network->layers[l].name);
    table_widen(table, FIRST_WIDTH_COLUMN - 1, "estimate");
    for (size_t i = FIRST_WIDTH_COLUMN; i < COLUMNS; i++) table_widen(table, i, "1.00e-0");
}

static void print_introduction(const Inputs *inputs)
{
    print_heading(inputs);
    puts("\nreconstruction error relative to the sum of squared outputs, on inputs of the float network\n"
         "estimate: nearest-plane rounding, where later codes compensate earlier ones, without clipping;\n"
         "rounding: round-to-nearest");
    if (inputs->options->measure) {
        const PlanOptions *plan = &inputs->plan->options;
        char ridge[32];
        snprintf(ridge, sizeof ridge, plan->ridge < 0 ? "ridge by layer" : "ridge %g", plan->ridge);
        printf("measured: %s, effort %s, %s, %s, %s\n", method_title(effort_row(plan->effort)->method),
               effort_name(plan->effort), plan->polish ? "polish" : "no polish",
               plan->bias_correction ? "bias correction" : "no bias correction", ridge);
    }
    puts("");
}

static void add_errors(Table *table, const char *name, const double *errors)
{
    table_cell(table, "%s", name);
    for (unsigned bits = SOLVE_MIN_BITS; bits <= SOLVE_MAX_BITS; bits++) table_number(table, errors[bits]);
}

static void skip_layer(Table *table)
{
    table_cell(table, "%s", "");
    table_cell(table, "%s", "");
}

/* Printed at once: the next layers may take minutes. */
static Status show_layer(void *context, size_t layer, const Sensitivity *sensitivity, Message *message)
{
    Shown *shown = context;
    Table *table = shown->table;
    if (!shown->started) print_introduction(shown->inputs);
    shown->started = true;
    table_cell(table, "%zu", layer + 1);
    table_cell(table, "%s", shown->inputs->network->layers[layer].name);
    add_errors(table, "estimate", sensitivity->estimate);
    skip_layer(table);
    add_errors(table, "rounding", sensitivity->rounding);
    if (shown->inputs->options->measure) {
        skip_layer(table);
        add_errors(table, "measured", sensitivity->measured);
    }
    Status status = table_print(table, stdout, message);
    fflush(stdout);
    return status;
}

static Status sweep(const Inputs *inputs, Message *message)
{
    const Network *network = inputs->network;
    const char *csv = inputs->options->csv;
    Shown shown = {.inputs = inputs, .table = table_create(columns, COLUMNS)};
    Sensitivity *sensitivities = calloc(network->layer_count + 1, sizeof *sensitivities);
    reserve_widths(shown.table, network);
    Status status = sensitivities ? step_sweep(sensitivities, inputs, show_layer, &shown, message)
                                  : status_no_memory(message, "the sensitivities");
    if (status == STATUS_OK && csv) status = sensitivity_csv_write(csv, network, sensitivities, message);
    table_free(shown.table);
    free(sensitivities);
    return status;
}

Status cmd_sensitivity(const Options *options, Message *message)
{
    Inputs inputs;
    Status status = inputs_open(&inputs, options, INPUT_NEEDED, INPUT_UNUSED, message);
    if (status == STATUS_OK) status = sweep(&inputs, message);
    inputs_close(&inputs);
    return status;
}
