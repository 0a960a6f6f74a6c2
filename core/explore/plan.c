/* SPDX-License-Identifier: MIT */
#include "explore/plan.h"

#include "base/sizes.h"
#include "choose/cost.h"

#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = {
    [MODE_SEQUENTIAL] = "sequential", [MODE_INDEPENDENT] = "independent"};

const char *mode_name(Mode mode)
{
    return mode_names[mode];
}

bool mode_parse(Mode *mode, const char *name)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof *mode_names; i++)
        if (strcmp(name, mode_names[i]) == 0) {
            *mode = (Mode)i;
            return true;
        }
    return false;
}

/* --- making and comparing --------------------------------------------------------------------------- */

bool layer_plan_stays_float(const LayerPlan *choice)
{
    return choice->weight_bits == BITS_FLOAT && choice->activation_bits == BITS_FLOAT;
}

static Plan *allocate(size_t layer_count)
{
    Plan *plan = calloc(1, sizeof *plan + layer_count * sizeof *plan->layers);
    if (!plan) return NULL;
    atomic_init(&plan->references, 1);
    plan->layer_count = layer_count;
    return plan;
}

Status plan_create(Plan **result, const Network *network, Message *message)
{
    Plan *plan = *result = allocate(network->layer_count);
    if (!plan) return status_no_memory(message, "a plan");
    plan->options = (PlanOptions){.effort = EFFORT_DEFAULT,
                                  .mode = MODE_SEQUENTIAL,
                                  .calibration_images = 1024,
                                  .rows = 12000,
                                  .ridge = PLAN_RIDGE_DEFAULT,
                                  .polish = true,
                                  .bias_correction = true};
    plan_set_bits(plan, network, 4, 8, 8);
    plan_set_method(plan, effort_row(EFFORT_DEFAULT)->method);
    return STATUS_OK;
}

Status plan_copy(Plan **copy, const Plan *plan, Message *message)
{
    *copy = allocate(plan->layer_count);
    if (!*copy) return status_no_memory(message, "a plan");
    (*copy)->options = plan->options;
    memcpy((*copy)->layers, plan->layers, plan->layer_count * sizeof *plan->layers);
    return STATUS_OK;
}

const Plan *plan_hold(const Plan *plan)
{
    if (plan) atomic_fetch_add_explicit(&((Plan *)plan)->references, 1, memory_order_relaxed);
    return plan;
}

void plan_drop(const Plan *plan)
{
    if (plan && atomic_fetch_sub_explicit(&((Plan *)plan)->references, 1, memory_order_acq_rel) == 1)
        free((Plan *)plan);
}

static bool options_equal(const PlanOptions *a, const PlanOptions *b)
{
    return a->effort == b->effort && a->mode == b->mode && a->seed == b->seed &&
           a->calibration_images == b->calibration_images && a->rows == b->rows && a->ridge == b->ridge &&
           a->polish == b->polish && a->bias_correction == b->bias_correction &&
           a->error_compensated == b->error_compensated;
}

static bool layers_equal(const LayerPlan *a, const LayerPlan *b)
{
    return a->weight_bits == b->weight_bits && a->activation_bits == b->activation_bits &&
           a->method == b->method && a->grid == b->grid;
}

bool plan_equal(const Plan *a, const Plan *b)
{
    if (a == b) return true;
    if (!a || !b) return false;
    if (!options_equal(&a->options, &b->options) || a->layer_count != b->layer_count) return false;
    for (size_t l = 0; l < a->layer_count; l++)
        if (!layers_equal(&a->layers[l], &b->layers[l])) return false;
    return true;
}

static void hash_line(SHA2_CTX *context, const char *line)
{
    SHA256Update(context, (const uint8_t *)line, strlen(line));
}

void plan_hash(char hex[65], const Plan *plan)
{
    const PlanOptions *options = &plan->options;
    const double ridge = options->ridge + 0.0; /* -0 is 0 */
    uint64_t ridge_bits;
    memcpy(&ridge_bits, &ridge, sizeof ridge_bits);
    char line[256];
    SHA2_CTX context;
    SHA256Init(&context);
    snprintf(line, sizeof line, "plan/1 %s %" PRIu64 " %zu %zu %016" PRIx64 " %d %d%s %s\n",
             mode_name(options->mode), options->seed, options->calibration_images, options->rows, ridge_bits,
             options->polish, options->bias_correction, options->error_compensated ? " compensated" : "",
             effort_name(options->effort));
    hash_line(&context, line);
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *layer = &plan->layers[l];
        const char *grid = layer->grid == GRID_UNIFORM ? NULL : grid_name((GridKind)layer->grid);
        snprintf(line, sizeof line, "%u %u %s%s%s\n", layer->weight_bits, layer->activation_bits,
                 method_name((Method)layer->method), grid ? " " : "", grid ? grid : "");
        hash_line(&context, line);
    }
    SHA256End(&context, hex);
}

/* --- changing --------------------------------------------------------------------------------------- */

void layer_plan_set_bits(LayerPlan *choice, unsigned bits)
{
    choice->weight_bits = (uint8_t)bits;
    if (bits != BITS_FLOAT && !grid_has_bits((GridKind)choice->grid, bits))
        choice->grid = bits == BITS_BINARY ? GRID_BINARY : GRID_UNIFORM;
}

