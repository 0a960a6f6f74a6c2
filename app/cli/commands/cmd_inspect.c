/* SPDX-License-Identifier: MIT */
/* inspect: the layers of a network, the size and cost of each, and what stays float between them. */
#include "app/cli/commands/commands.h"
#include "app/cli/commands/print.h"
#include "app/cli/commands/table.h"
#include "network/float_operators.h"
#include "report/export.h"

#include <inttypes.h>
#include <stdio.h>

/* Without A (activation bits) where all activations are float. */
static const TableColumn columns[] = {
    {"#", TABLE_RIGHT},      {"layer", TABLE_LEFT},       {"operator", TABLE_LEFT},
    {"weights", TABLE_LEFT}, {"m", TABLE_RIGHT},          {"n", TABLE_RIGHT},
    {"groups", TABLE_RIGHT}, {"parameters", TABLE_RIGHT}, {"MACs", TABLE_RIGHT},
    {"% MACs", TABLE_RIGHT}, {"bits", TABLE_RIGHT},       {"A", TABLE_RIGHT},
    {"bytes", TABLE_RIGHT},  {"% bytes", TABLE_RIGHT},    {"float bytes", TABLE_RIGHT}};

typedef struct Totals {
    uint64_t macs;
    size_t bytes, float_bytes, parameters;
} Totals;

static Totals add_up(const Network *network, const Plan *plan)
{
    Totals totals = {0};
    for (size_t i = 0; i < network->layer_count; i++) {
        totals.macs += network->layers[i].macs;
        totals.parameters += network->layers[i].parameters;
        totals.bytes += plan_layer_bytes(plan, network, i);
        totals.float_bytes += sizeof(float) * network->layers[i].parameters;
    }
    return totals;
}

static void add_shape(Table *table, const Layer *layer)
{
    char shape[128] = "";
    int used = 0;
    for (size_t i = 0; i < layer->weight_rank && used >= 0 && (size_t)used < sizeof shape; i++)
        used += snprintf(shape + used, sizeof shape - (size_t)used, "%s%zu", i ? "x" : "",
                         layer->weight_shape[i]);
    table_cell(table, "%s", shape);
}

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void add_costs(Table *table, const Totals *part, const Totals *whole)
{
    table_cell(table, "%zu", part->parameters);
    table_cell(table, "%s", figure_quantity((double)part->macs).text);
    table_cell(table, "%.1f", share((double)part->macs, (double)whole->macs));
}

static void add_bytes(Table *table, const Totals *part, const Totals *whole)
{
    table_cell(table, "%zu", part->bytes);
    table_cell(table, "%.1f", share((double)part->bytes, (double)whole->bytes));
    table_cell(table, "%zu", part->float_bytes);
}

static void add_layer(Table *table, const Network *network, const Plan *plan, size_t index,
                      const Totals *whole, bool activations)
{
    const Layer *layer = &network->layers[index];
    const LayerPlan *choice = &plan->layers[index];
    Totals part = {.macs = layer->macs,
                   .bytes = plan_layer_bytes(plan, network, index),
                   .float_bytes = sizeof(float) * layer->parameters,
                   .parameters = layer->parameters};
    table_cell(table, "%zu", index + 1);
    table_cell(table, "%s", layer->name);
    table_cell(table, "%s", layer->operator_name);
    add_shape(table, layer);
    table_cell(table, "%zu", layer->m);
    table_cell(table, "%zu", layer->n);
    table_cell(table, "%zu", layer->groups);
    add_costs(table, &part, whole);
    add_weight_bits(table, choice->weight_bits, (GridKind)choice->grid);
    if (activations) add_bits(table, choice->activation_bits);
    add_bytes(table, &part, whole);
}

static void add_total(Table *table, const Totals *whole, bool activations)
{
    table_rule(table);
    table_cell(table, "%s", "");
    table_cell(table, "total");
    for (size_t i = 0; i < 5; i++) table_cell(table, "%s", "");
    add_costs(table, whole, whole);
    table_cell(table, "%s", "");
    if (activations) table_cell(table, "%s", "");
    add_bytes(table, whole, whole);
}

static Status print_layers(const Network *network, const Plan *plan, Message *message)
{
    bool activations = quantizes_activations(plan);
    Table *table = table_without(columns, sizeof columns / sizeof *columns, activations ? NULL : "A");
    Totals whole = add_up(network, plan);
    for (size_t i = 0; i < network->layer_count; i++) add_layer(table, network, plan, i, &whole, activations);
    add_total(table, &whole, activations);
    Status status = table_print(table, stdout, message);
    table_free(table);
    return status;
}

/* What stands between the layers: it stays float. */
static void print_float_operators(const Network *network)
{
    FloatOperators list;
    float_operators_find(&list, network);
    puts("\nstays float, and what a device that computes in integers does instead");
    for (FloatKind kind = 0; kind < FLOAT_KINDS; kind++)
        if (list.kinds[kind].nodes)
            printf("  %s: %s;\n    %s\n", list.kinds[kind].names, float_kinds[kind].why,
                   float_kinds[kind].means);
}

static Status write_plan(const Inputs *inputs, Message *message)
{
    if (!inputs->options->csv) return STATUS_OK;
    Result result = {
        .network = inputs->network, .plan = inputs->plan, .normalization = &inputs->normalization};
    return export_write(inputs->options->csv, EXPORT_CSV, &result, message);
}

Status cmd_inspect(const Options *options, Message *message)
{
    Inputs inputs;
    Status status = inputs_open(&inputs, options, INPUT_UNUSED, INPUT_UNUSED, message);
    if (status == STATUS_OK) status = write_plan(&inputs, message);
    if (status == STATUS_OK) {
        print_heading(&inputs);
        puts("");
        status = print_layers(inputs.network, inputs.plan, message);
    }
    if (status == STATUS_OK) print_totals(inputs.plan, inputs.network);
    if (status == STATUS_OK) print_float_operators(inputs.network);
    inputs_close(&inputs);
    return status;
}
