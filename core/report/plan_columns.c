/* SPDX-License-Identifier: MIT */
#include "report/plan_columns.h"

#include "bound/rung.h"

#include <math.h>
#include <stdio.h>

typedef enum Column {
    INDEX,
    NAME,
    OPERATOR,
    SHAPE,
    PARAMETERS,
    MACS,
    WEIGHT_BITS,
    ACTIVATION_BITS,
    METHOD,
    GRID,
    ROUNDING_ERROR,
    BITSPLIT_ERROR,
    POLISHED_ERROR,
    HELDOUT_ERROR,
    LOCAL_ERROR,
    ACCUMULATED_ERROR,
    SQNR_DB,
    CODES_CHANGED,
    BYTES,
    LAMBDA,
    HYBRID_CONTRIBUTION,
    HYBRID_SHARE,
    HYBRID_SHARE_PER_KIB,
    SPECTRAL_CONTRIBUTION,
    SPECTRAL_SHARE,
    HYBRID_SQUARED_SHARE,
    MARGIN_PULL,
    COLUMNS
} Column;

const char *const plan_columns[] = {[INDEX] = "index",
                                    [NAME] = "name",
                                    [OPERATOR] = "operator",
                                    [SHAPE] = "shape",
                                    [PARAMETERS] = "parameters",
                                    [MACS] = "macs",
                                    [WEIGHT_BITS] = "weight_bits",
                                    [ACTIVATION_BITS] = "activation_bits",
                                    [METHOD] = "method",
                                    [GRID] = "grid",
                                    [ROUNDING_ERROR] = "rounding_error",
                                    [BITSPLIT_ERROR] = "bitsplit_error",
                                    [POLISHED_ERROR] = "polished_error",
                                    [HELDOUT_ERROR] = "heldout_error",
                                    [LOCAL_ERROR] = "local_error",
                                    [ACCUMULATED_ERROR] = "accumulated_error",
                                    [SQNR_DB] = "sqnr_db",
                                    [CODES_CHANGED] = "codes_changed",
                                    [BYTES] = "bytes",
                                    [LAMBDA] = "lambda",
                                    [HYBRID_CONTRIBUTION] = "hybrid_contribution",
                                    [HYBRID_SHARE] = "hybrid_share",
                                    [HYBRID_SHARE_PER_KIB] = "hybrid_share_per_kib",
                                    [SPECTRAL_CONTRIBUTION] = "spectral_contribution",
                                    [SPECTRAL_SHARE] = "spectral_share",
                                    [HYBRID_SQUARED_SHARE] = "hybrid_squared_share",
                                    [MARGIN_PULL] = "margin_pull",
                                    [COLUMNS] = NULL};

bool plan_column_is_read(size_t column)
{
    return column == NAME || column == WEIGHT_BITS || column == ACTIVATION_BITS || column == METHOD ||
           column == GRID;
}

static void set_text(Cell *cell, const char *text)
{
    cell->kind = CELL_TEXT;
    cell->text = text;
}

static void set_count(Cell *cell, uint64_t count)
{
    cell->kind = CELL_COUNT;
    cell->count = count;
}

static void set_number(Cell *cell, double number)
{
    if (!isfinite(number)) return;
    cell->kind = CELL_NUMBER;
    cell->number = number;
}

static void set_bits(Cell *cell, unsigned bits)
{
    if (bits == BITS_FLOAT)
        set_text(cell, "float");
    else
        set_count(cell, bits);
}

static void set_shape(Cell *cell, const Layer *layer)
{
    size_t used = 0;
    cell->store[0] = 0;
    for (size_t i = 0; i < layer->weight_rank; i++)
        used += (size_t)snprintf(cell->store + used, sizeof cell->store - used, i ? "x%zu" : "%zu",
                                 layer->weight_shape[i]);
    set_text(cell, cell->store);
}

/* What the plan and the network alone say. */
static void set_choice(Cell *cell, Column column, const Result *result, size_t index)
{
    const Layer *layer = &result->network->layers[index];
    const LayerPlan *choice = &result->plan->layers[index];
    switch (column) {
    case INDEX:
        return set_count(cell, index + 1);
    case NAME:
        return set_text(cell, layer->name);
    case OPERATOR:
        return set_text(cell, layer->operator_name);
    case SHAPE:
        return set_shape(cell, layer);
    case PARAMETERS:
        return set_count(cell, layer->parameters);
    case MACS:
        return set_count(cell, layer->macs);
    case WEIGHT_BITS:
        return set_bits(cell, choice->weight_bits);
    case ACTIVATION_BITS:
        return set_bits(cell, choice->activation_bits);
    case METHOD:
        return set_text(cell, method_name((Method)choice->method));
    case GRID:
        return set_text(cell, grid_name((GridKind)choice->grid));
    case BYTES:
        return set_count(cell, plan_layer_bytes(result->plan, result->network, index));
    default:
        return;
    }
}

static void set_solved(Cell *cell, Column column, const LayerResult *layer)
{
    switch (column) {
    case ROUNDING_ERROR:
        return set_number(cell, layer->rounding_error);
    case BITSPLIT_ERROR:
        return set_number(cell, layer->bitsplit_error);
    case POLISHED_ERROR:
        return set_number(cell, layer->polished_error);
    case HELDOUT_ERROR:
        return set_number(cell, layer->heldout_error);
    case ACCUMULATED_ERROR:
        return set_number(cell, layer->accumulated_error);
    case SQNR_DB:
        return set_number(cell, layer->sqnr_db);
    case CODES_CHANGED:
        if (layer->codes) set_count(cell, layer->codes_changed);
        return;
    default:
        return;
    }
}

/* λ of every layer; the rest of quantized layers alone. */
static void set_bound(Cell *cell, Column column, const Result *result, size_t index)
{
    const Ladder *ladder = result->ladder;
    const LadderStep *step = &ladder->steps[index];
    if (column == LAMBDA) set_number(cell, step->lambda);
    if (!step->quantized) return;
    switch (column) {
    case LOCAL_ERROR:
        return set_number(cell, step->local_error);
    case HYBRID_CONTRIBUTION:
        return set_number(cell, step->hybrid);
    case HYBRID_SHARE:
        return set_number(cell, rung_share(ladder, RUNG_HYBRID, index));
    case HYBRID_SHARE_PER_KIB:
        return set_number(cell, rung_share(ladder, RUNG_HYBRID, index) * 1024 /
                                    (double)plan_layer_bytes(result->plan, result->network, index));
    case SPECTRAL_CONTRIBUTION:
        return set_number(cell, step->spectral);
    case SPECTRAL_SHARE:
        return set_number(cell, rung_share(ladder, RUNG_SPECTRAL, index));
    case HYBRID_SQUARED_SHARE:
        return set_number(cell, rung_squared_share(ladder, index));
    case MARGIN_PULL:
        return set_number(cell, step->pull);
    default:
        return;
    }
}

void plan_cell(Cell *cell, size_t column, const Result *result, size_t layer)
{
    cell->kind = CELL_EMPTY;
    set_choice(cell, (Column)column, result, layer);
    if (result->pipeline) set_solved(cell, (Column)column, &result->pipeline->layers[layer]);
    if (result->ladder) set_bound(cell, (Column)column, result, layer);
}