void layer_plan_set_grid(LayerPlan *choice, GridKind grid)
{
    choice->grid = (uint8_t)grid;
    if (choice->weight_bits != BITS_FLOAT)
        choice->weight_bits = (uint8_t)grid_nearest_bits(grid, choice->weight_bits);
}

void plan_set_bits(Plan *plan, const Network *network, unsigned bits, unsigned first_bits, unsigned last_bits)
{
    for (size_t l = 0; l < plan->layer_count; l++) {
        const Layer *layer = &network->layers[l];
        layer_plan_set_bits(&plan->layers[l], layer->first ? first_bits : layer->last ? last_bits : bits);
    }
}

void plan_set_activation_bits(Plan *plan, const Network *network, unsigned bits)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        plan->layers[l].activation_bits = (uint8_t)(network->layers[l].first ? BITS_FLOAT : bits);
}

void plan_set_grid(Plan *plan, GridKind grid)
{
    for (size_t l = 0; l < plan->layer_count; l++)
        if (grid_has_bits(grid, plan->layers[l].weight_bits)) plan->layers[l].grid = (uint8_t)grid;
}

void plan_set_method(Plan *plan, Method method)
{
    for (size_t l = 0; l < plan->layer_count; l++) plan->layers[l].method = (uint8_t)method;
}

/* The options that EFFORT_PAPER fixes, as it or as the other efforts have them. */
static void set_paper(PlanOptions *options, bool paper)
{
    options->mode = paper ? MODE_INDEPENDENT : MODE_SEQUENTIAL;
    options->ridge = paper ? 0 : PLAN_RIDGE_DEFAULT;
    options->polish = options->bias_correction = !paper;
}

void plan_set_effort(Plan *plan, Effort effort)
{
    const EffortRow *before = effort_row(plan->options.effort), *after = effort_row(effort);
    if (before == after) return;
    plan->options.effort = effort;
    if (before->paper != after->paper) set_paper(&plan->options, after->paper);
    for (size_t l = 0; l < plan->layer_count; l++)
        if (plan->layers[l].method == before->method) plan->layers[l].method = (uint8_t)after->method;
}

/* --- checking --------------------------------------------------------------------------------------- */

Status layer_plan_check_bits(const LayerPlan *choice, Message *message)
{
    const GridRow *row = grid_row((GridKind)choice->grid);
    if (choice->weight_bits == BITS_FLOAT || grid_has_bits((GridKind)choice->grid, choice->weight_bits))
        return STATUS_OK;
    if (row->least_bits == row->most_bits)
        return status_fail(message, STATUS_INVALID, "the grid %s has %u bit%s, not %u", row->name,
                           row->least_bits, row->least_bits == 1 ? "" : "s", choice->weight_bits);
    return status_fail(message, STATUS_INVALID, "the grid %s has %u to %u bits, not %u", row->name,
                       row->least_bits, row->most_bits, choice->weight_bits);
}

Status plan_check_grids(const Plan *plan, const Network *network, Message *message)
{
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *choice = &plan->layers[l];
        Status status = layer_plan_check_bits(choice, message);
        if (status == STATUS_OK && choice->weight_bits != BITS_FLOAT)
            status = method_check_grid((Method)choice->method, (GridKind)choice->grid, choice->weight_bits,
                                       message);
        if (status != STATUS_OK)
            return status_context(message, status, "layer '%s'", network->layers[l].name);
    }
    return STATUS_OK;
}

/* --- totals ----------------------------------------------------------------------------------------- */

#define FLOAT_BITS 32
#define FLOAT_BYTES 4

size_t plan_layer_bytes(const Plan *plan, const Network *network, size_t index)
{
    const Layer *layer = &network->layers[index];
    const LayerPlan *choice = &plan->layers[index];
    const size_t scales = layer_input_scales(layer, choice->activation_bits, plan->options.error_compensated);
    return layer_cost_bytes(layer, choice->weight_bits, scales);
}

PlanTotals plan_totals(const Plan *plan, const Network *network)
{
    PlanTotals totals = {.compression = 1};
    double weights = 0, weight_bits = 0;
    for (size_t l = 0; l < plan->layer_count; l++) {
        const LayerPlan *choice = &plan->layers[l];
        const Layer *layer = &network->layers[l];
        const double count = (double)(layer->groups * layer->m * layer->n);
        const double bits = choice->weight_bits == BITS_FLOAT ? FLOAT_BITS : choice->weight_bits;
        totals.parameters += layer->parameters;
        totals.bytes += plan_layer_bytes(plan, network, l);
        totals.bitops += layer_cost_bitops(layer, choice->weight_bits, choice->activation_bits);
        weights += count;
        weight_bits += count * bits;
    }
    totals.float_bytes = FLOAT_BYTES * totals.parameters;
    if (weights > 0) totals.average_weight_bits = weight_bits / weights;
    if (totals.bytes > 0) totals.compression = (double)totals.float_bytes / (double)totals.bytes;
    return totals;
}
